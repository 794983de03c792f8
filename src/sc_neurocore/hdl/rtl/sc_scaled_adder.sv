// Mean of two streams without a select stream: where they differ, every second one becomes a one.
//
// Exact whatever their correlation (Lee, Alaghi, Hayes, Sathe & Ceze 2017).
//
// Area: one flip-flop and two small functions.

`default_nettype none

module sc_scaled_adder (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    input  wire             a,
    input  wire             b,
    output wire             y
);

    reg toggle;

    assign y = (a == b) ? a : toggle;

    always @(posedge clk) begin
        if (!rst_n)                 toggle <= 1'b0;
        else if (enable && a != b)  toggle <= !toggle;
    end

endmodule

`default_nettype wire
