    always @* begin
        // times +1 is the other factor
        formal_claim_plus: assert (((product ^ a) & b) == 0);
        // times -1 is its opposite
        formal_claim_minus: assert ((~(product ^ a) & ~b) == {LANES{1'b0}});
        // like signs give +1
        formal_claim_sign: assert (product == ~(b ^ a));
    end
