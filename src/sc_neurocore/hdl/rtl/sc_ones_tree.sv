// Number of ones among INPUTS bits, by full adders only: two halves are counted, and their counts
// added with the bit that is left over as carry-in.
//
// INPUTS - log2(INPUTS) full adders or so, each of two four-input tables; a carry chain would cost
// more, as the numbers are short.

`default_nettype none

module sc_ones_tree #(
    parameter integer INPUTS = 15,
    parameter integer WIDTH  = $clog2(INPUTS + 1)
) (
    input  wire [INPUTS-1:0] bits,
    output wire [WIDTH-1:0]  count
);

    generate
        if (INPUTS == 1) begin : one
            assign count = bits;
        end else if (INPUTS == 2) begin : two
            assign count = {bits[0] & bits[1], bits[0] ^ bits[1]};
        end else begin : more
            localparam integer LEFT = INPUTS / 2;
            localparam integer RIGHT = INPUTS - 1 - LEFT;
            localparam integer LEFT_WIDTH = $clog2(LEFT + 1);
            localparam integer RIGHT_WIDTH = $clog2(RIGHT + 1);

            wire [LEFT_WIDTH-1:0] left;
            wire [RIGHT_WIDTH-1:0] right;
            sc_ones_tree #(.INPUTS(LEFT)) left_half (.bits(bits[LEFT-1:0]), .count(left));
            sc_ones_tree #(.INPUTS(RIGHT)) right_half (.bits(bits[INPUTS-2:LEFT]), .count(right));

            wire [LEFT_WIDTH-1:0] other = LEFT_WIDTH'(right);
            wire [LEFT_WIDTH:0] carry;
            assign carry[0] = bits[INPUTS-1];

            genvar i;
            for (i = 0; i < LEFT_WIDTH; i = i + 1) begin : place
                assign count[i] = left[i] ^ other[i] ^ carry[i];
                assign carry[i+1] = (left[i] & other[i]) | (carry[i] & (left[i] | other[i]));
            end
            if (WIDTH > LEFT_WIDTH) begin : top
                assign count[WIDTH-1] = carry[LEFT_WIDTH];
            end else begin : full
                wire unused_carry = carry[LEFT_WIDTH];  // always zero
            end
        end
    endgenerate

endmodule

`default_nettype wire
