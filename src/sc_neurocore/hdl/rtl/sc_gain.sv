// Linear gain of a bipolar stream, bipolar and saturating: (1 + k)/(1 - k) times x, k a unipolar
// stream.
//
// The stream k, independent of x, gates the steps that lead away from the middle.
//
// Area: a saturating counter of STATES states and one gate.

`default_nettype none

module sc_gain #(
    parameter integer STATES = 32  // even
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    input  wire             k,
    output wire             y
);

    localparam integer WIDTH = $clog2(STATES);

    wire [WIDTH-1:0] state;
    wire inward = x != y;
    sc_saturating_counter #(.STATES(STATES)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable && (inward || k)), .up(x), .state(state)
    );

    assign y = state >= WIDTH'(STATES / 2);

endmodule

`default_nettype wire
