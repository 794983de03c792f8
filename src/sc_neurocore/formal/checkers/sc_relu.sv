    reg [WIDTH-1:0] formal_state;
    reg formal_x;
    reg formal_toggle;
    always @(posedge clk) begin
        formal_state <= state;
        formal_x <= x;
        formal_toggle <= toggle;
    end
    wire [WIDTH-1:0] formal_end = formal_x ? STATES - 1 : 0;
    wire [WIDTH-1:0] formal_following = formal_state == formal_end ? formal_state
        : formal_x ? formal_state + 1'b1 : formal_state - 1'b1;

    always @* begin
        // a reset goes to the middle
        formal_claim_reset: assert (!formal_reset || (state == STATES / 2 && !toggle));
        // without enable nothing moves
        formal_claim_held: assert (!formal_held
            || (state == formal_state && toggle == formal_toggle));
        // the state stays among STATES
        formal_claim_range: assert (!formal_live || state < STATES);
        // a one moves it up, a zero down, and it stays at its ends
        formal_claim_moves: assert (!formal_live || !formal_ran || state == formal_following);
        // in the upper half the input passes
        formal_claim_passes: assert (!formal_live || state < STATES / 2 || y == x);
        // in the lower half the toggle is put out
        formal_claim_output: assert (!formal_live || state >= STATES / 2 || y == toggle);
        // and turns there, and only there
        formal_claim_alternates: assert (!formal_live || !formal_ran
            || (toggle != formal_toggle) == (formal_state < STATES / 2));
    end
