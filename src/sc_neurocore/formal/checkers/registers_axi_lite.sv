    // What the bus has asked for last.
    reg [FORMAL_ADDRESS-1:0] formal_awaddr;
    reg [FORMAL_DATA-1:0] formal_wdata;
    reg [FORMAL_DATA/8-1:0] formal_wstrb;
    reg [FORMAL_ADDRESS-1:0] formal_araddr;
    reg formal_ran = 1'b0;
    reg formal_bvalid;
    reg formal_rvalid;
    always @(posedge clk) begin
        if (s_axi_awvalid && s_axi_awready) formal_awaddr <= s_axi_awaddr;
        if (s_axi_wvalid && s_axi_wready) formal_wdata <= s_axi_wdata;
        if (s_axi_wvalid && s_axi_wready) formal_wstrb <= s_axi_wstrb;
        if (s_axi_arvalid && s_axi_arready) formal_araddr <= s_axi_araddr;
        formal_ran <= rst_n;
        formal_bvalid <= s_axi_bvalid;
        formal_rvalid <= s_axi_rvalid;
    end

    // A write, or a read, was executed in the last clock if its answer is new.
    wire formal_wrote = formal_ran && s_axi_bvalid && !formal_bvalid;
    wire [FORMAL_ADDRESS-1:0] formal_write_at = formal_awaddr >> FORMAL_LOW << FORMAL_LOW;
    wire [FORMAL_DATA-1:0] formal_write_data = formal_wdata;
    wire [FORMAL_DATA/8-1:0] formal_write_bytes = formal_wstrb;
    wire formal_write_answered = formal_wrote;
    wire formal_write_failed = s_axi_bresp != 2'b00;
    wire formal_read_answered = formal_ran && s_axi_rvalid && !formal_rvalid;
    wire [FORMAL_ADDRESS-1:0] formal_read_at = formal_araddr >> FORMAL_LOW << FORMAL_LOW;
    wire [FORMAL_DATA-1:0] formal_answer = s_axi_rdata;
    wire formal_read_failed = s_axi_rresp != 2'b00;

    always @* begin
        // what the slave holds is what the bus has asked for
        formal_claim_held: assert (!formal_live || !rst_n
            || ((s_axi_awready || write_address == formal_write_at)
                && (s_axi_wready || (write_data == formal_wdata && write_mask == formal_mask))
                && (s_axi_arready || read_address == formal_read_at)));
    end
