    reg [WIDTH-1:0] formal_state;
    reg formal_up;
    always @(posedge clk) begin
        formal_state <= state;
        formal_up <= up;
    end

    always @* begin
        // a reset loads the reset state
        formal_claim_reset: assert (!formal_reset || state == RESET);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || state == formal_state);
        // the state stays among STATES
        formal_claim_range: assert (!formal_live || state < STATES);
        // a one moves it up by one, and at the top not at all
        formal_claim_up: assert (!formal_live || !formal_ran || !formal_up
            || state == (formal_state == STATES - 1 ? formal_state : formal_state + 1'b1));
        // a zero moves it down by one, and at the bottom not at all
        formal_claim_down: assert (!formal_live || !formal_ran || formal_up
            || state == (formal_state == 0 ? formal_state : formal_state - 1'b1));
        // it moves by at most one
        formal_claim_one_step: assert (!formal_live || !formal_ran || state == formal_state
            || state == formal_state + 1'b1 || state == formal_state - 1'b1);
    end
