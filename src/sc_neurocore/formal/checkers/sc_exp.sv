    reg [WIDTH-1:0] formal_state;
    reg formal_x;
    always @(posedge clk) begin
        formal_state <= state;
        formal_x <= x;
    end
    wire [WIDTH-1:0] formal_end = formal_x ? STATES - 1 : 0;
    wire [WIDTH-1:0] formal_following = formal_state == formal_end ? formal_state
        : formal_x ? formal_state + 1'b1 : formal_state - 1'b1;

    always @* begin
        // a reset goes to the middle
        formal_claim_reset: assert (!formal_reset || state == STATES / 2);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || state == formal_state);
        // the state stays among STATES
        formal_claim_range: assert (!formal_live || state < STATES);
        // a one moves it up, a zero down, and it stays at its ends
        formal_claim_moves: assert (!formal_live || !formal_ran || state == formal_following);
        // the output is zero in the top GAIN states
        formal_claim_output: assert (!formal_live || y == ({1'b0, state} + GAIN < STATES));
        // and so at the top
        formal_claim_top: assert (!formal_live || state != STATES - 1 || !y);
    end
