    // The counter's state joins these wires when the hierarchy is flattened.
    (* hierconn *) wire [WINDOW_WIDTH-1:0] \counter.tick ;
    (* hierconn *) wire [WINDOW_WIDTH-1:0] \counter.count ;
    localparam [WINDOW_WIDTH+1:0] FORMAL_WINDOW = 1 << WINDOW_WIDTH;
    // The clock of the window, the ones before it, and those of the last window.
    reg [WINDOW_WIDTH+1:0] formal_clock = 0;
    reg [WINDOW_WIDTH+1:0] formal_ones = 0;
    reg [WINDOW_WIDTH+1:0] formal_window = 0;
    wire formal_ends = formal_clock == FORMAL_WINDOW - 1;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_clock <= 0;
            formal_ones <= 0;
            formal_window <= 0;
        end else if (enable) begin
            formal_clock <= formal_ends ? 0 : formal_clock + 1;
            formal_ones <= formal_ends ? 0 : formal_ones + x;
            if (formal_ends) formal_window <= formal_ones + x;
        end
    end

    always @* begin
        // the output is the encoded number of ones of the last window
        formal_claim_exact: assert (!formal_live || y == (number < formal_window));
        // no ones counted, none put out
        formal_claim_zero: assert (count != 0 || !y);
        // ones only counted, ones only put out
        formal_claim_one: assert (count != FORMAL_WINDOW || y);
        // the count is that of the last window
        formal_claim_count: assert (!formal_live || count == formal_window);
        // the counter is as far in the window
        formal_claim_clock: assert (!formal_live || \counter.tick == formal_clock);
        // and has counted its ones
        formal_claim_ones: assert (!formal_live || \counter.count == formal_ones);
        // these are at most the clocks
        formal_claim_room: assert (!formal_live
            || (formal_ones <= formal_clock && formal_window <= FORMAL_WINDOW));
    end
