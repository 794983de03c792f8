// GROUPS words of PE accumulators: reads one, and in the next clock writes it back changed.
//
// In a clock with `step`, the group of this clock is read; the group of the clock before is
// written if `write`: cleared, doubled, or with the operands added. A group is never read in the
// clock in which it is written: callers come back to it after two clocks or more. A single group
// is kept in flip-flops, which need no such care.
//
// All is modulo 2**ACC_BITS, so sums may leave the range on the way as long as the last does not.

`default_nettype none

module sc_accumulators #(
    parameter integer PE           = 4,
    parameter integer GROUPS       = 4,
    parameter integer ACC_BITS     = 10,
    parameter integer OPERAND_BITS = 6,   // at most ACC_BITS
    parameter integer DOUBLING     = 0,   // 1 if `double` is used
    parameter integer GROUP_BITS   = GROUPS > 1 ? $clog2(GROUPS) : 1
) (
    input  wire                       clk,
    input  wire                       step,        // low holds the state
    input  wire [GROUP_BITS-1:0]      read_group,
    input  wire [GROUP_BITS-1:0]      write_group, // the read_group of the step before
    input  wire                       write,
    input  wire                       clear,
    input  wire                       double,
    input  wire [PE*OPERAND_BITS-1:0] operands,    // signed
    output wire [PE*ACC_BITS-1:0]     word         // of write_group
);

    wire [PE*ACC_BITS-1:0] changed;
    genvar i;
    generate
        for (i = 0; i < PE; i = i + 1) begin : lane
            wire [ACC_BITS-1:0] old = word[i*ACC_BITS +: ACC_BITS];
            wire signed [OPERAND_BITS-1:0] operand = operands[i*OPERAND_BITS +: OPERAND_BITS];
            wire [ACC_BITS-1:0] added = DOUBLING != 0 && double ? old : ACC_BITS'(operand);
            assign changed[i*ACC_BITS +: ACC_BITS] = old + added;
        end
        if (GROUPS > 1) begin : memory
            (* no_rw_check *) reg [PE*ACC_BITS-1:0] words [0:GROUPS-1];
            reg [PE*ACC_BITS-1:0] read;
            assign word = read;
            always @(posedge clk) begin
                if (step) read <= words[read_group];
                if (step && write) words[write_group] <= clear ? {PE*ACC_BITS{1'b0}} : changed;
            end
        end else begin : single
            reg [PE*ACC_BITS-1:0] only;
            assign word = only;
            always @(posedge clk) begin
                if (step && write) only <= clear ? {PE*ACC_BITS{1'b0}} : changed;
            end
            wire unused = &{read_group, write_group};
        end
        if (DOUBLING == 0) begin : never_doubled
            wire unused = double;
        end
    endgenerate

endmodule

`default_nettype wire
