    // The request of the last clock.
    reg formal_request = 1'b0;
    reg formal_we;
    reg [FORMAL_ADDRESS-1:0] formal_adr;
    reg [FORMAL_DATA-1:0] formal_dat;
    reg [FORMAL_DATA/8-1:0] formal_sel;
    // The request before that one, which was executed in the last clock.
    reg formal_wrote = 1'b0;
    reg formal_did_read = 1'b0;
    reg [FORMAL_ADDRESS-1:0] formal_write_at;
    reg [FORMAL_DATA-1:0] formal_write_data;
    reg [FORMAL_DATA/8-1:0] formal_write_bytes;
    always @(posedge clk) begin
        formal_request <= rst_n && wb_cyc_i && wb_stb_i;
        formal_we <= wb_we_i;
        formal_adr <= wb_adr_i >> FORMAL_LOW << FORMAL_LOW;
        formal_dat <= wb_dat_i;
        formal_sel <= wb_sel_i;
        formal_wrote <= rst_n && formal_request && formal_we;
        formal_did_read <= rst_n && formal_request && !formal_we;
        formal_write_at <= formal_adr;
        formal_write_data <= formal_dat;
        formal_write_bytes <= formal_sel;
    end
    wire formal_answered = wb_ack_o || wb_err_o;
    wire formal_write_answered = formal_wrote && formal_answered;
    wire formal_write_failed = wb_err_o;
    wire formal_read_answered = formal_did_read && formal_answered;
    wire [FORMAL_ADDRESS-1:0] formal_read_at = formal_write_at;
    wire [FORMAL_DATA-1:0] formal_answer = wb_dat_o;
    wire formal_read_failed = wb_err_o;

    always @* begin
        // what is executed is what the bus has asked for
        formal_claim_held: assert (!formal_live || !rst_n || (write == (formal_request && formal_we)
            && (!formal_request || read_address == formal_adr)));
    end
