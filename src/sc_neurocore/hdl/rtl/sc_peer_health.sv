// A score of a peer, from 0 to 255, and whether the peer is blocked:
// `sc_neurocore.hdl.links.PeerHealth`.
//
// At the end of a clock REWARD is added to the score if good is high, and the penalties of all
// other inputs that are high are taken off; the sum is held within 0 and 255. Both outputs are
// registers and show it from the next clock on: blocked is set by a score below THRESHOLD, cleared
// by one of THRESHOLD + HYSTERESIS or more, and else stays. The inputs count while it is set, too:
// good packets that are thrown away are how a peer recovers.
//
// After a reset the score is 255 and the peer is not blocked.
//
// Area: 9 flip-flops, an adder of 11 bits behind a sum of constants, three comparisons.

`default_nettype none

module sc_peer_health #(
    parameter integer REWARD     = 2,   // 0 to 255, like the penalties
    parameter integer BAD_CRC    = 16,
    parameter integer LOST       = 8,
    parameter integer LATE       = 4,
    parameter integer SILENT     = 4,
    parameter integer THRESHOLD  = 32,  // at least 1
    parameter integer HYSTERESIS = 32   // THRESHOLD + HYSTERESIS is at most 255
) (
    input  wire       clk,
    input  wire       rst_n,    // synchronous, low resets
    input  wire       good,     // a packet came whose checksum is right
    input  wire       bad_crc,  // or one whose checksum is wrong
    input  wire       lost,     // a sequence number has not come
    input  wire       late,     // a packet came after its deadline
    input  wire       silent,   // a tick ended in which nothing came
    output reg  [7:0] score,
    output reg        blocked
);

    generate
        if (THRESHOLD < 1 || THRESHOLD + HYSTERESIS > 255) begin : refused
            THRESHOLD_or_HYSTERESIS_is_out_of_range stop ();  // no such module
        end
    endgenerate

    // At least -4 * 255, at most 255 + 255.
    wire [10:0] sum = 11'(score) + (good ? 11'(REWARD) : 11'd0)
        - ((bad_crc ? 11'(BAD_CRC) : 11'd0) + (lost   ? 11'(LOST)   : 11'd0)
         + (late    ? 11'(LATE)    : 11'd0) + (silent ? 11'(SILENT) : 11'd0));
    wire [7:0] next = sum[10] ? 8'd0 : sum[9:8] != 2'd0 ? 8'd255 : sum[7:0];

    always @(posedge clk) begin
        if (!rst_n) begin
            score   <= 8'd255;
            blocked <= 1'b0;
        end else begin
            score <= next;
            if ({1'b0, next} < 9'(THRESHOLD))                    blocked <= 1'b1;
            else if ({1'b0, next} >= 9'(THRESHOLD + HYSTERESIS)) blocked <= 1'b0;
        end
    end

endmodule

`default_nettype wire
