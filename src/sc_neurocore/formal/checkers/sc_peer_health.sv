    // What happened in the clock before.
    reg [7:0] formal_score;
    reg formal_blocked, formal_good, formal_fault;
    reg [31:0] formal_gain, formal_loss;
    always @(posedge clk) begin
        formal_score   <= score;
        formal_blocked <= blocked;
        formal_good    <= good;
        formal_fault   <= bad_crc || lost || late || silent;
        formal_gain    <= good ? REWARD : 0;
        formal_loss    <= (bad_crc ? BAD_CRC : 0) + (lost ? LOST : 0) + (late ? LATE : 0)
            + (silent ? SILENT : 0);
    end
    wire formal_ran = formal_live && !formal_reset;
    wire [31:0] formal_raised = formal_score + formal_gain;
    wire [31:0] formal_left = formal_raised - formal_loss;

    always @* begin
        // a reset trusts fully
        formal_claim_reset: assert (!formal_reset || (score == 255 && !blocked));
        // penalties that exceed the score leave nothing
        formal_claim_bottom: assert (!formal_ran || formal_raised >= formal_loss || score == 0);
        // a reward that exceeds the scale leaves 255
        formal_claim_top: assert (!formal_ran || formal_raised < formal_loss || formal_left < 256
            || score == 255);
        // else the reward is added and the penalties are taken off
        formal_claim_sum: assert (!formal_ran || formal_raised < formal_loss || formal_left > 255
            || 32'(score) == formal_left);
        // a good packet alone never lowers the score
        formal_claim_good: assert (!formal_ran || formal_fault || score >= formal_score);
        // without a good packet the score never rises
        formal_claim_fault: assert (!formal_ran || formal_good || score <= formal_score);
        // a score below the threshold is blocked
        formal_claim_blocks: assert (!formal_live || 32'(score) >= THRESHOLD || blocked);
        // one that has risen above it by the hysteresis is not
        formal_claim_opens: assert (!formal_live || 32'(score) < THRESHOLD + HYSTERESIS || !blocked);
        // in between it stays as it was
        formal_claim_stays: assert (!formal_ran || 32'(score) < THRESHOLD
            || 32'(score) >= THRESHOLD + HYSTERESIS || blocked == formal_blocked);
    end
