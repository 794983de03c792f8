    reg [WIDTH-1:0] formal_number;
    always @(posedge clk) begin
        formal_number <= number;
    end

    always @* begin
        // a reset loads the seed
        formal_claim_reset: assert (!formal_reset || number == SEED);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || number == formal_number);
        // a zero that leaves moves all bits down
        formal_claim_zero_out: assert (!formal_ran
            || formal_number[0] || number == formal_number >> 1);
        // a one that leaves moves all bits down and inverts the taps
        formal_claim_one_out: assert (!formal_ran
            || !formal_number[0] || (number ^ TAPS) == formal_number >> 1);
        // the state is never zero
        formal_claim_never_zero: assert (!formal_live || number != 0);
        // the state before can be told from the state after, so all states are on cycles
        formal_claim_reversible: assert (!formal_ran
            || formal_number == {number[WIDTH-2:0]
            ^ ({(WIDTH - 1){number[WIDTH-1]}} & TAPS[WIDTH-2:0]), number[WIDTH-1]});
    end
