    reg [DEPTH-1:0] formal_history;
    reg formal_x;
    reg formal_y;
    always @(posedge clk) begin
        formal_history <= history;
        formal_x <= x;
        formal_y <= y;
    end

    always @* begin
        // a reset loads alternating answers
        formal_claim_reset: assert (!formal_reset || history == {(DEPTH / 2){2'b10}});
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || history == formal_history);
        // a one of y asks x
        formal_claim_asks: assert (!y || quotient == x);
        // a zero of both repeats the addressed answer
        formal_claim_repeats: assert (x || y || quotient == ((history >> address) & 1));
        // a one of x is a one
        formal_claim_one: assert (!x || quotient);
        // an answer enters the history
        formal_claim_remembers: assert (!formal_ran
            || !formal_y || history == {formal_history[DEPTH-2:0], formal_x});
        // a repeated answer does not
        formal_claim_keeps: assert (!formal_ran || formal_y || history == formal_history);
    end
