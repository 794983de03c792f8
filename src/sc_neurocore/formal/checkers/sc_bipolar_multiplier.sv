    // Lanes whose bits, as numbers +1 and -1, multiply to the product's.
    wire [LANES-1:0] formal_right;
    genvar formal_i;
    generate
        for (formal_i = 0; formal_i < LANES; formal_i = formal_i + 1) begin : formal_lane
            wire signed [2:0] of_a = a[formal_i] ? 3'sd1 : -3'sd1;
            wire signed [2:0] of_b = b[formal_i] ? 3'sd1 : -3'sd1;
            wire signed [2:0] of_product = product[formal_i] ? 3'sd1 : -3'sd1;
            assign formal_right[formal_i] = of_product == of_a * of_b;
        end
    endgenerate

    always @* begin
        // times +1 is the other factor
        formal_claim_plus: assert (((product ^ a) & b) == 0);
        // times -1 is its opposite
        formal_claim_minus: assert ((~(product ^ a) & ~b) == {LANES{1'b0}});
        // the product is that of two numbers, each +1 or -1
        formal_claim_signed: assert (&formal_right);
    end
