    reg formal_toggle;
    reg formal_unlike;
    always @(posedge clk) begin
        formal_toggle <= toggle;
        formal_unlike <= a != b;
    end
    // Ones of both inputs, less two for each one put out.
    reg [3:0] formal_balance = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_balance <= 0;
        else if (enable) formal_balance <= formal_balance + a + b - y - y;
    end

    always @* begin
        // a reset clears the toggle
        formal_claim_reset: assert (!formal_reset || !toggle);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || toggle == formal_toggle);
        // like bits pass
        formal_claim_alike: assert (a != b || y == a);
        // of unlike bits every second one gives a one
        formal_claim_unlike: assert (!formal_ran || toggle == (formal_toggle ^ formal_unlike));
        // two ones in give a one out, and at most one is still owed
        formal_claim_balance: assert (!formal_live || formal_balance == (toggle ? 1 : 0));
    end
