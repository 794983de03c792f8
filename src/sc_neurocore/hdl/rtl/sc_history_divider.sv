// Quotient x / y as sc_divider, but a zero of y repeats any of the last DEPTH answers.
//
// The address is the top bits of a source's number; it must be independent of the streams.
//
// Area: DEPTH flip-flops and a multiplexer of DEPTH ways.

`default_nettype none

module sc_history_divider #(
    parameter integer DEPTH = 16  // a power of two
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    input  wire             y,
    input  wire [$clog2(DEPTH)-1:0] address,
    output wire             quotient
);

    reg [DEPTH-1:0] history;

    assign quotient = x || (!y && history[address]);

    always @(posedge clk) begin
        if (!rst_n)           history <= {(DEPTH / 2){2'b10}};
        else if (enable && y) history <= {history[DEPTH-2:0], x};
    end

endmodule

`default_nettype wire
