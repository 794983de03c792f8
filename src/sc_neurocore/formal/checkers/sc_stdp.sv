    // What was one clock before, and both traces after a tick without spikes: x less x / 2**SHIFT
    // rounded up is x * (2**SHIFT - 1) / 2**SHIFT rounded down.
    reg formal_pre, formal_post;
    reg [WEIGHT_BITS-1:0] formal_weight;
    reg [TRACE_BITS-1:0] formal_x, formal_y;
    always @(posedge clk) begin
        formal_pre    <= pre;
        formal_post   <= post;
        formal_weight <= weight;
        formal_x      <= pre_trace;
        formal_y      <= post_trace;
    end
    localparam integer FORMAL = (TRACE_BITS > WEIGHT_BITS ? TRACE_BITS : WEIGHT_BITS) + 34;
    wire [FORMAL-1:0] formal_w    = formal_weight;
    wire [FORMAL-1:0] formal_now  = weight;
    wire [FORMAL-1:0] formal_x_left = ((FORMAL'(formal_x) << PRE_SHIFT) - formal_x) >> PRE_SHIFT;
    wire [FORMAL-1:0] formal_y_left = ((FORMAL'(formal_y) << POST_SHIFT) - formal_y) >> POST_SHIFT;
    wire [FORMAL-1:0] formal_x_most = (FORMAL'(1) << TRACE_BITS) - 1;
    wire [FORMAL-1:0] formal_w_most = (FORMAL'(1) << WEIGHT_BITS) - 1;
    wire [FORMAL-1:0] formal_x_up = formal_x_left + INCREMENT;
    wire [FORMAL-1:0] formal_y_up = formal_y_left + INCREMENT;
    wire [FORMAL-1:0] formal_gain = pre_trace >> PLUS_SHIFT;
    wire [FORMAL-1:0] formal_loss = formal_y_left >> MINUS_SHIFT;

    always @* begin
        // a reset loads the initial weight, and empties the traces
        formal_claim_reset: assert (!formal_reset
            || (weight == INITIAL && pre_trace == 0 && post_trace == 0));
        // without enable nothing changes
        formal_claim_held: assert (!formal_held || (weight == formal_weight
            && pre_trace == formal_x && post_trace == formal_y));
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
        // without spikes the weight stays
        formal_claim_stays: assert (!formal_ran || formal_pre || formal_post
            || weight == formal_weight);
        // a lone presynaptic spike never raises it
        formal_claim_depresses: assert (!formal_ran || !formal_pre || formal_post
            || weight <= formal_weight);
        // it takes the postsynaptic trace's share off, and leaves at least 0
        formal_claim_loss: assert (!formal_ran || !formal_pre || formal_post
            || formal_now == (formal_w > formal_loss ? formal_w - formal_loss : 0));
        // a lone postsynaptic spike never lowers it
        formal_claim_potentiates: assert (!formal_ran || formal_pre || !formal_post
            || weight >= formal_weight);
        // it adds the presynaptic trace's share, to all ones at most
        formal_claim_gain: assert (!formal_ran || formal_pre || !formal_post
            || formal_now == (formal_w + formal_gain > formal_w_most
                ? formal_w_most : formal_w + formal_gain));
        // of two spikes, the loss comes first: what saturates there is not made good
        formal_claim_both: assert (!formal_ran || !formal_pre || !formal_post
            || formal_now == (formal_w < formal_loss
                ? (formal_gain > formal_w_most ? formal_w_most : formal_gain)
                : formal_w - formal_loss + formal_gain > formal_w_most
                ? formal_w_most : formal_w - formal_loss + formal_gain));
    end
