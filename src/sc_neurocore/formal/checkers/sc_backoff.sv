    // Failures in a row that began a pause; the pause they should begin, without jitter; and the
    // next one.
    reg [4:0] formal_row;
    reg [31:0] formal_span;
    wire formal_begins = failure && !blocked;
    wire [4:0] formal_before = success ? 5'd0 : formal_row;
    wire [31:0] formal_grown = BASE << formal_before;
    wire [31:0] formal_now = formal_grown < CAP ? formal_grown : CAP;
    wire [31:0] formal_next = 32'(BASE) << formal_row;

    // As many ones as half of that has bits, and the jitter it should have.
    wire [31:0] formal_half = formal_now >> 1;
    reg [31:0] formal_mask;
    integer formal_k;
    always @* begin
        formal_mask = 0;
        for (formal_k = 0; formal_k < 16; formal_k = formal_k + 1)
            if (formal_half >= 1 << formal_k) formal_mask = formal_mask | 1 << formal_k;
    end
    wire [31:0] formal_low = number & formal_mask;
    wire [31:0] formal_jitter = formal_low > formal_half ? formal_low - formal_half - 1 : formal_low;

    // The last pause: how long it should be, and how many ticks have passed since it began.
    reg formal_paused = 1'b0;
    reg [31:0] formal_pause, formal_since;
    reg [15:0] formal_number;
    reg formal_began, formal_was_blocked, formal_ticked;
    always @(posedge clk) begin
        if (!rst_n) formal_row <= 5'd0;
        else if (formal_begins) formal_row <= formal_before < 16 ? formal_before + 5'd1 : 5'd16;
        else if (success) formal_row <= 5'd0;
        if (!rst_n) begin
            formal_paused <= 1'b0;
        end else if (formal_begins) begin
            formal_paused <= 1'b1;
            formal_span   <= formal_now;
            formal_pause  <= formal_now + formal_jitter;
            formal_since  <= 32'd0;
        end else if (blocked && tick) formal_since <= formal_since + 32'd1;
        formal_number      <= number;
        formal_began       <= rst_n && formal_begins;
        formal_was_blocked <= rst_n && blocked;
        formal_ticked      <= tick;
    end
    wire formal_on = formal_live && formal_paused;

    always @* begin
        // after a reset there is no pause, the next is the shortest, the register holds its seed
        formal_claim_reset: assert (!formal_reset || (!blocked && span == BASE && number == SEED));
        // a failure outside of a pause begins one
        formal_claim_begins: assert (!formal_began || !formal_live || blocked);
        // a pause lasts as long as it should, twice as long after every failure in a row
        formal_claim_length: assert (!formal_on || blocked == (formal_since < formal_pause));
        // it lasts at least what the failures in a row make, and at most half as much again
        formal_claim_jitter: assert (!formal_on || (formal_pause >= formal_span
            && formal_pause <= formal_span + (formal_span >> 1)));
        // no pause ends before BASE ticks
        formal_claim_least: assert (!formal_on || blocked || formal_since >= BASE);
        // no pause lasts more than CAP and half of CAP ticks
        formal_claim_most: assert (!formal_on || (formal_since <= CAP + CAP / 2
            && (!blocked || formal_since < CAP + CAP / 2)));
        // without a failure there is no pause
        formal_claim_none: assert (!formal_live || formal_paused || !blocked);
        // a pause ends only with a tick
        formal_claim_ends: assert (!formal_live || !formal_was_blocked || formal_ticked || blocked);
        // the next pause is that of the failures in a row
        formal_claim_next: assert (!formal_live
            || 32'(span) == (formal_next < CAP ? formal_next : CAP));
        // the register moves once for every pause, as the library's does
        formal_claim_draws: assert (!formal_live || formal_reset || number == (formal_began
            ? {formal_number[14:0], ^(formal_number & 16'hb400)} : formal_number));
        // helper: what is left is what has not passed
        formal_claim_left: assert (!formal_on || (32'(left) == formal_pause - formal_since
            && formal_since <= formal_pause && formal_span >= BASE && formal_span <= CAP));
        // helper: not more failures in a row are counted than make a difference
        formal_claim_row: assert (!formal_live || formal_row <= 16);
    end
