    // Packets sent, counted at the ports, and the number behind the last that is acknowledged.
    reg [31:0] formal_sent, formal_done;
    wire formal_sends = send && ready;
    wire [31:0] formal_way = formal_sent - formal_done;
    wire [31:0] formal_gain = following - formal_done;
    wire formal_returns = acknowledge && formal_gain != 0 && formal_gain <= formal_way;
    reg formal_returned, formal_old, formal_had_sent;
    reg [31:0] formal_left;
    reg [WIDTH-1:0] formal_outstanding;
    always @(posedge clk) begin
        formal_sent <= !rst_n ? 32'd0 : formal_sent + 32'(formal_sends);
        if (!rst_n) formal_done <= 32'd0;
        else if (formal_returns) formal_done <= following;
        formal_returned    <= rst_n && formal_returns;
        formal_old         <= rst_n && !formal_returns;
        formal_had_sent    <= rst_n && formal_sends;
        formal_left        <= formal_sent - following;
        formal_outstanding <= outstanding;
    end

    // Any packet that is sent, until it is acknowledged.
    wire formal_pick;
    reg formal_picked = 1'b0;
    reg [31:0] formal_packet;
    wire [31:0] formal_behind = formal_packet - formal_done;
    always @(posedge clk) begin
        if (!rst_n) formal_picked <= 1'b0;
        else if (!formal_picked) begin
            formal_picked <= formal_pick && formal_sends;
            formal_packet <= sequence_number;
        end else if (formal_returns && formal_behind < formal_gain) formal_picked <= 1'b0;
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
        formal_claim_number: assert (!formal_live || sequence_number == formal_sent);
        // a packet may be sent as long as a credit is there
        formal_claim_ready: assert (!formal_live || ready == (32'(outstanding) < CREDITS));
        // an acknowledgement leaves outstanding what it does not name
        formal_claim_returned: assert (!formal_live || !formal_returned
            || 32'(outstanding) == formal_left + 32'(formal_had_sent));
        // one that names nothing outstanding changes nothing
        formal_claim_old: assert (!formal_live || !formal_old
            || outstanding == formal_outstanding + WIDTH'(formal_had_sent));
        // a packet is outstanding until it is acknowledged
        formal_claim_held: assert (!formal_live || !formal_picked || (formal_behind < formal_way
            && sequence_number - formal_packet <= 32'(outstanding)));
        // an acknowledgement of what is not sent yet is impossible, no other is
        formal_claim_impossible: assert (impossible
            == (acknowledge && following - sequence_number != 0
                && following - sequence_number <= 32'h80000000));
    end
