    always @* begin
        // like bits pass
        formal_claim_alike: assert (a != b || y == a);
        // a one of both paired streams is a one
        formal_claim_both: assert (y == !(!first || !second));
    end
