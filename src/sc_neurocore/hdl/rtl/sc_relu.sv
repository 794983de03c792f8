// Rectifier of a bipolar stream, bipolar: x / (1 + ((1 - x)/(1 + x))**(STATES/2)), close to max(x,
// 0).
//
// In its upper half the counter lets the input through; in its lower half the output alternates,
// which is bipolar zero.
//
// Area: a saturating counter of STATES states, one flip-flop and a multiplexer.

`default_nettype none

module sc_relu #(
    parameter integer STATES = 8  // even
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    output wire             y
);

    localparam integer WIDTH = $clog2(STATES);

    wire [WIDTH-1:0] state;
    sc_saturating_counter #(.STATES(STATES)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable), .up(x), .state(state)
    );

    wire upper = state >= WIDTH'(STATES / 2);
    reg toggle;

    assign y = upper ? x : toggle;

    always @(posedge clk) begin
        if (!rst_n)                toggle <= 1'b0;
        else if (enable && !upper) toggle <= !toggle;
    end

endmodule

`default_nettype wire
