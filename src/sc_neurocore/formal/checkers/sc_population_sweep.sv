    // Currents taken and spikes given in this tick.
    localparam integer FORMAL_WIDTH = $clog2(NEURONS + 1) + 3;
    reg [FORMAL_WIDTH-1:0] formal_taken;
    reg [FORMAL_WIDTH-1:0] formal_given;
    reg formal_ticked;
    wire formal_out = spike_valid && spike_ready;
    wire formal_ends = formal_out && formal_given == NEURONS - 1;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_taken <= 0;
            formal_given <= 0;
            formal_ticked <= 1'b0;
        end else begin
            formal_taken <= formal_ends ? 0 : formal_taken + take;
            formal_given <= formal_ends ? 0 : formal_given + formal_out;
            formal_ticked <= formal_ticked || formal_ends;
        end
    end
    reg formal_waited = 1'b0;
    reg [STATE_BITS:0] formal_data;
    always @(posedge clk) begin
        formal_waited <= rst_n && spike_valid && !spike_ready;
        formal_data <= {spike, spike_state};
    end

    always @* begin
        // a reset forgets
        formal_claim_reset: assert (!formal_reset || (full == 0 && !draining && first
            && neuron == 0 && written == 0));
        // every current taken is on its way or has given its spike: none is lost or doubled
        formal_claim_balance: assert (!formal_live
            || formal_taken == formal_given + full[0] + full[1] + full[2]);
        // a tick takes as many currents as there are neurons
        formal_claim_bound: assert (!formal_live || formal_taken <= NEURONS);
        // the memories are read for the neuron whose turn it is
        formal_claim_read: assert (!formal_live
            || neuron == (formal_taken == NEURONS ? 0 : formal_taken));
        // and its state is written in its own place
        formal_claim_written: assert (!formal_live || written == formal_given);
        // the last spike of a tick is known as such
        formal_claim_last: assert (!formal_live || !spike_valid
            || spike_last == (formal_given == NEURONS - 1));
        // which is so because the mark goes with the last neuron
        formal_claim_mark: assert (!formal_live
            || ((!full[0] || held_last == (formal_given + full[1] + full[2] == NEURONS - 1))
                && (!full[1] || lane_last == (formal_given + full[2] == NEURONS - 1))));
        // in the first tick every neuron starts from the initial state
        formal_claim_initial: assert (!formal_live || !first || !full[1] || lane_state == INITIAL);
        // no current of the next tick is taken until all states of this one are written
        formal_claim_drains: assert (!formal_live || draining == (formal_taken == NEURONS));
        // the states that a reset gives stand in for the memory in the first tick only
        formal_claim_first: assert (!formal_live || first == !formal_ticked);
        // a spike that is not taken waits
        formal_claim_stable: assert (!formal_live || !formal_waited
            || (spike_valid && {spike, spike_state} == formal_data));
    end
