// Rate code: in tick t input j spikes if and only if number t of a shared source is below level j.
//
// The source is dimension 2 of the Sobol sequence, BITS wide. It has 2**BITS numbers; with more
// ticks they are repeated. For loading and timing see sc_level_scan: a scan is a tick, and TICK
// is its end; a tick takes one clock for each word of SIMD levels and one for the TICK.
//
// Area: sc_level_scan, sc_sobol and SIMD comparators.

`default_nettype none

module sc_rate_encoder #(
    parameter integer SIZE  = 16,  // inputs
    parameter integer BITS  = 4,   // a level is from 0 to 2**BITS; at least 2
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

    localparam [1:0] TICK = 2'd2;

    // Direction numbers of x + 1: each integer is the one before, doubled, plus (XOR) itself.
    function automatic [BITS*BITS-1:0] second_dimension(input integer width);
        reg [BITS-1:0] m;
        integer d;
        begin
            m = BITS'(1);
            second_dimension = {(BITS * BITS){1'b0}};
            for (d = 0; d < width; d = d + 1) begin
                second_dimension[d*BITS +: BITS] = m << (width - 1 - d);
                m = m ^ (m << 1);
            end
        end
    endfunction

    wire [SIMD*(BITS+1)-1:0] levels;
    wire [SIMD-1:0] mask;
    wire [BITS-1:0] number;
    wire ends, moves;

    sc_sobol #(
        .WIDTH(BITS), .DIRECTIONS(second_dimension(BITS)), .SHIFT({BITS{1'b0}})
    ) source (
        .clk(clk), .rst_n(rst_n), .enable(moves && ends), .number(number)
    );

    genvar i;
    generate
        for (i = 0; i < SIMD; i = i + 1) begin : lane
            sc_comparator #(.WIDTH(BITS)) compare (
                .number(number), .threshold(levels[i*(BITS+1) +: BITS + 1]), .stream(mask[i])
            );
        end
    endgenerate

    sc_level_scan #(.SIZE(SIZE), .BITS(BITS), .SIMD(SIMD), .SCANS(TICKS)) walk (
        .clk(clk), .rst_n(rst_n), .load(load), .level(level),
        .levels(levels), .ends(ends), .moves(moves), .mask(mask), .end_kind(TICK),
        .out_valid(out_valid), .out_ready(out_ready), .out_data(out_data)
    );

endmodule

`default_nettype wire
