    // Any value of the round so far, or of the last round until the next begins.
    wire formal_pick;
    reg [CLASS:0] formal_next;
    reg formal_picked = 1'b0;
    reg signed [WIDTH-1:0] formal_value;
    reg [CLASS:0] formal_class;
    reg formal_last = 1'b0;
    reg formal_enabled = 1'b0;
    reg [CLASS-1:0] formal_winner;
    reg signed [WIDTH-1:0] formal_most;
    wire formal_begins = enable && formal_next == 0;
    always @(posedge clk) begin
        if (!rst_n) formal_next <= 0;
        else if (enable) formal_next <= formal_next == CLASSES - 1 ? 0 : formal_next + 1;
        if (!rst_n) formal_picked <= 1'b0;
        else if (enable && (formal_begins || !formal_picked)) begin
            formal_picked <= formal_pick;
            formal_value <= value;
            formal_class <= formal_next;
        end
        formal_last <= rst_n && enable && formal_next == CLASSES - 1;
        formal_enabled <= !rst_n || enable;
        formal_winner <= winner;
        formal_most <= most;
    end

    always @* begin
        // a reset starts a round
        formal_claim_reset: assert (!formal_reset || (at == 0 && !done));
        // the classes are counted
        formal_claim_counts: assert (!formal_live || (at == formal_next && formal_next < CLASSES));
        // no value of the round is larger than the winner's, nor equal to it and before it
        formal_claim_largest: assert (!formal_live || !formal_picked || formal_value < most
            || (formal_value == most && formal_class >= winner));
        // the winner's value is the largest
        formal_claim_winner: assert (!formal_live || !formal_picked || formal_class != winner
            || formal_value == most);
        // the winner is a class of the round
        formal_claim_class: assert (!formal_live
            || (formal_picked ? formal_next == 0 || formal_class < formal_next : 1'b1)
            && (formal_next == 0 || winner < formal_next) && winner < CLASSES);
        // it is done in the clock after the last value, and then only
        formal_claim_done: assert (!formal_live || done == formal_last);
        // without enable the winner stays
        formal_claim_held: assert (!formal_live || formal_enabled
            || (winner == formal_winner && most == formal_most));
    end
