// Counts the ones of each window of 2**WINDOW_WIDTH clocks.
//
// The number of a window is there from the clock after its last one, for a whole window; valid is
// high in the first clock of that. Before the first window has ended the number is zero.
//
// Area: 3 * WINDOW_WIDTH + 3 flip-flops and two carry chains.

`default_nettype none

module sc_stochastic_to_binary #(
    parameter integer WINDOW_WIDTH = 8
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             x,
    output reg  [WINDOW_WIDTH:0] number,
    output reg              valid
);

    reg  [WINDOW_WIDTH-1:0] tick;
    reg  [WINDOW_WIDTH-1:0] count;  // never full before the last clock of a window
    wire [WINDOW_WIDTH:0] sum = {1'b0, count} + (WINDOW_WIDTH + 1)'(x);
    wire last = &tick;

    always @(posedge clk) begin
        if (!rst_n) begin
            tick   <= {WINDOW_WIDTH{1'b0}};
            count  <= {WINDOW_WIDTH{1'b0}};
            number <= {(WINDOW_WIDTH + 1){1'b0}};
            valid  <= 1'b0;
        end else if (enable) begin
            tick  <= tick + 1'b1;
            count <= last ? {WINDOW_WIDTH{1'b0}} : sum[WINDOW_WIDTH-1:0];
            valid <= last;
            if (last) number <= sum;
        end
    end

endmodule

`default_nettype wire
