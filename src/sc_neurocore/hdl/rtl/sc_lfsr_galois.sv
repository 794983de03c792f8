// Linear feedback shift register, Galois form: shifts right, a one that leaves bit 0 inverts the
// taps.
//
// The number is the state itself, SEED first. With a primitive feedback polynomial it takes every
// value but zero once in 2**WIDTH - 1 clocks. The tap of exponent e is bit e - 1.
//
// The parameters go together: give all or none. Without a tap at the top bit, or with a seed of
// zero, elaboration stops.
//
// Area: WIDTH flip-flops and one XOR gate per tap but the last; no path has more than one.

`default_nettype none

module sc_lfsr_galois #(
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
        else if (enable) number <= {1'b0, number[WIDTH-1:1]} ^ ({WIDTH{number[0]}} & TAPS);
    end

endmodule

`default_nettype wire
