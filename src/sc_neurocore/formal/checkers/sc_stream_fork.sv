    // What each consumer got of the word that waits, and whether the producer let it wait.
    reg [N-1:0] formal_given;
    reg formal_fair = 1'b1;
    reg formal_waited = 1'b0;
    reg [WIDTH-1:0] formal_word;
    reg [N-1:0] formal_offered;
    wire [N-1:0] formal_gives = out_valid & out_ready;
    wire formal_in = in_valid && in_ready;
    always @(posedge clk) begin
        formal_given <= !rst_n || formal_in ? 0 : formal_given | formal_gives;
        formal_waited <= rst_n && in_valid && !in_ready;
        formal_word <= in_data;
        formal_offered <= out_valid & ~out_ready;
    end
    wire formal_stays = !formal_waited || (in_valid && in_data == formal_word);
    always @(posedge clk) formal_fair <= !rst_n || (formal_fair && formal_stays);
    wire formal_on = formal_live && formal_fair && formal_stays;

    always @* begin
        // a reset forgets
        formal_claim_reset: assert (!formal_reset || taken == 0);
        // it knows who has the word
        formal_claim_knows: assert (!formal_on
            || (taken == formal_given && (taken == 0 || formal_waited)));
        // nobody who has the word is offered it again
        formal_claim_once: assert (!formal_on || (out_valid & formal_given) == 0);
        // when the producer may go on, everybody has it
        formal_claim_all: assert (!formal_on || !formal_in
            || (formal_given | formal_gives) == {N{1'b1}});
        // what is given is the producer's word, and nothing without one
        formal_claim_word: assert (out_data == in_data && (in_valid || out_valid == 0));
        // an offer stays until it is taken
        formal_claim_stable: assert (!formal_on || !formal_waited
            || ((out_valid & formal_offered) == formal_offered && out_data == formal_word));
        // the producer waits only for one who is not ready
        formal_claim_progress: assert (!formal_on || in_ready
            || (out_ready | formal_given) != {N{1'b1}});
        // who has waited for a word is offered it
        formal_claim_offers: assert (!formal_on || !in_valid
            || (out_valid | formal_given) == {N{1'b1}});
    end
