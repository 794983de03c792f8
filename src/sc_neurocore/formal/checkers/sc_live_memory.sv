    // Any slice of any word, in one half; which entry that is, and whether it was chosen in the clock
    // before.
    (* anyconst *) reg formal_half;
    (* anyconst *) reg [ADDRESS_BITS-1:0] formal_word;
    (* anyconst *) reg [SLICE_BITS-1:0] formal_slice;
    wire formal_there = formal_word < DEPTH && formal_slice < SLICES;
    wire [31:0] formal_entry = formal_word * SLICES + formal_slice;
    wire [64*SLICES-1:0] formal_whole = memory[{formal_half, formal_word}];
    wire [63:0] formal_value = formal_whole[64*formal_slice +: 64];
    localparam integer FORMAL_LAST = WORD_BITS - 64 * (SLICES - 1);
    wire [63:0] formal_mask = formal_slice == SLICES - 1 ? {FORMAL_LAST{1'b1}} : ~64'd0;
    reg formal_past = 1'b0;
    reg formal_long_past = 1'b0;
    reg formal_chosen, formal_bank_chosen, formal_far;
    reg formal_wrote, formal_strayed;
    reg [63:0] formal_was_value, formal_was_data;
    reg [1:0] formal_asked = 2'd0;
    reg [63:0] formal_asked_1, formal_asked_2;
    reg [1:0] formal_silent = 2'd0;
    always @(posedge clk) begin
        formal_past <= 1'b1;
        formal_long_past <= formal_past;
        formal_chosen <= host_bank == BANK && host_entry == formal_entry;
        formal_bank_chosen <= host_bank == BANK;
        formal_far <= host_entry >= DEPTH * SLICES;  // no entry of this bank: excluded by the control
        formal_wrote <= host_write && formal_chosen && host_half == formal_half;
        formal_strayed <= host_write && formal_bank_chosen && formal_far;
        formal_was_value <= formal_value;
        formal_was_data <= host_data;
        formal_asked <= {formal_asked[0], formal_past && host_read && formal_chosen
            && host_bank == BANK && host_entry == formal_entry && host_half == formal_half};
        formal_asked_1 <= formal_value;
        formal_asked_2 <= formal_asked_1;
        formal_silent <= {formal_silent[0], formal_past && !(host_read && formal_bank_chosen)};
    end

    // What the reader asked for last, unless the host came between.
    reg formal_reading = 1'b0;
    reg formal_shows;
    always @(posedge clk) begin
        if (read_enable || host_read) formal_reading <= formal_past && read_enable
            && !(host_read && formal_bank_chosen) && read_half == formal_half
            && read_address == formal_word && !(host_write && host_half == formal_half);
        else if (host_write && host_half == formal_half) formal_reading <= 1'b0;
    end
    wire [64*SLICES-1:0] formal_padded = word;

    always @* begin
        // a slice changes only where its entry is written, and then to what is written
        formal_claim_written: assert (!formal_long_past || !formal_there || formal_strayed
            || formal_value == (formal_wrote ? formal_was_data & formal_mask : formal_was_value));
        // an entry that is read shows two clocks later as it was
        formal_claim_answer: assert (!formal_there || !formal_asked[1]
            || host_answer == formal_asked_2);
        // and else nothing shows
        formal_claim_silent: assert (!formal_silent[1] || host_answer == 64'd0);
        // a reader gets the word that it asked for, a clock later and until the next
        formal_claim_read: assert (!formal_reading || formal_word >= DEPTH
            || word == memory[{formal_half, formal_word}]);
        // helper: word and slice of an entry are its quotient and remainder
        formal_claim_decoded: assert (!formal_past || (selected == formal_bank_chosen
            && (!formal_chosen || !formal_there
                || (selected && host_address == formal_word && slice == formal_slice))));
        // helper: no other entry is at the same place
        formal_claim_apart: assert (!formal_past || !formal_there || formal_chosen || !selected
            || host_address != formal_word || slice != formal_slice || formal_far);
        // helper: what was read waits in the reader's register
        formal_claim_fetched: assert (!formal_there || !formal_asked[0]
            || (answers && slice == formal_slice && formal_padded[64*formal_slice +: 64]
                == formal_asked_1));
        // helper: or nothing does
        formal_claim_quiet: assert (!formal_silent[0] || !answers);
        // helper: all that is remembered has a past
        formal_claim_past: assert (formal_past || (!formal_long_past && formal_asked == 2'd0
            && formal_silent == 2'd0 && !formal_reading));
    end
