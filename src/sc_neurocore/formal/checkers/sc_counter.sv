    reg [WIDTH-1:0] formal_number;
    always @(posedge clk) begin
        formal_number <= number;
    end

    always @* begin
        // a reset goes to zero
        formal_claim_reset: assert (!formal_reset || number == 0);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || number == formal_number);
        // the number goes up by one
        formal_claim_counts: assert (!formal_ran || number == formal_number + 1'b1);
    end
