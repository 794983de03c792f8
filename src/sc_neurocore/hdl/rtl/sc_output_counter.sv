// Counts the spikes of each class and finds the class with most; of equal ones the first.
//
// After a TICK the counts are compared one by one, if it is the last of TICKS, or after each if
// EARLY is 1: then it also ends as soon as no spikes of the ticks that remain can change the
// winner, namely as its lead over the strongest rival is more than those ticks, or equal to them
// with the winner before the rival. (Each class spikes once in a tick at most.)
//
// A word is taken in each clock until such a TICK. If that is taken in clock c, the comparisons
// are in c + 1 to c + CLASSES - 1, the decision is in c + CLASSES, and in c + CLASSES + 1 either
// `done` is high for one clock, or the next word may be taken. From `done` on, until a reset,
// `winner` and `ticks_used` stay and nothing is taken.
//
// Area: a counter for each class, a multiplexer of CLASSES ways, and two comparators.

`default_nettype none

module sc_output_counter #(
    parameter integer CLASSES = 10,  // at least 2
    parameter integer SIMD    = 1,   // classes in an event
    parameter integer TICKS   = 16,
    parameter integer EARLY   = 1,
    localparam integer WORDS = (CLASSES + SIMD - 1) / SIMD,
    localparam integer ADDRESS = WORDS > 1 ? $clog2(WORDS) : 1
) (
    input  wire                       clk,
    input  wire                       rst_n,  // synchronous, low resets
    input  wire                       in_valid,
    output wire                       in_ready,
    input  wire [2+ADDRESS+SIMD-1:0]  in_data,
    output reg                        done,
    output reg  [$clog2(CLASSES)-1:0] winner,
    output wire [$clog2(TICKS+1)-1:0] ticks_used
);

    localparam [1:0] EVENT = 2'd0;
    localparam [1:0] TICK = 2'd2;
    localparam integer CLASS = $clog2(CLASSES);
    localparam integer COUNT = $clog2(TICKS + 1);

    wire [1:0]         kind = in_data[SIMD+ADDRESS +: 2];
    wire [ADDRESS-1:0] address = in_data[SIMD +: ADDRESS];
    wire               take = in_valid && in_ready;

    reg  [CLASSES*COUNT-1:0] counts;
    reg  [COUNT-1:0] remaining;  // ticks
    assign ticks_used = COUNT'(TICKS) - remaining;

    genvar i;
    generate
        for (i = 0; i < CLASSES; i = i + 1) begin : class_
            wire spikes = take && kind == EVENT && address == ADDRESS'(i / SIMD)
                       && in_data[i%SIMD];
            always @(posedge clk) begin
                if (!rst_n)      counts[i*COUNT +: COUNT] <= {COUNT{1'b0}};
                else if (spikes) counts[i*COUNT +: COUNT] <= counts[i*COUNT +: COUNT] + 1'b1;
            end
        end
    endgenerate

    // The comparison: the largest count so far, and the largest of the others.
    reg               compares;  // class `at` is compared
    reg               decides;
    reg               over;
    reg  [CLASS-1:0]  at;
    reg  [COUNT-1:0]  most;
    reg  [COUNT-1:0]  rival;
    reg               first;     // the winner is before the strongest rival
    reg  [COUNT-1:0]  count;
    integer k;
    always @* begin
        count = {COUNT{1'b0}};
        for (k = 0; k < CLASSES; k = k + 1)
            if (at == CLASS'(k)) count = counts[k*COUNT +: COUNT];
    end

    wire [COUNT-1:0] lead = most - rival;
    wire settled = EARLY != 0 ? lead > remaining || (lead == remaining && first)
                              : 1'b1;
    wire asks = EARLY != 0 || remaining == COUNT'(1);

    assign in_ready = !compares && !decides && !over;

    always @(posedge clk) begin
        if (!rst_n) begin
            remaining <= COUNT'(TICKS);
            compares  <= 1'b0;
            decides   <= 1'b0;
            over      <= 1'b0;
            done      <= 1'b0;
            at        <= {CLASS{1'b0}};
            winner    <= {CLASS{1'b0}};
            most      <= {COUNT{1'b0}};
            rival     <= {COUNT{1'b0}};
            first     <= 1'b1;
        end else begin
            done <= decides && settled;
            if (take && kind == TICK) begin
                remaining <= remaining - 1'b1;
                compares  <= asks;
                at        <= CLASS'(1);
                winner    <= {CLASS{1'b0}};
                most      <= counts[COUNT-1:0];
                rival     <= {COUNT{1'b0}};
                first     <= 1'b1;
            end
            if (compares) begin
                at       <= at + 1'b1;
                compares <= at != CLASS'(CLASSES - 1);
                decides  <= at == CLASS'(CLASSES - 1);
                if (count > most) begin
                    most   <= count;
                    winner <= at;
                    rival  <= most;
                    first  <= 1'b0;
                end else if (count > rival) begin
                    rival <= count;
                    first <= 1'b1;
                end
            end
            if (decides) begin
                decides <= 1'b0;
                over    <= settled;
            end
        end
    end

endmodule

`default_nettype wire
