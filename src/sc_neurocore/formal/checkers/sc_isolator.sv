    reg [DELAY-1:0] formal_line;
    reg formal_x;
    always @(posedge clk) begin
        formal_line <= line;
        formal_x <= x;
    end
    localparam integer FORMAL_WIDTH = $clog2(DELAY + 1) + 1;
    function automatic [FORMAL_WIDTH:0] formal_ones(input [DELAY-1:0] word);
        integer j;
        begin
            formal_ones = 0;
            for (j = 0; j < DELAY; j = j + 1) formal_ones = formal_ones + word[j];
        end
    endfunction
    reg [FORMAL_WIDTH:0] formal_inside = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_inside <= 0;
        else if (enable) formal_inside <= formal_inside + x - y;
    end

    always @* begin
        // a reset clears the line
        formal_claim_reset: assert (!formal_reset || line == 0);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || line == formal_line);
        // the input enters the line
        formal_claim_enters: assert (!formal_ran || line[0] == formal_x);
        // every bit moves on by one
        formal_claim_moves: assert (!formal_ran
            || (line >> 1) == (formal_line & ({DELAY{1'b1}} >> 1)));
        // the last bit is the output
        formal_claim_last: assert (y == line[DELAY-1]);
        // ones in are ones out and ones inside
        formal_claim_ones: assert (!formal_live || formal_inside == formal_ones(line));
    end
