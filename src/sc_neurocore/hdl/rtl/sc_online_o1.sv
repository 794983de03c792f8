// A synapse that learns by reward, with a state of fixed size: `sc_neurocore.hdl.OnlineO1Config`.
//
// A clock with enable high is a tick; pre and post say whether the neurons before and behind the
// synapse spike in it, and reward, signed, is how well the network did. The weight gains
// reward * eligibility / 2**LEARNING_SHIFT, rounded towards 0, by the eligibility of the ticks
// before. Then both traces and the eligibility fade. A presynaptic spike raises its trace and lowers
// the eligibility by the postsynaptic trace >> CREDIT_SHIFT; a postsynaptic one raises its trace and
// raises the eligibility by the presynaptic trace >> CREDIT_SHIFT. In a tick with both, pre is the
// earlier. All that is kept saturates: the weight within 0 and all ones, the eligibility within
// ±(2**(ELIGIBILITY_BITS-1) - 1). The outputs show the tick from the next clock on.
//
// After a reset the weight is INITIAL, all else 0.
//
// Area: WEIGHT_BITS + 2 * TRACE_BITS + ELIGIBILITY_BITS flip-flops, whatever the length of the
// sequence; a multiplier of REWARD_BITS by ELIGIBILITY_BITS, and about ten adders.

`default_nettype none

module sc_online_o1 #(
    parameter integer WEIGHT_BITS       = 8,
    parameter integer TRACE_BITS        = 8,
    parameter integer ELIGIBILITY_BITS  = 8,    // at least 2
    parameter integer REWARD_BITS       = 8,    // at least 2
    parameter integer INCREMENT         = 64,   // below 2**TRACE_BITS
    parameter integer TRACE_SHIFT       = 4,    // the traces lose 1 / 2**TRACE_SHIFT per tick
    parameter integer ELIGIBILITY_SHIFT = 6,
    parameter integer CREDIT_SHIFT      = 2,
    parameter integer LEARNING_SHIFT    = 6,
    parameter integer INITIAL           = 128   // below 2**WEIGHT_BITS
) (
    input  wire                               clk,
    input  wire                               rst_n,   // synchronous, low resets
    input  wire                               enable,  // low holds the state
    input  wire                               pre,
    input  wire                               post,
    input  wire signed [REWARD_BITS-1:0]      reward,
    output reg         [WEIGHT_BITS-1:0]      weight,
    output reg         [TRACE_BITS-1:0]       pre_trace,
    output reg         [TRACE_BITS-1:0]       post_trace,
    output reg  signed [ELIGIBILITY_BITS-1:0] eligibility
);

    generate
        if (32'(INITIAL) >> WEIGHT_BITS != 32'd0) begin : refused
            INITIAL_is_more_than_a_weight_holds stop ();  // no such module
        end
    endgenerate

    wire [TRACE_BITS-1:0] pre_raised, post_faded, post_raised;
    /* verilator lint_off PINCONNECTEMPTY */
    sc_trace #(.BITS(TRACE_BITS), .SHIFT(TRACE_SHIFT), .INCREMENT(INCREMENT)) pre_side (
        .trace(pre_trace), .spike(pre), .faded(), .raised(pre_raised)
    );
    /* verilator lint_on PINCONNECTEMPTY */
    sc_trace #(.BITS(TRACE_BITS), .SHIFT(TRACE_SHIFT), .INCREMENT(INCREMENT)) post_side (
        .trace(post_trace), .spike(post), .faded(post_faded), .raised(post_raised)
    );

    // The weight. A shift rounds down: one more, if it drops something of a negative product.
    localparam integer PRODUCT_BITS = REWARD_BITS + ELIGIBILITY_BITS;
    localparam integer SUM_BITS = (WEIGHT_BITS > PRODUCT_BITS ? WEIGHT_BITS : PRODUCT_BITS) + 2;
    localparam [PRODUCT_BITS-1:0] PRODUCT_DROPPED = ~({PRODUCT_BITS{1'b1}} << LEARNING_SHIFT);
    wire signed [PRODUCT_BITS-1:0] product = PRODUCT_BITS'(reward) * PRODUCT_BITS'(eligibility);
    wire signed [PRODUCT_BITS-1:0] change  = product >>> LEARNING_SHIFT;
    wire rounds = product[PRODUCT_BITS-1] && |(product & PRODUCT_DROPPED);
    wire signed [SUM_BITS-1:0] sum = $signed({{(SUM_BITS - WEIGHT_BITS){1'b0}}, weight})
        + SUM_BITS'(change) + $signed({{(SUM_BITS - 1){1'b0}}, rounds});
    wire [WEIGHT_BITS-1:0] learnt = sum[SUM_BITS-1] ? {WEIGHT_BITS{1'b0}}
        : |sum[SUM_BITS-2:WEIGHT_BITS] ? {WEIGHT_BITS{1'b1}} : sum[WEIGHT_BITS-1:0];

    // The eligibility fades towards 0 by a part that is rounded up: a shift rounds that of a
    // negative one away from 0 by itself, that of a positive one needs one more.
    localparam [ELIGIBILITY_BITS-1:0] DROPPED = ~({ELIGIBILITY_BITS{1'b1}} << ELIGIBILITY_SHIFT);
    wire signed [ELIGIBILITY_BITS-1:0] part = eligibility >>> ELIGIBILITY_SHIFT;
    wire up = !eligibility[ELIGIBILITY_BITS-1] && |(eligibility & DROPPED);
    wire signed [ELIGIBILITY_BITS-1:0] faded =
        eligibility - part - $signed({{(ELIGIBILITY_BITS - 1){1'b0}}, up});

    // Two bits more than either term, so that no sum wraps.
    localparam integer WIDE = (ELIGIBILITY_BITS > TRACE_BITS ? ELIGIBILITY_BITS : TRACE_BITS) + 2;
    localparam signed [WIDE-1:0] MOST = {{(WIDE - ELIGIBILITY_BITS + 1){1'b0}},
                                         {(ELIGIBILITY_BITS - 1){1'b1}}};
    wire signed [WIDE-1:0] blame  = pre  ? WIDE'(post_faded >> CREDIT_SHIFT) : {WIDE{1'b0}};
    wire signed [WIDE-1:0] credit = post ? WIDE'(pre_raised >> CREDIT_SHIFT) : {WIDE{1'b0}};
    wire signed [WIDE-1:0] less   = WIDE'(faded) - blame;
    wire signed [WIDE-1:0] left   = less < -MOST ? -MOST : less;
    wire signed [WIDE-1:0] more   = left + credit;
    wire signed [ELIGIBILITY_BITS-1:0] held =
        more > MOST ? MOST[ELIGIBILITY_BITS-1:0] : more[ELIGIBILITY_BITS-1:0];

    always @(posedge clk) begin
        if (!rst_n) begin
            weight      <= WEIGHT_BITS'(INITIAL);
            pre_trace   <= {TRACE_BITS{1'b0}};
            post_trace  <= {TRACE_BITS{1'b0}};
            eligibility <= {ELIGIBILITY_BITS{1'b0}};
        end else if (enable) begin
            weight      <= learnt;
            pre_trace   <= pre_raised;
            post_trace  <= post_raised;
            eligibility <= held;
        end
    end

endmodule

`default_nettype wire
