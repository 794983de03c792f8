    always @* begin
        // zero times anything is zero
        formal_claim_zero: assert ((product & ~(a & b)) == 0);
        // times one is the other factor
        formal_claim_one_a: assert (((product ^ a) & b) == 0);
        // from both sides
        formal_claim_one_b: assert (((product ^ b) & a) == 0);
    end
