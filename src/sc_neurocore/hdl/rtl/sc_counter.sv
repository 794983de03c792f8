// Counter as a source: t mod 2**WIDTH. A comparator makes thermometer code of it: the ones come
// first.
//
// Area: WIDTH flip-flops and one carry chain.

`default_nettype none

module sc_counter #(
    parameter integer WIDTH = 16
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    output reg  [WIDTH-1:0] number
);

    always @(posedge clk) begin
        if (!rst_n)      number <= {WIDTH{1'b0}};
        else if (enable) number <= number + 1'b1;
    end

endmodule

`default_nettype wire
