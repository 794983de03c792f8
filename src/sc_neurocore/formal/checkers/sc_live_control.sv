    // What any one entry of the banks holds in either half; both halves start alike.
    (* anyconst *) reg [7:0] formal_bank;
    (* anyconst *) reg [31:0] formal_entry;
    (* anyconst *) reg [63:0] formal_file;
    wire formal_there = formal_bank < BANKS && formal_entry < ENTRIES[32*formal_bank +: 32];
    reg [1:0] formal_written = 2'd0;
    reg [63:0] formal_kept_0, formal_kept_1;
    wire [63:0] formal_half_0 = formal_written[0] ? formal_kept_0 : formal_file;
    wire [63:0] formal_half_1 = formal_written[1] ? formal_kept_1 : formal_file;
    wire [63:0] formal_active = target_half ? formal_half_1 : formal_half_0;
    wire [63:0] formal_shadow = target_half ? formal_half_0 : formal_half_1;
    wire formal_at = host_bank == formal_bank && host_entry == formal_entry;
    always @(posedge clk) begin
        if (host_write && formal_at) begin
            formal_written[host_half] <= 1'b1;
            if (host_half) formal_kept_1 <= host_data;
            else           formal_kept_0 <= host_data;
        end
    end

    // A bank answers two clocks later with what the entry held: proven of sc_live_memory.
    reg [1:0] formal_asked = 2'd0;
    reg [63:0] formal_asked_1, formal_asked_2;
    always @(posedge clk) begin
        formal_asked <= {formal_asked[0], host_read && formal_at};
        formal_asked_1 <= host_half ? formal_half_1 : formal_half_0;
        formal_asked_2 <= formal_asked_1;
    end

    // The last command that was taken, with the registers of its clock.
    wire formal_idle = update_status[0] == 1'b0 && update_status[3] == 1'b0;
    reg [31:0] formal_command = 32'd0;
    reg [127:0] formal_words;
    reg [31:0] formal_guard;
    reg [31:0] formal_tick;
    reg formal_expected;
    reg formal_decides = 1'b0;
    reg [31:0] formal_count = 32'd0;  // loads done since the halves were alike, and their checksum
    reg [31:0] formal_sum = 32'd0;
    always @(posedge clk) begin
        formal_decides <= rst_n && formal_idle && command_write;
        if (!rst_n) formal_command <= 32'd4;
        else if (formal_idle && command_write) begin
            formal_command <= command_data;
            formal_words <= {data_hi, data_lo, entry_index, bank_select};
            formal_guard <= guard;
            formal_tick <= command_data == 32'd2 ? apply_tick : 32'd0;
            formal_expected <= expect_count == formal_count && expect_crc == formal_sum;
        end
    end

    // The checksums of the command's words, one a clock after it: of these alone, and behind those
    // of the loads before. What sc_crc32 makes of a word is proven of it; here is what it is given.
    reg [2:0] formal_turn = 3'd4;
    reg [31:0] formal_digest, formal_carried;
    wire [31:0] formal_word = formal_turn == 3'd0 ? formal_words[31:0]
                            : formal_turn == 3'd1 ? formal_words[63:32]
                            : formal_turn == 3'd2 ? formal_words[95:64] : formal_words[127:96];
    always @(posedge clk) begin
        if (!rst_n) formal_turn <= 3'd4;
        else if (formal_idle && command_write) begin
            formal_turn <= 3'd0;
            formal_digest <= 32'd0;
            formal_carried <= formal_sum;
        end else if (formal_turn < 3'd4) begin
            formal_turn <= formal_turn + 3'd1;
            formal_digest <= next_digest;
            formal_carried <= next_candidate;
        end
    end

    // What the documentation says happens, from the ports alone.
    wire formal_load = formal_command == 32'd1;
    wire formal_apply = formal_command == 32'd2;
    wire formal_revert = formal_command == 32'd3;
    wire formal_sync = formal_command == 32'd4;
    wire formal_readback = formal_command == 32'd5;
    reg formal_staged = 1'b0;
    reg formal_applied = 1'b0;
    wire formal_allowed = formal_load ? !formal_applied : formal_apply ? formal_staged
                        : formal_revert ? formal_applied : formal_sync || formal_readback;
    wire formal_addressed = formal_words[31:0] < BANKS
        && formal_words[63:32] < ENTRIES[32*formal_words[7:0] +: 32];
    wire formal_refused = !formal_allowed || ((formal_load || formal_readback) && !formal_addressed)
                       || (formal_apply && !formal_expected);
    reg [63:0] formal_old;  // the entry as it was before the last apply
    reg [31:0] formal_swaps = 32'd0;
    wire formal_synced = host_write && formal_sync && host_bank == BANKS - 1
        && host_entry == ENTRIES[32*(BANKS-1) +: 32] - 1;
    wire formal_swapped = swap_pending && (swapped || !rst_n);
    always @(posedge clk) begin
        if (host_write && formal_load) begin
            formal_staged <= 1'b1;
            formal_count <= formal_count + 32'd1;
            formal_sum <= formal_carried;
        end
        if (formal_synced) begin
            formal_staged <= 1'b0;
            formal_applied <= 1'b0;
            formal_count <= 32'd0;
            formal_sum <= 32'd0;
        end
        if (formal_swapped) begin
            formal_staged <= formal_revert;
            formal_applied <= formal_apply;
            formal_swaps <= formal_swaps + 32'd1;
        end
        if (formal_decides && rst_n && formal_apply && !formal_refused) formal_old <= formal_active;
    end

    wire formal_walks = state >= SETTLE && state <= COPY;

    // The clock before.
    reg formal_past = 1'b0;
    reg formal_was_half, formal_was_decided;
    reg formal_was_syncing = 1'b0;
    reg [63:0] formal_was_active, formal_was_shadow;
    reg [7:0] formal_was_bank;
    reg [31:0] formal_was_entry;
    reg [2:0] formal_clocks = 3'd0;  // for which a command is busy, up to 7
    always @(posedge clk) begin
        formal_past <= 1'b1;
        formal_was_half <= target_half;
        formal_was_decided <= rst_n && formal_decides && !formal_refused;
        formal_was_syncing <= formal_walks && formal_sync;
        formal_was_active <= formal_active;
        formal_was_shadow <= formal_shadow;
        formal_was_bank <= host_bank;
        formal_was_entry <= host_entry;
        if (formal_idle || !rst_n) formal_clocks <= 3'd1;
        else if (formal_clocks != 3'd7) formal_clocks <= formal_clocks + 3'd1;
    end
    wire formal_walked = formal_bank < bank || (formal_bank == bank && formal_entry < entry);

    always @* begin
        assume (!formal_asked[1] || host_answer == formal_asked_2);
        // what a reader of the target half sees changes only where the half changes
        formal_claim_active: assert (!formal_past || target_half != formal_was_half
            || formal_active == formal_was_active);
        // and then it is what was the shadow, of every entry in the same clock
        formal_claim_swap: assert (!formal_past || target_half == formal_was_half
            || (formal_active == formal_was_shadow && formal_shadow == formal_was_active));
        // the half changes only one clock after an allowed apply or revert was decided on
        formal_claim_decided: assert (!formal_past || (target_half != formal_was_half)
            == (formal_was_decided && (formal_apply || formal_revert)));
        // while readers change halves neither is written, and else only the shadow
        formal_claim_untouched: assert (!host_write || (host_half != target_half && !swap_pending));
        // reads are of the active half, and only while the engine is idle
        formal_claim_reads: assert (!host_read || (host_half == target_half && engine_idle));
        // bank and entry have stood for a clock where they are used
        formal_claim_stands: assert (!(host_read || host_write) || (formal_past
            && host_bank == formal_was_bank && host_entry == formal_was_entry));
        // and are in the banks
        formal_claim_inside: assert (!(host_read || host_write) || (host_bank < BANKS
            && host_entry < ENTRIES[32*host_bank +: 32]));
        // a load is written as it came, and only if its guard is the checksum of its four words
        formal_claim_guard: assert (!(host_write && formal_load) || (formal_turn == 4 && formal_guard == formal_digest
            && {host_data, host_entry, 24'd0, host_bank} == formal_words && !formal_applied));
        // nothing else writes but a copy, of what is active
        formal_claim_copies: assert (!host_write || formal_load
            || (formal_sync && (!formal_at || host_data == formal_active)));
        // count and checksum are those of the loads
        formal_claim_loaded: assert (loaded_count == formal_count && loaded_crc == formal_sum);
        // clean is where shadow and active are alike
        formal_claim_clean: assert (!formal_there || update_status[1] || update_status[2]
            || formal_active == formal_shadow);
        // staged and applied are what loads, swaps and copies made of them
        formal_claim_states: assert (update_status[2:1] == {formal_applied, formal_staged}
            && !(formal_staged && formal_applied));
        // until it is copied over, the shadow of an applied update is what was active before
        formal_claim_old: assert (!formal_there || (formal_walks && formal_sync)
            || !(swap_pending ? formal_apply : formal_applied) || formal_shadow == formal_old);
        // so a revert brings back exactly that
        formal_claim_reverts: assert (!formal_there || !(swap_pending && formal_revert)
            || formal_active == formal_old);
        // generations count finished swaps, and the last bit is the half
        formal_claim_generation: assert (generation == formal_swaps
            && (target_half ^ swap_pending) == generation[0]
            && update_status[4] == generation[0] && update_status[3] == swap_pending);
        // a swap is pending for one reason, at its tick
        formal_claim_pending: assert (!swap_pending || (swap_tick == formal_tick
            && (formal_apply ? formal_staged : formal_revert && formal_applied)));
        // what is read back is what is active
        formal_claim_readback: assert (!update_status[5] || (formal_readback && formal_idle
            && (!formal_at || {read_hi, read_lo} == formal_active)));
        // and else nothing is shown
        formal_claim_unread: assert (update_status[5] || {read_hi, read_lo} == 64'd0);
        // trap 0: the guard was wrong
        formal_claim_trap_guard: assert (traps_set[0]
            == (rst_n && state == STORE && formal_guard != formal_digest));
        // trap 1: no such bank or entry
        formal_claim_trap_address: assert (traps_set[1] == (rst_n && formal_decides && formal_allowed
            && (formal_load || formal_readback) && !formal_addressed));
        // trap 2: other loads were expected
        formal_claim_trap_transaction: assert (traps_set[2] == (rst_n && formal_decides
            && formal_allowed && formal_apply && !formal_expected));
        // trap 3: the command is unknown, or was not allowed
        formal_claim_trap_command: assert (traps_set[31:4] == 28'd0 && traps_set[3] == (rst_n
            && ((command_write && !formal_idle) || (formal_decides && !formal_allowed))));
        // a load is decided within five clocks
        formal_claim_prompt: assert (!update_status[0] || !formal_load || formal_clocks <= 5);

        // a sync ends no earlier than where the halves are alike
        formal_claim_synced: assert (!formal_was_syncing || !formal_idle
            || (!update_status[1] && !update_status[2]));
        // a reset starts one, unless they are, and drops what is not applied
        formal_claim_reset: assert (!formal_reset || (formal_sync && !swap_pending
            && (update_status[0] || (!update_status[1] && !update_status[2]))));
        // helper: where a command is
        formal_claim_phase: assert (state <= COPY && formal_decides == (state == DECIDE)
            && update_status[0] == (state != IDLE && state != SWAP) && swap_pending == (state == SWAP)
            && (state == IDLE || command == (formal_command > 7 ? 0 : formal_command[2:0])
                && (state == DECIDE || (state == SWAP ? formal_apply || formal_revert
                    : formal_walks ? formal_sync || (formal_readback && state != COPY)
                    : formal_load && !formal_applied && formal_addressed))));
        // helper: its words
        formal_claim_words: assert (!(state == DECIDE || state == DIGEST || state == STORE)
            || (fits == (formal_words[31:0] >> BANK_BITS == 0 && formal_words[63:32] >> ENTRY_BITS == 0)
                && bank == formal_words[BANK_BITS-1:0] && entry == formal_words[32 +: ENTRY_BITS]
                && data == formal_words[127:64] && held_guard == formal_guard
                && expected == formal_expected
                && (formal_command > 7 || swap_tick == formal_tick)));
        // the checksums are carried on over the command's four words, in their order
        formal_claim_carried: assert (!(state == DECIDE || state == DIGEST)
            || !(formal_load && formal_addressed) || (coming == formal_word
                && digest == formal_digest && candidate == formal_carried));
        // helper: its checksums
        formal_claim_digest: assert (!(state == DECIDE || state == DIGEST || state == STORE)
            || (digest == formal_digest && candidate == formal_carried && turn == formal_turn[1:0]
                && (state == DECIDE ? formal_turn == 0
                    : state == STORE ? formal_turn == 4 : formal_turn >= 1 && formal_turn <= 3)));
        // helper: its clocks
        formal_claim_clocks: assert (!(state == DECIDE || state == DIGEST || state == STORE)
            || formal_clocks == formal_turn + 1);
        // helper: the walk is inside the banks
        formal_claim_walk: assert (!formal_walks || (bank < BANKS && entry < ENTRIES[32*bank +: 32]));
        // helper: what it left behind is alike
        formal_claim_walked: assert (!formal_walks || !formal_sync || !formal_there || !formal_walked
            || formal_active == formal_shadow);
        // helper: what is on its way is the active entry
        formal_claim_fetched: assert (!formal_at
            || ((state != FETCH || (formal_asked[0] && formal_asked_1 == formal_active))
                && (state != ANSWER || (formal_asked[1] && formal_asked_2 == formal_active))
                && (state != COPY || data == formal_active)));
        // helper: bank and entry stand while they are used
        formal_claim_stood: assert (!(state == READ || state == FETCH || state == ANSWER
            || state == COPY || state == STORE || state == DIGEST) || (formal_past
            && host_bank == formal_was_bank && host_entry == formal_was_entry));
    end
