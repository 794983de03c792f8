// Signed serial multiplier, one bit of `b` per clock (Booth 1951, radix 2).
//
// Load both factors with `start`; `product` is a * b from B_WIDTH clocks after the loading edge
// until the edge after that. There is no done flag: the caller counts clocks. Starting again on
// the edge at which the product is taken is allowed.
//
// Area: one A_WIDTH + 1 bit adder and 2 A_WIDTH + B_WIDTH + 2 flip-flops.

`default_nettype none

module sc_serial_multiplier #(
    parameter integer A_WIDTH = 16,
    parameter integer B_WIDTH = 16
) (
    input  wire                                clk,
    input  wire                                start,
    input  wire signed [A_WIDTH-1:0]           a,
    input  wire signed [B_WIDTH-1:0]           b,
    output wire signed [A_WIDTH+B_WIDTH-1:0]   product
);

    reg signed [A_WIDTH-1:0] multiplicand;
    reg signed [A_WIDTH-1:0] high;      // upper part of the running sum
    reg        [B_WIDTH-1:0] low;       // product bits in, multiplier bits out
    reg                      previous;  // multiplier bit of the step before

    // Booth digit: 01 adds the multiplicand, 10 subtracts it, 00 and 11 do nothing.
    wire subtract = low[0] && !previous;
    wire active   = low[0] != previous;

    // One bit wider than `high`: the most negative a times a subtracting digit needs it.
    wire signed [A_WIDTH:0] addend = {(A_WIDTH + 1){active}}
                                   & ({multiplicand[A_WIDTH-1], multiplicand} ^ {(A_WIDTH + 1){subtract}});
    wire signed [A_WIDTH:0] sum = {high[A_WIDTH-1], high} + addend
                                + {{A_WIDTH{1'b0}}, subtract};

    always @(posedge clk) begin
        if (start) begin
            multiplicand <= a;
            high         <= {A_WIDTH{1'b0}};
            low          <= b;
            previous     <= 1'b0;
        end else begin
            high     <= sum[A_WIDTH:1];
            low      <= {sum[0], low[B_WIDTH-1:1]};
            previous <= low[0];
        end
    end

    assign product = {high, low};

endmodule

`default_nettype wire
