    // Visits of this walk so far, and how many it has.
    localparam integer FORMAL_MOST = GROUPS * PASSES > NEURONS ? GROUPS * PASSES : NEURONS;
    localparam integer FORMAL_WIDTH = $clog2(FORMAL_MOST + 1) + 1;
    wire [FORMAL_WIDTH-1:0] formal_all = kind == EVENT ? GROUPS * PASSES
        : kind == TICK ? NEURONS : GROUPS;
    reg [FORMAL_WIDTH-1:0] formal_visits;
    always @(posedge clk) begin
        if (!rst_n || event_ready) formal_visits <= 0;
        else if (step) formal_visits <= formal_visits + 1;
    end
    wire formal_walks = formal_live && busy;

    reg formal_stood = 1'b0;
    reg formal_idle = 1'b0;
    reg formal_taken = 1'b0;
    reg [1:0] formal_kind;
    reg [FORMAL_WIDTH+GROUP_BITS+LANE_BITS+PASS_BITS:0] formal_state;
    always @(posedge clk) begin
        formal_stood <= rst_n && !step;
        formal_idle <= rst_n && event_ready && !event_valid;
        formal_taken <= rst_n && event_ready && event_valid;
        formal_kind <= event_kind;
        formal_state <= {busy, formal_visits, group, lane, pass};
    end

    always @* begin
        // a reset begins a walk that clears
        formal_claim_reset: assert (!formal_reset || (busy && kind == CLEAR && formal_visits == 0));
        // group, lane and pass stay in their ranges
        formal_claim_range: assert (!formal_live
            || (group < GROUPS && lane < PE && pass < PASSES));
        // a walk visits every group of a pass once, in order, pass after pass
        formal_claim_groups: assert (!formal_walks || kind == TICK
            || (lane == 0 && formal_visits == (FORMAL_WIDTH)'(pass) * GROUPS + group));
        // a TICK visits every neuron once, in order
        formal_claim_neurons: assert (!formal_walks || kind != TICK
            || (pass == 0 && formal_visits == (FORMAL_WIDTH)'(group) * PE + lane));
        // no walk goes beyond its last visit
        formal_claim_bound: assert (!formal_walks || formal_visits < formal_all);
        // it says so at the last one, and only then
        formal_claim_ends: assert (!formal_walks || walk_ends == (formal_visits == formal_all - 1));
        // the next event is taken in that clock, or when there is none to walk
        formal_claim_takes: assert (!formal_live || event_ready
            == (step && (!busy || formal_visits == formal_all - 1)));
        // an event that is taken is walked, and nothing else is
        formal_claim_taken: assert (!formal_live
            || ((!formal_taken || (busy && kind == formal_kind && formal_visits == 0))
                && (!formal_idle || !busy)));
        // without step nothing moves
        formal_claim_stands: assert (!formal_live || !formal_stood
            || formal_state == {busy, formal_visits, group, lane, pass});
    end
