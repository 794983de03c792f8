    reg [WIDTH-1:0] formal_state;
    reg formal_x;
    reg formal_k;
    always @(posedge clk) begin
        formal_state <= state;
        formal_x <= x;
        formal_k <= k;
    end
    wire [WIDTH-1:0] formal_end = formal_x ? STATES - 1 : 0;
    wire [WIDTH-1:0] formal_following = formal_state == formal_end ? formal_state
        : formal_x ? formal_state + 1'b1 : formal_state - 1'b1;
    wire formal_outward = formal_x == (formal_state >= STATES / 2);

    always @* begin
        // a reset goes to the middle
        formal_claim_reset: assert (!formal_reset || state == STATES / 2);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || state == formal_state);
        // the state stays among STATES
        formal_claim_range: assert (!formal_live || state < STATES);
        // without a one of k no step leads outward
        formal_claim_gated: assert (!formal_live
            || !formal_ran || !formal_outward || formal_k || state == formal_state);
        // any other step is taken, short of the ends
        formal_claim_moves: assert (!formal_live || !formal_ran || (formal_outward && !formal_k)
            || state == formal_following);
        // the output is one in the upper half
        formal_claim_output: assert (!formal_live || y == !(state < STATES / 2));
    end
