// The synapses of a layer as bipolar bit streams: for every event, each of LENGTH clocks adds the
// stream bits of a row of weights, a one as +1 and a zero as -1, to the accumulators; at the end
// of a tick the accumulators come out in order, and are cleared.
//
// A weight W of WEIGHT_BITS = b bits has the stream of u = W + 2**(b - 1) by the weighted binary
// generator (Gupta & Kumaresan 1988) on the van der Corput sequence: where the lowest zero of the
// number of a stream clock is its bit z, the stream bit is bit b - 1 - z of u, and 0 if z >= b.
// So no numbers are compared: the weights are stored in bit planes, and a stream clock reads one.
// Tick t has the stream clocks t * LENGTH and up.
//
// Event data is {kind, address, mask}; see sc_synapse_sequencer for the kinds and for how many
// clocks each takes. With SIMD = 1 the mask is taken as set.
//
// WEIGHTS is a file with one word in hexadecimal per line. Word
// (z * GROUPS + group) * ADDRESSES + address has bit b - 1 - z of u, of source s of `address` and
// neuron group * PE + p, in its bit p * SIMD + s.
//
// With OUTSIDE the weights are in a memory outside, which gives the word of read_address a clock
// after read_enable and keeps it until the next; without it read_word is ignored.

`default_nettype none

module sc_stochastic_synapses #(
    parameter integer NEURONS      = 16,
    parameter integer PE           = 4,
    parameter integer SIMD         = 1,
    parameter integer ADDRESSES    = 8,
    parameter integer ADDRESS_BITS = 3,
    parameter integer WEIGHT_BITS  = 6,
    parameter integer ACC_BITS     = 10,
    parameter integer DOUBLING     = 0,    // 1 if PLANE events occur
    parameter integer LENGTH       = 64,   // a power of two, 2 or more
    parameter         WEIGHTS      = "",
    parameter integer OUTSIDE      = 0,    // 1 if the weights are in a memory outside
    parameter integer GROUPS       = (NEURONS + PE - 1) / PE,
    parameter integer DEPTH        = GROUPS * ADDRESSES * WEIGHT_BITS,
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
    input  wire [PE*SIMD-1:0] read_word
);

    localparam integer GROUP_BITS   = GROUPS > 1 ? $clog2(GROUPS) : 1;
    localparam integer LANE_BITS    = PE > 1 ? $clog2(PE) : 1;
    localparam integer PLANE        = GROUPS * ADDRESSES;
    localparam integer SUM_BITS     = 2 + $clog2(SIMD);
    localparam integer OPERAND_BITS = SUM_BITS < ACC_BITS ? SUM_BITS : ACC_BITS;
    localparam integer CLOCK_BITS   = $clog2(LENGTH);
    // Of the number of the stream clock, CLOCK_BITS count within a tick, the others the ticks.
    localparam integer TICK_BITS    = WEIGHT_BITS > CLOCK_BITS ? WEIGHT_BITS - CLOCK_BITS : 1;

    // This clock a group is read.
    wire step;
    wire busy, group_ends, walk_ends;
    wire [1:0] kind;
    wire [GROUP_BITS-1:0] group;
    wire [LANE_BITS-1:0] lane;
    /* verilator lint_off PINCONNECTEMPTY */
    sc_synapse_sequencer #(.NEURONS(NEURONS), .PE(PE), .PASSES(LENGTH)) sequencer (
        .clk(clk), .rst_n(rst_n), .step(step),
        .event_valid(event_valid), .event_ready(event_ready),
        .event_kind(event_data[ADDRESS_BITS+SIMD +: 2]),
        .busy(busy), .kind(kind), .group(group), .lane(lane),
        .group_ends(group_ends), .pass_ends(), .walk_ends(walk_ends)
    );
    /* verilator lint_on PINCONNECTEMPTY */

    // The planes are read a clock before their group, so that they can rest in a register; where
    // to read next is worked out another clock before. The first stream clock of an event is even,
    // so its plane is the first.
    wire begins = !busy || walk_ends;
    wire last_group_next = GROUPS == 1 || (!begins && group == GROUP_BITS'(GROUPS - 2));
    reg [TICK_BITS-1:0] tick;
    reg [CLOCK_BITS-1:0] ahead;      // the stream clock after the one that is read
    wire [CLOCK_BITS-1:0] coming = begins ? CLOCK_BITS'(1) : ahead;
    wire [TICK_BITS+CLOCK_BITS-1:0] number = {tick, coming};
    reg [POINTER_BITS-1:0] plane;    // where its plane begins
    reg no_plane;
    integer z;
    always @* begin
        plane = {POINTER_BITS{1'b0}};
        no_plane = 1'b1;
        for (z = WEIGHT_BITS - 1; z >= 0; z = z - 1)
            if (z >= TICK_BITS + CLOCK_BITS || !number[z % (TICK_BITS + CLOCK_BITS)]) begin
                plane = POINTER_BITS'(z * PLANE);
                no_plane = 1'b0;
            end
    end

    wire [ADDRESS_BITS-1:0] entering = event_data[SIMD +: ADDRESS_BITS];
    reg [ADDRESS_BITS-1:0] held;
    wire [ADDRESS_BITS-1:0] address = begins ? entering : held;
    reg [POINTER_BITS-1:0] pointer;
    wire [POINTER_BITS-1:0] reads = begins ? POINTER_BITS'(entering) : pointer;
    reg [SIMD-1:0] mask;
    reg pointer_none, stored_none;
    always @(posedge clk) begin
        if (!rst_n) begin
            tick <= {TICK_BITS{1'b0}};
        end else if (event_ready && event_valid && event_data[ADDRESS_BITS+SIMD +: 2] == 2'd2) begin
            tick <= tick + 1'b1;
        end
        if (event_ready) mask <= event_data[SIMD-1:0];
        if (step) begin
            held         <= address;
            ahead        <= last_group_next ? coming + 1'b1 : coming;
            pointer      <= (last_group_next ? plane : reads)
                          + (last_group_next ? POINTER_BITS'(address) : POINTER_BITS'(ADDRESSES));
            stored_none  <= !begins && pointer_none;
            pointer_none <= last_group_next ? no_plane : !begins && pointer_none;
        end
    end

    // With a memory outside, the one here is read by nobody, and vanishes.
    assign read_enable  = step;
    assign read_address = reads;
    reg [PE*SIMD-1:0] planes [0:DEPTH-1];
    reg [PE*SIMD-1:0] stored, bits;
    initial if (OUTSIDE == 0 && WEIGHTS != "") $readmemh(WEIGHTS, planes);
    always @(posedge clk) begin
        if (step) begin
            stored <= planes[reads];
            bits   <= OUTSIDE != 0 ? read_word : stored;
        end
    end

    // In the next clock it is changed, or comes out.
    reg read_busy, read_ends, read_none;
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
            read_none  <= stored_none;
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
                always @* sum = {read_none || !bits[p], 1'b1};
            end else begin : several
                integer s;
                always @* begin
                    sum = {SUM_BITS{1'b0}};
                    for (s = 0; s < SIMD; s = s + 1)
                        sum = sum + {{(SUM_BITS-1){read_mask[s] && (read_none || !bits[p*SIMD+s])}},
                                     read_mask[s]};
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
