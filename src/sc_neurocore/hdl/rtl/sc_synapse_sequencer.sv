// Walks a layer's accumulators for one stream event after another.
//
// An event of kind 0 (EVENT, add weights) makes PASSES walks over the groups, of kind 1 (PLANE,
// double all accumulators) one walk, a group a clock. Kind 2 (TICK, end of this tick) visits every
// neuron in order, a neuron a clock. After reset comes one walk of kind 3, to clear. The next
// event is taken in the last clock of a walk, so that an event takes
//   EVENT: GROUPS * PASSES clocks,  PLANE: GROUPS clocks,  TICK: NEURONS clocks,
// where GROUPS is NEURONS / PE, rounded up. With `step` low nothing moves.

`default_nettype none

module sc_synapse_sequencer #(
    parameter integer NEURONS = 16,
    parameter integer PE      = 4,
    parameter integer PASSES  = 1,
    parameter integer GROUPS  = (NEURONS + PE - 1) / PE,
    parameter integer GROUP_BITS = GROUPS > 1 ? $clog2(GROUPS) : 1,
    parameter integer LANE_BITS  = PE > 1 ? $clog2(PE) : 1
) (
    input  wire                  clk,
    input  wire                  rst_n,        // synchronous, low resets
    input  wire                  step,         // low holds the state
    input  wire                  event_valid,
    output wire                  event_ready,
    input  wire [1:0]            event_kind,
    output reg                   busy,         // in a walk
    output reg  [1:0]            kind,         // of the walk
    output reg  [GROUP_BITS-1:0] group,
    output reg  [LANE_BITS-1:0]  lane,         // of a TICK, else 0
    output wire                  group_ends,   // the last visit to this group in this walk
    output wire                  pass_ends,    // the last group of this pass
    output wire                  walk_ends     // the last clock of this walk
);

    localparam [1:0] EVENT = 2'd0, TICK = 2'd2, CLEAR = 2'd3;
    localparam integer LAST_LANE = NEURONS - (GROUPS - 1) * PE - 1;
    localparam integer PASS_BITS = PASSES > 1 ? $clog2(PASSES) : 1;

    reg  [PASS_BITS-1:0] pass;
    wire last_group = group == GROUP_BITS'(GROUPS - 1);
    wire last_pass  = PASSES == 1 || kind != EVENT || pass == PASS_BITS'(PASSES - 1);

    assign group_ends  = kind != TICK || lane == LANE_BITS'(PE - 1)
                       || (last_group && lane == LANE_BITS'(LAST_LANE));
    assign pass_ends   = group_ends && last_group;
    assign walk_ends   = pass_ends && last_pass;
    assign event_ready = step && (!busy || walk_ends);

    always @(posedge clk) begin
        if (!rst_n) begin
            busy  <= 1'b1;
            kind  <= CLEAR;
            group <= {GROUP_BITS{1'b0}};
            lane  <= {LANE_BITS{1'b0}};
            pass  <= {PASS_BITS{1'b0}};
        end else if (event_ready) begin
            busy  <= event_valid;
            kind  <= event_kind;
            group <= {GROUP_BITS{1'b0}};
            lane  <= {LANE_BITS{1'b0}};
            pass  <= {PASS_BITS{1'b0}};
        end else if (step) begin
            if (group_ends) begin
                lane  <= {LANE_BITS{1'b0}};
                group <= last_group ? {GROUP_BITS{1'b0}} : group + 1'b1;
                pass  <= pass + PASS_BITS'(last_group);
            end else begin
                lane  <= lane + 1'b1;
            end
        end
    end

endmodule

`default_nettype wire
