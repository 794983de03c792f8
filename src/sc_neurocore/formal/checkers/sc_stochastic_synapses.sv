    wire formal_walks = formal_live && busy && kind == 2'd0;
    reg formal_waited = 1'b0;
    reg [ACC_BITS-1:0] formal_current;
    reg [TICK_BITS-1:0] formal_tick;
    reg [ADDRESS_BITS-1:0] formal_address;
    always @(posedge clk) begin
        formal_waited <= rst_n && current_valid && !current_ready;
        formal_current <= current;
        if (!rst_n) formal_tick <= 0;
        else if (event_ready && event_valid && event_data[ADDRESS_BITS+SIMD +: 2] == 2'd2)
            formal_tick <= formal_tick + 1;
        if (event_ready) formal_address <= event_data[SIMD +: ADDRESS_BITS];
    end

    // The pass that is visited, and what was read in the clock before.
    reg [CLOCK_BITS-1:0] formal_pass;
    reg [POINTER_BITS-1:0] formal_stored;
    always @(posedge clk) begin
        if (event_ready) formal_pass <= 0;
        else if (step && group == GROUPS - 1) formal_pass <= formal_pass + 1;
        if (step) formal_stored <= reads;
    end
    wire formal_last = group == GROUPS - 1;
    wire [CLOCK_BITS-1:0] formal_next_pass = formal_pass + formal_last;
    wire [GROUP_BITS:0] formal_next_group = formal_last ? 0 : group + 1;
    // The lowest zero of the number of a stream clock; WEIGHT_BITS if it has none below.
    function automatic [7:0] formal_zero(input [TICK_BITS+CLOCK_BITS-1:0] k);
        integer j;
        begin
            formal_zero = WEIGHT_BITS;
            for (j = WEIGHT_BITS - 1; j >= 0; j = j - 1)
                if (j >= TICK_BITS + CLOCK_BITS || !k[j % (TICK_BITS + CLOCK_BITS)])
                    formal_zero = j;
        end
    endfunction
    wire [7:0] formal_z = formal_zero({tick, formal_pass});
    wire [7:0] formal_next_z = formal_zero({tick, formal_next_pass});

    always @* begin
        // a reset forgets, clears, and starts the streams anew
        formal_claim_reset: assert (!formal_reset
            || (busy && kind == 2'd3 && !read_busy && tick == 0));
        // ticks are counted as they are taken
        formal_claim_ticks: assert (!formal_live || tick == formal_tick);
        // while a group of an event is visited, its word of the clock's plane has been read
        formal_claim_read: assert (!formal_walks || (stored_none == (formal_z == WEIGHT_BITS)
            && (stored_none || formal_stored == (POINTER_BITS)'(
                (formal_z * GROUPS + group) * ADDRESSES + formal_address))));
        // the word after it is that of the next group, or of the next clock
        formal_claim_next: assert (!formal_walks || (pointer_none == (formal_next_z == WEIGHT_BITS)
            && (pointer_none || pointer == (POINTER_BITS)'(
                (formal_next_z * GROUPS + formal_next_group) * ADDRESSES + formal_address))));
        // for which the clock is counted a pass ahead, and the address kept
        formal_claim_ahead: assert (!formal_walks || (held == formal_address
            && ahead == (CLOCK_BITS)'(formal_pass + 1 + formal_last)));
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
