    // What happened at the last edge, and whether there was a reset yet: nothing is claimed before.
    reg formal_live = 1'b0;
    reg formal_reset = 1'b0;
    reg formal_held = 1'b0;
    reg formal_ran = 1'b0;
    always @(posedge clk) begin
        if (!rst_n) formal_live <= 1'b1;
        formal_reset <= !rst_n;
        formal_held <= rst_n && !enable;
        formal_ran <= rst_n && enable;
    end
