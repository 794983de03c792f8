// A link between chips, as a model for simulation: it holds a packet, and passes it on LATENCY
// clocks later, or does to it what FILE says, a number a packet:
//   bits 3:0   0 nothing, 1 drops it, 2 sends it twice, 3 inverts a bit, 4 drops a word,
//              5 sends a word twice
//   bits 15:4  the word that is meant
// A receiver that is not ready stops everything.

`default_nettype none

module link_model #(
    parameter integer ROOM = 256,     // words that it holds, one of them free; more than a packet
    parameter integer LATENCY = 4,    // at least 1
    parameter integer PACKETS = 256,  // that FILE has numbers for, from the first after a reset on
    parameter FILE = ""
) (
    input  wire        clk,
    input  wire        rst_n,
    input  wire        clear_n,  // low forgets words, but goes on counting packets
    input  wire        in_valid,
    output wire        in_ready,
    input  wire [31:0] in_data,
    input  wire        in_last,
    output wire        out_valid,
    input  wire        out_ready,
    output wire [31:0] out_data,
    output wire        out_last
);

    localparam integer POINTER = $clog2(ROOM);
    localparam integer LINE = 34 * LATENCY;

    reg [15:0] faults [0:PACKETS-1];
    initial if (FILE != "") $readmemh(FILE, faults);

    reg [32:0]        words [0:ROOM-1];
    reg [POINTER-1:0] head;      // where the next word goes
    reg [POINTER-1:0] complete;  // up to here there are whole packets
    reg [POINTER-1:0] packet;    // first word of the packet that leaves
    reg [POINTER-1:0] tail;      // its next word
    reg [11:0]        place;     // and that word's number
    reg               again;     // it has left once
    reg               doubled;   // that word has
    reg [31:0]        number;    // of the packet

    wire [15:0] fault = number < PACKETS ? faults[number[$clog2(PACKETS)-1:0]] : 16'd0;
    wire [3:0] what = fault[3:0];
    wire meant = place == fault[15:4];
    wire moves = !out_valid || out_ready;
    wire some = complete != tail;
    wire [32:0] word = words[tail];
    wire stays = what == 4'd5 && meant && !doubled;
    wire ends = word[32] && !stays;
    wire passes = some && what != 4'd1 && !(what == 4'd4 && meant);
    wire twice = what == 4'd2 && !again;

    assign in_ready = head + 1'b1 != packet;

    reg [LINE-1:0] line;  // words on the way, the oldest on top
    assign {out_valid, out_last, out_data} = line[LINE-1 -: 34];
    wire [33:0] enters =
        passes ? {1'b1, ends, word[31:1], word[0] ^ (what == 4'd3 && meant)} : 34'd0;

    always @(posedge clk) begin
        if (!rst_n || !clear_n) begin
            head     <= {POINTER{1'b0}};
            complete <= {POINTER{1'b0}};
            packet   <= {POINTER{1'b0}};
            tail     <= {POINTER{1'b0}};
            place    <= 12'd0;
            again    <= 1'b0;
            doubled  <= 1'b0;
            line     <= {LINE{1'b0}};
        end else begin
            if (in_valid && in_ready) begin
                words[head] <= {in_last, in_data};
                head <= head + 1'b1;
                if (in_last) complete <= head + 1'b1;
            end
            if (moves) begin
                line <= LINE'({line, enters});
                if (some) begin
                    doubled <= stays;
                    if (!stays) tail <= ends && twice ? packet : tail + 1'b1;
                    if (!stays) place <= ends ? 12'd0 : place + 1'b1;
                    if (ends) begin
                        again <= twice;
                        if (!twice) packet <= tail + 1'b1;
                    end
                end
            end
        end
        if (!rst_n)                                     number <= 32'd0;
        else if (clear_n && moves && some && ends && !twice) number <= number + 1'b1;
    end

endmodule

`default_nettype wire
