    reg [WIDTH-1:0] formal_tick;
    reg [WIDTH-1:0] formal_number;
    always @(posedge clk) begin
        formal_tick <= tick;
        formal_number <= number;
    end

    // The closed form: the direction numbers of the ones of the tick's Gray code.
    wire [WIDTH-1:0] formal_gray = tick ^ (tick >> 1);
    reg [WIDTH-1:0] formal_sum;
    integer formal_k;
    always @* begin
        formal_sum = SHIFT;
        for (formal_k = 0; formal_k < WIDTH; formal_k = formal_k + 1)
            if (formal_gray[formal_k])
                formal_sum = formal_sum ^ DIRECTIONS[formal_k*WIDTH +: WIDTH];
    end

    always @* begin
        // a reset goes to tick 0 and its number
        formal_claim_reset: assert (!formal_reset || (tick == 0 && number == SHIFT));
        // without enable nothing moves
        formal_claim_held: assert (!formal_held
            || (tick == formal_tick && number == formal_number));
        // the tick counts
        formal_claim_counts: assert (!formal_ran || tick == formal_tick + 1'b1);
        // the number is that of the tick by the definition of the sequence
        formal_claim_closed_form: assert (!formal_live || number == formal_sum);
        // one direction number is added at a time
        formal_claim_one_direction: assert (turned != 0 && (turned & (turned - 1'b1)) == 0);
    end
