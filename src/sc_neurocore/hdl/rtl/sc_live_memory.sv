// A parameter memory that is rewritten while it is read: DEPTH words, twice.
//
// A reader takes the words of one half, the host writes those of the other; sc_live_control says
// which is which. Both start with the words of FILE, one in hexadecimal per line. The reader gets
// memory[read_address] of read_half one clock after read_enable, and keeps it until the next.
//
// The host's entries are slices of at most 64 bits: entry = word * SLICES + slice, the lowest bits
// in slice 0, with SLICES the least number of slices that hold a word. Bank and entry have to stand
// one clock before host_read or host_write, and in that clock. An entry that is read shows in
// host_answer two clocks later, for one clock; else, and for other banks, that is 0: the answers of
// all banks are combined by or. A host's read goes through the reader's port and replaces its word,
// so there must be none in a clock with read_enable, nor before a word that was read has been used.
//
// Area: block RAM of 2**$clog2(DEPTH) + DEPTH words, with one port to read and one to write.

`default_nettype none

module sc_live_memory #(
    parameter integer BANK      = 0,   // up to 255
    parameter integer WORD_BITS = 16,
    parameter integer DEPTH     = 32,
    parameter         FILE      = ""
) (
    input  wire                                       clk,
    input  wire                                       host_write,
    input  wire                                       host_read,
    input  wire                                       host_half,
    input  wire [7:0]                                 host_bank,
    input  wire [31:0]                                host_entry,
    input  wire [63:0]                                host_data,
    output wire [63:0]                                host_answer,
    input  wire                                       read_enable,
    input  wire [(DEPTH > 1 ? $clog2(DEPTH) : 1)-1:0] read_address,
    input  wire                                       read_half,
    output reg  [WORD_BITS-1:0]                       word
);

    localparam integer ADDRESS_BITS = DEPTH > 1 ? $clog2(DEPTH) : 1;
    localparam integer HALF         = 1 << ADDRESS_BITS;  // first word of half 1
    localparam integer SLICES       = (WORD_BITS + 63) / 64;
    localparam integer SLICE_BITS   = SLICES > 1 ? $clog2(SLICES) : 1;
    localparam integer ENTRY_BITS   = ADDRESS_BITS + $clog2(SLICES);

    // Word and slice of the host's entry: long division by a small constant, a bit at a time.
    reg [ENTRY_BITS-1:0] quotient;
    reg [SLICE_BITS:0]   remainder;
    integer k;
    always @* begin
        quotient = {ENTRY_BITS{1'b0}};
        remainder = {(SLICE_BITS+1){1'b0}};
        for (k = ENTRY_BITS - 1; k >= 0; k = k - 1) begin
            remainder = {remainder[SLICE_BITS-1:0], host_entry[k]};
            if (remainder >= (SLICE_BITS+1)'(SLICES)) begin
                quotient[k] = 1'b1;
                remainder = remainder - (SLICE_BITS+1)'(SLICES);
            end
        end
    end

    reg                    selected;
    reg [ADDRESS_BITS-1:0] host_address;
    reg [SLICE_BITS-1:0]   slice;
    always @(posedge clk) begin
        selected     <= host_bank == 8'(BANK);
        host_address <= quotient[ADDRESS_BITS-1:0];
        slice        <= remainder[SLICE_BITS-1:0];
    end
    wire unused = &{1'b0, quotient, remainder, host_entry, host_data};

    // No word is read in the clock in which it is written: they are in different halves.
    (* no_rw_check *)
    reg [WORD_BITS-1:0] memory [0:HALF+DEPTH-1];
    initial if (FILE != "") begin
        $readmemh(FILE, memory, 0, DEPTH - 1);
        $readmemh(FILE, memory, HALF, HALF + DEPTH - 1);
    end

    wire steals = host_read && selected;
    wire [ADDRESS_BITS:0] reads = steals ? {host_half, host_address} : {read_half, read_address};
    always @(posedge clk) begin
        if (steals || read_enable) word <= memory[reads];
    end

    reg answers;
    always @(posedge clk) answers <= steals;

    wire [64*SLICES-1:0] padded = (64*SLICES)'(word);
    localparam integer ANSWER = WORD_BITS < 64 ? WORD_BITS : 64;
    reg [ANSWER-1:0] answer;
    always @(posedge clk) begin
        answer <= answers ? padded[64*slice +: ANSWER] : {ANSWER{1'b0}};
    end
    assign host_answer = 64'(answer);

    genvar s;
    generate
        for (s = 0; s < SLICES; s = s + 1) begin : part
            localparam integer BITS = s < SLICES - 1 ? 64 : WORD_BITS - 64 * s;
            always @(posedge clk) begin
                if (host_write && selected && slice == SLICE_BITS'(s))
                    memory[{host_half, host_address}][64*s +: BITS] <= host_data[BITS-1:0];
            end
        end
    endgenerate

endmodule

`default_nettype wire
