// Counts the spikes of each class and finds the class with most; of equal ones the first.
//
// After each TICK the counts of the classes are brought up to date and compared, one by one. It
// ends with the last of TICKS ticks; if EARLY is 1, also as soon as no spikes of the ticks that
// remain can change the winner, namely as its lead over the strongest rival is more than those
// ticks, or equal to them with the winner before the rival. A class spikes at most once in a tick.
//
// A word is taken in each clock until a TICK. If that is taken in clock c, the classes have their
// turns in c + 1 to c + CLASSES, the decision is in c + CLASSES + 1, and in c + CLASSES + 2 either
// `done` is high for one clock, or the next word may be taken. From `done` on, until a reset,
// `winner` and `ticks_used` stay and nothing is taken.
//
// Area: the counts, a ring of registers that turns; one incrementer; two comparators; for each
// class a flip-flop for its spike.

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

    reg compares;  // the ring turns
    reg decides;
    reg over;

    wire [1:0]         kind = in_data[SIMD+ADDRESS +: 2];
    wire [ADDRESS-1:0] address = in_data[SIMD +: ADDRESS];
    wire               take = in_valid && in_ready;
    wire               ticks = take && kind == TICK;

    assign in_ready = !compares && !decides && !over;

    // Who spiked in this tick; the class whose turn it is is at the bottom.
    reg  [CLASSES-1:0] spikes;
    wire [CLASSES-1:0] come;
    genvar i;
    generate
        for (i = 0; i < CLASSES; i = i + 1) begin : class_
            assign come[i] = take && kind == EVENT && address == ADDRESS'(i / SIMD)
                          && in_data[i%SIMD];
        end
    endgenerate

    always @(posedge clk) begin
        if (!rst_n)        spikes <= {CLASSES{1'b0}};
        else if (compares) spikes <= spikes >> 1;
        else               spikes <= spikes | come;
    end

    // The counts, in the same order.
    reg  [CLASSES*COUNT-1:0] counts;
    wire [COUNT-1:0] count = counts[COUNT-1:0] + COUNT'(spikes[0]);

    always @(posedge clk) begin
        if (!rst_n)        counts <= {(CLASSES * COUNT){1'b0}};
        else if (compares) counts <= {count, counts[CLASSES*COUNT-1:COUNT]};
    end

    // The largest count so far, and the largest of the others.
    reg  [CLASS-1:0] at;
    reg  [COUNT-1:0] most;
    reg  [COUNT-1:0] rival;
    reg              first;      // the winner is before the strongest rival
    reg  [COUNT-1:0] remaining;  // ticks
    wire [COUNT-1:0] lead = most - rival;
    wire last_class = at == CLASS'(CLASSES - 1);
    // Without ticks that remain the lead is enough: of equal counts the winner is the first.
    wire settled = EARLY != 0 ? lead > remaining || (lead == remaining && first)
                              : remaining == {COUNT{1'b0}};

    assign ticks_used = COUNT'(TICKS) - remaining;

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
            compares <= compares ? !last_class : ticks;
            decides  <= compares && last_class;
            done     <= decides && settled;
            over     <= over || (decides && settled);
            if (ticks) begin
                remaining <= remaining - 1'b1;
                winner    <= {CLASS{1'b0}};
                most      <= {COUNT{1'b0}};
                rival     <= {COUNT{1'b0}};
                first     <= 1'b1;
            end
            if (compares) begin
                at <= last_class ? {CLASS{1'b0}} : at + 1'b1;
                if (count > most) begin
                    winner <= at;
                    most   <= count;
                    rival  <= most;
                    first  <= at == {CLASS{1'b0}};
                end else if (count > rival) begin
                    rival  <= count;
                    first  <= 1'b1;
                end
            end
        end
    end

endmodule

`default_nettype wire
