    reg [WIDTH-1:0] formal_kept;
    always @(posedge clk) begin
        formal_kept <= kept;
    end
    // Ones that went in, less those put out and those that a full counter lost.
    wire formal_lost = a && b && kept == DEPTH;
    reg [WIDTH+2:0] formal_balance = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_balance <= 0;
        else if (enable) formal_balance <= formal_balance + a + b - y - formal_lost;
    end

    always @* begin
        // a reset forgets all
        formal_claim_reset: assert (!formal_reset || kept == 0);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || kept == formal_kept);
        // at most DEPTH ones are kept
        formal_claim_range: assert (!formal_live || kept <= DEPTH);
        // ones in are put out or kept
        formal_claim_balance: assert (!formal_live || formal_balance == kept);
        // a one in gives a one out
        formal_claim_some: assert (!(a || b) || y);
        // without a one in, one comes out only if one is kept
        formal_claim_none: assert (a || b || y == (kept != 0));
    end
