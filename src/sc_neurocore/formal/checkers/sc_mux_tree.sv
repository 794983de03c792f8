    wire [2**SELECT_WIDTH-1:0] formal_chosen = 1 << select;

    always @* begin
        // the output is the chosen stream
        formal_claim_chosen: assert (y == ((streams & formal_chosen) != 0));
    end
