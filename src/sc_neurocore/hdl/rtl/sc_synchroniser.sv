// Pairs the ones of two streams, towards SCC +1 (Lee, Alaghi & Ceze 2018).
//
// A lone one is held back until it meets one of the other stream; up to DEPTH of one stream wait.
//
// Area: a saturating counter of 2 * DEPTH + 1 states and two small functions.

`default_nettype none

module sc_synchroniser #(
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

    localparam integer WIDTH = $clog2(2 * DEPTH + 1);

    // Ones of a held back, less ones of b, plus DEPTH.
    wire [WIDTH-1:0] held;
    sc_saturating_counter #(.STATES(2 * DEPTH + 1), .RESET(DEPTH)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable && a != b), .up(a), .state(held)
    );

    wire holds_a = held > WIDTH'(DEPTH);
    wire holds_b = held < WIDTH'(DEPTH);
    wire full_a = held == WIDTH'(2 * DEPTH);
    wire full_b = held == {WIDTH{1'b0}};

    assign out_a = (a && b) || (a && !b && (holds_b || full_a)) || (!a && b && holds_a);
    assign out_b = (a && b) || (!a && b && (holds_a || full_b)) || (a && !b && holds_b);

endmodule

`default_nettype wire
