    // Whether there was a reset yet, for nothing is claimed before, and whether the last clock was
    // one.
    reg formal_live = 1'b0;
    reg formal_reset = 1'b0;
    always @(posedge clk) begin
        if (!rst_n) formal_live <= 1'b1;
        formal_reset <= !rst_n;
    end
