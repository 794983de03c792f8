    // The number, how often it was drawn, and what was judged in the last clock.
    reg [BITS-1:0] formal_number;
    reg formal_ended = 1'b0;
    reg formal_moved = 1'b0;
    reg formal_waited = 1'b0;
    reg [2+ADDRESS+SIMD-1:0] formal_data;
    reg [SIMD-1:0] formal_below;
    wire [1:0] formal_kind = out_data[SIMD+ADDRESS +: 2];
    integer formal_k;
    always @(posedge clk) begin
        formal_number <= number;
        formal_ended <= rst_n && moves && ends;
        formal_moved <= rst_n && moves;
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_data <= out_data;
        for (formal_k = 0; formal_k < SIMD; formal_k = formal_k + 1)
            formal_below[formal_k] <= {1'b0, number} < levels[formal_k*(BITS+1) +: BITS + 1];
    end

    always @* begin
        // a reset draws the first number, which is zero, and puts nothing out
        formal_claim_reset: assert (!formal_reset || (number == 0 && !out_valid));
        // all inputs of a tick are compared with one number
        formal_claim_one_number: assert (!formal_live || formal_reset || formal_ended
            || number == formal_number);
        // for the next tick another is drawn
        formal_claim_another: assert (!formal_live || !formal_ended || number != formal_number);
        // no input spikes whose level is not above the number
        formal_claim_spikes: assert (!formal_live || !formal_moved || formal_ended || !out_valid
            || (out_data[SIMD-1:0] & ~formal_below) == 0);
        // and if all are above, those that there are in the word spike
        formal_claim_no_spike_is_lost: assert (!formal_live || !formal_moved || formal_ended
            || SIZE % SIMD != 0 || (out_valid ? out_data[SIMD-1:0] : 0) == formal_below);
        // the end of a scan is a bare TICK, and nothing else is one
        formal_claim_ticks: assert (!formal_live || (formal_ended
            ? out_valid && formal_kind == 2 && out_data[SIMD+ADDRESS-1:0] == 0
            : !formal_moved || !out_valid || formal_kind == 0));
        // no event is without a mask
        formal_claim_no_empty_event: assert (!formal_live || !out_valid || formal_kind != 0
            || out_data[SIMD-1:0] != 0);
        // a word that waits stays as it is
        formal_claim_stable: assert (!formal_live || !formal_waited
            || (out_valid && out_data == formal_data));
    end
