// Decaying exponential of a bipolar stream x > 0, unipolar: about exp(-2 * GAIN * x) (Brown & Card
// 2001).
//
// The output depends on the state alone, before this clock's bit moves it.
//
// Area: a saturating counter of STATES states and a comparison with a constant.

`default_nettype none

module sc_exp #(
    parameter integer STATES = 16,  // even
    parameter integer GAIN   = 2
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    output wire             y
);

    localparam integer WIDTH = $clog2(STATES);

    wire [WIDTH-1:0] state;
    sc_saturating_counter #(.STATES(STATES)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable), .up(x), .state(state)
    );

    assign y = state < WIDTH'(STATES - GAIN);

endmodule

`default_nettype wire
