// Quotient x / y of two unipolar streams of SCC +1 (CORDIV, Chen & Hayes 2016).
//
// A one of y finds in x a one with the quotient's probability; a zero of y repeats the last
// answer.
//
// Area: one flip-flop and one gate.

`default_nettype none

module sc_divider (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    input  wire             y,
    output wire             quotient
);

    reg last;

    assign quotient = x || (!y && last);

    always @(posedge clk) begin
        if (!rst_n)      last <= 1'b0;
        else if (enable) last <= quotient;
    end

endmodule

`default_nettype wire
