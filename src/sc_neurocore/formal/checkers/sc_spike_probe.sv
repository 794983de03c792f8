    // Any neuron: whether it was passed in the tick that is kept, and its spike.
    (* anyconst *) reg [NEURON_BITS-1:0] formal_neuron;
    reg formal_kept = 1'b0;
    reg formal_spike;
    // The layer and the tick of the last start, ticks of that layer since, neurons of its next one.
    reg formal_started = 1'b0;
    reg formal_exists;
    reg [31:0] formal_layer, formal_tick;
    reg [31:0] formal_ticks, formal_passed;
    wire formal_pass = formal_started && formal_exists && passes[formal_layer[LAYER_BITS-1:0]];
    wire [31:0] formal_size = SIZES[32*formal_layer[LAYER_BITS-1:0] +: 32];
    wire formal_whole = formal_passed == formal_size - 1;
    wire formal_keeps = formal_pass && formal_ticks == formal_tick;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_started <= 1'b0;
            formal_kept <= 1'b0;
        end else if (start) begin
            formal_started <= 1'b1;
            formal_kept <= 1'b0;
            formal_exists <= layer < LAYERS && tick < TICKS;
            formal_layer <= layer;
            formal_tick <= tick;
            formal_ticks <= 0;
            formal_passed <= 0;
        end else if (formal_pass && formal_ticks <= formal_tick) begin
            formal_passed <= formal_whole ? 0 : formal_passed + 1;
            if (formal_whole) formal_ticks <= formal_ticks + 1;
            if (formal_keeps && formal_passed == formal_neuron) begin
                formal_kept <= 1'b1;
                formal_spike <= spikes[formal_layer[LAYER_BITS-1:0]];
            end
        end
    end
    // What was known of the neuron when its word was asked for.
    reg formal_asked = 1'b0;
    reg formal_knew, formal_knew_spike;
    always @(posedge clk) begin
        formal_asked <= rst_n && index == 32'(formal_neuron) >> 5;
        formal_knew <= formal_kept;
        formal_knew_spike <= formal_spike;
    end
    wire [31:0] formal_word = memory[WORD_BITS'(formal_neuron >> 5)];
    wire [NEURON_BITS-1:0] formal_age = count - formal_neuron - 1'b1;
    wire formal_open = formal_started && formal_exists && formal_ticks <= formal_tick;

    always @* begin
        // a reset forgets
        formal_claim_reset: assert (!formal_reset || (!watches && count == 0));
        // a layer that is there is watched until its tick has passed
        formal_claim_watches: assert (!formal_live || watches == formal_open);
        // it is the layer of the start, and its tick is so far away
        formal_claim_tick: assert (!formal_live || !watches || (formal_layer < LAYERS
            && formal_tick < TICKS && watched == formal_layer && left + formal_ticks == formal_tick));
        // its neurons are passed in order
        formal_claim_order: assert (!formal_live || !watches
            || (neuron == formal_passed && formal_passed < formal_size));
        // those of the tick, and no others, are counted
        formal_claim_count: assert (!formal_live || (watches
            ? count == (formal_ticks == formal_tick ? formal_passed : 0) : count <= MOST));
        // any neuron that is counted has been kept, and no other
        formal_claim_kept: assert (!formal_live || formal_kept == (formal_neuron < count));
        // it is in memory
        formal_claim_memory: assert (!formal_live || !formal_kept
            || formal_word[5'(formal_neuron)] == formal_spike);
        // and while its word is written, among the neurons before
        formal_claim_before: assert (!formal_live || !formal_kept || !watches
            || formal_neuron >> 5 != count >> 5 || word[5'd30 - 5'(formal_age)] == formal_spike);
        // it is read where it belongs, and 0 if it was not kept
        formal_claim_read: assert (!formal_live || !formal_asked
            || data[5'(formal_neuron)] == (formal_knew && formal_knew_spike));
    end
