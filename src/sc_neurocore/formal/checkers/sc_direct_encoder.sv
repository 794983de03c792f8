    // The bit that is scanned, counted by the ends of scans, and what was judged last.
    localparam integer FORMAL_WIDTH = $clog2(BITS + 1) + 1;
    reg [FORMAL_WIDTH-1:0] formal_bit;
    reg formal_ended = 1'b0;
    reg formal_moved = 1'b0;
    reg formal_lowest;
    reg formal_waited = 1'b0;
    reg [2+ADDRESS+SIMD-1:0] formal_data;
    reg [SIMD-1:0] formal_plane;
    wire [1:0] formal_kind = out_data[SIMD+ADDRESS +: 2];
    integer formal_k;
    always @(posedge clk) begin
        if (!rst_n) formal_bit <= BITS;
        else if (moves && ends) formal_bit <= formal_bit == 0 ? BITS : formal_bit - 1;
        formal_ended <= rst_n && moves && ends;
        formal_moved <= rst_n && moves;
        formal_lowest <= formal_bit == 0;
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_data <= out_data;
        for (formal_k = 0; formal_k < SIMD; formal_k = formal_k + 1)
            formal_plane[formal_k] <= levels >> (formal_k * (BITS + 1) + formal_bit) & 1;
    end

    always @* begin
        // a reset goes to the highest bit, and puts nothing out
        formal_claim_reset: assert (!formal_reset || (plane == 1 << BITS && !out_valid));
        // from scan to scan it is the next lower bit, and after the lowest the highest
        formal_claim_plane: assert (!formal_live
            || (formal_bit <= BITS && plane == 1 << formal_bit));
        // no input has an event whose level has no one there
        formal_claim_events: assert (!formal_live || !formal_moved || formal_ended || !out_valid
            || (out_data[SIMD-1:0] & ~formal_plane) == 0);
        // every one of a level has its event
        formal_claim_no_one_is_lost: assert (!formal_live || !formal_moved || formal_ended
            || SIZE % SIMD != 0 || (out_valid ? out_data[SIMD-1:0] : 0) == formal_plane);
        // the scan of the lowest bit ends with a TICK
        formal_claim_ticks: assert (!formal_live || !formal_ended || !formal_lowest
            || (out_valid && formal_kind == 2 && out_data[SIMD+ADDRESS-1:0] == 0));
        // those of the others end with a PLANE
        formal_claim_planes: assert (!formal_live || !formal_ended || formal_lowest
            || (out_valid && formal_kind == 1 && out_data[SIMD+ADDRESS-1:0] == 0));
        // nothing else is a TICK or a PLANE
        formal_claim_kinds: assert (!formal_live || !formal_moved || formal_ended || !out_valid
            || formal_kind == 0);
        // no event is without a mask
        formal_claim_no_empty_event: assert (!formal_live || !out_valid || formal_kind != 0
            || out_data[SIMD-1:0] != 0);
        // a word that waits stays as it is
        formal_claim_stable: assert (!formal_live || !formal_waited
            || (out_valid && out_data == formal_data));
    end
