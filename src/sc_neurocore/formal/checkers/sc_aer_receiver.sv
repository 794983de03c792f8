    // The words of the packet that comes in, and whatever is wrong with them.
    localparam [17:0] FORMAL_MOST = 9 + DEPTH;
    wire formal_in = in_valid && in_ready;
    wire formal_out = out_valid && out_ready;
    wire formal_tick = out_data[ADDRESS+2:ADDRESS+1] == 2;
    wire formal_event = out_data[ADDRESS+2:ADDRESS+1] == 0 && out_data[0];
    reg [17:0] formal_words;  // that came, as far as they are counted
    reg [31:0] formal_crc;
    reg formal_ended = 1'b0;  // the last one came in the clock before
    reg formal_whole;
    reg [31:0] formal_head, formal_passport, formal_about, formal_number, formal_high, formal_low;
    reg [31:0] formal_first;
    reg formal_wild;          // an address does not increase, or is too large
    reg [32:0] formal_least;
    wire formal_body = formal_in && !in_last && formal_words >= 6;
    always @(posedge clk) begin
        if (!rst_n || formal_ended) begin
            formal_words <= 0;
            formal_crc <= 0;
            formal_wild <= 1'b0;
            formal_least <= 0;
        end else if (formal_in) begin
            if (formal_words != FORMAL_MOST) formal_words <= formal_words + 1;
            formal_crc <= next;  // of sc_crc32, which has its own proof
            if (formal_body) begin
                if (in_data >= SIZE || in_data < formal_least) formal_wild <= 1'b1;
                formal_least <= in_data + 33'd1;
            end
        end
        if (formal_in && formal_words == 0) formal_head <= in_data;
        if (formal_in && formal_words == 1) formal_passport <= in_data;
        if (formal_in && formal_words == 2) formal_about <= in_data;
        if (formal_in && formal_words == 3) formal_number <= in_data;
        if (formal_in && formal_words == 4) formal_high <= in_data;
        if (formal_in && formal_words == 5) formal_low <= in_data;
        if (formal_body && formal_words == 6) formal_first <= in_data;
        formal_ended <= rst_n && formal_in && in_last;
        formal_whole <= formal_words >= 6 && formal_words <= 6 + DEPTH && in_data == formal_crc
            && formal_about[15:0] == formal_words - 6;
    end
    wire formal_ours = (formal_words < 1 || formal_head[31:1] == 31'h2E570800)
        && (formal_words < 2 || formal_passport == PASSPORT)
        && (formal_words < 3 || formal_about[31:16] == BATCH);
    wire formal_sound = !formal_wild && (formal_words < 5 || formal_high == 0)
        && (formal_words < 6 || formal_low < TICKS);
    wire [17:0] formal_came = formal_ended ? formal_words - 7 : formal_words - 6;

    // What was given: TICKs, and the next address of the open tick; and what follows from it.
    reg [31:0] formal_ticks;
    reg [32:0] formal_next;
    wire [31:0] formal_gap = formal_number - expected;
    wire formal_ahead = !formal_gap[31];
    wire formal_past = formal_low < formal_ticks;
    wire formal_sane = !formal_ahead || formal_past || (formal_low - formal_ticks <= formal_gap
        && (formal_low != formal_ticks || formal_words == 7 || formal_first >= formal_next));
    wire formal_check = formal_ended && formal_whole && formal_ours && formal_sound && formal_sane;
    wire formal_accepts = formal_check && fresh && formal_ahead && !formal_past;
    reg formal_good = 1'b0;    // a packet was accepted in the clock before
    reg formal_giving = 1'b0;  // or earlier, and it may not be given yet
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_ticks <= 0;
            formal_next <= 0;
        end else begin
            if (formal_out && formal_tick) formal_ticks <= formal_ticks + 1;
            if (formal_out) formal_next <= formal_tick ? 0 : out_data[ADDRESS:1] + 33'd1;
        end
        formal_good <= rst_n && formal_accepts;
        formal_giving <= rst_n && (formal_good || formal_giving) && !in_ready;
    end

    // Any address of the packet, how many are before it, and the one after it.
    wire formal_pick;
    reg formal_picked = 1'b0;
    reg formal_followed;
    reg [31:0] formal_address, formal_follower;
    reg [17:0] formal_place;
    always @(posedge clk) begin
        if (!rst_n || (formal_words == 0 && in_ready)) formal_picked <= 1'b0;
        else if (!formal_picked && formal_body && formal_words < 6 + DEPTH) begin
            formal_picked <= formal_pick;
            formal_address <= in_data;
            formal_place <= formal_words - 6;
            formal_followed <= 1'b0;
        end else if (formal_body && formal_words == formal_place + 7) begin
            formal_followed <= 1'b1;
            formal_follower <= in_data;
        end
    end

    wire formal_on = formal_live && formal_picked && (state == GIVE || formal_words != 0);

    // What the counters were, and what is to be counted.
    reg [4:0] formal_verdict;
    reg [31:0] formal_was_good, formal_was_bad, formal_was_foreign, formal_was_duplicate;
    reg [31:0] formal_was_late, formal_lost, formal_expected;
    always @(posedge clk) begin
        formal_was_good <= rst_n ? good : 0;
        formal_was_bad <= rst_n ? bad : 0;
        formal_was_foreign <= rst_n ? foreign : 0;
        formal_was_duplicate <= rst_n ? duplicate : 0;
        formal_was_late <= rst_n ? late : 0;
        formal_verdict <= 5'd0;
        if (rst_n && formal_ended) begin
            if (!formal_whole)      formal_verdict <= 5'b00010;
            else if (!formal_ours)  formal_verdict <= 5'b00100;
            else if (!formal_check) formal_verdict <= 5'b00010;
            else if (!fresh)        formal_verdict <= 5'b01000;
            else                    formal_verdict <= formal_accepts ? 5'b00001 : 5'b10000;
        end
        formal_lost <= rst_n ? lost : 0;
        formal_expected <= rst_n ? expected : 0;
        if (rst_n && formal_check && fresh && formal_ahead) begin
            formal_lost <= lost + formal_gap;
            formal_expected <= formal_number + 1;
        end
    end

    reg formal_waited = 1'b0;
    reg formal_idle = 1'b0;
    reg [2+ADDRESS:0] formal_data;
    always @(posedge clk) begin
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_idle <= rst_n && !in_ready && !out_valid && !formal_ended;
        formal_data <= out_data;
    end

    always @* begin
        // a reset forgets
        formal_claim_reset: assert (!formal_reset || (state == TAKE && open == 0 && given == 0
            && step == 0 && expected == 0 && good == 0 && bad == 0 && foreign == 0
            && duplicate == 0 && lost == 0 && late == 0 && expired == 0));
        // the state is that of the words that came
        formal_claim_state: assert (!formal_live || (formal_ended == (state == JUDGE)
            && step == (formal_words < 6 ? formal_words : 6) && formal_words <= FORMAL_MOST
            && (formal_words < 6 + formal_ended
                ? formal_words == 0 || formal_ended || count == 0
                : count == (formal_came > DEPTH ? DEPTH + 1 : formal_came))
            && (state != GIVE || formal_words == 0) && (state != JUDGE || place == 0)));
        // the header is that of the words that came, until it is given
        formal_claim_header: assert (!formal_live
            || ((formal_words < 1 || last == formal_head[0])
                && (formal_words < 3 || wants == formal_about[15:0])
                && (formal_words < 4 || number == formal_number)
                && (formal_words < 6 || tick == formal_low[TIME-1:0])
                && (formal_words < 7 + formal_ended || formal_wild
                    || (first == formal_first && formal_first < SIZE))
                && (state != GIVE || (last == formal_head[0] && tick == formal_low))));
        // a packet is whole if its checksum is right and it has as many addresses as it says
        formal_claim_whole: assert (!formal_live || (crc == formal_crc
            && (!formal_ended || whole == formal_whole)));
        // it is ours by its magic, version, kind, passport and batch
        formal_claim_ours: assert (!formal_live || ours == formal_ours);
        // it makes sense if its addresses increase, and they and its tick are in range
        formal_claim_sound: assert (!formal_live || (sound == formal_sound
            && (formal_wild || (least == formal_least && least <= SIZE))));
        // the sequence number is judged of such packets only
        formal_claim_check: assert (!formal_live || (check == formal_check
            && (!check || number == formal_number)));
        // a packet is given if it was accepted, and no other
        formal_claim_accepted: assert (!formal_live || ((!formal_good || state == GIVE)
            && (state != GIVE || formal_good || formal_giving)));
        // the open tick is that of the TICKs given, and no TICK comes after the last
        formal_claim_open: assert (!formal_live || (open == formal_ticks && open <= TICKS
            && given == formal_next && (state != GIVE || open <= tick)
            && (state != GIVE || tick < TICKS) && (state != EXPIRE || open < TICKS)));
        // spikes are given in their packet's tick
        formal_claim_tick: assert (!formal_live || !out_valid || formal_tick
            || (formal_event && state == GIVE && formal_low == formal_ticks));
        // any address of a packet is held
        formal_claim_kept: assert (!formal_on || (formal_place < DEPTH
            && (state == GIVE ? formal_place < count
                : formal_words > formal_place + 6 + formal_ended)
            && memory[formal_place[CELL-1:0]] == formal_address[ADDRESS-1:0]
            && (state != GIVE || place != formal_place
                || fetched == formal_address[ADDRESS-1:0])));
        // and given in its place, once
        formal_claim_address: assert (!formal_live || state != GIVE || (place <= count
            && (!out_valid || formal_tick || (place < count && (!formal_picked
                || place != formal_place || out_data[ADDRESS:1] == formal_address)))));
        // it is in range, and the next one is larger
        formal_claim_increases: assert (!formal_on || ((formal_wild && state != GIVE)
            || (formal_address < SIZE && (!formal_followed
                || (formal_follower > formal_address && formal_follower < SIZE))
            && (state == GIVE || formal_ended || formal_words != formal_place + 7
                || (!formal_followed && formal_least == formal_address + 33'd1)))));
        // every packet is counted, as one thing
        formal_claim_counted: assert (!formal_live || (good == formal_was_good + formal_verdict[0]
            && bad == formal_was_bad + formal_verdict[1]
            && foreign == formal_was_foreign + formal_verdict[2]
            && duplicate == formal_was_duplicate + formal_verdict[3]
            && late == formal_was_late + formal_verdict[4]));
        // sequence numbers that were left out are lost
        formal_claim_lost: assert (!formal_live
            || (lost == formal_lost && expected == formal_expected));
        // no tick ends by itself without patience
        formal_claim_patience: assert (!formal_live || PATIENCE != 0 || state != EXPIRE);
        // nothing is taken while anything is given
        formal_claim_turns: assert (!formal_live || !in_ready || !out_valid);
        // a word that waits stays as it is
        formal_claim_stable: assert (!formal_live || !formal_waited
            || (out_valid && out_data == formal_data));
        // with nothing to give, the next packet is taken
        formal_claim_progress: assert (!formal_live || !formal_idle || in_ready);
    end
