    localparam integer FORMAL_WIDTH = REST_WIDTH + WIDTH + 1;
    wire [DIGITS-1:0] formal_small;                 // digits that are below the base
    // Sums over the digits so far: their value, and that of their mirror image.
    wire [FORMAL_WIDTH*(DIGITS+1)-1:0] formal_plain, formal_mirrored;
    assign formal_plain[0 +: FORMAL_WIDTH] = 0;
    assign formal_mirrored[0 +: FORMAL_WIDTH] = 0;
    generate
        for (i = 0; i < DIGITS; i = i + 1) begin : formal_place
            wire [FORMAL_WIDTH-1:0] wide = place[i].digit;
            assign formal_small[i] = wide < BASE;
            assign formal_plain[(i+1)*FORMAL_WIDTH +: FORMAL_WIDTH] =
                formal_plain[i*FORMAL_WIDTH +: FORMAL_WIDTH] + wide * FORMAL_WIDTH'(power(i));
            assign formal_mirrored[(i+1)*FORMAL_WIDTH +: FORMAL_WIDTH] =
                formal_mirrored[i*FORMAL_WIDTH +: FORMAL_WIDTH]
                + wide * FORMAL_WIDTH'(power(DIGITS - 1 - i));
        end
    endgenerate
    wire [FORMAL_WIDTH-1:0] formal_now = formal_plain[DIGITS*FORMAL_WIDTH +: FORMAL_WIDTH];
    wire [FORMAL_WIDTH-1:0] formal_goal =
        formal_mirrored[DIGITS*FORMAL_WIDTH +: FORMAL_WIDTH] << WIDTH;
    wire [FORMAL_WIDTH-1:0] formal_product = number * FORMAL_WIDTH'(TOTAL);
    reg [WIDTH-1:0] formal_number;
    reg [REST_WIDTH-1:0] formal_rest;
    reg [FORMAL_WIDTH-1:0] formal_then;
    always @(posedge clk) begin
        formal_number <= number;
        formal_rest <= rest;
        formal_then <= formal_now;
    end

    always @* begin
        // a reset goes to tick 0
        formal_claim_reset: assert (!formal_reset || (formal_now == 0 && number == 0 && rest == 0));
        // without enable nothing moves
        formal_claim_held: assert (!formal_held
            || (formal_now == formal_then && number == formal_number && rest == formal_rest));
        // every digit is below the base
        formal_claim_digits: assert (!formal_live || &formal_small);
        // the digits count
        formal_claim_counts: assert (!formal_live || !formal_ran
            || formal_now == (formal_then == TOTAL - 1 ? 0 : formal_then + 1));
        // the remainder is below the divisor
        formal_claim_rest: assert (!formal_live || rest < TOTAL);
        // from any remainder that is, whether it was ever reached or not
        formal_claim_reduced: assert (!formal_ran || formal_rest >= TOTAL || rest < TOTAL);
        // number and remainder are those of the mirrored digits
        formal_claim_exact: assert (!formal_live || formal_product + rest == formal_goal);
    end
