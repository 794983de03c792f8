// Which half of its live memory each layer reads, so that all change at one tick of an inference.
//
// The layers of an engine are in different ticks in the same clock. A layer's tick ends in a clock
// with its bit of `tick_ends`, and from the next clock on the layer reads what belongs to the next
// tick. With rst_n low no layer reads, and every half is target_half from the next clock on.
//
// An exchange that becomes pending before any layer has begun tick swap_tick is done in this
// inference: each layer takes target_half when it begins that tick. Otherwise, and with swap_tick 0,
// and if the inference ends before that tick, it is done after the inference. So in no tick of an
// inference do two layers have other halves.
//
// The halves have no other reset, but are 0 at power-up, like those of sc_live_control.
//
// Area: a tick counter, a comparator and a flip-flop for each layer.

`default_nettype none

module sc_live_swap #(
    parameter integer LAYERS = 2,
    parameter integer TICKS  = 16
) (
    input  wire              clk,
    input  wire              rst_n,        // synchronous; low between inferences
    input  wire [LAYERS-1:0] tick_ends,
    input  wire              target_half,
    input  wire              swap_pending,
    input  wire [31:0]       swap_tick,
    output reg  [LAYERS-1:0] half,
    output wire              swapped       // every half is target_half
);

    localparam integer TICK_BITS = $clog2(TICKS + 1);

    initial half = {LAYERS{1'b0}};
    assign swapped = half == {LAYERS{target_half}};

    // An exchange was pending in the clock before; and no layer had begun its tick when it came.
    reg waits, joins;
    wire comes = swap_tick <= 32'(TICKS - 1);
    wire [TICK_BITS-1:0] swaps = swap_tick[TICK_BITS-1:0];
    reg  [LAYERS*TICK_BITS-1:0] ticks;
    wire [LAYERS-1:0] begun, begins;
    genvar k;
    generate
        for (k = 0; k < LAYERS; k = k + 1) begin : layer
            wire [TICK_BITS-1:0] next = ticks[k*TICK_BITS +: TICK_BITS] + TICK_BITS'(tick_ends[k]);
            assign begun[k]  = next >= swaps;
            assign begins[k] = tick_ends[k] && next == swaps;
            always @(posedge clk) begin
                ticks[k*TICK_BITS +: TICK_BITS] <= rst_n ? next : {TICK_BITS{1'b0}};
                if (!rst_n || (swap_pending && joins && begins[k])) half[k] <= target_half;
            end
        end
    endgenerate

    always @(posedge clk) begin
        if (!rst_n || !swap_pending) begin
            waits <= 1'b0;
            joins <= 1'b0;
        end else begin
            waits <= 1'b1;
            if (!waits) joins <= comes && begun == {LAYERS{1'b0}};
        end
    end

endmodule

`default_nettype wire
