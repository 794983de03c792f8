    reg [WIDTH:0] formal_root;
    reg formal_x;
    reg formal_square;
    always @(posedge clk) begin
        formal_root <= root;
        formal_x <= x;
        formal_square <= {1'b0, first} < root && {1'b0, second} < root;
    end
    localparam [WIDTH:0] FORMAL_TOP = 1 << WIDTH;
    wire [WIDTH+1:0] formal_sum = formal_root + formal_x - formal_square;
    wire formal_stays = formal_square == formal_x
        || (formal_x ? formal_root == FORMAL_TOP : formal_root == 0);

    always @* begin
        // a reset loads one half
        formal_claim_reset: assert (!formal_reset || root == FORMAL_TOP >> 1);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || root == formal_root);
        // the root is from 0 to 1
        formal_claim_range: assert (!formal_live || root <= FORMAL_TOP);
        // the output is the encoded root
        formal_claim_output: assert (!formal_live
            || y == (root == FORMAL_TOP || {1'b0, first} < root));
        // the input drives it up, the square of the output down
        formal_claim_balance: assert (!formal_live
            || !formal_ran || formal_stays || root == formal_sum);
        // balanced or at its ends it stays
        formal_claim_stays: assert (!formal_live
            || !formal_ran || !formal_stays || root == formal_root);
    end
