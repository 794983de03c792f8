// Regenerates a stream: counts the ones of a window and encodes the count anew in the next.
//
// The strongest decorrelator, at a delay of one window of 2**WINDOW_WIDTH clocks.
//
// Area: a stochastic-to-binary counter and a comparator.

`default_nettype none

module sc_regenerator #(
    parameter integer WINDOW_WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    input  wire [WINDOW_WIDTH-1:0] number,
    output wire             y
);

    wire [WINDOW_WIDTH:0] count;
    wire unused_valid;
    sc_stochastic_to_binary #(.WINDOW_WIDTH(WINDOW_WIDTH)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable), .x(x), .number(count), .valid(unused_valid)
    );

    sc_comparator #(.WIDTH(WINDOW_WIDTH)) encoder (
        .number(number), .threshold(count), .stream(y)
    );

endmodule

`default_nettype wire
