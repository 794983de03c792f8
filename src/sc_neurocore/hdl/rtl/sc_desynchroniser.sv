// Separates the ones of two streams, towards SCC -1 (Lee, Alaghi & Ceze 2018).
//
// Of two ones, that of b is held back until both streams are zero; up to DEPTH of them wait.
//
// Area: a saturating counter of DEPTH + 1 states and a small function.

`default_nettype none

module sc_desynchroniser #(
    parameter integer DEPTH = 1  // most ones to hold back
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             a,
    input  wire             b,
    output wire             out_a,
    output wire             out_b
);

    localparam integer WIDTH = $clog2(DEPTH + 1);

    wire [WIDTH-1:0] held;
    sc_saturating_counter #(.STATES(DEPTH + 1), .RESET(0)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable && a == b), .up(a), .state(held)
    );

    assign out_a = a;
    assign out_b = (a != b) ? b : a ? held == WIDTH'(DEPTH) : held != {WIDTH{1'b0}};

endmodule

`default_nettype wire
