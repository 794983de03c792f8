// Reads the class off a population that does not spike: in the last of TICKS ticks, the neuron
// with the largest value, the first of equals. One neuron a clock, in order.

`default_nettype none

module sc_membrane_argmax #(
    parameter integer NEURONS    = 10,
    parameter integer TICKS      = 16,
    parameter integer VALUE_BITS = 16,
    parameter integer CLASS_BITS = NEURONS > 1 ? $clog2(NEURONS) : 1
) (
    input  wire                         clk,
    input  wire                         rst_n,   // synchronous, low resets
    input  wire                         valid,
    input  wire signed [VALUE_BITS-1:0] value,
    input  wire                         last,    // neuron of this tick
    output reg                          done,
    output reg  [CLASS_BITS-1:0]        class_
);

    localparam integer TICK_BITS = TICKS > 1 ? $clog2(TICKS) : 1;

    reg [TICK_BITS-1:0] tick;
    reg [CLASS_BITS-1:0] neuron;
    reg signed [VALUE_BITS-1:0] best;

    always @(posedge clk) begin
        if (!rst_n) begin
            done   <= 1'b0;
            tick   <= {TICK_BITS{1'b0}};
            neuron <= {CLASS_BITS{1'b0}};
            best   <= {VALUE_BITS{1'b0}};
            class_ <= {CLASS_BITS{1'b0}};
        end else if (valid && !done) begin
            neuron <= last ? {CLASS_BITS{1'b0}} : neuron + 1'b1;
            if (neuron == {CLASS_BITS{1'b0}} || value > best) begin
                best   <= value;
                class_ <= neuron;
            end
            if (last) begin
                tick <= tick + 1'b1;
                done <= tick == TICK_BITS'(TICKS - 1);
            end
        end
    end

endmodule

`default_nettype wire
