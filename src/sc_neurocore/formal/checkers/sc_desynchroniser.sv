    reg [WIDTH-1:0] formal_held_ones;
    always @(posedge clk) begin
        formal_held_ones <= held;
    end
    reg [WIDTH+1:0] formal_waiting = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_waiting <= 0;
        else if (enable) formal_waiting <= formal_waiting + b - out_b;
    end

    always @* begin
        // a reset lets nothing wait
        formal_claim_reset: assert (!formal_reset || held == 0);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || held == formal_held_ones);
        // at most DEPTH ones wait
        formal_claim_range: assert (!formal_live || held <= DEPTH);
        // a passes
        formal_claim_ones_of_a: assert (out_a == a);
        // unlike bits pass
        formal_claim_unlike: assert (a == b || out_b == b);
        // all ones of b are put out or wait
        formal_claim_ones_of_b: assert (!formal_live || formal_waiting == held);
        // two ones come out only when no more can wait
        formal_claim_apart: assert (!formal_live || !(out_a && out_b) || held == DEPTH);
        // two zeros come out only when none waits
        formal_claim_filled: assert (!formal_live || out_a || out_b || held == 0);
    end
