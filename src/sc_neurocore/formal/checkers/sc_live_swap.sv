    // An exchange that came in this inference, with all halves alike, and stays as it came; its
    // tick, and whether any layer had begun that. A tick counter that overflows ends the claims.
    reg [LAYERS*TICK_BITS-1:0] formal_ticks = 0;  // that have ended in this inference, layer by layer
    reg formal_exchange = 1'b0;
    reg formal_pending = 1'b0;
    reg formal_target, formal_late;
    reg [31:0] formal_tick;
    wire formal_stays = swap_pending && target_half == formal_target && swap_tick == formal_tick;
    reg formal_wraps, formal_comes_late;
    reg [LAYERS-1:0] formal_begun;
    integer formal_k;
    always @* begin
        formal_wraps = 1'b0;
        formal_comes_late = swap_tick == 0 || swap_tick >= TICKS;
        for (formal_k = 0; formal_k < LAYERS; formal_k = formal_k + 1) begin
            formal_begun[formal_k] = ticks[formal_k*TICK_BITS +: TICK_BITS] >= formal_tick;
            if (tick_ends[formal_k] && &ticks[formal_k*TICK_BITS +: TICK_BITS])
                formal_wraps = 1'b1;
            if (33'(ticks[formal_k*TICK_BITS +: TICK_BITS]) + tick_ends[formal_k] >= swap_tick)
                formal_comes_late = 1'b1;
        end
    end
    reg formal_last_target, formal_moves;
    reg [LAYERS-1:0] formal_half;
    integer formal_n;
    always @(posedge clk) begin
        for (formal_n = 0; formal_n < LAYERS; formal_n = formal_n + 1)
            formal_ticks[formal_n*TICK_BITS +: TICK_BITS] <= rst_n
                ? formal_ticks[formal_n*TICK_BITS +: TICK_BITS] + TICK_BITS'(tick_ends[formal_n]) : 0;
        formal_pending <= rst_n && swap_pending;
        if (!rst_n || formal_wraps) formal_exchange <= 1'b0;
        else if (swap_pending && !formal_pending) begin
            formal_exchange <= half == {LAYERS{!target_half}};
            formal_target <= target_half;
            formal_tick <= swap_tick;
            formal_late <= formal_comes_late;
        end else if (!formal_stays) formal_exchange <= 1'b0;
        formal_last_target <= target_half;
        formal_half <= half;
        formal_moves <= !rst_n || swap_pending;
    end

    always @* begin
        // the ticks are those of this inference alone
        formal_claim_counted: assert (!formal_live || ticks == formal_ticks);
        // between inferences every half becomes the target
        formal_claim_between: assert (!formal_reset || half == {LAYERS{formal_last_target}});
        // in an inference a half changes only while an exchange is pending
        formal_claim_still: assert (!formal_live || formal_moves || half == formal_half);
        // in time, the layers that have begun the tick have the target, and no others
        formal_claim_together: assert (!formal_live || !formal_exchange || formal_late
            || half == (formal_target ? formal_begun : ~formal_begun));
        // too late, no layer has
        formal_claim_late: assert (!formal_live || !formal_exchange || !formal_late
            || half == {LAYERS{!formal_target}});
        // only that is in time which an inference has still to come
        formal_claim_tick: assert (!formal_live || !formal_exchange || formal_late
            || (formal_tick > 0 && formal_tick < TICKS));
        // the module knows which of the two it is
        formal_claim_joins: assert (!formal_live || ((!joins || waits)
            && (!formal_exchange || joins == !formal_late)));
        // and which exchange is a new one
        formal_claim_waits: assert (!formal_live || waits == formal_pending);
        // it says when all layers have it
        formal_claim_swapped: assert (swapped == (half == {LAYERS{target_half}}));
    end
