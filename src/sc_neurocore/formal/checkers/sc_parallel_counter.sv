    function automatic [WIDTH-1:0] formal_sum(input [INPUTS-1:0] word);
        integer j;
        begin
            formal_sum = 0;
            for (j = 0; j < INPUTS; j = j + 1) formal_sum = formal_sum + word[j];
        end
    endfunction

    always @* begin
        // no ones count as none
        formal_claim_none: assert (streams != 0 || count == 0);
        // the count is the sum of all bits
        formal_claim_sum: assert (count == formal_sum(streams));
        // ones only count as the number of inputs, and nothing counts more
        formal_claim_most: assert (count <= INPUTS && ((count == INPUTS) == &streams));
    end
