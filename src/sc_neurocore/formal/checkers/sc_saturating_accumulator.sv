    reg signed [WIDTH-1:0] formal_value;
    reg signed [STEP_WIDTH-1:0] formal_step;
    always @(posedge clk) begin
        formal_value <= value;
        formal_step <= step;
    end
    wire signed [WIDTH+1:0] formal_now = value;
    wire signed [WIDTH+1:0] formal_sum = formal_value + formal_step;
    wire signed [WIDTH+1:0] formal_low = LOW;
    wire signed [WIDTH+1:0] formal_high = HIGH;

    always @* begin
        // a reset loads the reset value
        formal_claim_reset: assert (!formal_reset || value == RESET);
        // without enable nothing is added
        formal_claim_held: assert (!formal_held || value == formal_value);
        // the value stays between LOW and HIGH
        formal_claim_range: assert (!formal_live
            || (formal_now >= formal_low && formal_now <= formal_high));
        // a sum in range is the value
        formal_claim_adds: assert (!formal_ran || formal_sum < formal_low
            || formal_sum > formal_high || formal_now == formal_sum);
        // a sum above is HIGH
        formal_claim_high: assert (!formal_ran
            || formal_sum <= formal_high || formal_now == formal_high);
        // a sum below is LOW
        formal_claim_low: assert (!formal_ran
            || formal_sum >= formal_low || formal_now == formal_low);
    end
