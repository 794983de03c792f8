// Products of LANES pairs of independent bipolar streams: XNOR.
//
// Area: LANES gates; no state.

`default_nettype none

module sc_bipolar_multiplier #(
    parameter integer LANES = 8
) (
    input  wire [LANES-1:0] a,
    input  wire [LANES-1:0] b,
    output wire [LANES-1:0] product
);

    assign product = ~(a ^ b);

endmodule

`default_nettype wire
