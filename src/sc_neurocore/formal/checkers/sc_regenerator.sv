    reg [WINDOW_WIDTH:0] formal_count;
    always @(posedge clk) begin
        formal_count <= count;
    end
    localparam [WINDOW_WIDTH:0] FORMAL_WINDOW = 1 << WINDOW_WIDTH;

    always @* begin
        // a reset clears the count
        formal_claim_reset: assert (!formal_reset || count == 0);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || count == formal_count);
        // no ones counted, none put out
        formal_claim_zero: assert (count != 0 || !y);
        // ones only counted, ones only put out
        formal_claim_one: assert (count != FORMAL_WINDOW || y);
        // a count is encoded as by the comparator
        formal_claim_exact: assert (count > FORMAL_WINDOW || y == ({1'b0, number} < count));
    end
