// Gives every word of a stream to N consumers, to each exactly once.
//
// A consumer may take the word before the others do; it is told the next one when all have taken
// this. Without state otherwise: the word passes in the clock in which it comes.
//
// Area: N flip-flops and about 2 N look-up tables.

`default_nettype none

module sc_stream_fork #(
    parameter integer WIDTH = 8,
    parameter integer N     = 2
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             in_valid,
    output wire             in_ready,
    input  wire [WIDTH-1:0] in_data,
    output wire [N-1:0]     out_valid,
    input  wire [N-1:0]     out_ready,
    output wire [WIDTH-1:0] out_data   // the same for all
);

    reg [N-1:0] taken;  // who has the word that waits

    assign out_data = in_data;
    assign out_valid = {N{in_valid}} & ~taken;
    assign in_ready = &(taken | out_ready);

    always @(posedge clk) begin
        if (!rst_n || in_ready) taken <= {N{1'b0}};
        else if (in_valid)      taken <= taken | out_ready;
    end

endmodule

`default_nettype wire
