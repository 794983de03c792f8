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
// Area: 32 + WINDOW flip-flops, two subtractors of 32 bits, and a shifter of WINDOW bits, which is
// most of it.

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

    reg [WINDOW-1:0] seen;  // bit i: newest - i has come

    wire [31:0] ahead = number - newest;
    wire [31:0] age   = newest - number;
    wire newer  = ahead != 32'd0 && !ahead[31];
    wire inside_window = age < 32'(WINDOW);
    wire [WINDOW-1:0] place = WINDOW'(1) << age[BITS-1:0];
    wire came = (seen & place) != {WINDOW{1'b0}};

    assign fresh     = valid && (newer || (inside_window && !came));
    assign duplicate = valid && inside_window && came;
    assign stale     = valid && !newer && !inside_window;

    // What came before the newest that comes now; nothing if that is too far ahead.
    wire [WINDOW-1:0] moved = ahead < 32'(WINDOW) ? seen << ahead[BITS-1:0] : {WINDOW{1'b0}};

    always @(posedge clk) begin
        if (!rst_n) begin
            newest <= 32'hffffffff;
            seen   <= {WINDOW{1'b1}};
        end else if (fresh) begin
            if (newer) newest <= number;
            seen <= newer ? moved | WINDOW'(1) : seen | place;
        end
    end

endmodule

`default_nettype wire
