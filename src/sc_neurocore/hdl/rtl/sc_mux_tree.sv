// Scaled adder of 2**SELECT_WIDTH streams: puts out the one that the select streams choose.
//
// The result is the mean of the streams if each select stream is one half and independent of them
// and of the others; other select values weight them.
//
// Area: 2**SELECT_WIDTH - 1 two-way multiplexers in SELECT_WIDTH levels; no state.

`default_nettype none

module sc_mux_tree #(
    parameter integer SELECT_WIDTH = 3
) (
    input  wire [2**SELECT_WIDTH-1:0] streams,
    input  wire [SELECT_WIDTH-1:0]    select,
    output wire                       y
);

    assign y = streams[select];

endmodule

`default_nettype wire
