    localparam integer FORMAL_WIDTH = COUNT + 2;
    // Ticks in which each class spiked, counted apart: this tick's spikes are added with its TICK.
    reg [CLASSES-1:0] formal_spiked;
    reg [CLASSES-1:0] formal_came;  // spikes of the tick that was added last
    reg [CLASSES*COUNT-1:0] formal_counts;
    reg [COUNT-1:0] formal_ticks;
    integer formal_k;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_spiked <= 0;
            formal_came <= 0;
            formal_counts <= 0;
            formal_ticks <= 0;
        end else if (in_valid && in_ready && kind == 2) begin
            formal_spiked <= 0;
            formal_came <= formal_spiked;
            formal_ticks <= formal_ticks + 1;
            for (formal_k = 0; formal_k < CLASSES; formal_k = formal_k + 1)
                formal_counts[formal_k*COUNT +: COUNT] <=
                    formal_counts[formal_k*COUNT +: COUNT] + formal_spiked[formal_k];
        end else if (in_valid && in_ready && kind == 0) begin
            for (formal_k = 0; formal_k < CLASSES; formal_k = formal_k + 1)
                if (address == formal_k / SIMD && in_data[formal_k%SIMD])
                    formal_spiked[formal_k] <= 1'b1;
        end
    end

    // The ring, put back to where class 0 is at the bottom, and the spikes likewise.
    wire [2*CLASSES*COUNT-1:0] formal_twice = {counts, counts};
    reg [CLASSES*COUNT-1:0] formal_ring;
    reg [CLASSES-1:0] formal_rest;
    // How each class stands against what the comparison knows.
    reg formal_right, formal_bounded, formal_below, formal_safe, formal_tied;
    reg [COUNT-1:0] formal_is;
    always @* begin
        formal_ring = formal_twice >> ((CLASSES - at) * COUNT);
        formal_rest = spikes << at;
        formal_right = 1'b1;
        formal_bounded = 1'b1;
        formal_below = 1'b1;
        formal_safe = 1'b1;
        formal_tied = 1'b1;
        for (formal_k = 0; formal_k < CLASSES; formal_k = formal_k + 1) begin
            formal_is = formal_counts[formal_k*COUNT +: COUNT];
            formal_right = formal_right && formal_ring[formal_k*COUNT +: COUNT]
                == formal_is - (compares && formal_k >= at && formal_came[formal_k]);
            formal_bounded = formal_bounded && formal_is <= formal_ticks
                && (formal_is != 0 || !(compares && formal_came[formal_k]));
            if (decides || (compares && formal_k < at)) begin
                if (formal_k == winner)
                    formal_below = formal_below && formal_is == most;
                else
                    formal_below = formal_below && formal_is <= rival && rival <= most
                        && (formal_is < most || formal_k > winner)
                        && (formal_is < rival || !first || formal_k > winner);
            end
        end
    end

    // The strongest rival: the class with the largest count but the winner's, the first of these.
    reg [CLASS-1:0] formal_rival;
    always @(posedge clk) begin
        if (compares) begin
            if (at != 0 && count > most) formal_rival <= winner;
            else if (at == 1 || (at != 0 && count > rival)) formal_rival <= at;
        end
    end
    wire [COUNT-1:0] formal_rivals = formal_counts >> (formal_rival * COUNT);

    // Any class may spike in any number of the ticks that remain, the winner too.
    wire [COUNT-1:0] formal_more;
    wire [COUNT-1:0] formal_mine;
    wire [CLASS-1:0] formal_other;
    wire [FORMAL_WIDTH-1:0] formal_final =
        (FORMAL_WIDTH)'(COUNT'(formal_counts >> (formal_other * COUNT)))
        + (formal_more > remaining ? remaining : formal_more);
    wire [FORMAL_WIDTH-1:0] formal_best =
        (FORMAL_WIDTH)'(COUNT'(formal_counts >> (winner * COUNT)))
        + (formal_mine > remaining ? remaining : formal_mine);

    reg formal_compared = 1'b0;
    reg formal_decided = 1'b0;
    reg formal_settled = 1'b0;
    reg formal_done = 1'b0;
    reg formal_over = 1'b0;
    reg [CLASS-1:0] formal_at;
    reg [CLASS-1:0] formal_winner;
    reg [COUNT-1:0] formal_used;
    always @(posedge clk) begin
        formal_compared <= rst_n && compares;
        formal_decided <= rst_n && decides;
        formal_settled <= rst_n && decides && settled;
        formal_over <= rst_n && over;
        formal_done <= rst_n && (done || formal_done);
        formal_at <= at;
        formal_winner <= winner;
        formal_used <= ticks_used;
    end

    always @* begin
        // a reset forgets
        formal_claim_reset: assert (!formal_reset || (counts == 0 && spikes == 0 && at == 0
            && !compares && !decides && !over && !done && remaining == TICKS));
        // it is in one of its states, and the ring is at rest but in the comparison
        formal_claim_states: assert (!formal_live || ((compares + decides + over <= 1)
            && at < CLASSES && (compares || at == 0)));
        // the ring holds the numbers of ticks in which each class spiked
        formal_claim_counts: assert (!formal_live || formal_right);
        // the spikes of this tick are remembered, and of the last until they are added
        formal_claim_spikes: assert (!formal_live
            || ((compares ? formal_rest == (formal_came >> at << at) && spikes >> (CLASSES - at) == 0
                : spikes == formal_spiked)
                && (in_ready || formal_spiked == 0)));
        // the ticks are counted, at most TICKS of them
        formal_claim_ticks: assert (!formal_live
            || (formal_ticks == ticks_used && formal_ticks <= TICKS && remaining <= TICKS
                && (remaining != 0 || !in_ready)));
        // no count is more than the ticks
        formal_claim_bounded: assert (!formal_live || formal_bounded);
        // of the classes compared none is above the winner, or equal and before it
        formal_claim_largest: assert (!formal_live || !(compares || decides) || (formal_below
            && rival <= most && winner < CLASSES && (!compares || at == 0 || winner < at)
            && (!compares || at > 1
                || (winner == 0 && rival == 0 && first && (at == 1 || most == 0)))));
        // the strongest rival is one of them
        formal_claim_rival: assert (!formal_live || EARLY == 0 || !(decides || (compares && at > 1))
            || (formal_rival != winner && formal_rivals == rival && formal_rival < CLASSES
                && (decides || formal_rival < at) && winner < CLASSES
                && first == (formal_rival > winner)));
        // when it ends, no spikes to come can change the winner
        formal_claim_sound: assert (!formal_live || !(decides && settled)
            || formal_other >= CLASSES || formal_other == winner
            || formal_best > formal_final
            || (formal_best == formal_final && winner < formal_other));
        // and while it goes on, some could
        formal_claim_no_later: assert (!formal_live || !decides || settled
            || (EARLY == 0 ? remaining != 0
                : formal_rivals + (FORMAL_WIDTH)'(remaining) > most
                    || (formal_rivals + (FORMAL_WIDTH)'(remaining) == most
                        && formal_rival < winner)));
        // done is high once, after the decision
        formal_claim_done: assert (!formal_live || (done == formal_settled
            && (!done || !formal_done) && (over || !done && !formal_done)));
        // from then on nothing is taken and nothing changes
        formal_claim_over: assert (!formal_live || !formal_over
            || (over && !in_ready && winner == formal_winner && ticks_used == formal_used));
        // each clock of the comparison brings the decision nearer
        formal_claim_progress: assert (!formal_live || !formal_compared || decides
            || (compares && at == formal_at + 1));
        // after the decision it takes words, or has ended
        formal_claim_goes_on: assert (!formal_live || !formal_decided || in_ready || over);
    end
