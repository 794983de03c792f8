// Shuffle buffer: puts out the addressed cell and stores the input there.
//
// Every bit leaves once, so the ones that went in, less those that came out, are in the cells.
// These start half full. The address is the top bits of a source's number.
//
// Area: DEPTH flip-flops, a multiplexer and a decoder of DEPTH ways.

`default_nettype none

module sc_shuffle_buffer #(
    parameter integer DEPTH = 8  // a power of two
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    input  wire [$clog2(DEPTH)-1:0] address,
    output wire             y
);

    reg [DEPTH-1:0] cells;

    assign y = cells[address];

    always @(posedge clk) begin
        if (!rst_n)      cells <= {(DEPTH / 2){2'b10}};
        else if (enable) cells[address] <= x;
    end

endmodule

`default_nettype wire
