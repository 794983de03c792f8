// Hyperbolic tangent of a bipolar stream, bipolar: tanh(STATES/2 * artanh(x)) (Brown & Card 2001).
//
// The output depends on the state alone, before this clock's bit moves it.
//
// Area: a saturating counter of STATES states; its top bit is the output if STATES is a power of
// two.

`default_nettype none

module sc_tanh #(
    parameter integer STATES = 8  // even
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

    assign y = state >= WIDTH'(STATES / 2);

endmodule

`default_nettype wire
