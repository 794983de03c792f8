    reg [WINDOW_WIDTH-1:0] formal_tick;
    reg [WINDOW_WIDTH-1:0] formal_count;
    reg [WINDOW_WIDTH:0] formal_number;
    reg formal_valid;
    reg formal_x;
    always @(posedge clk) begin
        formal_tick <= tick;
        formal_count <= count;
        formal_number <= number;
        formal_valid <= valid;
        formal_x <= x;
    end
    wire formal_last = formal_tick == {WINDOW_WIDTH{1'b1}};
    wire [WINDOW_WIDTH:0] formal_sum = {1'b0, formal_count} + formal_x;

    always @* begin
        // a reset clears all
        formal_claim_reset: assert (!formal_reset
            || (tick == 0 && count == 0 && number == 0 && !valid));
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || (tick == formal_tick && count == formal_count
            && number == formal_number && valid == formal_valid));
        // the tick counts
        formal_claim_ticks: assert (!formal_ran || tick == formal_tick + 1'b1);
        // ones of a window are counted
        formal_claim_counts: assert (!formal_live
            || !formal_ran || formal_last || {1'b0, count} == formal_sum);
        // there are at most as many as there were clocks
        formal_claim_room: assert (!formal_live || count <= tick);
        // at its end they are the result, and counting starts again
        formal_claim_result: assert (!formal_ran
            || !formal_last || (number == formal_sum && count == 0 && valid));
        // until then the last result stays, valid for one clock
        formal_claim_keeps: assert (!formal_ran
            || formal_last || (number == formal_number && !valid));
        // a result is at most the window
        formal_claim_range: assert (!formal_live || number <= (1 << WINDOW_WIDTH));
    end
