    // The synchroniser's state joins this wire when the hierarchy is flattened.
    (* hierconn *) wire [$clog2(2 * DEPTH + 1)-1:0] \synchroniser.held ;
    // Ones of a that wait for one of b, less ones of b that wait, by the definition.
    reg signed [31:0] formal_ahead = 0;
    wire formal_meets = a ? formal_ahead < 0 : formal_ahead > 0;
    wire formal_full = a ? formal_ahead == DEPTH : formal_ahead == -DEPTH;
    always @(posedge clk) begin
        if (!rst_n) formal_ahead <= 0;
        else if (enable && a != b && !formal_full) formal_ahead <= formal_ahead + (a ? 1 : -1);
    end

    always @* begin
        // like bits pass
        formal_claim_alike: assert (a != b || y == a);
        // a lone one that can no longer be held back gives a one, as one that meets another does
        formal_claim_out: assert (!formal_live || a == b || !(formal_meets || formal_full) || y);
        // any other lone one waits
        formal_claim_waits: assert (!formal_live || a == b || formal_meets || formal_full || !y);
        // as many wait in the synchroniser as by the definition
        formal_claim_waiting: assert (!formal_live || formal_ahead == \synchroniser.held - DEPTH);
        // at most DEPTH ones wait
        formal_claim_range: assert (!formal_live
            || (formal_ahead >= -DEPTH && formal_ahead <= DEPTH));
    end
