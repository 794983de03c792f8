// Parameters in registers that are rewritten while they are used: ENTRIES words, twice.
//
// All active words stand side by side in `words`, entry 0 in the lowest bits; the words of the other
// half take their place in the clock in which target_half changes, all at once. The host's port is
// that of sc_live_memory, but any clock is as good as another for it: it disturbs no reader.
//
// Area: 2 ENTRIES * WORD_BITS flip-flops, a multiplexer of two for each bit of `words`, and one of
// 2 ENTRIES for each bit of the answer.

`default_nettype none

module sc_live_registers #(
    parameter integer BANK      = 0,   // up to 255
    parameter integer WORD_BITS = 16,  // up to 64
    parameter integer ENTRIES   = 4,
    parameter [ENTRIES*WORD_BITS-1:0] INITIAL = 64'h0  // both halves at power-up
) (
    input  wire                         clk,
    input  wire                         host_write,
    input  wire                         host_read,
    input  wire                         host_half,
    input  wire [7:0]                   host_bank,
    input  wire [31:0]                  host_entry,
    input  wire [63:0]                  host_data,
    output wire [63:0]                  host_answer,
    input  wire                         target_half,
    output wire [ENTRIES*WORD_BITS-1:0] words
);

    localparam integer BITS = ENTRIES * WORD_BITS;

    reg [BITS-1:0] half_0, half_1;
    initial begin
        half_0 = INITIAL;
        half_1 = INITIAL;
    end
    assign words = target_half ? half_1 : half_0;

    // Bank and entry have stood for a clock, and decoding them may take one.
    reg [ENTRIES-1:0] selected;
    integer k;
    always @(posedge clk) begin
        for (k = 0; k < ENTRIES; k = k + 1)
            selected[k] <= host_bank == 8'(BANK) && host_entry == 32'(k);
    end
    wire unused = &{1'b0, host_data};

    wire [BITS-1:0] read_half = host_half ? half_1 : half_0;
    reg [WORD_BITS-1:0] found;
    integer i;
    always @* begin
        found = {WORD_BITS{1'b0}};
        for (i = 0; i < ENTRIES; i = i + 1)
            found = found | (read_half[i*WORD_BITS +: WORD_BITS] & {WORD_BITS{selected[i]}});
    end

    reg [WORD_BITS-1:0] read, answer;
    integer n;
    always @(posedge clk) begin
        read   <= host_read ? found : {WORD_BITS{1'b0}};
        answer <= read;
        for (n = 0; n < ENTRIES; n = n + 1)
            if (host_write && selected[n]) begin
                if (host_half) half_1[n*WORD_BITS +: WORD_BITS] <= host_data[WORD_BITS-1:0];
                else           half_0[n*WORD_BITS +: WORD_BITS] <= host_data[WORD_BITS-1:0];
            end
    end
    assign host_answer = 64'(answer);

endmodule

`default_nettype wire
