    reg [DEPTH-1:0] formal_cells;
    reg formal_x;
    reg [$clog2(DEPTH)-1:0] formal_address;
    always @(posedge clk) begin
        formal_cells <= cells;
        formal_x <= x;
        formal_address <= address;
    end
    localparam integer FORMAL_WIDTH = $clog2(DEPTH) + 2;
    wire [DEPTH-1:0] formal_changed = cells ^ formal_cells;
    wire [DEPTH-1:0] formal_place = 1 << formal_address;
    function automatic [FORMAL_WIDTH:0] formal_ones(input [DEPTH-1:0] word);
        integer j;
        begin
            formal_ones = 0;
            for (j = 0; j < DEPTH; j = j + 1) formal_ones = formal_ones + word[j];
        end
    endfunction
    reg [FORMAL_WIDTH:0] formal_gain = 0;
    always @(posedge clk) begin
        if (!rst_n) formal_gain <= 0;
        else if (enable) formal_gain <= formal_gain + x - y;
    end
    wire [FORMAL_WIDTH:0] formal_stored = formal_gain + DEPTH / 2;

    always @* begin
        // a reset fills every second cell
        formal_claim_reset: assert (!formal_reset || cells == {(DEPTH / 2){2'b10}});
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || cells == formal_cells);
        // the addressed cell is the output
        formal_claim_output: assert (y == ((cells >> address) & 1));
        // the input is stored in it
        formal_claim_stores: assert (!formal_ran || ((cells & formal_place) != 0) == formal_x);
        // the other cells keep their bits
        formal_claim_keeps: assert (!formal_ran || (formal_changed & ~formal_place) == 0);
        // ones in are ones out and ones stored beyond the first
        formal_claim_ones: assert (!formal_live || formal_stored == formal_ones(cells));
    end
