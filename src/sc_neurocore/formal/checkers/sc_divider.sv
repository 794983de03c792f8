    reg formal_last;
    reg formal_quotient;
    always @(posedge clk) begin
        formal_last <= last;
        formal_quotient <= quotient;
    end

    always @* begin
        // a reset clears the answer
        formal_claim_reset: assert (!formal_reset || !last);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || last == formal_last);
        // a one of y asks x
        formal_claim_asks: assert (!y || quotient == x);
        // a zero of both repeats the answer
        formal_claim_repeats: assert (x || y || quotient == last);
        // a one of x is a one
        formal_claim_one: assert (!x || quotient);
        // the answer is remembered
        formal_claim_remembers: assert (!formal_ran || last == formal_quotient);
    end
