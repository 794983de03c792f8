// Isolator: delays a stream by DELAY clocks, zeros first.
//
// Decorrelates streams whose own bits are independent of each other.
//
// Area: DELAY flip-flops.

`default_nettype none

module sc_isolator #(
    parameter integer DELAY = 4
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    output wire             y
);

    reg [DELAY-1:0] line;

    assign y = line[DELAY-1];

    always @(posedge clk) begin
        if (!rst_n)      line <= {DELAY{1'b0}};
        else if (enable) line <= (line << 1) | DELAY'(x);
    end

endmodule

`default_nettype wire
