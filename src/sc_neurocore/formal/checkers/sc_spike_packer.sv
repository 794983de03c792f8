    localparam integer FORMAL_WIDTH = $clog2(SIZE + 1) + $clog2(SIMD + 1) + 2;
    wire formal_take = enable && ready;
    wire formal_out = out_valid && out_ready;
    wire [1:0] formal_kind = out_data[SIMD+ADDRESS +: 2];
    wire [ADDRESS-1:0] formal_address = out_data[SIMD +: ADDRESS];
    wire [SIMD-1:0] formal_mask = out_data[SIMD-1:0];
    wire formal_event = out_valid && formal_kind == 0;
    wire formal_tick = out_valid && formal_kind == 2;
    function automatic [FORMAL_WIDTH-1:0] formal_ones(input [SIMD-1:0] bits);
        integer j;
        begin
            formal_ones = 0;
            for (j = 0; j < SIMD; j = j + 1) formal_ones = formal_ones + bits[j];
        end
    endfunction

    // Neurons taken in this sweep, spikes taken less spikes put out, sweeps taken less TICKs.
    reg [FORMAL_WIDTH-1:0] formal_neuron;
    reg [FORMAL_WIDTH-1:0] formal_owed;
    reg formal_due = 1'b0;
    wire formal_last = formal_take && formal_neuron == SIZE - 1;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_neuron <= 0;
            formal_owed <= 0;
            formal_due <= 1'b0;
        end else begin
            if (formal_take) formal_neuron <= formal_last ? 0 : formal_neuron + 1;
            formal_owed <= formal_owed + (formal_take && spike)
                - (formal_out && formal_event ? formal_ones(formal_mask) : 0);
            formal_due <= formal_last || (formal_due && !(formal_out && formal_tick));
        end
    end

    // Any neuron: its spike, until its group's event or else its sweep's TICK has left.
    wire formal_pick;
    reg formal_picked = 1'b0;
    reg formal_spike;
    reg formal_packed;
    reg [ADDRESS-1:0] formal_group;
    reg [LANE-1:0] formal_lane;
    wire formal_completes = formal_take && last_lane;
    always @(posedge clk) begin
        if (!rst_n) formal_picked <= 1'b0;
        else if (!formal_picked) begin
            formal_picked <= formal_pick && formal_take;
            formal_spike <= spike;
            formal_group <= group;
            formal_lane <= lane;
            formal_packed <= formal_completes;
        end else if (formal_packed) formal_picked <= 1'b0;
        else formal_packed <= formal_completes;
    end

    reg formal_waited = 1'b0;
    reg [2+ADDRESS+SIMD-1:0] formal_data;
    always @(posedge clk) begin
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_data <= out_data;
    end

    always @* begin
        // a reset forgets
        formal_claim_reset: assert (!formal_reset
            || (group == 0 && lane == 0 && spikes == 0 && !ending && !out_valid));
        // group and lane are those of the neurons taken
        formal_claim_position: assert (!formal_live || (formal_neuron < SIZE && lane < SIMD
            && group < WORDS && formal_neuron == (FORMAL_WIDTH)'(group) * SIMD + lane));
        // the group holds spikes of neurons taken only
        formal_claim_group: assert (!formal_live || (spikes >> lane) == 0);
        // spikes taken are put out, at the output, or in the group: none is lost or doubled
        formal_claim_balance: assert (!formal_live || formal_owed
            == formal_ones(spikes) + (formal_event ? formal_ones(formal_mask) : 0));
        // any neuron's spike is in the group until that is complete
        formal_claim_kept: assert (!formal_live || !formal_picked || formal_packed
            || (group == formal_group && lane > formal_lane
                && (spikes >> formal_lane & 1) == formal_spike));
        // and in the next clock in its place in its group's event, if it spiked
        formal_claim_packed: assert (!formal_live || !formal_picked || !formal_packed
            || (formal_spike ? formal_event && formal_address == formal_group
                && (formal_mask >> formal_lane & 1) == 1
                : !formal_event || (formal_address == formal_group
                    && (formal_mask >> formal_lane & 1) == 0)));
        // no event is without spikes
        formal_claim_no_empty_event: assert (!formal_live || !formal_event || formal_mask != 0);
        // what is put out is an event or a bare TICK
        formal_claim_kinds: assert (!formal_live || !out_valid || formal_kind == 0
            || (formal_kind == 2 && formal_address == 0 && formal_mask == 0));
        // one TICK is due for each sweep taken
        formal_claim_ticks: assert (!formal_live || formal_due == (ending || formal_tick));
        // it comes after the last group's event
        formal_claim_tick_last: assert (!formal_live || !ending
            || (formal_event && formal_address == WORDS - 1));
        // no neuron of the next sweep is taken before it leaves
        formal_claim_sweeps: assert (!formal_live || !formal_due || !formal_take
            || (formal_tick && formal_out));
        // a word that waits stays as it is
        formal_claim_stable: assert (!formal_live || !formal_waited
            || (out_valid && out_data == formal_data));
        // neurons wait for a word at the output only, which for one clock becomes another
        formal_claim_progress: assert (!formal_live || ready || out_valid);
    end
