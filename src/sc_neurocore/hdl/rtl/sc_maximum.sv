// Larger of two unipolar streams: paired by a synchroniser, then OR.
//
// Area: that of the synchroniser and one gate.

`default_nettype none

module sc_maximum #(
    parameter integer DEPTH = 1  // of the synchroniser
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             a,
    input  wire             b,
    output wire             y
);

    wire first, second;
    sc_synchroniser #(.DEPTH(DEPTH)) synchroniser (
        .clk(clk), .rst_n(rst_n), .enable(enable), .a(a), .b(b), .out_a(first), .out_b(second)
    );

    assign y = first || second;

endmodule

`default_nettype wire
