    // The input whose turn it is, counted by the TICKs taken from whatever input.
    localparam integer FORMAL_WORD = 2 + ADDRESS_IN + SIMD;
    wire [N-1:0] formal_in = in_valid & in_ready;
    wire formal_out = out_valid && out_ready;
    reg [N-1:0] formal_ticks;
    reg [FORMAL_WORD-1:0] formal_word;
    reg [ADDRESS_OUT-1:0] formal_base;
    integer formal_k;
    always @* begin
        formal_word = 0;
        formal_base = 0;
        for (formal_k = 0; formal_k < N; formal_k = formal_k + 1) begin
            formal_ticks[formal_k] = in_data[(formal_k+1)*FORMAL_WORD-1 -: 2] == 2;
            if (formal_in[formal_k]) begin
                formal_word = formal_word | in_data[formal_k*FORMAL_WORD +: FORMAL_WORD];
                formal_base = formal_base | BASES[formal_k*ADDRESS_OUT +: ADDRESS_OUT];
            end
        end
    end
    reg [TURN:0] formal_turn;
    always @(posedge clk) begin
        if (!rst_n) formal_turn <= 0;
        else if ((formal_in & formal_ticks) != 0)
            formal_turn <= formal_turn == N - 1 ? 0 : formal_turn + 1;
    end
    wire [1:0] formal_kind = formal_word[FORMAL_WORD-1 -: 2];
    wire [ADDRESS_OUT-1:0] formal_address = formal_word[SIMD +: ADDRESS_IN]
        + (formal_kind == 0 ? formal_base : 0);
    wire formal_passes = formal_in != 0 && (formal_kind != 2 || formal_turn == N - 1);

    reg formal_waited = 1'b0;
    reg [N-1:0] formal_offered;
    reg [N*FORMAL_WORD-1:0] formal_inputs;
    reg [2+ADDRESS_OUT+SIMD-1:0] formal_data;
    reg formal_stays;
    always @* begin
        formal_stays = 1'b1;
        for (formal_k = 0; formal_k < N; formal_k = formal_k + 1)
            if (formal_offered[formal_k])
                formal_stays = formal_stays && in_valid[formal_k]
                    && in_data[formal_k*FORMAL_WORD +: FORMAL_WORD]
                    == formal_inputs[formal_k*FORMAL_WORD +: FORMAL_WORD];
    end
    always @(posedge clk) begin
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_offered <= in_valid & ~in_ready;
        formal_inputs <= in_data;
        formal_data <= out_data;
    end

    always @* begin
        // a reset starts with input 0
        formal_claim_reset: assert (!formal_reset || turn == 0);
        // the turn is that of the TICKs taken
        formal_claim_turn: assert (!formal_live || (turn == formal_turn && formal_turn < N));
        // a word is taken only from the input whose turn it is
        formal_claim_order: assert (!formal_live || (in_ready >> formal_turn) <= 1
            && (in_ready & ((1 << formal_turn) - 1)) == 0);
        // a word goes out when one is taken, TICKs but the last one apart
        formal_claim_one_for_one: assert (!formal_live || formal_out == formal_passes);
        // the base of its input is added to an event's address, and to nothing else
        formal_claim_base: assert (!formal_live || !formal_out
            || out_data[SIMD +: ADDRESS_OUT] == formal_address);
        // kind and mask pass unchanged
        formal_claim_word: assert (!formal_live || !formal_out
            || (out_data[2+ADDRESS_OUT+SIMD-1 -: 2] == formal_kind
                && out_data[SIMD-1:0] == formal_word[SIMD-1:0]));
        // a TICK before the last one is taken at once, and so the turn passes on
        formal_claim_swallows: assert (!formal_live || formal_turn == N - 1
            || ((in_valid & formal_ticks) >> formal_turn & 1) == 0
            || (!out_valid && formal_in != 0));
        // a word that waits stays as it is if its producer lets it
        formal_claim_stable: assert (!formal_live || !formal_waited || !formal_stays
            || (out_valid && out_data == formal_data));
        // with the output ready, a word of the input whose turn it is is taken
        formal_claim_progress: assert (!formal_live || !out_ready
            || (in_valid >> formal_turn & 1) == 0 || formal_in != 0);
    end
