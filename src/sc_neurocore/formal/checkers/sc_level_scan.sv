    // Levels loaded, slots judged and scans finished, counted apart.
    localparam integer FORMAL_WIDTH = $clog2(SIZE + SIMD + WORDS + SCANS + 2) + 1;
    wire formal_free = (!out_valid || out_ready) && !load;
    reg [FORMAL_WIDTH-1:0] formal_loaded;
    reg [FORMAL_WIDTH-1:0] formal_slot;
    reg [FORMAL_WIDTH-1:0] formal_scans;
    wire formal_ends = formal_slot == WORDS;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_loaded <= 0;
            formal_slot <= 0;
            formal_scans <= 0;
        end else begin
            if (load) formal_loaded <= formal_loaded == SIZE - 1 ? 0 : formal_loaded + 1;
            if (moves) begin
                formal_slot <= formal_ends ? 0 : formal_slot + 1;
                if (formal_ends) formal_scans <= formal_scans + 1;
            end
        end
    end

    // Any level that is loaded, until another one takes its place, and whether it was read since.
    wire formal_pick;
    reg formal_picked = 1'b0;
    reg [BITS:0] formal_level;
    reg [ADDRESS-1:0] formal_word;
    reg [LANE-1:0] formal_lane;
    reg formal_read;
    wire formal_takes_place = load && rst_n && word == formal_word && lane == formal_lane;
    always @(posedge clk) begin
        if (!formal_live) formal_picked <= 1'b0;
        else if (rst_n && load && (!formal_picked ? formal_pick : formal_takes_place)) begin
            formal_picked <= formal_pick;
            formal_level <= level;
            formal_word <= word;
            formal_lane <= lane;
        end
        if (!rst_n || load) formal_read <= formal_read && rst_n && !formal_takes_place && formal_picked;
        else if (formal_free) formal_read <= formal_picked && slot == formal_word;
    end

    // What was judged last.
    reg formal_judged = 1'b0;
    reg formal_ended;
    reg [ADDRESS-1:0] formal_address;
    reg [SIMD-1:0] formal_mask;
    reg [1:0] formal_kind;
    reg formal_waited = 1'b0;
    reg formal_left = 1'b0;
    reg [2+ADDRESS+SIMD-1:0] formal_data;
    reg formal_event = 1'b0;  // the word at the output is no end
    reg formal_walked = 1'b0;
    integer formal_k;
    always @(posedge clk) begin
        formal_judged <= rst_n && moves;
        formal_ended <= formal_ends;
        formal_address <= formal_slot;
        for (formal_k = 0; formal_k < SIMD; formal_k = formal_k + 1)
            formal_mask[formal_k] <= !formal_ends && mask[formal_k]
                && formal_slot * SIMD + formal_k < SIZE;
        formal_kind <= formal_ends ? end_kind : 0;
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_left <= rst_n && !moves && out_ready;
        formal_data <= out_data;
        if (moves) formal_event <= !formal_ends;
        formal_walked <= rst_n && walks && formal_free;
    end

    always @* begin
        // a reset goes to the first level, the first slot and the first scan
        formal_claim_reset: assert (!formal_reset || (word == 0 && lane == 0 && slot == 0
            && scan == 0 && walks && !judged && !out_valid));
        // levels are loaded in order
        formal_claim_loads: assert (!formal_live || (formal_loaded < SIZE && lane < SIMD
            && word < WORDS && formal_loaded == (FORMAL_WIDTH)'(word) * SIMD + lane));
        // any level stays in its place in memory
        formal_claim_kept: assert (!formal_live || !formal_picked || (formal_word < WORDS
            && formal_lane < SIMD
            && (memory[formal_word] >> (formal_lane * (BITS + 1)) & ((2 << BITS) - 1))
                == formal_level));
        // and is there when its word is judged
        formal_claim_read: assert (!formal_live || !formal_picked || !formal_read
            || (levels >> (formal_lane * (BITS + 1)) & ((2 << BITS) - 1)) == formal_level);
        // slots are judged in order, each once: every word, then the end
        formal_claim_order: assert (!formal_live
            || (formal_slot <= WORDS && slot <= WORDS
                && (judged ? judged_slot == formal_slot && ends == formal_ends
                    && slot == (formal_ends ? 0 : formal_slot + 1)
                    : slot == formal_slot)));
        // scans are counted, and after the last nothing is judged
        formal_claim_scans: assert (!formal_live || (formal_scans <= SCANS
            && (walks ? scan == formal_scans + (judged && formal_ends) && scan < SCANS
                && (formal_scans + (judged && formal_ends) < SCANS)
                : formal_scans + judged == SCANS && (!judged || formal_ends) && slot == 0)));
        // an event of any known level, or the end, is put out in the next clock
        formal_claim_puts_out: assert (!formal_live || !formal_judged
            || (out_valid == (formal_ended || formal_mask != 0) && (!out_valid
                || out_data == {formal_kind, formal_ended ? {ADDRESS{1'b0}} : formal_address,
                                formal_mask})));
        // nothing else is
        formal_claim_nothing_else: assert (!formal_live || !formal_left || !out_valid);
        // no event is without a mask, or of a word that there is not
        formal_claim_no_empty_event: assert (!formal_live || !out_valid || !formal_event
            || (out_data[SIMD-1:0] != 0 && out_data[SIMD +: ADDRESS] < WORDS
                && out_data[SIMD+ADDRESS +: 2] == 0));
        // a word that waits stays as it is
        formal_claim_stable: assert (!formal_live || !formal_waited
            || (out_valid && out_data == formal_data));
        // while the output waits or a level is loaded, nothing is judged
        formal_claim_waits: assert (!formal_live || !moves || formal_free);
        // otherwise a slot is judged, or will be in the next clock, until all scans are over
        formal_claim_progress: assert (!formal_live || !formal_free || moves || walks
            || formal_scans == SCANS);
        // what reads in such a clock is judged in the next that is free
        formal_claim_follows: assert (!formal_live || !formal_walked || judged);
    end
