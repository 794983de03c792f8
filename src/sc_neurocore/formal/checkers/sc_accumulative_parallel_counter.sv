    reg [WIDTH-1:0] formal_total;
    reg [INPUTS-1:0] formal_streams;
    always @(posedge clk) begin
        formal_total <= total;
        formal_streams <= streams;
    end
    wire [WIDTH-1:0] formal_growth = total - formal_total;
    function automatic [COUNT_WIDTH-1:0] formal_sum(input [INPUTS-1:0] word);
        integer j;
        begin
            formal_sum = 0;
            for (j = 0; j < INPUTS; j = j + 1) formal_sum = formal_sum + word[j];
        end
    endfunction

    always @* begin
        // a reset goes to zero
        formal_claim_reset: assert (!formal_reset || total == 0);
        // without enable nothing is added
        formal_claim_held: assert (!formal_held || total == formal_total);
        // the sum of all bits is added
        formal_claim_adds: assert (!formal_ran || formal_growth == formal_sum(formal_streams));
        // no ones add nothing
        formal_claim_none: assert (!formal_ran || formal_streams != 0 || formal_growth == 0);
        // ones only add the number of inputs
        formal_claim_all: assert (!formal_ran
            || formal_streams != {INPUTS{1'b1}} || formal_growth == INPUTS);
        // no clock adds more than the number of inputs
        formal_claim_most: assert (!formal_ran || formal_growth <= INPUTS);
    end
