// Lets each sequence number through once: `sc_neurocore.hdl.links.DedupWindow`.
//
// In a clock with valid high the number is judged, and exactly one of fresh, duplicate and stale is
// high in the same clock; otherwise none is. Numbers count modulo 2**32, and one is newer than
// another if it is ahead of it by less than 2**31. It is fresh if it is newer than the newest, or
// lies less than WINDOW behind it and has not come; a duplicate if it lies there and has come; stale
// if it is further behind. From the next clock on a fresh one has come, and is the newest if it was
// newer. A number can be judged in every clock. Give valid only for packets whose checksum is right.
//
// After a reset newest is 2**32 - 1, and all numbers up to it have come: the first one is 0.
//
// Area: 32 + WINDOW flip-flops, two subtractors of 32 bits, and the window's places between
// two numbers, which is most of it.

`default_nettype none

module sc_dedup_window #(
    parameter integer WINDOW = 64  // a power of two up to 2**30
) (
    input  wire        clk,
    input  wire        rst_n,      // synchronous, low resets
    input  wire        valid,
    input  wire [31:0] number,
    output wire        fresh,
    output wire        duplicate,
    output wire        stale,
    output reg  [31:0] newest
);

    localparam integer BITS = WINDOW > 1 ? $clog2(WINDOW) : 1;

    generate
        if ((WINDOW & (WINDOW - 1)) != 0) begin : refused
            WINDOW_is_no_power_of_two stop ();  // no such module
        end
    endgenerate

    localparam [BITS-1:0]   LAST = BITS'(WINDOW - 1);
    localparam [WINDOW-1:0] ALL  = {WINDOW{1'b1}};
    localparam [WINDOW-1:0] ONE  = WINDOW'(1);

    // A number's place is its lowest bits; of the numbers that share one, one is in the window.
    reg  [WINDOW-1:0] seen;
    wire [BITS-1:0]   from = newest[BITS-1:0] & LAST;
    wire [BITS-1:0]   to   = number[BITS-1:0] & LAST;

    wire [31:0] ahead = number - newest;
    wire [31:0] age   = newest - number;
    wire newer     = ahead != 32'd0 && !ahead[31];
    wire in_window = age < 32'(WINDOW);
    wire came      = seen[to];

    assign fresh     = valid && (newer || (in_window && !came));
    assign duplicate = valid && in_window && came;
    assign stale     = valid && !newer && !in_window;

    // Places between the newest and a newer number, whose numbers have not come; all if it is so
    // far ahead that the window leaves the newest behind.
    wire far   = ahead >= 32'(WINDOW);
    wire wraps = to < from;
    wire [WINDOW-1:0] above   = ALL << from << 1;
    wire [WINDOW-1:0] below   = ~(ALL << to);
    wire [WINDOW-1:0] between = far ? ALL : wraps ? above | below : above & below;
    wire [WINDOW-1:0] kept    = newer ? seen & ~between : seen;

    always @(posedge clk) begin
        if (!rst_n) begin
            newest <= 32'hffffffff;
            seen   <= ALL;
        end else if (fresh) begin
            if (newer) newest <= number;
            seen <= kept | ONE << to;
        end
    end

endmodule

`default_nettype wire
