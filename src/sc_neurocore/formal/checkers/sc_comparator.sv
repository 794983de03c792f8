    // Two more bits than a number: the sign of any difference.
    wire [WIDTH+1:0] formal_difference = {2'b00, number} - {1'b0, threshold};

    always @* begin
        // threshold 0 is never
        formal_claim_zero: assert (threshold != 0 || !stream);
        // threshold 2**WIDTH is always
        formal_claim_one: assert (threshold != {1'b1, {WIDTH{1'b0}}} || stream);
        // else the stream is one where the number is below the threshold
        formal_claim_exact: assert (stream == formal_difference[WIDTH+1]);
    end
