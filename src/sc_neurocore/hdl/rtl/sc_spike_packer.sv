// Packs the spikes of SIZE neurons, one neuron a clock and in order, into a stream of events.
//
// A spike is taken in a clock with `enable` and `ready`. The event of a group of SIMD neurons, if
// any of them spiked, is at the output in the clock after its last neuron was taken; TICK follows
// in the clock after that event has left, or takes its place if there is none. `ready` is low
// while a word waits at the output and while TICK is still to come.
//
// Area: SIMD - 1 flip-flops for the group, two counters, and the output register.

`default_nettype none

module sc_spike_packer #(
    parameter integer SIZE = 16,  // neurons
    parameter integer SIMD = 4,   // neurons in an event
    localparam integer WORDS = (SIZE + SIMD - 1) / SIMD,
    localparam integer ADDRESS = WORDS > 1 ? $clog2(WORDS) : 1
) (
    input  wire                      clk,
    input  wire                      rst_n,  // synchronous, low resets
    input  wire                      enable,
    output wire                      ready,
    input  wire                      spike,
    output reg                       out_valid,
    input  wire                      out_ready,
    output reg  [2+ADDRESS+SIMD-1:0] out_data
);

    localparam [1:0] EVENT = 2'd0;
    localparam [1:0] TICK = 2'd2;
    localparam integer LANE = SIMD > 1 ? $clog2(SIMD) : 1;
    localparam integer REST = SIZE - (WORDS - 1) * SIMD;  // neurons in the last group

    reg [ADDRESS-1:0] group;
    reg [LANE-1:0]    lane;
    reg [SIMD-1:0]    spikes;  // of the group so far
    reg               ending;  // TICK is still to come

    wire free = !out_valid || out_ready;
    wire take = enable && ready;
    wire last_group = group == ADDRESS'(WORDS - 1);
    wire last_lane = lane == LANE'(SIMD - 1) || (last_group && lane == LANE'(REST - 1));
    wire [SIMD-1:0] mask = spikes | (SIMD'(spike) << lane);
    wire some = mask != {SIMD{1'b0}};
    wire ends = last_lane && last_group;
    wire ticks = ending || !some;  // what is put out is a TICK

    assign ready = free && !ending;

    always @(posedge clk) begin
        if (!rst_n) begin
            group     <= {ADDRESS{1'b0}};
            lane      <= {LANE{1'b0}};
            spikes    <= {SIMD{1'b0}};
            ending    <= 1'b0;
            out_valid <= 1'b0;
            out_data  <= {(2 + ADDRESS + SIMD){1'b0}};
        end else begin
            if (take) begin
                lane   <= last_lane ? {LANE{1'b0}} : lane + 1'b1;
                spikes <= last_lane ? {SIMD{1'b0}} : mask;
                if (last_lane) group <= last_group ? {ADDRESS{1'b0}} : group + 1'b1;
            end
            if (free) begin
                ending    <= take && ends && some;
                out_valid <= ending || (take && last_lane && (some || last_group));
                out_data  <= ticks ? {TICK, {(ADDRESS + SIMD){1'b0}}} : {EVENT, group, mask};
            end
        end
    end

endmodule

`default_nettype wire
