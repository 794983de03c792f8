// Encoder: the stream of a threshold is one where a source's number is below it.
//
// Thresholds go from 0, never, to 2**WIDTH, always, so that 0 and 1 are both exact. Give streams
// that share a source the same number; give streams that are to be multiplied numbers of different
// sources.
//
// Area: one carry chain of WIDTH bits; no state.

`default_nettype none

module sc_comparator #(
    parameter integer WIDTH = 16
) (
    input  wire [WIDTH-1:0] number,
    input  wire [WIDTH:0]   threshold,
    output wire             stream
);

    assign stream = threshold[WIDTH] || number < threshold[WIDTH-1:0];

endmodule

`default_nettype wire
