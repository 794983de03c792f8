    reg [WIDTH-1:0] formal_number;
    always @(posedge clk) begin
        formal_number <= number;
    end

    always @* begin
        // a reset loads the seed
        formal_claim_reset: assert (!formal_reset || number == SEED);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || number == formal_number);
        // all bits move up by one
        formal_claim_moves: assert (!formal_ran || number[WIDTH-1:1] == formal_number[WIDTH-2:0]);
        // the bit shifted in makes the parity of the taps even
        formal_claim_parity: assert (!formal_ran || (^(formal_number & TAPS) ^ number[0]) == 1'b0);
        // the state is never zero
        formal_claim_never_zero: assert (!formal_live || number != 0);
        // the state before can be told from the state after, so all states are on cycles
        formal_claim_reversible: assert (!formal_ran
            || formal_number[WIDTH-1] == (number[0] ^ ^(number[WIDTH-1:1] & TAPS[WIDTH-2:0])));
    end
