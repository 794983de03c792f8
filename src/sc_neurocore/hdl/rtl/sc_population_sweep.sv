// Takes the currents of a population's neurons one a clock through one lane, and gives spikes.
//
// The lane is outside: combinational from lane_state, lane_parameters and lane_current to
// lane_next and lane_fire. In front of it and behind it are registers:
//   take a current and read the neuron's memories | register | lane | write the state, spike.
// States live in memory. In the first tick after reset INITIAL stands in for what was read, so the
// memory needs no clearing. After the last neuron of a tick the next current waits until all
// states are written: a tick takes NEURONS + 3 clocks, and more if spikes are not taken.
//
// PARAMETERS is a file with one word in hexadecimal per neuron and line.

`default_nettype none

module sc_population_sweep #(
    parameter integer           NEURONS        = 16,
    parameter integer           CURRENT_BITS   = 10,
    parameter integer           STATE_BITS     = 16,
    parameter [STATE_BITS-1:0]  INITIAL        = 16'd0,
    parameter integer           PARAMETER_BITS = 0,    // 0: no parameter memory
    parameter                   PARAMETERS     = "",
    parameter integer           PORT_BITS      = PARAMETER_BITS > 0 ? PARAMETER_BITS : 1
) (
    input  wire                           clk,
    input  wire                           rst_n,          // synchronous, low resets
    input  wire                           current_valid,
    output wire                           current_ready,
    input  wire signed [CURRENT_BITS-1:0] current,
    output wire                           lane_valid,     // a neuron is before the lane
    output reg  [STATE_BITS-1:0]          lane_state,
    output wire [PORT_BITS-1:0]           lane_parameters,
    output reg  signed [CURRENT_BITS-1:0] lane_current,
    input  wire [STATE_BITS-1:0]          lane_next,
    input  wire                           lane_fire,
    output wire                           spike_valid,
    input  wire                           spike_ready,
    output reg                            spike,
    output reg  [STATE_BITS-1:0]          spike_state     // the state after it
);

    localparam integer NEURON_BITS = NEURONS > 1 ? $clog2(NEURONS) : 1;

    reg [2:0] full;                  // a neuron is in the memories, before the lane, behind it
    reg draining;                    // the tick's last neuron is on its way
    reg first;                       // the tick is the first
    reg [NEURON_BITS-1:0] neuron;
    reg [NEURON_BITS-1:0] written;
    reg lane_last, spike_last;
    wire last = neuron == NEURON_BITS'(NEURONS - 1);
    wire step = !spike_valid || spike_ready;
    wire take = current_valid && current_ready;
    assign lane_valid    = full[1];
    assign spike_valid   = full[2];
    assign current_ready = step && !draining;

    always @(posedge clk) begin
        if (!rst_n) begin
            full     <= 3'd0;
            draining <= 1'b0;
            first    <= 1'b1;
            neuron   <= {NEURON_BITS{1'b0}};
            written  <= {NEURON_BITS{1'b0}};
        end else if (step) begin
            full <= {full[1:0], take};
            if (take) begin
                draining <= last;
                neuron   <= last ? {NEURON_BITS{1'b0}} : neuron + 1'b1;
            end
            if (spike_valid) begin
                written <= spike_last ? {NEURON_BITS{1'b0}} : written + 1'b1;
                if (spike_last) begin
                    draining <= 1'b0;
                    first    <= 1'b0;
                end
            end
        end
    end

    localparam integer CELLS = NEURONS > 1 ? NEURONS : 2;
    (* no_rw_check *) reg [STATE_BITS-1:0] states [0:CELLS-1];
    reg [STATE_BITS-1:0] state;
    reg signed [CURRENT_BITS-1:0] held;
    reg held_last;
    always @(posedge clk) begin
        if (step) begin
            state        <= states[neuron];
            held         <= current;
            held_last    <= last;
            lane_state   <= first ? INITIAL : state;
            lane_current <= held;
            lane_last    <= held_last;
            spike        <= lane_fire;
            spike_state  <= lane_next;
            spike_last   <= lane_last;
        end
        if (step && spike_valid) states[written] <= spike_state;
    end

    generate
        if (PARAMETER_BITS > 0) begin : with_parameters
            reg [PORT_BITS-1:0] parameters [0:NEURONS-1];
            reg [PORT_BITS-1:0] parameter_word, parameter_held;
            initial if (PARAMETERS != "") $readmemh(PARAMETERS, parameters);
            always @(posedge clk) begin
                if (step) begin
                    parameter_word <= parameters[neuron];
                    parameter_held <= parameter_word;
                end
            end
            assign lane_parameters = parameter_held;
        end else begin : without_parameters
            assign lane_parameters = {PORT_BITS{1'b0}};
        end
    endgenerate

endmodule

`default_nettype wire
