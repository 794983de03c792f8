    // The newest number after this clock, by the rule of serial numbers.
    wire [31:0] formal_ahead = number - newest;
    wire [31:0] formal_next =
        valid && formal_ahead != 0 && formal_ahead < 32'h80000000 ? number : newest;

    // Any number that is newer than the newest, or, after a reset, any before 0: whether it has
    // come, until the newest is 2**31 past it.
    wire formal_pick;
    wire [31:0] formal_which;
    wire [31:0] formal_distance = formal_which - newest;
    reg formal_picked = 1'b0;
    reg formal_came;
    reg [31:0] formal_number;
    wire [31:0] formal_age = newest - formal_number;
    wire [31:0] formal_next_age = formal_next - formal_number;
    wire formal_passed = !formal_age[31];  // by the newest, which is then so much newer
    wire formal_inside = formal_passed && formal_age < WINDOW;
    wire formal_open = !formal_passed || formal_inside;
    wire formal_it = valid && number == formal_number;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_picked <= formal_pick;
            formal_number <= {1'b1, formal_which[30:0]};
            formal_came   <= 1'b1;
        end else if (formal_picked) begin
            formal_picked <= !formal_passed || !formal_next_age[31];
            formal_came   <= formal_came || (formal_it && formal_open);
        end else begin
            formal_picked <= formal_pick && formal_distance != 0 && !formal_distance[31];
            formal_number <= formal_which;
            formal_came   <= valid && number == formal_which;
        end
    end
    wire formal_on = formal_live && formal_picked;

    reg [31:0] formal_newest, formal_expected;
    always @(posedge clk) begin
        formal_newest   <= newest;
        formal_expected <= formal_next;
    end

    always @* begin
        // after a reset all numbers before 0 have come, and no other
        formal_claim_reset: assert (!formal_reset
            || (newest == 32'hffffffff && seen == {WINDOW{1'b1}}));
        // every number that is judged has one verdict, and without one there is none
        formal_claim_one_verdict: assert (
            {1'b0, fresh} + {1'b0, duplicate} + {1'b0, stale} == {1'b0, valid});
        // no number is fresh twice until the newest is 2**31 past it
        formal_claim_once: assert (!formal_on || !formal_it || !formal_came || !fresh);
        // a number is fresh if it has not come and is newer or in the window
        formal_claim_fresh: assert (!formal_on || !formal_it
            || fresh == (!formal_came && formal_open));
        // a number is a duplicate if it has come and is in the window
        formal_claim_duplicate: assert (!formal_on || !formal_it
            || duplicate == (formal_came && formal_open));
        // a number behind the window is stale
        formal_claim_stale: assert (!formal_on || !formal_it || stale == !formal_open);
        // the newest never moves back
        formal_claim_forward: assert (!formal_live || formal_reset
            || newest - formal_newest < 32'h80000000);
        // the newest moves to what is newer, and only to that
        formal_claim_newest: assert (!formal_live || formal_reset
            || newest == formal_expected);
        // what is in the window is known to have come or not
        formal_claim_remembers: assert (!formal_on || !formal_inside
            || seen[formal_number[BITS-1:0] & LAST] == formal_came);
        // helper: what has come is not newer, and what is newer is not half the numbers away
        formal_claim_order: assert (!formal_on || formal_passed
            || (!formal_came && formal_age != 32'h80000000));
        // the newest has come
        formal_claim_has_come: assert (!formal_live || seen[from]);
    end
