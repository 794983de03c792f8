// Halton sequence of any base: floor(2**WIDTH * m / TOTAL), m being the tick with its digits
// reversed.
//
// The tick counts in DIGITS digits, TOTAL = BASE**DIGITS of them before it wraps. No divider:
// number and remainder of 2**WIDTH * m by TOTAL are kept. When a carry stops at digit c, m grows
// by
//
//   BASE**(DIGITS-1-c) + BASE**(DIGITS-c)  modulo TOTAL   (its first term alone for c = 0,
//                                                          1 when all digits wrap)
//
// and number and remainder by what that constant leaves when divided: one of DIGITS + 1 pairs. If
// the remainder passes TOTAL it is reduced, and the number gets one more. Use sc_van_der_corput
// for base 2.
//
// BASE, WIDTH and DIGITS go together: give all or none. With another number of digits than the
// least that suffices, elaboration stops.
//
// Area: DIGITS digit counters, two adders of WIDTH and log2(TOTAL) bits and one comparator.

`default_nettype none

module sc_halton #(
    parameter integer BASE   = 3,
    parameter integer WIDTH  = 16,
    parameter integer DIGITS = 11  // the least with BASE**DIGITS >= 2**WIDTH
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             enable,  // low holds the state
    output reg  [WIDTH-1:0] number
);

    localparam integer DIGIT_WIDTH = $clog2(BASE);
    localparam integer REST_WIDTH = $clog2(power(DIGITS));
    localparam [REST_WIDTH:0] TOTAL = (REST_WIDTH + 1)'(power(DIGITS));
    localparam [DIGIT_WIDTH-1:0] TOP = DIGIT_WIDTH'(BASE - 1);

    // BASE**exponent; the largest, TOTAL, has at most 40 bits.
    function automatic [95:0] power(input integer exponent);
        integer i;
        begin
            power = 96'd1;
            for (i = 0; i < exponent; i = i + 1) power = power * 96'(BASE);
        end
    endfunction

    // Growth of 2**WIDTH * m when a carry stops at digit c, or at none (c = DIGITS).
    function automatic [95:0] growth(input integer c);
        begin
            growth = c == DIGITS ? 96'd1 : power(DIGITS - 1 - c);
            if (c > 0 && c < DIGITS) growth = growth + power(DIGITS - c);
            growth = growth << WIDTH;
        end
    endfunction

    generate
        if (power(DIGITS) >> WIDTH == 0 || power(DIGITS - 1) >> WIDTH != 0) begin : refused
            DIGITS_do_not_fit_BASE_and_WIDTH stop ();  // no such module
        end
    endgenerate

    reg [REST_WIDTH-1:0] rest;
    wire [DIGITS:0] carry;  // into each digit, and out of the last
    wire [DIGITS:0] stop;   // one-hot: where the carry stops
    assign carry[0] = 1'b1;
    assign stop[DIGITS] = carry[DIGITS];

    genvar i;
    generate
        for (i = 0; i < DIGITS; i = i + 1) begin : place
            reg [DIGIT_WIDTH-1:0] digit;
            assign carry[i+1] = carry[i] && digit == TOP;
            assign stop[i] = carry[i] && digit != TOP;
            always @(posedge clk) begin
                if (!rst_n || (enable && carry[i+1])) digit <= {DIGIT_WIDTH{1'b0}};
                else if (enable && carry[i])          digit <= digit + 1'b1;
            end
        end
    endgenerate

    reg [WIDTH-1:0] more;
    reg [REST_WIDTH-1:0] more_rest;
    integer k;
    always @* begin
        more = {WIDTH{1'b0}};
        more_rest = {REST_WIDTH{1'b0}};
        for (k = 0; k <= DIGITS; k = k + 1) begin
            more = more | ({WIDTH{stop[k]}} & WIDTH'(growth(k) / power(DIGITS)));
            more_rest = more_rest
                      | ({REST_WIDTH{stop[k]}} & REST_WIDTH'(growth(k) % power(DIGITS)));
        end
    end

    wire [REST_WIDTH:0] sum = {1'b0, rest} + {1'b0, more_rest};
    wire over = sum >= TOTAL;

    always @(posedge clk) begin
        if (!rst_n) begin
            number <= {WIDTH{1'b0}};
            rest   <= {REST_WIDTH{1'b0}};
        end else if (enable) begin
            number <= number + more + WIDTH'(over);
            rest   <= REST_WIDTH'(over ? sum - TOTAL : sum);
        end
    end

endmodule

`default_nettype wire
