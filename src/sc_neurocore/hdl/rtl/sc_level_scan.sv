// What the encoders share: the memory of levels, the walk through it, and the output register.
//
// SIZE levels are loaded in order, one in each clock with `load` and rst_n high; after the last the
// first is next again, and a reset goes to the first. The walk waits while a level is loaded.
//
// A reset starts the walk. A scan has one slot for each word of SIMD levels and one for the end of
// the scan; there are SCANS scans without a pause. In each slot the encoder says by `mask` which
// levels of the word make an event, and by `end_kind` what the end of the scan is. An event
// without a mask is no event: the slot takes one clock and nothing is put out.
//
// With the reset in clock 0 slot 0 reads memory in clock 1, is judged in clock 2 and put out in
// clock 3. The next slot follows one clock after, unless the output waits for `out_ready`, which
// holds the walk.
//
// Area: the memory (block RAM), two counters, and the output register.

`default_nettype none

module sc_level_scan #(
    parameter integer SIZE  = 16,  // levels
    parameter integer BITS  = 4,   // a level is from 0 to 2**BITS
    parameter integer SIMD  = 4,   // levels in a word
    parameter integer SCANS = 8,
    localparam integer WORDS = (SIZE + SIMD - 1) / SIMD,
    localparam integer ADDRESS = WORDS > 1 ? $clog2(WORDS) : 1
) (
    input  wire                       clk,
    input  wire                       rst_n,   // synchronous, low resets
    input  wire                       load,
    input  wire [BITS:0]              level,
    output reg  [SIMD*(BITS+1)-1:0]   levels,  // of the slot, as are the next two
    output wire                       ends,    // it is the end of a scan
    output wire                       moves,   // it is judged in this clock
    input  wire [SIMD-1:0]            mask,
    input  wire [1:0]                 end_kind,
    output reg                        out_valid,
    input  wire                       out_ready,
    output reg  [2+ADDRESS+SIMD-1:0]  out_data
);

    localparam [1:0] EVENT = 2'd0;
    localparam integer LANE = SIMD > 1 ? $clog2(SIMD) : 1;
    localparam integer REST = SIZE - (WORDS - 1) * SIMD;  // levels in the last word
    localparam integer SLOT = $clog2(WORDS + 1);
    localparam integer SCAN = SCANS > 1 ? $clog2(SCANS) : 1;

    // Loading: where the next level goes.
    reg [ADDRESS-1:0] word;
    reg [LANE-1:0]    lane;
    wire last_word = word == ADDRESS'(WORDS - 1);
    wire last_lane = lane == LANE'(SIMD - 1) || (last_word && lane == LANE'(REST - 1));

    always @(posedge clk) begin
        if (!rst_n) begin
            word <= {ADDRESS{1'b0}};
            lane <= {LANE{1'b0}};
        end else if (load) begin
            lane <= last_lane ? {LANE{1'b0}} : lane + 1'b1;
            if (last_lane) word <= last_word ? {ADDRESS{1'b0}} : word + 1'b1;
        end
    end

    // Walking: the slot that reads, and the one after it, which is judged.
    reg              walks;
    reg [SLOT-1:0]   slot;
    reg [SCAN-1:0]   scan;
    reg              judged;
    reg [SLOT-1:0]   judged_slot;
    wire             free = (!out_valid || out_ready) && !load;
    wire             last_slot = slot == SLOT'(WORDS);

    assign ends = judged_slot == SLOT'(WORDS);
    assign moves = judged && free;

    // Lanes of the last word beyond the last level are memory that was never written.
    wire [SIMD-1:0] known = judged_slot == SLOT'(WORDS - 1) ? {SIMD{1'b1}} >> (SIMD - REST)
                                                            : {SIMD{1'b1}};
    wire [SIMD-1:0] event_mask = ends ? {SIMD{1'b0}} : mask & known;

    always @(posedge clk) begin
        if (!rst_n) begin
            walks       <= 1'b1;
            slot        <= {SLOT{1'b0}};
            scan        <= {SCAN{1'b0}};
            judged      <= 1'b0;
            judged_slot <= {SLOT{1'b0}};
            out_valid   <= 1'b0;
            out_data    <= {(2 + ADDRESS + SIMD){1'b0}};
        end else if (free) begin
            if (walks) begin
                slot <= last_slot ? {SLOT{1'b0}} : slot + 1'b1;
                if (last_slot) begin
                    scan  <= scan + 1'b1;
                    walks <= scan != SCAN'(SCANS - 1);
                end
            end
            judged      <= walks;
            judged_slot <= slot;
            out_valid   <= judged && (ends || event_mask != {SIMD{1'b0}});
            out_data    <= {ends ? end_kind : EVENT,
                            ends ? {ADDRESS{1'b0}} : judged_slot[ADDRESS-1:0], event_mask};
        end else if (out_ready) begin
            out_valid   <= 1'b0;
        end
    end

    localparam integer CELLS = WORDS > 1 ? WORDS : 2;
    reg [SIMD*(BITS+1)-1:0] memory [0:CELLS-1];
    integer k;
    initial for (k = 0; k < CELLS; k = k + 1) memory[k] = {(SIMD * (BITS + 1)){1'b0}};
    always @(posedge clk) begin
        for (k = 0; k < SIMD; k = k + 1)
            if (load && rst_n && lane == LANE'(k)) memory[word][k*(BITS+1) +: BITS + 1] <= level;
        if (free) levels <= memory[slot[ADDRESS-1:0]];
    end

endmodule

`default_nettype wire
