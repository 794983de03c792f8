// Sends a stream of spikes as packets of 32-bit words: a header, addresses, and a CRC-32.
//
// Addresses are collected up to a TICK, which ends a packet with the flag LAST, or until DEPTH of
// them wait and one more comes, which ends one without. Then its words leave, one a clock: magic,
// version and flags; the passport; batch and number of addresses; sequence number; the tick's
// upper half, which is zero, and its lower; the addresses in the order in which they came; the
// CRC of IEEE 802.3 over all of them, the highest byte of a word first. No word of the stream is
// taken meanwhile. in_ready depends on in_data; out_data stay while they wait.
//
// Area: a memory of DEPTH addresses, read synchronously, counters of 32 bits, and the CRC.

`default_nettype none

module sc_aer_transmitter #(
    parameter integer SIZE = 16,  // addresses are below
    parameter integer DEPTH = 8,  // most addresses of a packet, 2 to 65534
    parameter [31:0]  PASSPORT = 32'h00000000,
    parameter [15:0]  BATCH = 16'h0000,
    localparam integer ADDRESS = SIZE > 1 ? $clog2(SIZE) : 1
) (
    input  wire               clk,
    input  wire               rst_n,  // synchronous, low resets
    input  wire               in_valid,
    output wire               in_ready,
    input  wire [ADDRESS+2:0] in_data,  // kind, address, and a mask of one bit
    output wire               out_valid,
    input  wire               out_ready,
    output reg  [31:0]        out_data,
    output wire               out_last
);

    localparam [1:0] EVENT = 2'd0;
    localparam [1:0] TICK = 2'd2;
    localparam [23:0] KIND = {16'h5CAE, 4'd1, 4'd0};  // magic, version, spikes
    localparam integer COUNT = $clog2(DEPTH + 1);
    localparam integer CELL = $clog2(DEPTH);
    localparam [2:0] TICK_LOW = 3'd5;
    localparam [2:0] BODY = 3'd6;
    localparam [2:0] CHECK = 3'd7;

    reg [ADDRESS-1:0] memory [0:DEPTH-1];
    reg [ADDRESS-1:0] fetched;
    reg [COUNT-1:0]   count;  // addresses that wait
    reg [COUNT-1:0]   place;  // the one that leaves
    reg               sending;
    reg               last;
    reg [2:0]         step;   // words 0 to 5 of the header, the addresses, the CRC
    reg [31:0]        number;
    reg [31:0]        tick;
    reg [31:0]        crc;

    wire [1:0] kind = in_data[ADDRESS+1 +: 2];
    wire full = count == COUNT'(DEPTH);
    wire over = full && kind == EVENT;
    wire ends = kind == TICK;
    wire begins = !sending && in_valid && (ends || over);
    wire put = in_valid && in_ready && kind == EVENT;
    wire pass = sending && out_ready;
    wire more = place + 1'b1 != count;
    wire [CELL-1:0] read = place[CELL-1:0] + CELL'(pass && step == BODY && more);
    wire unused = in_data[0];

    assign in_ready = !sending && !over;
    assign out_valid = sending;
    assign out_last = sending && step == CHECK;

    always @* begin
        case (step)
            3'd0:     out_data = {KIND, 7'd0, last};
            3'd1:     out_data = PASSPORT;
            3'd2:     out_data = {BATCH, 16'(count)};
            3'd3:     out_data = number;
            3'd4:     out_data = 32'd0;
            TICK_LOW: out_data = tick;
            BODY:     out_data = 32'(fetched);
            default:  out_data = crc;
        endcase
    end

    wire [31:0] next;
    sc_crc32 #(.BYTES(4)) checksum (
        .crc(crc),
        .data({out_data[7:0], out_data[15:8], out_data[23:16], out_data[31:24]}),
        .next(next)
    );

    always @(posedge clk) begin
        if (put) memory[count[CELL-1:0]] <= in_data[1 +: ADDRESS];
        fetched <= memory[read];
    end

    always @(posedge clk) begin
        if (!rst_n) begin
            count   <= {COUNT{1'b0}};
            place   <= {COUNT{1'b0}};
            sending <= 1'b0;
            last    <= 1'b0;
            step    <= 3'd0;
            number  <= 32'd0;
            tick    <= 32'd0;
            crc     <= 32'd0;
        end else if (!sending) begin
            if (put) count <= count + 1'b1;
            if (begins) begin
                sending <= 1'b1;
                last    <= ends;
            end
        end else if (pass) begin
            crc <= next;
            case (step)
                TICK_LOW: step <= count == {COUNT{1'b0}} ? CHECK : BODY;
                BODY: begin
                    place <= place + 1'b1;
                    if (!more) step <= CHECK;
                end
                CHECK: begin
                    sending <= 1'b0;
                    step    <= 3'd0;
                    count   <= {COUNT{1'b0}};
                    place   <= {COUNT{1'b0}};
                    crc     <= 32'd0;
                    number  <= number + 1'b1;
                    if (last) tick <= tick + 1'b1;
                end
                default: step <= step + 1'b1;
            endcase
        end
    end

endmodule

`default_nettype wire
