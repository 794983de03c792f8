`ifdef FORMAL
    // Two numbers grow with the clocks after loading: `sum` of digit * a * 2**i and `weight` of
    // digit * 2**i, with the Booth digits of b. Both are kept times 2**(digits still to come), like
    // the module's own sum: the next digit enters at 2**B_WIDTH and all is halved, exactly.
    localparam integer FORMAL_WIDTH = A_WIDTH + B_WIDTH + 2;
    localparam integer FORMAL_COUNT = $clog2(B_WIDTH + 1);

    reg formal_live = 1'b0;                 // from loading until the product is complete
    reg [FORMAL_COUNT-1:0] formal_left = 0; // digits still to come
    reg [B_WIDTH-1:0] formal_open = 0;      // a one for each of them
    reg signed [A_WIDTH-1:0] formal_a;
    reg signed [B_WIDTH-1:0] formal_b;
    reg signed [FORMAL_WIDTH-1:0] formal_sum, formal_weight;

    wire [FORMAL_COUNT-1:0] formal_done = B_WIDTH - formal_left;
    wire [FORMAL_COUNT-1:0] formal_last = formal_done - 1'b1;
    wire [B_WIDTH-1:0] formal_rest = formal_b >>> formal_done;
    wire [B_WIDTH-1:0] formal_rest_before = formal_b >>> formal_last;
    wire formal_bit = formal_rest[0];
    wire formal_below = formal_done != 0 && formal_rest_before[0];
    wire signed [FORMAL_WIDTH-1:0] formal_product = product;
    wire signed [FORMAL_WIDTH-1:0] formal_b_wide = formal_b;
    wire [FORMAL_WIDTH-1:0] formal_unread = formal_open;
    wire [B_WIDTH-1:0] formal_read = formal_b <<< formal_left;  // the bits of b used so far

    wire signed [FORMAL_WIDTH-1:0] formal_a_here = {formal_a, {B_WIDTH{1'b0}}};
    wire signed [FORMAL_WIDTH-1:0] formal_one_here = {1'b1, {B_WIDTH{1'b0}}};
    wire signed [FORMAL_WIDTH-1:0] formal_a_signed = (formal_a_here <<< 2) >>> 2;
    wire signed [FORMAL_WIDTH-1:0] formal_next_sum =
        (formal_bit == formal_below) ? formal_sum
        : formal_bit ? formal_sum - formal_a_signed : formal_sum + formal_a_signed;
    wire signed [FORMAL_WIDTH-1:0] formal_next_weight =
        (formal_bit == formal_below) ? formal_weight
        : formal_bit ? formal_weight - formal_one_here : formal_weight + formal_one_here;

    always @(posedge clk) begin
        if (start) begin
            formal_live <= 1'b1;
            formal_left <= B_WIDTH;
            formal_open <= {B_WIDTH{1'b1}};
            formal_a <= a;
            formal_b <= b;
            formal_sum <= 0;
            formal_weight <= 0;
        end else if (formal_left == 0) begin
            formal_live <= 1'b0;
        end else begin
            formal_left <= formal_left - 1'b1;
            formal_open <= formal_open >> 1;
            formal_sum <= formal_next_sum >>> 1;
            formal_weight <= formal_next_weight >>> 1;
        end
    end

    always @* begin
        formal_claim_count: assert (formal_left <= B_WIDTH
            && formal_open == ({B_WIDTH{1'b1}} >> formal_done));
        formal_claim_holds_sum: assert (!formal_live
            || formal_sum == (formal_product & ~formal_unread));
        formal_claim_is_sum: assert (!formal_live || formal_left != 0
            || formal_product == formal_sum);
        formal_claim_is_weight: assert (!formal_live || formal_left != 0
            || formal_weight == formal_b_wide);
        formal_claim_exact: assert (!formal_live
            || ((formal_sum | formal_weight) & formal_unread) == 0);
        formal_claim_weight: assert (!formal_live
            || formal_weight == {2'b00, {A_WIDTH{1'b0}}, formal_read}
                - (formal_below ? formal_one_here : {FORMAL_WIDTH{1'b0}}));
        formal_claim_unread_bits: assert (!formal_live
            || (((low ^ formal_rest) & formal_open) == 0 && previous == formal_below));
        formal_claim_multiplicand: assert (!formal_live || multiplicand == formal_a);
    end
`endif
