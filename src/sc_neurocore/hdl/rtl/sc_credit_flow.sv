// At most CREDITS packets under way: `sc_neurocore.hdl.links.CreditFlow`.
//
// A packet is sent in a clock with send and ready high: it bears the number sequence_number, and
// from the next clock on it is outstanding and the number one more, modulo 2**32. With ready low,
// send has no effect. ready depends on no input.
//
// In a clock with acknowledge high, following is the number behind the last packet that the receiver
// is done with: it gives the credits of all before it back from the next clock on. One that
// acknowledges nothing that is outstanding has no effect; if it acknowledges what is not sent yet,
// impossible is high in the same clock. A packet sent in the same clock is not among those that it
// can acknowledge. As acknowledgements are cumulative, one that is lost, repeated or overtaken
// neither loses nor makes a credit.
//
// After a reset nothing is outstanding, and the number is 0.
//
// Area: 32 flip-flops and those of a count to CREDITS, a subtractor and a counter of 32 bits.

`default_nettype none

module sc_credit_flow #(
    parameter integer CREDITS = 64,  // 1 to 65535
    parameter integer WIDTH   = $clog2(CREDITS + 1)
) (
    input  wire             clk,
    input  wire             rst_n,      // synchronous, low resets
    input  wire             send,
    output wire             ready,
    output reg  [31:0]      sequence_number,
    input  wire             acknowledge,
    input  wire [31:0]      following,
    output wire             impossible,
    output reg  [WIDTH-1:0] outstanding
);

    // Packets that an acknowledgement leaves outstanding; fewer than before if it is a new one.
    wire [31:0] rest = sequence_number - following;
    wire taken = acknowledge && rest < 32'(outstanding);
    wire sent  = send && ready;

    assign ready      = outstanding != WIDTH'(CREDITS);
    assign impossible = acknowledge && rest[31];

    always @(posedge clk) begin
        if (!rst_n) begin
            sequence_number <= 32'd0;
            outstanding     <= {WIDTH{1'b0}};
        end else begin
            if (sent) sequence_number <= sequence_number + 32'd1;
            outstanding <= (taken ? rest[WIDTH-1:0] : outstanding) + WIDTH'(sent);
        end
    end

endmodule

`default_nettype wire
