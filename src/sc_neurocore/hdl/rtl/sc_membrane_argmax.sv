// Which of CLASSES signed values is largest; of equal ones the first.
//
// The values come in order, one in each clock with `enable`. In the clock after the last, `done` is
// high for one clock; `winner` stays until the next value comes, which is the first of the next
// round.
//
// Area: a comparator, a register for the largest value, and two for its class and the next one.

`default_nettype none

module sc_membrane_argmax #(
    parameter integer CLASSES = 10,  // at least 2
    parameter integer WIDTH   = 16
) (
    input  wire                       clk,
    input  wire                       rst_n,   // synchronous, low resets
    input  wire                       enable,  // low holds the state
    input  wire signed [WIDTH-1:0]    value,
    output reg                        done,
    output reg  [$clog2(CLASSES)-1:0] winner
);

    localparam integer CLASS = $clog2(CLASSES);

    reg  [CLASS-1:0]        at;  // the class whose value is next
    reg  signed [WIDTH-1:0] most;
    wire begins = at == {CLASS{1'b0}};
    wire ends = at == CLASS'(CLASSES - 1);
    wire wins = begins || value > most;

    always @(posedge clk) begin
        if (!rst_n) begin
            at     <= {CLASS{1'b0}};
            winner <= {CLASS{1'b0}};
            most   <= {WIDTH{1'b0}};
            done   <= 1'b0;
        end else begin
            done <= enable && ends;
            if (enable) begin
                at <= ends ? {CLASS{1'b0}} : at + 1'b1;
                if (wins) begin
                    most   <= value;
                    winner <= at;
                end
            end
        end
    end

endmodule

`default_nettype wire
