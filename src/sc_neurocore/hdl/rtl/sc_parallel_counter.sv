// Parallel counter: how many of INPUTS streams are one in this clock.
//
// Area: a tree of about INPUTS full adders; no state.

`default_nettype none

module sc_parallel_counter #(
    parameter integer INPUTS = 16,
    parameter integer WIDTH  = $clog2(INPUTS + 1)
) (
    input  wire [INPUTS-1:0] streams,
    output wire [WIDTH-1:0]  count
);

    sc_ones_tree #(.INPUTS(INPUTS)) tree (.bits(streams), .count(count));

endmodule

`default_nettype wire
