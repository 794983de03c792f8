// Takes packets of a link and gives their addresses as a stream of spikes, tick by tick.
//
// A packet is held until its last word, its CRC-32, has come; none is taken while one is judged,
// which takes a clock, and given. Judged are, in this order: length and CRC (`bad`); magic,
// version, kind, passport and batch (`foreign`); addresses that increase and are below SIZE, and a
// tick below TICKS that its sequence number allows (`bad`); then `check` asks whether the sequence
// number is seen for the first time, which `fresh` answers in the same clock (`duplicate`). Links
// keep the order: what a gap in the sequence left out is `lost`, and if it comes after all, or its
// tick is over, `late`. A tick is at least a packet, so ticks that were lost are closed without
// spikes. If PATIENCE is not 0, the open tick is closed too after so many clocks in which it was
// `wanted` and no word was given (`expired`).
//
// Nothing of a packet is given before it is judged, and nothing of one that is not counted as good.
// Each address is given once, in its tick. out_data stay while they wait.
//
// Area: a memory of DEPTH addresses, read synchronously, the CRC, and counters of 32 bits.

`default_nettype none

module sc_aer_receiver #(
    parameter integer SIZE = 16,      // addresses are below
    parameter integer DEPTH = 8,      // most addresses of a packet, 2 to 65534
    parameter integer TICKS = 16,
    parameter integer PATIENCE = 0,   // clocks; 0 waits for ever
    parameter [31:0]  PASSPORT = 32'h00000000,
    parameter [15:0]  BATCH = 16'h0000,
    localparam integer ADDRESS = SIZE > 1 ? $clog2(SIZE) : 1
) (
    input  wire               clk,
    input  wire               rst_n,  // synchronous, low resets
    input  wire               in_valid,
    output wire               in_ready,
    input  wire [31:0]        in_data,
    input  wire               in_last,
    output wire               check,
    output reg  [31:0]        number,
    input  wire               fresh,
    input  wire               wanted,
    output wire               out_valid,
    input  wire               out_ready,
    output wire [ADDRESS+2:0] out_data,  // kind, address, and a mask of one bit
    output reg  [31:0]        good,
    output reg  [31:0]        bad,
    output reg  [31:0]        foreign,
    output reg  [31:0]        duplicate,
    output reg  [31:0]        lost,
    output reg  [31:0]        late,
    output reg  [31:0]        expired
);

    localparam [1:0] EVENT = 2'd0;
    localparam [1:0] TICK = 2'd2;
    localparam [23:0] KIND = {16'h5CAE, 4'd1, 4'd0};  // magic, version, spikes
    localparam integer COUNT = $clog2(DEPTH + 2);
    localparam [COUNT-1:0] MANY = COUNT'(DEPTH + 1);  // too many
    localparam integer CELL = $clog2(DEPTH);
    localparam integer TIME = $clog2(TICKS + 1);
    localparam integer WAIT = PATIENCE > 0 ? $clog2(PATIENCE + 1) : 1;
    localparam [1:0] TAKE = 2'd0;
    localparam [1:0] JUDGE = 2'd1;
    localparam [1:0] GIVE = 2'd2;
    localparam [1:0] EXPIRE = 2'd3;
    localparam [2:0] BODY = 3'd6;

    reg [ADDRESS-1:0] memory [0:DEPTH-1];
    reg [ADDRESS-1:0] fetched;
    reg [1:0]         state;

    // Of the packet that comes in.
    reg [2:0]         step;    // words 0 to 5 of the header, then addresses and CRC
    reg [31:0]        crc;
    reg               whole;   // nothing is missing, and the CRC is right
    reg               ours;
    reg               sound;
    reg               last;
    reg [15:0]        wants;   // addresses that the header announces
    reg [COUNT-1:0]   count;   // addresses that came, up to MANY
    reg [ADDRESS:0]   least;   // the next address at least
    reg [ADDRESS-1:0] first;   // the first address
    reg [TIME-1:0]    tick;

    reg [31:0]        expected;  // the next sequence number
    reg [TIME-1:0]    open;      // the tick whose spikes are given
    reg [ADDRESS:0]   given;     // the next address of that tick at least
    reg [COUNT-1:0]   place;     // the next one of the packet to be given

    wire take = in_valid && in_ready;
    wire judge = state == JUDGE;
    wire closed = open == TIME'(TICKS);

    // Judgement. With gap < 2**31 the packet is the expected one or after it.
    wire [31:0] gap = number - expected;
    wire ahead = !gap[31];
    wire past = tick < open;
    wire leaps = !past && 32'(tick - open) > gap;
    wire repeats = tick == open && count != {COUNT{1'b0}} && {1'b0, first} < given;
    wire sane = sound && (!ahead || !(leaps || repeats));
    wire accepted = check && fresh && ahead && !past;

    assign check = judge && whole && ours && sane;
    assign in_ready = state == TAKE;

    // What is given: TICKs up to the packet's tick, its addresses, and a TICK if it is the last.
    wire skips = open != tick;
    wire spikes = place != count;
    wire more = place + 1'b1 != count;
    wire ticks = state == EXPIRE || skips || !spikes;
    assign out_valid = state == EXPIRE || (state == GIVE && (skips || spikes || last));
    assign out_data = ticks ? {TICK, {(ADDRESS + 1){1'b0}}} : {EVENT, fetched, 1'b1};
    wire give = out_valid && out_ready;
    wire over = state == GIVE && !skips && (spikes ? give && !last && !more : give || !last);

    wire [31:0] next;
    sc_crc32 #(.BYTES(4)) checksum (
        .crc(crc),
        .data({in_data[7:0], in_data[15:8], in_data[23:16], in_data[31:24]}),
        .next(next)
    );

    wire room = count < COUNT'(DEPTH);
    wire puts = take && step == BODY && !in_last;
    wire [CELL-1:0] read = place[CELL-1:0] + CELL'(give && !ticks && more);
    always @(posedge clk) begin
        if (puts && room) memory[count[CELL-1:0]] <= in_data[ADDRESS-1:0];
        fetched <= memory[read];
    end

    // The packet, word by word.
    always @(posedge clk) begin
        if (!rst_n || judge) begin
            step  <= 3'd0;
            crc   <= 32'd0;
            ours  <= 1'b1;
            sound <= 1'b1;
            least <= {(ADDRESS + 1){1'b0}};
        end else if (take) begin
            crc <= next;
            if (step != BODY) step <= step + 1'b1;
            case (step)
                3'd0: if (in_data[31:1] != {KIND, 7'd0}) ours <= 1'b0;
                3'd1: if (in_data != PASSPORT) ours <= 1'b0;
                3'd2: if (in_data[31:16] != BATCH) ours <= 1'b0;
                3'd4: if (in_data != 32'd0) sound <= 1'b0;
                3'd5: if (in_data >= 32'(TICKS)) sound <= 1'b0;
                BODY: if (!in_last) begin
                    if (in_data >= 32'(SIZE) || in_data < 32'(least)) sound <= 1'b0;
                    least <= {1'b0, in_data[ADDRESS-1:0]} + 1'b1;
                end
                default: ;
            endcase
        end
    end
    always @(posedge clk) begin
        if (!rst_n) begin
            whole  <= 1'b0;
            last   <= 1'b0;
            wants  <= 16'd0;
            number <= 32'd0;
            tick   <= {TIME{1'b0}};
            first  <= {ADDRESS{1'b0}};
            count  <= {COUNT{1'b0}};
        end else if (take) begin
            case (step)
                3'd0: last <= in_data[0];
                3'd2: wants <= in_data[15:0];
                3'd3: number <= in_data;
                3'd5: tick <= in_data[TIME-1:0];
                default: ;
            endcase
            if (step == 3'd0) count <= {COUNT{1'b0}};
            if (puts) begin
                if (count != MANY) count <= count + 1'b1;
                if (count == {COUNT{1'b0}}) first <= in_data[ADDRESS-1:0];
            end
            whole <= in_last && step == BODY && in_data == crc && 16'(count) == wants
                && count != MANY;
        end
    end

    wire patient;
    generate
        if (PATIENCE == 0) begin : waits
            assign patient = 1'b1;
            wire unused = wanted;
        end else begin : expires
            reg [WAIT-1:0] clocks;
            assign patient = clocks != WAIT'(PATIENCE);
            always @(posedge clk) begin
                if (!rst_n || !wanted || out_valid) clocks <= {WAIT{1'b0}};
                else if (patient)                   clocks <= clocks + 1'b1;
            end
        end
    endgenerate

    always @(posedge clk) begin
        if (!rst_n) begin
            state    <= TAKE;
            expected <= 32'd0;
            open     <= {TIME{1'b0}};
            given    <= {(ADDRESS + 1){1'b0}};
            place    <= {COUNT{1'b0}};
        end else begin
            case (state)
                TAKE: if (take && in_last) state <= JUDGE;
                      else if (!patient && !closed) state <= EXPIRE;
                JUDGE: state <= accepted ? GIVE : TAKE;
                GIVE: if (over) state <= TAKE;
                default: if (out_ready) state <= TAKE;
            endcase
            if (check && fresh && ahead) expected <= number + 1'b1;
            if (in_ready) place <= {COUNT{1'b0}};
            if (give) begin
                if (ticks) open <= open + 1'b1;
                else place <= place + 1'b1;
                given <= ticks ? {(ADDRESS + 1){1'b0}} : {1'b0, fetched} + 1'b1;
            end
        end
    end

    always @(posedge clk) begin
        if (!rst_n) begin
            good      <= 32'd0;
            bad       <= 32'd0;
            foreign   <= 32'd0;
            duplicate <= 32'd0;
            lost      <= 32'd0;
            late      <= 32'd0;
            expired   <= 32'd0;
        end else begin
            if (accepted)                                good <= good + 1'b1;
            if (judge && (!whole || (ours && !sane)))    bad <= bad + 1'b1;
            if (judge && whole && !ours)                 foreign <= foreign + 1'b1;
            if (check && !fresh)                         duplicate <= duplicate + 1'b1;
            if (check && fresh && ahead)                 lost <= lost + gap;
            if (check && fresh && (!ahead || past))      late <= late + 1'b1;
            if (state == EXPIRE && out_ready)            expired <= expired + 1'b1;
        end
    end

endmodule

`default_nettype wire
