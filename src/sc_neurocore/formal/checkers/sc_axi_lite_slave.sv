    // Transfers at the ports, and what was transferred last.
    wire formal_aw = s_axi_awvalid && s_axi_awready;
    wire formal_w = s_axi_wvalid && s_axi_wready;
    wire formal_b = s_axi_bvalid && s_axi_bready;
    wire formal_ar = s_axi_arvalid && s_axi_arready;
    wire formal_r = s_axi_rvalid && s_axi_rready;
    reg [ADDRESS_BITS-1:0] formal_awaddr;
    reg [DATA_BITS-1:0] formal_wdata;
    reg [DATA_BITS/8-1:0] formal_wstrb;
    reg [ADDRESS_BITS-1:0] formal_araddr;
    always @(posedge clk) begin
        if (formal_aw) formal_awaddr <= s_axi_awaddr;
        if (formal_w) formal_wdata <= s_axi_wdata;
        if (formal_w) formal_wstrb <= s_axi_wstrb;
        if (formal_ar) formal_araddr <= s_axi_araddr;
    end

    // Addresses, and data, of writes that were taken, less the answers to them; reads likewise.
    reg [3:0] formal_addresses;
    reg [3:0] formal_data;
    reg [3:0] formal_reads;
    // Writes executed, less the answers to them.
    reg [3:0] formal_executed;
    always @(posedge clk) begin
        if (!rst_n) begin
            formal_addresses <= 0;
            formal_data <= 0;
            formal_reads <= 0;
            formal_executed <= 0;
        end else begin
            formal_addresses <= formal_addresses + formal_aw - formal_b;
            formal_data <= formal_data + formal_w - formal_b;
            formal_reads <= formal_reads + formal_ar - formal_r;
            formal_executed <= formal_executed + write - formal_b;
        end
    end

    // The last clock.
    reg formal_b_waits = 1'b0;
    reg formal_r_waits = 1'b0;
    reg formal_ran = 1'b0;
    reg formal_bvalid;
    reg formal_rvalid;
    reg [1:0] formal_bresp;
    reg [1:0] formal_rresp;
    reg [DATA_BITS-1:0] formal_rdata;
    reg formal_wrote;
    reg formal_write_error;
    reg formal_read_error;
    reg [DATA_BITS-1:0] formal_read_data;
    reg [ADDRESS_BITS-1:0] formal_read_address;
    reg formal_complete;
    reg formal_asked;
    always @(posedge clk) begin
        formal_b_waits <= rst_n && s_axi_bvalid && !s_axi_bready;
        formal_r_waits <= rst_n && s_axi_rvalid && !s_axi_rready;
        formal_ran <= rst_n;
        formal_bvalid <= s_axi_bvalid;
        formal_rvalid <= s_axi_rvalid;
        formal_bresp <= s_axi_bresp;
        formal_rresp <= s_axi_rresp;
        formal_rdata <= s_axi_rdata;
        formal_wrote <= write;
        formal_write_error <= write_error;
        formal_read_error <= read_error;
        formal_read_data <= read_data;
        formal_read_address <= read_address;
        formal_complete <= rst_n && !s_axi_bvalid && formal_addresses != 0 && formal_data != 0;
        formal_asked <= rst_n && !s_axi_rvalid && formal_reads != 0;
    end
    wire formal_answers_write = formal_ran && s_axi_bvalid && !formal_bvalid;
    wire formal_answers_read = formal_ran && s_axi_rvalid && !formal_rvalid;
    reg [DATA_BITS-1:0] formal_mask;
    integer formal_i;
    always @* begin
        for (formal_i = 0; formal_i < DATA_BITS; formal_i = formal_i + 1)
            formal_mask[formal_i] = formal_wstrb[formal_i / 8];
    end

    always @* begin
        // after a reset there is no answer
        formal_claim_reset: assert (!formal_reset || (!s_axi_bvalid && !s_axi_rvalid));
        // in a reset nothing is taken and nothing written
        formal_claim_closed: assert (rst_n
            || (!s_axi_awready && !s_axi_wready && !s_axi_arready && !write));
        // an answer to a write waits until it is taken, unchanged
        formal_claim_write_stable: assert (!formal_live || !formal_b_waits
            || (s_axi_bvalid && s_axi_bresp == formal_bresp));
        // an answer to a read waits until it is taken, unchanged
        formal_claim_read_stable: assert (!formal_live || !formal_r_waits
            || (s_axi_rvalid && s_axi_rresp == formal_rresp && s_axi_rdata == formal_rdata));
        // of writes, one address at most waits for its execution, and one answer for its taking
        formal_claim_addresses: assert (!formal_live
            || formal_addresses == {3'b0, addressed} + {3'b0, s_axi_bvalid});
        // the same holds of their data
        formal_claim_data: assert (!formal_live
            || formal_data == {3'b0, filled} + {3'b0, s_axi_bvalid});
        // and of reads
        formal_claim_reads: assert (!formal_live
            || formal_reads == {3'b0, asked} + {3'b0, s_axi_rvalid});
        // a write is answered once, after an address and data, and never otherwise
        formal_claim_write_once: assert (!formal_live || !s_axi_bvalid
            || (formal_addresses != 0 && formal_data != 0));
        // a read is answered once, after its address, and never otherwise
        formal_claim_read_once: assert (!formal_live || !s_axi_rvalid || formal_reads != 0);
        // a write is executed once, in the clock before its answer
        formal_claim_executed: assert (!formal_live || (formal_executed == {3'b0, s_axi_bvalid}
            && (!formal_ran || formal_wrote == formal_answers_write)));
        // what is executed is what the bus has asked for
        formal_claim_asked_for: assert (!formal_live || !write
            || (write_address == {formal_awaddr[ADDRESS_BITS-1:LOW], {LOW{1'b0}}}
                && write_data == formal_wdata && write_mask == formal_mask));
        // until then its address and data are held
        formal_claim_held: assert (!formal_live
            || ((!addressed || write_address == {formal_awaddr[ADDRESS_BITS-1:LOW], {LOW{1'b0}}})
                && (!filled || (write_data == formal_wdata && strobes == formal_wstrb))
                && (!asked || read_address == {formal_araddr[ADDRESS_BITS-1:LOW], {LOW{1'b0}}})));
        // the response to a write is what the registers said, OKAY or SLVERR
        formal_claim_write_response: assert (!formal_live || !formal_answers_write
            || s_axi_bresp == (formal_write_error ? 2'b10 : 2'b00));
        // the answer to a read is what the registers said of the address of the bus
        formal_claim_read_answer: assert (!formal_live || !formal_answers_read
            || (formal_read_address == {formal_araddr[ADDRESS_BITS-1:LOW], {LOW{1'b0}}}
                && s_axi_rresp == (formal_read_error ? 2'b10 : 2'b00)
                && s_axi_rdata == (formal_read_error ? 0 : formal_read_data)));
        // a write with address and data is executed as soon as no answer waits
        formal_claim_write_progress: assert (!formal_live || !formal_complete
            || s_axi_bvalid);
        // a read is answered as soon as no answer waits
        formal_claim_read_progress: assert (!formal_live || !formal_asked || s_axi_rvalid);
        // what is not held is taken
        formal_claim_ready: assert (!formal_live || !rst_n || s_axi_bvalid || s_axi_rvalid
            || (s_axi_awready == (formal_addresses == 0) && s_axi_wready == (formal_data == 0)
                && s_axi_arready == (formal_reads == 0)));
    end
