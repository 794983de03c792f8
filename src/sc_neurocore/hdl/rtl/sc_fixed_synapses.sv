// The synapses of a layer in fixed point: for every event, a row of weights is added to the
// accumulators; at the end of a tick the accumulators come out in order, and are cleared.
//
// Event data is {kind, address, mask}; see sc_synapse_sequencer for the kinds and for how many
// clocks each takes. An EVENT adds, to each accumulator, the weights of those sources
// address * SIMD + s whose mask bit s is set. With SIMD = 1 the mask is taken as set.
//
// WEIGHTS is a file with one word in hexadecimal per line. Word group * ADDRESSES + address has
// the weights of the sources of `address` to the neurons of `group`, the weight of source s to
// neuron group * PE + p in bits (p * SIMD + s) * WEIGHT_BITS and up, in two's complement.
//
// With OUTSIDE the weights are in a memory outside, which gives the word of read_address a clock
// after read_enable and keeps it until the next; without it read_word is ignored.

`default_nettype none

module sc_fixed_synapses #(
    parameter integer NEURONS      = 16,
    parameter integer PE           = 4,
    parameter integer SIMD         = 1,
    parameter integer ADDRESSES    = 8,
    parameter integer ADDRESS_BITS = 3,
    parameter integer WEIGHT_BITS  = 6,
    parameter integer ACC_BITS     = 10,
    parameter integer DOUBLING     = 0,    // 1 if PLANE events occur
    parameter         WEIGHTS      = "",
    parameter integer OUTSIDE      = 0,    // 1 if the weights are in a memory outside
    parameter integer GROUPS       = (NEURONS + PE - 1) / PE,
    parameter integer DEPTH        = GROUPS * ADDRESSES,
    parameter integer POINTER_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1
) (
    input  wire                         clk,
    input  wire                         rst_n,          // synchronous, low resets
    input  wire                         event_valid,
    output wire                         event_ready,
    input  wire [ADDRESS_BITS+SIMD+1:0] event_data,     // {kind, address, mask}
    output wire                         current_valid,
    input  wire                         current_ready,
    output wire signed [ACC_BITS-1:0]   current,
    output wire                         read_enable,
    output wire [POINTER_BITS-1:0]      read_address,
    input  wire [PE*SIMD*WEIGHT_BITS-1:0] read_word
);

    localparam integer GROUP_BITS   = GROUPS > 1 ? $clog2(GROUPS) : 1;
    localparam integer LANE_BITS    = PE > 1 ? $clog2(PE) : 1;
    localparam integer SUM_BITS     = WEIGHT_BITS + $clog2(SIMD);
    localparam integer OPERAND_BITS = SUM_BITS < ACC_BITS ? SUM_BITS : ACC_BITS;

    // This clock a group is read.
    wire step;
    wire busy, group_ends, walk_ends;
    wire [1:0] kind;
    wire [GROUP_BITS-1:0] group;
    wire [LANE_BITS-1:0] lane;
    /* verilator lint_off PINCONNECTEMPTY */
    sc_synapse_sequencer #(.NEURONS(NEURONS), .PE(PE), .PASSES(1)) sequencer (
        .clk(clk), .rst_n(rst_n), .step(step),
        .event_valid(event_valid), .event_ready(event_ready),
        .event_kind(event_data[ADDRESS_BITS+SIMD +: 2]),
        .busy(busy), .kind(kind), .group(group), .lane(lane),
        .group_ends(group_ends), .pass_ends(), .walk_ends(walk_ends)
    );
    /* verilator lint_on PINCONNECTEMPTY */

    // The weights are read a clock before their group, so that they can rest in a register.
    wire begins = !busy || walk_ends;
    reg [POINTER_BITS-1:0] pointer;
    wire [POINTER_BITS-1:0] reads = begins ? POINTER_BITS'(event_data[SIMD +: ADDRESS_BITS])
                                           : pointer;
    reg [SIMD-1:0] mask;
    always @(posedge clk) begin
        if (step) pointer <= reads + POINTER_BITS'(ADDRESSES);
        if (event_ready) mask <= event_data[SIMD-1:0];
    end

    // With a memory outside, the one here is read by nobody, and vanishes.
    assign read_enable  = step;
    assign read_address = reads;
    reg [PE*SIMD*WEIGHT_BITS-1:0] weights [0:DEPTH-1];
    reg [PE*SIMD*WEIGHT_BITS-1:0] stored, weight;
    initial if (OUTSIDE == 0 && WEIGHTS != "") $readmemh(WEIGHTS, weights);
    always @(posedge clk) begin
        if (step) begin
            stored <= weights[reads];
            weight <= OUTSIDE != 0 ? read_word : stored;
        end
    end

    // In the next clock it is changed, or comes out.
    reg read_busy, read_ends;
    reg [1:0] read_kind;
    reg [GROUP_BITS-1:0] read_group;
    reg [LANE_BITS-1:0] read_lane;
    reg [SIMD-1:0] read_mask;
    assign current_valid = read_busy && read_kind == 2'd2;
    assign step = !current_valid || current_ready;
    always @(posedge clk) begin
        if (!rst_n) begin
            read_busy <= 1'b0;
        end else if (step) begin
            read_busy <= busy;
        end
        if (step) begin
            read_ends  <= group_ends;
            read_kind  <= kind;
            read_group <= group;
            read_lane  <= lane;
            read_mask  <= mask;
        end
    end

    wire [PE*OPERAND_BITS-1:0] operands;
    genvar p;
    generate
        for (p = 0; p < PE; p = p + 1) begin : target
            reg signed [SUM_BITS-1:0] sum;
            if (SIMD == 1) begin : one
                always @* sum = $signed(weight[p*WEIGHT_BITS +: WEIGHT_BITS]);
            end else begin : several
                integer s;
                always @* begin
                    sum = {SUM_BITS{1'b0}};
                    for (s = 0; s < SIMD; s = s + 1)
                        sum = sum + (read_mask[s]
                            ? SUM_BITS'($signed(weight[(p*SIMD+s)*WEIGHT_BITS +: WEIGHT_BITS]))
                            : {SUM_BITS{1'b0}});
                end
            end
            assign operands[p*OPERAND_BITS +: OPERAND_BITS] = sum[OPERAND_BITS-1:0];
        end
        if (SIMD == 1) begin : unmasked
            wire unused = &read_mask;
        end
    endgenerate

    wire [PE*ACC_BITS-1:0] word;
    sc_accumulators #(
        .PE(PE), .GROUPS(GROUPS), .ACC_BITS(ACC_BITS), .OPERAND_BITS(OPERAND_BITS),
        .DOUBLING(DOUBLING)
    ) accumulators (
        .clk(clk), .step(step), .read_group(group), .write_group(read_group),
        .write(read_busy && read_ends), .clear(read_kind[1]), .double(read_kind[0]),
        .operands(operands), .word(word)
    );

    generate
        if (PE == 1) begin : narrow
            assign current = word;
            wire unused = &read_lane;
        end else begin : wide
            assign current = word[read_lane*ACC_BITS +: ACC_BITS];
        end
    endgenerate

endmodule

`default_nettype wire
