    // The number behind the last packet that is acknowledged: an acknowledgement is a new one if it
    // leaves fewer packets under way than there are.
    reg [31:0] formal_done;
    wire formal_sends = send && ready;
    wire [31:0] formal_way = sequence_number - formal_done;
    wire [31:0] formal_leaves = sequence_number - following;
    wire formal_returns = acknowledge && formal_leaves < formal_way;
    reg formal_returned, formal_old, formal_sent;
    reg [31:0] formal_left, formal_number;
    reg [WIDTH-1:0] formal_outstanding;
    always @(posedge clk) begin
        if (!rst_n) formal_done <= 32'd0;
        else if (formal_returns) formal_done <= following;
        formal_returned    <= rst_n && formal_returns;
        formal_old         <= rst_n && !formal_returns;
        formal_sent        <= rst_n && formal_sends;
        formal_left        <= formal_leaves;
        formal_number      <= sequence_number;
        formal_outstanding <= outstanding;
    end

    // Any packet that is sent, until it is acknowledged.
    wire formal_pick;
    reg formal_picked = 1'b0;
    reg [31:0] formal_packet;
    wire [31:0] formal_behind = sequence_number - formal_packet;
    always @(posedge clk) begin
        if (!rst_n) formal_picked <= 1'b0;
        else if (!formal_picked) begin
            formal_picked <= formal_pick && formal_sends;
            formal_packet <= sequence_number;
        end else if (formal_returns && formal_leaves < formal_behind) formal_picked <= 1'b0;
    end

    always @* begin
        // after a reset nothing is outstanding, and the first number is 0
        formal_claim_reset: assert (!formal_reset || (outstanding == 0 && sequence_number == 0));
        // there are never more than CREDITS packets under way
        formal_claim_most: assert (!formal_live || (32'(outstanding) <= CREDITS
            && formal_way <= CREDITS));
        // no credit is lost or made: what is sent and not acknowledged is outstanding
        formal_claim_conserved: assert (!formal_live || 32'(outstanding) == formal_way);
        // every packet has the number after the one before
        formal_claim_number: assert (!formal_live || formal_reset
            || sequence_number == formal_number + 32'(formal_sent));
        // a packet may be sent as long as a credit is there
        formal_claim_ready: assert (!formal_live || ready == (32'(outstanding) < CREDITS));
        // an acknowledgement leaves outstanding what it does not name
        formal_claim_returned: assert (!formal_live || !formal_returned
            || 32'(outstanding) == formal_left + 32'(formal_sent));
        // one that names nothing outstanding changes nothing
        formal_claim_old: assert (!formal_live || !formal_old
            || outstanding == formal_outstanding + WIDTH'(formal_sent));
        // a packet is outstanding until it is acknowledged
        formal_claim_held: assert (!formal_live || !formal_picked || (formal_behind != 0
            && formal_behind <= 32'(outstanding)));
        // an acknowledgement of what is not sent yet is impossible, no other is
        formal_claim_impossible: assert (impossible
            == (acknowledge && following - sequence_number != 0
                && following - sequence_number <= 32'h80000000));
    end
