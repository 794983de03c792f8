// Control of live parameters: what a host may do with the two halves of every bank, and when.
//
// The engine reads the active half of all banks, the host writes their other half, the shadow. An
// apply makes every reader change to the other half, so it is done wholly or not at all, and the
// half that was active still has what a revert goes back to. COMMAND, allowed in, effect:
//
//   1 LOAD      clean, staged  {DATA_HI, DATA_LO} to the shadow of BANK_SELECT, ENTRY_INDEX; staged
//   2 APPLY     staged         the shadow becomes active at tick APPLY_TICK, 0 in between; applied
//   3 REVERT    applied        the shadow, which is the old, becomes active again in between; staged
//   4 SYNC      always         the active half is copied to the shadow; clean
//   5 READBACK  always         READ_HI, READ_LO: the active entry of BANK_SELECT, ENTRY_INDEX
//
// and none of them while another one is busy or pending. A LOAD is done only if GUARD is the CRC-32
// of the little-endian words BANK_SELECT, ENTRY_INDEX, DATA_LO, DATA_HI; it counts, and its 16 bytes
// go into a CRC-32 of all of them since the control was clean. An APPLY is done only if EXPECT_COUNT
// and EXPECT_CRC are these. Whatever is not done changes nothing but a trap: 0 wrong guard, 1 no
// such bank or entry, 2 other count or checksum than expected, 3 unknown command, or not allowed now.
//
// A command takes effect with the register values of its own clock, so they may be written anew at
// once. A LOAD is busy for 5 clocks, so that one may follow another 6 clocks later. READBACK and SYNC
// read through the engine's port, and wait until engine_idle. While swap_pending, a reader takes the
// half target_half when it begins tick swap_tick (not 0) or when the engine is idle; swapped says that
// every reader has it, in the same clock. read_lo and read_hi are 0 unless read valid: unless the last
// command was a READBACK that was done.
//
// A reset drops what is staged, by a SYNC, and keeps what is active: with a half of its own choice
// a reset could make a half-loaded shadow active. So the half and its generation have no reset, but
// the value 0 at power-up, like the memories theirs.
//
// Area: about 310 flip-flops and 810 look-up tables for two small banks on an iCE40, of which the
// two checksums of a word a clock take 360.

