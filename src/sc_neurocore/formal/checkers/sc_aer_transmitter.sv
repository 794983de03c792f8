    // What was taken since the last packet, words passed of this one, packets and ticks sent.
    wire formal_in = in_valid && in_ready;
    wire formal_out = out_valid && out_ready;
    wire [1:0] formal_kind = in_data[ADDRESS+2:ADDRESS+1];
    reg [COUNT:0] formal_taken;
    reg [COUNT+3:0] formal_index;
    reg [31:0] formal_packets, formal_ticks, formal_crc;
    reg formal_ticked;
    wire formal_ends = formal_out && out_last;

    always @(posedge clk) begin
        if (!rst_n) begin
            formal_taken <= 0;
            formal_index <= 0;
            formal_packets <= 0;
            formal_ticks <= 0;
            formal_crc <= 0;
            formal_ticked <= 1'b0;
        end else begin
            if (formal_ends) formal_taken <= 0;
            else if (formal_in && formal_kind == 0) formal_taken <= formal_taken + 1;
            if (formal_ends) formal_index <= 0;
            else if (formal_out) formal_index <= formal_index + 1;
            if (formal_ends) formal_packets <= formal_packets + 1;
            if (formal_ends && formal_ticked) formal_ticks <= formal_ticks + 1;
            if (formal_ends) formal_crc <= 0;
            else if (formal_out) formal_crc <= next;  // of sc_crc32, which has its own proof
            if (formal_ends) formal_ticked <= 1'b0;
            else if (formal_in && formal_kind == 2) formal_ticked <= 1'b1;
        end
    end

    // Any address that is taken, and how many are before it in its packet.
    wire formal_pick;
    reg formal_picked = 1'b0;
    reg [ADDRESS-1:0] formal_address;
    reg [COUNT:0] formal_place;
    always @(posedge clk) begin
        if (!rst_n || formal_ends) formal_picked <= 1'b0;
        else if (!formal_picked && formal_in && formal_kind == 0) begin
            formal_picked <= formal_pick;
            formal_address <= in_data[ADDRESS:1];
            formal_place <= formal_taken;
        end
    end

    reg formal_waited = 1'b0;
    reg formal_offered = 1'b0;
    reg [32:0] formal_data;
    always @(posedge clk) begin
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_offered <= rst_n && !out_valid && in_valid
            && (formal_kind == 2 || (formal_kind == 0 && formal_taken == DEPTH));
        formal_data <= {out_last, out_data};
    end

    always @* begin
        // a reset forgets
        formal_claim_reset: assert (!formal_reset || (!sending && step == 0 && count == 0
            && place == 0 && number == 0 && tick == 0 && crc == 0));
        // the state is that of the addresses taken and the words passed
        formal_claim_state: assert (!formal_live || (count == formal_taken && count <= DEPTH
            && (sending || (step == 0 && formal_index == 0)) && formal_index
            == (step == 7 ? count + 6 : step == 6 ? place + 6 : step)
            && (step < 6 ? place == 0 : step == 6 ? place < count : 1'b1)));
        // a TICK ends a packet, and is told by its flag
        formal_claim_last: assert (!formal_live || (sending ? last == formal_ticked
            : !formal_ticked));
        // a packet without it is full
        formal_claim_full: assert (!formal_live || !sending || last || count == DEPTH);
        // magic, version, kind and flag come first
        formal_claim_head: assert (!formal_live || !sending || formal_index != 0
            || out_data == (32'h5CAE1000 | formal_ticked));
        // then the passport
        formal_claim_passport: assert (!formal_live || !sending || formal_index != 1
            || out_data == PASSPORT);
        // then the batch and how many addresses were taken
        formal_claim_count: assert (!formal_live || !sending || formal_index != 2
            || (out_data[31:16] == BATCH && out_data[15:0] == formal_taken));
        // then the number of packets before it
        formal_claim_number: assert (!formal_live || (number == formal_packets
            && (!sending || formal_index != 3 || out_data == number)));
        // then the number of TICKs before it
        formal_claim_tick: assert (!formal_live || (tick == formal_ticks
            && (!sending || ((formal_index != 4 || out_data == 0)
                && (formal_index != 5 || out_data == tick)))));
        // any address that was taken waits in its place
        formal_claim_kept: assert (!formal_live || !formal_picked || (formal_place < count
            && memory[formal_place[CELL-1:0]] == formal_address
            && (!sending || step == 0 || step > 6 || place != formal_place
                || fetched == formal_address)));
        // and leaves in it
        formal_claim_address: assert (!formal_live || !sending || !formal_picked
            || formal_index != 6 + formal_place || out_data == formal_address);
        // the CRC of all words before is the last one
        formal_claim_checksum: assert (!formal_live || (crc == formal_crc
            && out_last == (sending && formal_index == 6 + formal_taken)
            && (!out_last || out_data == formal_crc)));
        // nothing is taken while a packet leaves, and anything that has room while none does
        formal_claim_ready: assert (!formal_live || (out_valid ? !in_ready
            : in_ready == !(formal_taken == DEPTH && formal_kind == 0)));
        // a word that waits stays as it is
        formal_claim_stable: assert (!formal_live || !formal_waited
            || (out_valid && {out_last, out_data} == formal_data));
        // a packet leaves in the clock after it ended
        formal_claim_progress: assert (!formal_live || !formal_offered || out_valid);
    end
