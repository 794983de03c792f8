    // The address of the event that is walked, and what was read in the clocks before.
    reg [POINTER_BITS-1:0] formal_address;
    reg [POINTER_BITS-1:0] formal_stored;
    reg [POINTER_BITS-1:0] formal_read_address;
    reg [POINTER_BITS-1:0] formal_weight;
    always @(posedge clk) begin
        if (event_ready) formal_address <= event_data[SIMD +: ADDRESS_BITS];
        if (step) begin
            formal_stored <= reads;
            formal_read_address <= formal_address;
            formal_weight <= formal_stored;
        end
    end
    reg [1:0] formal_steps;  // since a reset, up to 2
    always @(posedge clk) begin
        if (!rst_n) formal_steps <= 0;
        else if (step && formal_steps != 2) formal_steps <= formal_steps + 1;
    end
    wire formal_walks = formal_live && busy && kind == 2'd0;
    wire formal_adds = formal_live && read_busy && read_kind == 2'd0;
    reg formal_waited = 1'b0;
    reg [ACC_BITS-1:0] formal_current;
    always @(posedge clk) begin
        formal_waited <= rst_n && current_valid && !current_ready;
        formal_current <= current;
    end

    always @* begin
        // a reset forgets, and clears
        formal_claim_reset: assert (!formal_reset || (busy && kind == 2'd3 && !read_busy));
        // while a group of an event is visited, its word has been read
        formal_claim_read: assert (!formal_walks || formal_stored
            == (POINTER_BITS)'(formal_address + group * ADDRESSES));
        // which is what the memory has there
        formal_claim_stored: assert (!formal_live || formal_steps == 0 || formal_stored >= DEPTH
            || stored == weights[formal_stored]);
        // and from the end of the visit on it is the word that is added
        formal_claim_added: assert (!formal_adds || formal_weight
            == (POINTER_BITS)'(formal_read_address + read_group * ADDRESSES));
        // unchanged
        formal_claim_weight: assert (!formal_live || formal_steps != 2 || formal_weight >= DEPTH
            || weight == weights[formal_weight]);
        // the word after it is the one of the next group
        formal_claim_next: assert (!formal_walks || pointer
            == (POINTER_BITS)'(formal_address + (group + 1) * ADDRESSES));
        // there is a group to visit
        formal_claim_groups: assert (!formal_live || group < GROUPS);
        // no accumulators are read in the clock in which they are written
        formal_claim_hazard: assert (!formal_live || GROUPS == 1 || !busy || !read_busy
            || !read_ends || group != read_group);
        // a current that is not taken waits
        formal_claim_waits: assert (!formal_live || !formal_waited
            || (current_valid && $unsigned(current) == formal_current));
        // events wait for currents only
        formal_claim_progress: assert (!formal_live || step || (current_valid && !current_ready));
    end
