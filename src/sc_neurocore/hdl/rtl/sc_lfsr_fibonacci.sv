// Linear feedback shift register, Fibonacci form: shifts left, the parity of the taps enters at
// bit 0.
//
// The number is the state itself, SEED first. With a primitive feedback polynomial it takes every
// value but zero once in 2**WIDTH - 1 clocks. The tap of exponent e is bit e - 1.
//
// The parameters go together: give all or none. Without a tap at the top bit, or with a seed of
// zero, elaboration stops.
//
// Area: WIDTH flip-flops and one parity of the taps.

`default_nettype none

module sc_lfsr_fibonacci #(
    parameter integer     WIDTH = 16,
    parameter [WIDTH-1:0] TAPS  = 16'hb400,  // x^16 + x^14 + x^13 + x^11 + 1
    parameter [WIDTH-1:0] SEED  = 16'hace1   // not zero
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    output reg  [WIDTH-1:0] number
);

    generate
        if (!TAPS[WIDTH-1] || SEED == {WIDTH{1'b0}}) begin : refused
            top_bit_of_TAPS_or_SEED_is_zero stop ();  // no such module
        end
    endgenerate

    always @(posedge clk) begin
        if (!rst_n)      number <= SEED;
        else if (enable) number <= {number[WIDTH-2:0], ^(number & TAPS)};
    end

endmodule

`default_nettype wire
