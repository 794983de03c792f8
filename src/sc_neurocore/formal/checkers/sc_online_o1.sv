    // What was one clock before, and all traces after a tick without spikes: x less x / 2**SHIFT
    // rounded up is x * (2**SHIFT - 1) / 2**SHIFT rounded down. Signed numbers by sign and size.
    reg formal_pre, formal_post;
    reg signed [REWARD_BITS-1:0] formal_reward;
    reg [WEIGHT_BITS-1:0] formal_weight;
    reg [TRACE_BITS-1:0] formal_x, formal_y;
    reg signed [ELIGIBILITY_BITS-1:0] formal_e;
    always @(posedge clk) begin
        formal_pre    <= pre;
        formal_post   <= post;
        formal_reward <= reward;
        formal_weight <= weight;
        formal_x      <= pre_trace;
        formal_y      <= post_trace;
        formal_e      <= eligibility;
    end
    localparam integer FORMAL = WEIGHT_BITS + TRACE_BITS + ELIGIBILITY_BITS + REWARD_BITS + 18;
    wire [FORMAL-1:0] formal_x_left = ((FORMAL'(formal_x) << TRACE_SHIFT) - formal_x) >> TRACE_SHIFT;
    wire [FORMAL-1:0] formal_y_left = ((FORMAL'(formal_y) << TRACE_SHIFT) - formal_y) >> TRACE_SHIFT;
    wire [FORMAL-1:0] formal_x_most = (FORMAL'(1) << TRACE_BITS) - 1;
    wire [FORMAL-1:0] formal_x_up = formal_x_left + INCREMENT;
    wire [FORMAL-1:0] formal_y_up = formal_y_left + INCREMENT;

    wire signed [FORMAL-1:0] formal_was  = formal_e;
    wire signed [FORMAL-1:0] formal_size = formal_was < 0 ? -formal_was : formal_was;
    wire signed [FORMAL-1:0] formal_size_left =
        ((formal_size <<< ELIGIBILITY_SHIFT) - formal_size) >>> ELIGIBILITY_SHIFT;
    wire signed [FORMAL-1:0] formal_e_left = formal_was < 0 ? -formal_size_left : formal_size_left;
    wire signed [FORMAL-1:0] formal_e_most = (FORMAL'(1) << (ELIGIBILITY_BITS - 1)) - 1;
    wire signed [FORMAL-1:0] formal_e_now  = eligibility;
    wire signed [FORMAL-1:0] formal_blame  = formal_y_left >> CREDIT_SHIFT;
    wire signed [FORMAL-1:0] formal_credit = pre_trace >> CREDIT_SHIFT;
    wire signed [FORMAL-1:0] formal_less   = formal_e_left - formal_blame;
    wire signed [FORMAL-1:0] formal_left   = !formal_pre ? formal_e_left
        : formal_less < -formal_e_most ? -formal_e_most : formal_less;
    wire signed [FORMAL-1:0] formal_more   = formal_left + formal_credit;

    wire signed [REWARD_BITS+ELIGIBILITY_BITS-1:0] formal_product = formal_reward * formal_e;
    wire signed [FORMAL-1:0] formal_effect = formal_product;
    wire [FORMAL-1:0] formal_step =
        (formal_effect < 0 ? -formal_effect : formal_effect) >> LEARNING_SHIFT;
    wire [FORMAL-1:0] formal_w      = formal_weight;
    wire [FORMAL-1:0] formal_now    = weight;
    wire [FORMAL-1:0] formal_w_most = (FORMAL'(1) << WEIGHT_BITS) - 1;

    always @* begin
        // a reset loads the initial weight, and empties all traces
        formal_claim_reset: assert (!formal_reset || (weight == INITIAL && pre_trace == 0
            && post_trace == 0 && eligibility == 0));
        // without enable nothing changes
        formal_claim_held: assert (!formal_held || (weight == formal_weight
            && pre_trace == formal_x && post_trace == formal_y && eligibility == formal_e));
        // a trace without a spike falls until it is 0
        formal_claim_falls: assert (!formal_ran
            || ((formal_pre || pre_trace < formal_x || pre_trace == 0)
                && (formal_post || post_trace < formal_y || post_trace == 0)));
        // by its part
        formal_claim_fades: assert (!formal_ran || ((formal_pre || pre_trace == formal_x_left)
            && (formal_post || post_trace == formal_y_left)));
        // a presynaptic spike adds to its trace, and the trace never wraps
        formal_claim_pre: assert (!formal_ran || !formal_pre || (pre_trace
            == (formal_x_up > formal_x_most ? formal_x_most : formal_x_up)));
        // so does a postsynaptic one
        formal_claim_post: assert (!formal_ran || !formal_post || (post_trace
            == (formal_y_up > formal_x_most ? formal_x_most : formal_y_up)));
        // the eligibility stays within its range, which is symmetric
        formal_claim_range: assert (!formal_live
            || (formal_e_now <= formal_e_most && formal_e_now >= -formal_e_most));
        // without spikes it comes nearer to 0, and does not pass it
        formal_claim_forgets: assert (!formal_ran || formal_pre || formal_post
            || (formal_was > 0 ? formal_e_now >= 0 && formal_e_now < formal_was
                : formal_was < 0 ? formal_e_now <= 0 && formal_e_now > formal_was
                : formal_e_now == 0));
        // a lone presynaptic spike never raises what is left of it
        formal_claim_blames: assert (!formal_ran || !formal_pre || formal_post
            || formal_e_now <= formal_e_left);
        // a lone postsynaptic spike never lowers it
        formal_claim_credits: assert (!formal_ran || formal_pre || !formal_post
            || formal_e_now >= formal_e_left);
        // it is what is left, less the blame, with the credit, within the range at each step
        formal_claim_eligibility: assert (!formal_ran || formal_e_now == (!formal_post ? formal_left
            : formal_more > formal_e_most ? formal_e_most : formal_more));
        // without reward or without eligibility the weight stays
        formal_claim_stays: assert (!formal_ran || (formal_reward != 0 && formal_e != 0)
            || weight == formal_weight);
        // a reward of the eligibility's sign never lowers it
        formal_claim_rewards: assert (!formal_ran || (formal_reward < 0) != (formal_e < 0)
            || weight >= formal_weight);
        // one of the other sign never raises it
        formal_claim_punishes: assert (!formal_ran || formal_e == 0
            || (formal_reward < 0) == (formal_e < 0) || formal_reward == 0
            || weight <= formal_weight);
        // it gains their product's part, to all ones at most
        formal_claim_gain: assert (!formal_ran || formal_effect < 0
            || formal_now == (formal_w + formal_step > formal_w_most
                ? formal_w_most : formal_w + formal_step));
        // or loses it, and leaves at least 0
        formal_claim_loss: assert (!formal_ran || formal_effect >= 0
            || formal_now == (formal_w > formal_step ? formal_w - formal_step : 0));
    end