`default_nettype none

module sc_live_control #(
    parameter integer            BANKS   = 2,                // up to 256
    parameter [32*BANKS-1:0]     ENTRIES = 64'h0000000400000004  // of bank k in bits 32*k and up
) (
    input  wire        clk,
    input  wire        rst_n,           // synchronous, low resets
    // Registers
    input  wire [31:0] bank_select,
    input  wire [31:0] entry_index,
    input  wire [31:0] data_lo,
    input  wire [31:0] data_hi,
    input  wire [31:0] guard,
    input  wire [31:0] expect_count,
    input  wire [31:0] expect_crc,
    input  wire [31:0] apply_tick,
    input  wire        command_write,
    input  wire [31:0] command_data,
    output wire [31:0] update_status,   // busy, staged, applied, pending, active half, read valid
    output wire [31:0] read_lo,
    output wire [31:0] read_hi,
    output reg  [31:0] loaded_count,
    output reg  [31:0] loaded_crc,
    output reg  [31:0] generation,      // applies and reverts so far
    output wire [31:0] traps_set,
    // Banks
    output wire        host_write,
    output wire        host_read,
    output wire        host_half,
    output wire [7:0]  host_bank,
    output wire [31:0] host_entry,
    output wire [63:0] host_data,
    input  wire [63:0] host_answer,     // two clocks after host_read
    // Readers
    output wire        target_half,
    output wire        swap_pending,
    output reg  [31:0] swap_tick,
    input  wire        swapped,
    input  wire        engine_idle
);

    function automatic [31:0] largest(input [32*BANKS-1:0] entries);
        integer b;
        begin
            largest = 32'd1;
            for (b = 0; b < BANKS; b = b + 1)
                if (entries[32*b +: 32] > largest) largest = entries[32*b +: 32];
        end
    endfunction

    localparam integer BANK_BITS  = BANKS > 1 ? $clog2(BANKS) : 1;
    localparam [31:0]  MOST       = largest(ENTRIES);
    localparam integer ENTRY_BITS = MOST > 32'd1 ? $clog2(MOST) : 1;
    localparam [BANK_BITS-1:0] LAST_BANK = BANK_BITS'(BANKS - 1);

    localparam [2:0] LOAD     = 3'd1;
    localparam [2:0] APPLY    = 3'd2;
    localparam [2:0] REVERT   = 3'd3;
    localparam [2:0] SYNC     = 3'd4;
    localparam [2:0] READBACK = 3'd5;

    localparam [3:0] IDLE   = 4'd0;
    localparam [3:0] DECIDE = 4'd1;  // whether the command is allowed
    localparam [3:0] DIGEST = 4'd2;  // of a LOAD: words 1 to 3 of its CRC; word 0 comes with DECIDE
    localparam [3:0] STORE  = 4'd3;  // if the guard is right
    localparam [3:0] SWAP   = 4'd4;  // until all readers have changed
    localparam [3:0] SETTLE = 4'd5;  // the banks take bank and entry
    localparam [3:0] READ   = 4'd6;  // once the engine is idle
    localparam [3:0] FETCH  = 4'd7;
    localparam [3:0] ANSWER = 4'd8;
    localparam [3:0] COPY   = 4'd9;  // of a SYNC: the answer goes to the shadow

    reg [3:0] state;
    reg half, staged, applied, read_valid;
    initial begin
        state        = IDLE;
        half         = 1'b0;
        staged       = 1'b0;
        applied      = 1'b0;
        read_valid   = 1'b0;
        generation   = 32'd0;
        loaded_count = 32'd0;
        loaded_crc   = 32'd0;
    end

    // The command, as it came.
    reg [2:0]            command;
    reg [BANK_BITS-1:0]  bank;
    reg [ENTRY_BITS-1:0] entry;
    reg [63:0]           data;
    reg [31:0]           held_guard;
    reg                  fits;      // bank and entry are no larger than these registers
    reg                  expected;  // count and checksum are those expected

    wire [31:0] last_entry = ENTRIES[32*bank +: 32] - 32'd1;
    wire addressed = fits && 32'(bank) < BANKS && 32'(entry) <= last_entry;
    wire bank_ends = 32'(entry) == last_entry;
    wire all_end = bank_ends && bank == LAST_BANK;

    wire takes    = command_write && state == IDLE;
    wire decides  = state == DECIDE;
    wire syncs    = command == SYNC;
    wire is_load  = command == LOAD;
    wire allowed  = is_load            ? !applied
                  : command == APPLY   ? staged
                  : command == REVERT  ? applied
                  : syncs || command == READBACK;
    wire unaddressed = (is_load || command == READBACK) && !addressed;
    wire unexpected  = command == APPLY && !expected;
    wire goes        = allowed && !unaddressed && !unexpected;

    // The guard's CRC, and that of all words loaded if these are. A word a clock.
    reg [1:0]  turn;
    reg [31:0] digest, candidate;
    reg [31:0] coming;
    always @* begin
        case (turn)
            2'd0:    coming = 32'(bank);
            2'd1:    coming = 32'(entry);
            2'd2:    coming = data[31:0];
            default: coming = data[63:32];
        endcase
    end
    wire [31:0] next_digest, next_candidate;
    sc_crc32 #(.BYTES(4)) guard_crc (.crc(digest), .data(coming), .next(next_digest));
    sc_crc32 #(.BYTES(4)) running_crc (.crc(candidate), .data(coming), .next(next_candidate));
    wire guarded = digest == held_guard;
    wire stores  = rst_n && state == STORE && guarded;
    wire copies  = rst_n && state == COPY;

    always @(posedge clk) begin
        if (takes) begin
            command    <= |command_data[31:3] ? 3'd0 : command_data[2:0];
            bank       <= bank_select[BANK_BITS-1:0];
            entry      <= entry_index[ENTRY_BITS-1:0];
            data       <= {data_hi, data_lo};
            held_guard <= guard;
            swap_tick  <= command_data[2:0] == APPLY ? apply_tick : 32'd0;
            fits       <= bank_select >> BANK_BITS == 32'd0 && entry_index >> ENTRY_BITS == 32'd0;
            expected   <= expect_count == loaded_count && expect_crc == loaded_crc;
            digest     <= 32'd0;
            candidate  <= loaded_crc;
            turn       <= 2'd0;
            read_valid <= 1'b0;
        end
        if (decides || state == DIGEST) begin
            digest    <= next_digest;
            candidate <= next_candidate;
            turn      <= turn + 2'd1;
        end
        if (state == ANSWER) begin
            data       <= host_answer;
            read_valid <= !syncs;
        end
        if ((decides && goes && syncs) || (copies && bank_ends)) entry <= {ENTRY_BITS{1'b0}};
        else if (copies) entry <= entry + 1'b1;
        if (decides && goes && syncs) bank <= {BANK_BITS{1'b0}};
        else if (copies && bank_ends) bank <= bank + 1'b1;
        if (!rst_n) begin
            command    <= SYNC;
            bank       <= {BANK_BITS{1'b0}};
            entry      <= {ENTRY_BITS{1'b0}};
            read_valid <= 1'b0;
        end
    end

    // A swap that a reset finds is over, for then the engine is idle.
    always @(posedge clk) begin
        if (rst_n && decides && goes && (command == APPLY || command == REVERT)) half <= !half;
        if (state == SWAP && (swapped || !rst_n)) begin
            staged     <= applied;
            applied    <= staged;
            generation <= generation + 32'd1;
        end
        if (stores) begin
            staged       <= 1'b1;
            loaded_count <= loaded_count + 32'd1;
            loaded_crc   <= candidate;
        end
        if (copies && all_end) begin
            staged       <= 1'b0;
            applied      <= 1'b0;
            loaded_count <= 32'd0;
            loaded_crc   <= 32'd0;
        end
    end

    always @(posedge clk) begin
        if (!rst_n) state <= staged || applied ? SETTLE : IDLE;
        else begin
            case (state)
                IDLE:    if (command_write) state <= DECIDE;
                DECIDE:  state <= !goes ? IDLE
                                : is_load ? DIGEST
                                : syncs || command == READBACK ? SETTLE : SWAP;
                DIGEST:  if (turn == 2'd3) state <= STORE;
                STORE:   state <= IDLE;
                SWAP:    if (swapped) state <= IDLE;
                SETTLE:  state <= READ;
                READ:    if (engine_idle) state <= FETCH;
                FETCH:   state <= ANSWER;
                ANSWER:  state <= syncs ? COPY : IDLE;
                default: state <= all_end ? IDLE : SETTLE;
            endcase
        end
    end

    wire waits = state == SWAP;
    assign update_status = {26'd0, read_valid, half ^ waits, waits, applied, staged,
                            state != IDLE && !waits};
    assign {read_hi, read_lo} = read_valid ? data : 64'd0;
    assign traps_set = {28'd0,
                        rst_n && ((command_write && state != IDLE) || (decides && !allowed)),
                        rst_n && decides && allowed && unexpected,
                        rst_n && decides && allowed && unaddressed,
                        rst_n && state == STORE && !guarded};

    assign host_write   = stores || copies;
    assign host_read    = state == READ && engine_idle;
    assign host_half    = half ^ (state != READ);
    assign host_bank    = 8'(bank);
    assign host_entry   = 32'(entry);
    assign host_data    = data;
    assign target_half  = half;
    assign swap_pending = waits;

endmodule

`default_nettype wire
