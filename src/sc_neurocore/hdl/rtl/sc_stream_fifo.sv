// First-in first-out buffer of a stream: room for DEPTH words, one of them at the output.
//
// After a reset it holds PRELOAD times PRELOAD_WORD; these take no room. A word taken in clock c
// is fetched from memory in clock c + 1 at the earliest, or in the clock in which its predecessor
// leaves, and stands at the output from the next clock on: so it leaves in c + 2 at the earliest.
// A word is taken as soon as the word DEPTH - 1 before it was fetched in an earlier clock. One
// word a clock goes in, and one out. out_valid does not depend on out_ready, nor in_ready on
// either; out_data stay while they wait. Nothing is transferred while rst_n is low.
//
// Area: the memory, read synchronously, so that a deep one is block RAM; two pointers. As a word
// is never fetched in the clock in which it is written, no bypass is needed around the memory.

`default_nettype none

module sc_stream_fifo #(
    parameter integer     WIDTH        = 8,
    parameter integer     DEPTH        = 16,  // at least 2, which makes room for 3
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

    localparam integer CELLS = DEPTH > 2 ? DEPTH : 3;  // one of which is always free
    localparam integer POINTER = $clog2(CELLS);
    localparam integer LEFT = PRELOAD > 0 ? $clog2(PRELOAD + 1) : 1;
    localparam [POINTER-1:0] LAST = POINTER'(CELLS - 1);

    reg  [WIDTH-1:0]   memory [0:CELLS-1];
    reg  [POINTER-1:0] head;  // where the next word goes
    reg  [POINTER-1:0] tail;  // where the next one to be fetched is, if that is not the head
    reg  [WIDTH-1:0]   fetched;

    wire [POINTER-1:0] after_head = head == LAST ? {POINTER{1'b0}} : head + 1'b1;
    wire [POINTER-1:0] after_tail = tail == LAST ? {POINTER{1'b0}} : tail + 1'b1;

    wire [LEFT-1:0] left;  // preloaded words still to leave
    wire vacant = !out_valid || (out_ready && (left == {LEFT{1'b0}} || left == LEFT'(1)));
    wire put = in_valid && in_ready;
    wire fetch = vacant && head != tail;

    assign in_ready = after_head != tail;

    always @(posedge clk) begin
        if (!rst_n) begin
            head      <= {POINTER{1'b0}};
            tail      <= {POINTER{1'b0}};
            out_valid <= PRELOAD != 0;
        end else begin
            if (put)    head <= after_head;
            if (fetch)  tail <= after_tail;
            if (vacant) out_valid <= fetch;
        end
    end

    always @(posedge clk) begin
        if (put)   memory[head] <= in_data;
        if (fetch) fetched <= memory[tail];
    end

    assign out_data = left != {LEFT{1'b0}} ? PRELOAD_WORD : fetched;
    generate
        if (PRELOAD == 0) begin : empty
            assign left = {LEFT{1'b0}};
        end else begin : preloaded
            reg [LEFT-1:0] count;
            assign left = count;
            always @(posedge clk) begin
                if (!rst_n) count <= LEFT'(PRELOAD);
                else if (out_ready && count != {LEFT{1'b0}}) count <= count - 1'b1;
            end
        end
    endgenerate

endmodule

`default_nettype wire
