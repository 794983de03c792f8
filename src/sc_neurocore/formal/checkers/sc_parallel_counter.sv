    // From none, any pattern is reached by adding one at a time.
    wire [INPUTS-1:0] formal_counted;
    genvar formal_i;
    generate
        for (formal_i = 0; formal_i < INPUTS; formal_i = formal_i + 1) begin : formal_place
            localparam [INPUTS-1:0] ONE = 1 << formal_i;
            assign formal_counted[formal_i] =
                streams[formal_i] || ones(streams | ONE) == count + 1'b1;
        end
    endgenerate

    always @* begin
        // no ones count as none
        formal_claim_none: assert (streams != 0 || count == 0);
        // one more one counts one more
        formal_claim_one_more: assert (&formal_counted);
        // the count is at most the number of inputs
        formal_claim_most: assert (count <= INPUTS);
    end
