// A synapse that learns by pair STDP: `sc_neurocore.hdl.PairLane`.
//
// A clock with enable high is a tick; pre and post say whether the neurons before and behind the
// synapse spike in it. Both traces fade. A presynaptic spike then raises its trace and lowers the
// weight by the postsynaptic trace >> MINUS_SHIFT; a postsynaptic one raises its trace and raises
// the weight by the presynaptic trace >> PLUS_SHIFT. In a tick with both, pre is the earlier: it
// lowers by the postsynaptic trace without this tick's spike, and is in the presynaptic one. The
// weight stays within 0 and all ones at each of the two; it shows the tick from the next clock on.
//
// After a reset the weight is INITIAL, and the traces are 0.
//
// Area: WEIGHT_BITS + 2 * TRACE_BITS flip-flops; for each trace two subtractors and an adder, for
// the weight a subtractor, a comparison and an adder. No multiplier.

`default_nettype none

module sc_stdp #(
    parameter integer WEIGHT_BITS = 8,
    parameter integer TRACE_BITS  = 8,
    parameter integer PRE_SHIFT   = 4,    // the presynaptic trace loses 1 / 2**PRE_SHIFT per tick
    parameter integer POST_SHIFT  = 4,
    parameter integer INCREMENT   = 64,   // below 2**TRACE_BITS
    parameter integer PLUS_SHIFT  = 4,
    parameter integer MINUS_SHIFT = 4,
    parameter integer INITIAL     = 128   // below 2**WEIGHT_BITS
) (
    input  wire                   clk,
    input  wire                   rst_n,   // synchronous, low resets
    input  wire                   enable,  // low holds the state
    input  wire                   pre,
    input  wire                   post,
    output reg  [WEIGHT_BITS-1:0] weight,
    output reg  [TRACE_BITS-1:0]  pre_trace,
    output reg  [TRACE_BITS-1:0]  post_trace
);

    generate
        if (32'(INITIAL) >> WEIGHT_BITS != 32'd0) begin : refused
            INITIAL_is_more_than_a_weight_holds stop ();  // no such module
        end
    endgenerate

    // One bit more than either term, so that no sum wraps.
    localparam integer WIDE = (WEIGHT_BITS > TRACE_BITS ? WEIGHT_BITS : TRACE_BITS) + 1;

    wire [TRACE_BITS-1:0] pre_raised, post_faded, post_raised;
    /* verilator lint_off PINCONNECTEMPTY */
    sc_trace #(.BITS(TRACE_BITS), .SHIFT(PRE_SHIFT), .INCREMENT(INCREMENT)) pre_side (
        .trace(pre_trace), .spike(pre), .faded(), .raised(pre_raised)
    );
    /* verilator lint_on PINCONNECTEMPTY */
    sc_trace #(.BITS(TRACE_BITS), .SHIFT(POST_SHIFT), .INCREMENT(INCREMENT)) post_side (
        .trace(post_trace), .spike(post), .faded(post_faded), .raised(post_raised)
    );

    wire [WIDE-1:0] loss = pre  ? WIDE'(post_faded >> MINUS_SHIFT) : {WIDE{1'b0}};
    wire [WIDE-1:0] gain = post ? WIDE'(pre_raised >> PLUS_SHIFT)  : {WIDE{1'b0}};
    wire [WIDE-1:0] left = loss > WIDE'(weight) ? {WIDE{1'b0}} : WIDE'(weight) - loss;
    wire [WIDE-1:0] sum  = left + gain;

    always @(posedge clk) begin
        if (!rst_n) begin
            weight     <= WEIGHT_BITS'(INITIAL);
            pre_trace  <= {TRACE_BITS{1'b0}};
            post_trace <= {TRACE_BITS{1'b0}};
        end else if (enable) begin
            weight     <= |sum[WIDE-1:WEIGHT_BITS] ? {WEIGHT_BITS{1'b1}} : sum[WEIGHT_BITS-1:0];
            pre_trace  <= pre_raised;
            post_trace <= post_raised;
        end
    end

endmodule

`default_nettype wire
