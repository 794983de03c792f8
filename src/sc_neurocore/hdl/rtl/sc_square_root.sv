// Square root of a unipolar stream: a counter that its own square keeps in balance (Gaines 1969).
//
// The two numbers must come from independent sources.
//
// Area: a saturating counter of 2**WIDTH + 1 states and two comparators.

`default_nettype none

module sc_square_root #(
    parameter integer WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    input  wire [WIDTH-1:0] first,
    input  wire [WIDTH-1:0] second,
    output wire             y
);

    wire [WIDTH:0] root;
    wire twin;
    sc_comparator #(.WIDTH(WIDTH)) encoder (.number(first), .threshold(root), .stream(y));
    sc_comparator #(.WIDTH(WIDTH)) twin_encoder (.number(second), .threshold(root), .stream(twin));

    sc_saturating_counter #(.STATES(2**WIDTH + 1), .RESET(2**(WIDTH - 1))) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable && x != (y && twin)), .up(x), .state(root)
    );

endmodule

`default_nettype wire
