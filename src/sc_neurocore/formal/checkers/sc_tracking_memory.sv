    reg [WIDTH:0] formal_memory;
    reg formal_x;
    always @(posedge clk) begin
        formal_memory <= memory;
        formal_x <= x;
    end
    localparam [WIDTH+SHIFT+1:0] FORMAL_TOP = 1 << WIDTH;
    wire [WIDTH+SHIFT+1:0] formal_now = memory;
    wire [WIDTH+SHIFT+1:0] formal_then = formal_memory;
    wire [WIDTH+SHIFT+1:0] formal_way = formal_x ? FORMAL_TOP - formal_then : formal_then;
    wire [WIDTH+SHIFT+1:0] formal_step =
        formal_x ? formal_now - formal_then : formal_then - formal_now;
    wire [WIDTH+SHIFT+1:0] formal_scaled = formal_step << SHIFT;

    always @* begin
        // a reset loads one half
        formal_claim_reset: assert (!formal_reset || memory == FORMAL_TOP >> 1);
        // without enable nothing moves
        formal_claim_held: assert (!formal_held || memory == formal_memory);
        // the memory is from 0 to 1
        formal_claim_range: assert (!formal_live || memory <= FORMAL_TOP);
        // ones never lower it, zeros never raise it
        formal_claim_direction: assert (!formal_live || !formal_ran
            || (formal_x ? memory >= formal_memory : memory <= formal_memory));
        // a step is at least 1/2**SHIFT of the way
        formal_claim_enough: assert (!formal_live || !formal_ran || formal_scaled >= formal_way);
        // and none smaller by one would be
        formal_claim_least: assert (!formal_live || !formal_ran || formal_step == 0
            || formal_scaled - (1 << SHIFT) < formal_way);
        // the output is the encoded memory
        formal_claim_encodes: assert (!formal_live || y == ({1'b0, number} < memory));
        // an empty memory gives zeros
        formal_claim_zero: assert (memory != 0 || !y);
        // a full memory gives ones
        formal_claim_one: assert (memory != FORMAL_TOP || y);
    end
