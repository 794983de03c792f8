    reg [WIDTH-1:0] formal_held_ones;
    always @(posedge clk) begin
        formal_held_ones <= held;
    end
    reg [WIDTH+1:0] formal_waiting_a = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_waiting_a <= 0;
        else if (enable) formal_waiting_a <= formal_waiting_a + a - out_a;
    end
    reg [WIDTH+1:0] formal_waiting_b = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_waiting_b <= 0;
        else if (enable) formal_waiting_b <= formal_waiting_b + b - out_b;
    end
    wire [WIDTH+1:0] formal_of_a = held > DEPTH ? held - DEPTH : 0;
    wire [WIDTH+1:0] formal_of_b = held < DEPTH ? DEPTH - held : 0;

    always @* begin
        // a reset lets nothing wait
        formal_claim_reset: assert (!formal_reset || held == DEPTH);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || held == formal_held_ones);
        // at most DEPTH ones wait
        formal_claim_range: assert (!formal_live || held <= 2 * DEPTH);
        // all ones of a are put out or wait
        formal_claim_ones_of_a: assert (!formal_live || formal_waiting_a == formal_of_a);
        // all ones of b are put out or wait
        formal_claim_ones_of_b: assert (!formal_live || formal_waiting_b == formal_of_b);
        // like bits pass
        formal_claim_alike: assert (a != b || (out_a == a && out_b == b));
        // a lone one comes out only when no more can wait
        formal_claim_paired: assert (!formal_live
            || out_a == out_b || (a ? held == 2 * DEPTH : held == 0));
    end
