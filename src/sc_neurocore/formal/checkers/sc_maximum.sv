    always @* begin
        // like bits pass
        formal_claim_alike: assert (a != b || y == a);
        // a one of either paired stream is a one
        formal_claim_either: assert (y == !(!first && !second));
    end
