// One dimension of the Sobol sequence in Gray-code order (Antonov & Saleev 1979), zero first.
//
// From one tick to the next one bit of the Gray code of the tick changes, so one direction number
// is added (XOR) to the number: that of the tick's lowest zero, which is the one that a carry of
// tick + 1 turns into a one. All numbers occur once in 2**WIDTH clocks.
//
// Direction number k (0 for the lowest bit of the tick) is DIRECTIONS[k * WIDTH +: WIDTH]; the
// default is dimension 1. SHIFT is added (XOR) to all numbers. WIDTH is at least 2.
//
// The parameters go together: give all or none. The lowest one of direction number k is its bit
// WIDTH - 1 - k; where one is not, numbers would be missing, and elaboration stops.
//
// Area: a counter, WIDTH flip-flops and an AND-XOR plane of WIDTH * WIDTH / 2 constants.

`default_nettype none

module sc_sobol #(
    parameter integer           WIDTH      = 16,
    parameter [WIDTH*WIDTH-1:0] DIRECTIONS =
        256'h0001000200040008001000200040008001000200040008001000200040008000,
    parameter [WIDTH-1:0]       SHIFT      = 16'h0000
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    output reg  [WIDTH-1:0] number
);

    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : direction
            localparam [WIDTH-1:0] NUMBER = DIRECTIONS[i*WIDTH +: WIDTH];
            if (NUMBER << i != {1'b1, {(WIDTH - 1){1'b0}}}) begin : refused
                DIRECTIONS_do_not_fit_WIDTH stop ();  // no such module
            end
        end
    endgenerate

    reg  [WIDTH-1:0] tick;
    wire [WIDTH-1:0] following = tick + 1'b1;

    // One-hot: the lowest zero of the tick. The last tick has none; the top bit stands in, which
    // is the one of its Gray code that returns to zero.
    wire [WIDTH-1:0] turned = {tick[WIDTH-1] ^ following[WIDTH-1],
                               ~tick[WIDTH-2:0] & following[WIDTH-2:0]};

    reg [WIDTH-1:0] flip;
    integer k;
    always @* begin
        flip = {WIDTH{1'b0}};
        for (k = 0; k < WIDTH; k = k + 1)
            flip = flip ^ ({WIDTH{turned[k]}} & DIRECTIONS[k*WIDTH +: WIDTH]);
    end

    always @(posedge clk) begin
        if (!rst_n) begin
            tick   <= {WIDTH{1'b0}};
            number <= SHIFT;
        end else if (enable) begin
            tick   <= following;
            number <= number ^ flip;
        end
    end

endmodule

`default_nettype wire
