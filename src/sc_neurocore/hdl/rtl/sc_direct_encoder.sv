// Direct code: the levels themselves in every tick, one bit plane after the other, highest first.
//
// An input has an event in each plane in which its level has a one. Between the BITS + 1 planes is
// a PLANE, which tells the consumer to double its sums; after the last is the TICK. For loading
// and timing see sc_level_scan: a scan is a plane; a tick takes BITS + 1 times one clock for each
// word of SIMD levels and one for the PLANE or TICK.
//
// Area: sc_level_scan, BITS + 1 flip-flops, and SIMD multiplexers of BITS + 1 ways.

`default_nettype none

module sc_direct_encoder #(
    parameter integer SIZE  = 16,  // inputs
    parameter integer BITS  = 4,   // a level is from 0 to 2**BITS
    parameter integer SIMD  = 4,   // inputs in an event
    parameter integer TICKS = 8,
    localparam integer WORDS = (SIZE + SIMD - 1) / SIMD,
    localparam integer ADDRESS = WORDS > 1 ? $clog2(WORDS) : 1
) (
    input  wire                      clk,
    input  wire                      rst_n,  // synchronous, low resets
    input  wire                      load,
    input  wire [BITS:0]             level,
    output wire                      out_valid,
    input  wire                      out_ready,
    output wire [2+ADDRESS+SIMD-1:0] out_data
);

    localparam [1:0] PLANE = 2'd1;
    localparam [1:0] TICK = 2'd2;

    reg  [BITS:0] plane;  // one-hot
    wire [SIMD*(BITS+1)-1:0] levels;
    wire [SIMD-1:0] mask;
    wire ends, moves;

    always @(posedge clk) begin
        if (!rst_n)             plane <= {1'b1, {BITS{1'b0}}};
        else if (moves && ends) plane <= {plane[0], plane[BITS:1]};
    end

    genvar i;
    generate
        for (i = 0; i < SIMD; i = i + 1) begin : lane
            assign mask[i] = (levels[i*(BITS+1) +: BITS + 1] & plane) != {(BITS + 1){1'b0}};
        end
    endgenerate

    sc_level_scan #(.SIZE(SIZE), .BITS(BITS), .SIMD(SIMD), .SCANS(TICKS * (BITS + 1))) walk (
        .clk(clk), .rst_n(rst_n), .load(load), .level(level),
        .levels(levels), .ends(ends), .moves(moves), .mask(mask),
        .end_kind(plane[0] ? TICK : PLANE),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data)
    );

endmodule

`default_nettype wire
