    reg [WIDTH-1:0] formal_owed;
    always @(posedge clk) begin
        formal_owed <= owed;
    end
    // Ones of b, less the ones of a that they cancelled and those that a full counter lost.
    wire formal_cancelled = a && !y;
    wire formal_lost = !a && b && owed == DEPTH;
    reg [WIDTH+2:0] formal_balance = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_balance <= 0;
        else if (enable) formal_balance <= formal_balance + b - formal_cancelled - formal_lost;
    end

    always @* begin
        // a reset forgets all
        formal_claim_reset: assert (!formal_reset || owed == 0);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || owed == formal_owed);
        // at most DEPTH ones are owed
        formal_claim_range: assert (!formal_live || owed <= DEPTH);
        // every one of b cancels a one of a or is owed
        formal_claim_balance: assert (!formal_live || formal_balance == owed);
        // a one out is a lone one of a
        formal_claim_only_a: assert (!y || (a && !b));
        // while something is owed nothing comes out
        formal_claim_paid: assert (owed == 0 || !y);
        // when nothing is owed a lone one of a passes
        formal_claim_rest: assert (owed != 0 || !a || b || y);
    end
