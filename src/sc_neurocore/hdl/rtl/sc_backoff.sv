// A pause after every failure, twice as long after the next: `sc_neurocore.hdl.links.Backoff`.
//
// A failure in a clock without a pause begins one: blocked is high from the next clock on, until
// so many clocks with tick high have passed: min(CAP, BASE * 2**(n-1)) after the n-th failure in a
// row, and a jitter of 0 to half of that. A tick in the clock of the failure does not count. A
// failure in a pause is not counted. A success makes the next failure, or one in the same clock,
// the first in a row; it does not end a pause.
//
// The jitter is made of the lowest bits of a 16-bit shift register, which moves with every pause
// that begins: as many bits as half the pause has; from what exceeds the half, the half and one are
// taken off.
//
// After a reset there was no failure, and the register holds SEED.
//
// Area: the shift register, a counter and a register of a pause's ticks, four adders of that width.

`default_nettype none

module sc_backoff #(
    parameter integer BASE = 1,        // at least 1
    parameter integer CAP  = 64,       // BASE to 65535
    parameter [15:0]  SEED = 16'h0001  // not zero
) (
    input  wire clk,
    input  wire rst_n,    // synchronous, low resets
    input  wire tick,     // a tick ends
    input  wire success,
    input  wire failure,
    output wire blocked
);

    generate
        if (BASE < 1 || CAP < BASE || CAP > 65535) begin : refused
            BASE_or_CAP_is_out_of_range stop ();  // no such module
        end
    endgenerate

    localparam integer SPAN = $clog2(CAP + 1);            // bits of a pause without jitter
    localparam integer LEFT = $clog2(CAP + CAP / 2 + 1);  // and with it

    reg  [SPAN-1:0] span;    // of the next pause
    reg  [LEFT-1:0] left;    // ticks of this one that are to come
    wire [15:0]     number;  // of which the jitter is made

    assign blocked = left != {LEFT{1'b0}};
    wire begins = failure && !blocked;

    sc_lfsr_fibonacci #(
        .WIDTH (16),
        .TAPS  (16'hb400),
        .SEED  (SEED)
    ) draw (
        .clk    (clk),
        .rst_n  (rst_n),
        .enable (begins),
        .number (number)
    );

    wire [SPAN-1:0] now   = success ? SPAN'(BASE) : span;
    wire [SPAN:0]   twice = {now, 1'b0};
    wire [15:0]     half  = 16'(now >> 1);

    // As many ones as half has bits.
    wire [15:0] by_2 = half | half >> 1;
    wire [15:0] by_4 = by_2 | by_2 >> 2;
    wire [15:0] by_8 = by_4 | by_4 >> 4;
    wire [15:0] mask = by_8 | by_8 >> 8;
    wire [15:0] drawn = number & mask;
    wire [LEFT-1:0] jitter = LEFT'(drawn > half ? drawn - half - 16'd1 : drawn);

    always @(posedge clk) begin
        if (!rst_n) begin
            span <= SPAN'(BASE);
            left <= {LEFT{1'b0}};
        end else begin
            if (begins)       span <= twice > (SPAN+1)'(CAP) ? SPAN'(CAP) : twice[SPAN-1:0];
            else if (success) span <= SPAN'(BASE);
            if (begins)               left <= LEFT'(now) + jitter;
            else if (tick && blocked) left <= left - 1'b1;
        end
    end

endmodule

`default_nettype wire
