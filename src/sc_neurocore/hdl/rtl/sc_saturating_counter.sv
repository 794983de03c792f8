// Up-down counter of STATES states that stays at its ends: the state machine behind most others
// here.
//
// A one moves it up, a zero down.
//
// Area: WIDTH flip-flops, an adder and two comparisons with constants.

`default_nettype none

module sc_saturating_counter #(
    parameter integer STATES = 8,
    parameter integer RESET  = STATES / 2,
    parameter integer WIDTH  = $clog2(STATES)
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             up,
    output reg  [WIDTH-1:0] state
);

    localparam [WIDTH-1:0] LAST = WIDTH'(STATES - 1);

    wire stuck = up ? state == LAST : state == {WIDTH{1'b0}};

    always @(posedge clk) begin
        if (!rst_n)                state <= WIDTH'(RESET);
        else if (enable && !stuck) state <= state + {{(WIDTH - 1){!up}}, 1'b1};
    end

endmodule

`default_nettype wire
