// Van der Corput sequence, the Halton sequence of base 2: a counter with its bits reversed.
//
// Area: that of the counter.

`default_nettype none

module sc_van_der_corput #(
    parameter integer WIDTH = 16
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    output wire [WIDTH-1:0] number
);

    wire [WIDTH-1:0] tick;
    sc_counter #(.WIDTH(WIDTH)) counter (
        .clk(clk), .rst_n(rst_n), .enable(enable), .number(tick)
    );

    genvar i;
    generate
        for (i = 0; i < WIDTH; i = i + 1) begin : reversed
            assign number[i] = tick[WIDTH-1-i];
        end
    endgenerate

endmodule

`default_nettype wire
