// Joins N streams of events into one: tick by tick, and in a tick one input after the other.
//
// Words are {kind, address, mask}. Input 0 goes through up to its TICK, then input 1, and so on;
// of the N TICKs only the last one goes on, the others are taken in one clock each, whether the
// output is ready or not. The address of an event of input i grows by BASES[i*ADDRESS_OUT +:
// ADDRESS_OUT]. A word passes in the clock in which it comes; in_ready depends on in_data.
//
// Area: a multiplexer of N ways, an adder, and $clog2(N) flip-flops.

`default_nettype none

module sc_stream_merge #(
    parameter integer N           = 2,
    parameter integer ADDRESS_IN  = 3,
    parameter integer ADDRESS_OUT = 4,  // at least ADDRESS_IN
    parameter integer SIMD        = 2,
    parameter [N*ADDRESS_OUT-1:0] BASES = 8'h80
) (
    input  wire                                clk,
    input  wire                                rst_n,  // synchronous, low resets
    input  wire [N-1:0]                        in_valid,
    output wire [N-1:0]                        in_ready,
    input  wire [N*(2+ADDRESS_IN+SIMD)-1:0]    in_data,
    output wire                                out_valid,
    input  wire                                out_ready,
    output wire [2+ADDRESS_OUT+SIMD-1:0]       out_data
);

    localparam [1:0] EVENT = 2'd0;
    localparam [1:0] TICK = 2'd2;
    localparam integer WORD = 2 + ADDRESS_IN + SIMD;
    localparam integer TURN = N > 1 ? $clog2(N) : 1;
    localparam [TURN-1:0] LAST = TURN'(N - 1);

    reg [TURN-1:0] turn;  // the input whose tick it is

    reg               valid;
    reg [WORD-1:0]    word;
    reg [ADDRESS_OUT-1:0] base;
    integer k;
    always @* begin
        valid = 1'b0;
        word = {WORD{1'b0}};
        base = {ADDRESS_OUT{1'b0}};
        for (k = 0; k < N; k = k + 1)
            if (turn == TURN'(k)) begin
                valid = in_valid[k];
                word = in_data[k*WORD +: WORD];
                base = BASES[k*ADDRESS_OUT +: ADDRESS_OUT];
            end
    end

    wire [1:0] kind = word[WORD-1 -: 2];
    wire [ADDRESS_OUT-1:0] address = ADDRESS_OUT'(word[SIMD +: ADDRESS_IN])
                                   + (kind == EVENT ? base : {ADDRESS_OUT{1'b0}});
    wire ends = kind == TICK;
    wire swallowed = ends && turn != LAST;
    wire taken = swallowed || out_ready;

    assign out_valid = valid && !swallowed;
    assign out_data = {kind, address, word[SIMD-1:0]};

    genvar i;
    generate
        for (i = 0; i < N; i = i + 1) begin : input_
            assign in_ready[i] = taken && turn == TURN'(i);
        end
    endgenerate

    always @(posedge clk) begin
        if (!rst_n)                      turn <= {TURN{1'b0}};
        else if (valid && ends && taken) turn <= turn == LAST ? {TURN{1'b0}} : turn + 1'b1;
    end

endmodule

`default_nettype wire
