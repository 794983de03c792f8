// Tracking forecast memory: follows the value of a stream and encodes it anew (Tehrani et al.
// 2010).
//
// The memory goes from 0 to 2**WIDTH, from one half on. A one takes it 1/2**SHIFT of the way to
// the top, a zero as far down; steps are rounded up, so that constant streams reach exactly 0 and
// 1.
//
// Area: WIDTH + 1 flip-flops, two adders and a comparator.

`default_nettype none

module sc_tracking_memory #(
    parameter integer WIDTH = 12,
    parameter integer SHIFT = 5
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    input  wire [WIDTH-1:0] number,
    output wire             y
);

    localparam [WIDTH:0] TOP = {1'b1, {WIDTH{1'b0}}};

    reg  [WIDTH:0] memory;
    wire [WIDTH:0] distance = x ? TOP - memory : memory;
    wire [WIDTH:0] whole = distance >> SHIFT;
    wire           rounds_up = (whole << SHIFT) != distance;
    wire [WIDTH:0] step = whole + (WIDTH + 1)'(rounds_up);

    sc_comparator #(.WIDTH(WIDTH)) encoder (.number(number), .threshold(memory), .stream(y));

    always @(posedge clk) begin
        if (!rst_n)      memory <= TOP >> 1;
        else if (enable) memory <= x ? memory + step : memory - step;
    end

endmodule

`default_nettype wire
