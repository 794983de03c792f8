// Difference of two unipolar streams that saturates at zero: ones of b cancel later ones of a.
//
// Area: a saturating counter of DEPTH + 1 states.

`default_nettype none

module sc_subtractor #(
    parameter integer DEPTH = 15  // most ones to owe
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             a,
    input  wire             b,
    output wire             y
);

    localparam integer WIDTH = $clog2(DEPTH + 1);

    wire [WIDTH-1:0] owed;
    sc_saturating_counter #(.STATES(DEPTH + 1), .RESET(0)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable && a != b), .up(b), .state(owed)
    );

    assign y = a && !b && owed == {WIDTH{1'b0}};

endmodule

`default_nettype wire
