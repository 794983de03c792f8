// Signed accumulator that stays between LOW and HIGH: the state of a stochastic neuron.
//
// The value is that before this clock's step.
//
// Area: WIDTH flip-flops, one adder and two comparisons with constants.

`default_nettype none

module sc_saturating_accumulator #(
    parameter integer WIDTH      = 8,    // of the value; holds LOW and HIGH
    parameter integer STEP_WIDTH = 5,    // at most WIDTH
    parameter integer LOW        = -100,
    parameter integer HIGH       = 100,
    parameter integer RESET      = 0
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire signed [STEP_WIDTH-1:0] step,
    output reg  signed [WIDTH-1:0] value
);

    // One bit more than either term, so that no sum wraps.
    wire signed [WIDTH:0] sum = (WIDTH + 1)'(value) + (WIDTH + 1)'(step);

    always @(posedge clk) begin
        if (!rst_n)                                value <= WIDTH'(RESET);
        else if (enable) begin
            if (sum > (WIDTH + 1)'(HIGH))          value <= WIDTH'(HIGH);
            else if (sum < (WIDTH + 1)'(LOW))      value <= WIDTH'(LOW);
            else                                   value <= sum[WIDTH-1:0];
        end
    end

endmodule

`default_nettype wire
