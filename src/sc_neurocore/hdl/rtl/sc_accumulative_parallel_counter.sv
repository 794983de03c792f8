// Accumulative parallel counter: adds up how many of INPUTS streams are one, clock by clock.
//
// The total is that of the clocks before this one, modulo 2**WIDTH.
//
// Area: a parallel counter, an adder and WIDTH flip-flops.

`default_nettype none

module sc_accumulative_parallel_counter #(
    parameter integer INPUTS = 16,
    parameter integer WIDTH  = 16  // at least that of the count
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire [INPUTS-1:0] streams,
    output reg  [WIDTH-1:0] total
);

    localparam integer COUNT_WIDTH = $clog2(INPUTS + 1);

    wire [COUNT_WIDTH-1:0] count;
    sc_parallel_counter #(.INPUTS(INPUTS)) counter (.streams(streams), .count(count));

    always @(posedge clk) begin
        if (!rst_n)      total <= {WIDTH{1'b0}};
        else if (enable) total <= total + WIDTH'(count);
    end

endmodule

`default_nettype wire
