    // Any entry of one half, and whether it was chosen in the clock before.
    (* anyconst *) reg formal_half;
    (* anyconst *) reg [31:0] formal_entry;
    wire formal_there = formal_entry < ENTRIES;
    wire [BITS-1:0] formal_all = formal_half ? half_1 : half_0;
    wire [BITS-1:0] formal_moved = formal_all >> (formal_entry * WORD_BITS);
    wire [WORD_BITS-1:0] formal_value = formal_moved[WORD_BITS-1:0];
    wire [BITS-1:0] formal_words = words >> (formal_entry * WORD_BITS);
    reg [1:0] formal_past = 2'd0;
    reg formal_chosen, formal_bank_chosen;
    reg formal_wrote;
    reg [WORD_BITS-1:0] formal_was_value, formal_was_data;
    reg [1:0] formal_asked = 2'd0;
    reg [1:0] formal_silent = 2'd0;
    reg [WORD_BITS-1:0] formal_asked_1, formal_asked_2;
    reg formal_was_half;
    always @(posedge clk) begin
        formal_past <= {formal_past[0], 1'b1};
        formal_chosen <= host_bank == BANK && host_entry == formal_entry;
        formal_bank_chosen <= host_bank == BANK;
        formal_wrote <= host_write && formal_chosen && host_half == formal_half;
        formal_was_value <= formal_value;
        formal_was_data <= host_data[WORD_BITS-1:0];
        formal_asked <= {formal_asked[0], formal_past[0] && host_read && formal_chosen
            && host_half == formal_half};
        formal_silent <= {formal_silent[0], formal_past[0] && !(host_read && formal_bank_chosen)};
        formal_asked_1 <= formal_value;
        formal_asked_2 <= formal_asked_1;
    end

    always @* begin
        // all words in use are those of one half, and change together
        formal_claim_half: assert (!formal_there || target_half != formal_half
            || formal_words[WORD_BITS-1:0] == formal_value);
        // an entry changes only where it is written, and then to what is written
        formal_claim_written: assert (!formal_past[1] || !formal_there
            || formal_value == (formal_wrote ? formal_was_data : formal_was_value));
        // an entry that is read shows two clocks later as it was
        formal_claim_answer: assert (!formal_there || !formal_asked[1]
            || host_answer == formal_asked_2);
        // and else nothing shows
        formal_claim_silent: assert (!formal_silent[1] || host_answer == 64'd0);
        // helper: one entry is selected, if any
        formal_claim_selected: assert (!formal_past[0]
            || ((!formal_there || selected[formal_entry] == formal_chosen)
                && (!formal_chosen || !formal_there || selected == 1 << formal_entry)
                && (formal_bank_chosen || selected == 0)));
        // helper: what was read is on its way
        formal_claim_fetched: assert (!formal_there || !formal_asked[0] || read == formal_asked_1);
        // helper: or nothing is
        formal_claim_quiet: assert (!formal_silent[0] || read == 0);
        // helper: all that is remembered has a past
        formal_claim_past: assert (formal_past[0] || (!formal_past[1] && formal_asked == 2'd0
            && formal_silent == 2'd0));
    end
