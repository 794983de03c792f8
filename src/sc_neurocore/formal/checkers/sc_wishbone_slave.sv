    // The request of the last clock, and the one before it: whether there was one, and what.
    wire formal_request = wb_cyc_i && wb_stb_i && !wb_stall_o;
    reg formal_first = 1'b0;
    reg formal_second = 1'b0;
    reg formal_we;
    reg [ADDRESS_BITS-1:0] formal_adr;
    reg [DATA_BITS-1:0] formal_dat;
    reg [DATA_BITS/8-1:0] formal_sel;
    reg formal_second_we;
    // What the registers said in the last clock.
    reg formal_write_error;
    reg formal_read_error;
    reg [DATA_BITS-1:0] formal_read_data;
    // Requests of this bus cycle, less the answers to them.
    reg [3:0] formal_outstanding;
    wire formal_answer = wb_ack_o || wb_err_o;
    always @(posedge clk) begin
        formal_first <= rst_n && formal_request;
        formal_second <= rst_n && formal_first && wb_cyc_i;
        formal_we <= wb_we_i;
        formal_adr <= wb_adr_i;
        formal_dat <= wb_dat_i;
        formal_sel <= wb_sel_i;
        formal_second_we <= formal_we;
        formal_write_error <= write_error;
        formal_read_error <= read_error;
        formal_read_data <= read_data;
        if (!rst_n || !wb_cyc_i) formal_outstanding <= 0;
        else formal_outstanding <= formal_outstanding + formal_request - formal_answer;
    end
    reg [DATA_BITS-1:0] formal_mask;
    integer formal_i;
    always @* begin
        for (formal_i = 0; formal_i < DATA_BITS; formal_i = formal_i + 1)
            formal_mask[formal_i] = formal_sel[formal_i / 8];
    end
    wire formal_failed = formal_second_we ? formal_write_error : formal_read_error;

    always @* begin
        // after a reset there is no answer
        formal_claim_reset: assert (!formal_reset || !formal_answer);
        // in a reset nothing is taken and nothing written
        formal_claim_closed: assert (rst_n || (wb_stall_o && !write));
        // otherwise a request is taken at once
        formal_claim_takes: assert (!rst_n || !wb_stall_o);
        // an answer is either good or an error
        formal_claim_exclusive: assert (!wb_ack_o || !wb_err_o);
        // there is none outside a bus cycle
        formal_claim_cycle: assert (wb_cyc_i || !formal_answer);
        // there is one exactly two clocks after each request, if the bus cycle goes on
        formal_claim_latency: assert (!formal_live || formal_answer == (formal_second && wb_cyc_i));
        // there is none without a request of this bus cycle
        formal_claim_once: assert (!formal_live || !formal_answer || formal_outstanding != 0);
        // and no request is without an answer for long
        formal_claim_outstanding: assert (!formal_live || !wb_cyc_i
            || formal_outstanding == {3'b0, formal_first} + {3'b0, formal_second});
        // a write is executed in the clock after its request, and nothing else is
        formal_claim_executed: assert (!formal_live || !rst_n
            || write == (formal_first && formal_we));
        // what is executed is what the bus has asked for
        formal_claim_asked_for: assert (!formal_live || !formal_first || !rst_n
            || (write_address == {formal_adr[ADDRESS_BITS-1:LOW], {LOW{1'b0}}}
                && read_address == write_address
                && (!write || (write_data == formal_dat && write_mask == formal_mask))));
        // an answer is an error if the registers said so
        formal_claim_error: assert (!formal_live || !formal_answer || wb_err_o == formal_failed);
        // its data are those of the registers, and zero with an error or to a write
        formal_claim_answer: assert (!formal_live || !formal_answer
            || wb_dat_o == (formal_second_we || formal_failed ? 0 : formal_read_data));
    end
