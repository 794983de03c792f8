    // Words in memory; words that are held at all, counted at the ports.
    localparam integer FORMAL_WIDTH = $clog2(CELLS + PRELOAD + 1) + 2;
    wire [FORMAL_WIDTH-1:0] formal_stored =
        head >= tail ? head - tail : (FORMAL_WIDTH)'(CELLS) + head - tail;
    wire [FORMAL_WIDTH-1:0] formal_waiting = left != 0 ? left : out_valid;
    wire formal_in = in_valid && in_ready;
    wire formal_out = out_valid && out_ready;
    reg [FORMAL_WIDTH-1:0] formal_held;
    reg [FORMAL_WIDTH-1:0] formal_preloads;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_held <= PRELOAD;
            formal_preloads <= PRELOAD;
        end else begin
            formal_held <= formal_held + formal_in - formal_out;
            if (formal_out && formal_preloads != 0) formal_preloads <= formal_preloads - 1;
        end
    end

    // Any word that comes in, and how many are before it. One more comes as one more leaves, so
    // if this one leaves as the one after those, nothing is lost, doubled or overtaken.
    wire formal_pick;
    reg formal_picked = 1'b0;
    reg [WIDTH-1:0] formal_word;
    reg [FORMAL_WIDTH-1:0] formal_before;
    always @(posedge clk) begin
        if (!rst_n) formal_picked <= 1'b0;
        else if (!formal_picked) begin
            formal_picked <= formal_pick && formal_in;
            formal_word <= in_data;
            formal_before <= formal_held - formal_out;
        end else if (formal_out) begin
            formal_before <= formal_before - 1;
            if (formal_before == 0) formal_picked <= 1'b0;
        end
    end
    wire [FORMAL_WIDTH-1:0] formal_place = tail + formal_before - formal_waiting;
    wire [FORMAL_WIDTH-1:0] formal_cell =
        formal_place >= CELLS ? formal_place - CELLS : formal_place;

    reg formal_waited = 1'b0;
    reg formal_nonempty = 1'b0;
    reg [WIDTH-1:0] formal_data;
    always @(posedge clk) begin
        formal_waited <= rst_n && out_valid && !out_ready;
        formal_nonempty <= rst_n && head != tail;
        formal_data <= out_data;
    end

    always @* begin
        // a reset leaves the preloaded words only
        formal_claim_reset: assert (!formal_reset
            || (head == tail && out_valid == (PRELOAD != 0) && left == PRELOAD));
        // both pointers stay in the memory
        formal_claim_pointers: assert (!formal_live || (head <= LAST && tail <= LAST));
        // words in, less words out, are in memory and at the output
        formal_claim_occupancy: assert (!formal_live
            || formal_held == formal_stored + formal_waiting);
        // it never holds more than it has room for, and preloaded words besides
        formal_claim_room: assert (!formal_live || (formal_stored < CELLS
            && formal_held <= CELLS - (PRELOAD == 0 || left == 0 ? 0 : 1) + left));
        // the word picked leaves after those before it, unchanged
        formal_claim_order: assert (!formal_live || !formal_picked || formal_before != 0
            || !out_valid || out_data == formal_word);
        // until then it is at its place in memory
        formal_claim_place: assert (!formal_live || !formal_picked
            || (formal_before < formal_held && (formal_before < formal_waiting
                ? formal_before == 0 && left == 0 : memory[formal_cell[POINTER-1:0]] == formal_word)));
        // the preloaded words leave first
        formal_claim_preloaded: assert (!formal_live || (left == formal_preloads
            && (formal_preloads == 0 || (out_valid && out_data == PRELOAD_WORD))));
        // a word that waits stays as it is
        formal_claim_stable: assert (!formal_waited || !formal_live
            || (out_valid && out_data == formal_data));
        // a word in memory is followed by one at the output in the next clock
        formal_claim_progress: assert (!formal_live || !formal_nonempty || out_valid);
        // it takes words unless its memory is full
        formal_claim_takes: assert (!formal_live || in_ready == (formal_stored != CELLS - 1));
    end
