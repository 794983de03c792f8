// Tracking forecast memory: follows the value of a stream and encodes it anew (Tehrani et al.
// 2010).
//
// The memory goes from 0 to 2**WIDTH, from one half on. A one takes it 1/2**SHIFT of the way to
// the top, a zero as far down; steps are rounded up, so that constant streams reach exactly 0 and
// 1.
//
// Area: WIDTH + 1 flip-flops, one adder and a comparator.

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

    // A zero subtracts the memory divided by 2**SHIFT and rounded up; a one adds TOP divided less
    // the memory divided and rounded down. Both are the memory, plus the complement of its upper
    // bits, plus a carry; they differ in what stands above these.
    localparam integer UPPER = WIDTH - SHIFT;
    wire full = memory[WIDTH];
    wire whole = (memory & ((WIDTH + 1)'(1 << SHIFT) - 1'b1)) == {(WIDTH + 1){1'b0}};
    wire carry = x || whole;

    wire [WIDTH:0] addend;
    assign addend[UPPER] = x ? full : !full;
    genvar i;
    generate
        for (i = 0; i < UPPER; i = i + 1) begin : complement
            assign addend[i] = !memory[i+SHIFT];
        end
        for (i = UPPER + 1; i <= WIDTH; i = i + 1) begin : sign
            assign addend[i] = !x || full;
        end
    endgenerate

    sc_comparator #(.WIDTH(WIDTH)) encoder (.number(number), .threshold(memory), .stream(y));

    always @(posedge clk) begin
        if (!rst_n)      memory <= TOP >> 1;
        else if (enable) memory <= memory + addend + (WIDTH + 1)'(carry);
    end

endmodule

`default_nettype wire
