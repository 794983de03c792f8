// First-in first-out buffer of a stream: DEPTH words in memory and one at the output.
//
// After a reset it holds PRELOAD times PRELOAD_WORD; these take no memory. A word taken in clock c
// is fetched from memory in clock c + 1 at the earliest, or in the clock in which its predecessor
// leaves, and stands at the output from the next clock on: so it leaves in c + 2 at the earliest.
// A word is taken as soon as the word DEPTH before it has been fetched in an earlier clock. One
// word a clock goes in, and one out. `valid` does not depend on `ready`; out_data keep their value
// while they wait. Nothing is transferred in a clock in which rst_n is low.
//
// Area: the memory, read synchronously, so that a deep one is block RAM; two pointers and a count.

`default_nettype none

module sc_stream_fifo #(
    parameter integer     WIDTH        = 8,
    parameter integer     DEPTH        = 16,  // at least 2
    parameter integer     PRELOAD      = 0,
    parameter [WIDTH-1:0] PRELOAD_WORD = 8'h00
) (
    input  wire             clk,
    input  wire             rst_n,   // synchronous, low resets
    input  wire             in_valid,
    output wire             in_ready,
    input  wire [WIDTH-1:0] in_data,
    output reg              out_valid,
    input  wire             out_ready,
    output wire [WIDTH-1:0] out_data
);

    localparam integer POINTER = $clog2(DEPTH);
    localparam integer COUNT = $clog2(DEPTH + 1);
    localparam [POINTER-1:0] LAST = POINTER'(DEPTH - 1);

    reg  [WIDTH-1:0]   memory [0:DEPTH-1];
    reg  [POINTER-1:0] head;    // where the next word goes
    reg  [POINTER-1:0] tail;    // where the next one to be fetched is
    reg  [COUNT-1:0]   stored;  // words in memory
    reg  [WIDTH-1:0]   fetched;

    wire last_preload;  // the word at the output is the last preloaded one, or a later one
    wire put = in_valid && in_ready;
    wire vacant = !out_valid || (out_ready && last_preload);
    wire fetch = vacant && stored != {COUNT{1'b0}};

    assign in_ready = stored != COUNT'(DEPTH);

    always @(posedge clk) begin
        if (!rst_n) begin
            head      <= {POINTER{1'b0}};
            tail      <= {POINTER{1'b0}};
            stored    <= {COUNT{1'b0}};
            out_valid <= PRELOAD != 0;
        end else begin
            if (put)   head <= head == LAST ? {POINTER{1'b0}} : head + 1'b1;
            if (fetch) tail <= tail == LAST ? {POINTER{1'b0}} : tail + 1'b1;
            if (put != fetch) stored <= put ? stored + 1'b1 : stored - 1'b1;
            out_valid <= fetch || !vacant;
        end
    end

    always @(posedge clk) begin
        if (put)   memory[head] <= in_data;
        if (fetch) fetched <= memory[tail];
    end

    generate
        if (PRELOAD == 0) begin : plain
            assign last_preload = 1'b1;
            assign out_data = fetched;
        end else begin : preloaded
            localparam integer LEFT = $clog2(PRELOAD + 1);
            reg [LEFT-1:0] left;  // preloaded words still to leave
            assign last_preload = left == {LEFT{1'b0}} || left == LEFT'(1);
            assign out_data = left != {LEFT{1'b0}} ? PRELOAD_WORD : fetched;
            always @(posedge clk) begin
                if (!rst_n) left <= LEFT'(PRELOAD);
                else if (out_ready && left != {LEFT{1'b0}}) left <= left - 1'b1;
            end
        end
    endgenerate

endmodule

`default_nettype wire
