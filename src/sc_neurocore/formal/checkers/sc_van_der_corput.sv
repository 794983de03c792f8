    reg [WIDTH-1:0] formal_number;
    always @(posedge clk) begin
        formal_number <= number;
    end

    function automatic [WIDTH-1:0] formal_mirrored(input [WIDTH-1:0] word);
        integer j;
        for (j = 0; j < WIDTH; j = j + 1) formal_mirrored[j] = word[WIDTH-1-j];
    endfunction
    wire [WIDTH-1:0] formal_now = formal_mirrored(number);
    wire [WIDTH-1:0] formal_then = formal_mirrored(formal_number);

    always @* begin
        // a reset goes to zero
        formal_claim_reset: assert (!formal_reset || number == 0);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || number == formal_number);
        // read backwards, the number goes up by one
        formal_claim_counts: assert (!formal_ran || formal_now == formal_then + 1'b1);
        // successive numbers lie in different halves
        formal_claim_halves: assert (!formal_ran || number[WIDTH-1] != formal_number[WIDTH-1]);
    end
