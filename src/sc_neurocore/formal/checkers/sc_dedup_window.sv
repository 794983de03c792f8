    // How far the newest number moves, by the rule of serial numbers.
    wire [31:0] formal_ahead = number - newest;
    wire formal_newer = valid && formal_ahead != 0 && formal_ahead < 32'h80000000;
    wire [31:0] formal_advance = formal_newer ? formal_ahead : 0;

    // Any number that is newer than the newest, or, after a reset, any before 0: whether it has
    // come, and how far the newest is past it, until that is 2**31.
    wire formal_pick;
    wire [31:0] formal_which;
    wire [31:0] formal_distance = formal_which - newest;
    reg formal_picked = 1'b0;
    reg formal_came;
    reg [31:0] formal_number;
    reg signed [33:0] formal_past;
    wire signed [33:0] formal_then =
        (formal_picked ? formal_past : -34'(formal_distance)) + $signed(34'(formal_advance));
    wire formal_it = valid && number == formal_number;
    wire formal_in_window = formal_past < $signed(34'(WINDOW));
    wire formal_remembered = formal_past >= 0 && formal_in_window;
    wire [WINDOW-1:0] formal_shifted = seen >> formal_past[31:0];
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_picked <= formal_pick;
            formal_number <= {1'b1, formal_which[30:0]};
            formal_came   <= 1'b1;
            formal_past   <= 34'({1'b0, ~formal_which[30:0]});
        end else if (formal_picked) begin
            formal_picked <= formal_then < 34'sh80000000;
            formal_came   <= formal_came || formal_it && formal_in_window;
            formal_past   <= formal_then;
        end else begin
            formal_picked <= formal_pick && formal_distance != 0 && formal_distance < 32'h80000000;
            formal_number <= formal_which;
            formal_came   <= valid && number == formal_which;
            formal_past   <= formal_then;
        end
    end
    wire formal_on = formal_live && formal_picked;

    reg [31:0] formal_newest, formal_moved;
    always @(posedge clk) begin
        formal_newest <= newest;
        formal_moved  <= formal_advance;
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
            || fresh == (!formal_came && formal_in_window));
        // a number is a duplicate if it has come and is in the window
        formal_claim_duplicate: assert (!formal_on || !formal_it
            || duplicate == (formal_came && formal_in_window));
        // a number behind the window is stale
        formal_claim_stale: assert (!formal_on || !formal_it || stale == !formal_in_window);
        // the newest never moves back
        formal_claim_forward: assert (!formal_live || formal_reset
            || newest - formal_newest < 32'h80000000);
        // the newest moves to what is newer, and only to that
        formal_claim_newest: assert (!formal_live || formal_reset
            || newest == formal_newest + formal_moved);
        // what is in the window is known to have come or not
        formal_claim_remembers: assert (!formal_on || !formal_remembered
            || formal_shifted[0] == formal_came);
        // helper: the picked number is as far away as was counted, and ahead only before it came
        formal_claim_counted: assert (!formal_on
            || (formal_past[31:0] == newest - formal_number && formal_past < 34'sh80000000
                && formal_past > -34'sh80000000 && (formal_past >= 0 || !formal_came)));
        // the newest has come
        formal_claim_has_come: assert (!formal_live || seen[0]);
    end
