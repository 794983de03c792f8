// Keeps the spikes of one layer in one tick of an inference, for a host to read.
//
// A layer passes its neurons in order, one in each clock with its bit of `passes`, a tick after the
// other; `spikes` says whether it spikes. From the clock of `start` on, the neurons of `layer` in
// `tick`, as they are in that clock, go to a memory of 32 to a word. One clock after `index` was
// given, `data` is its word: neuron 32 * index + b in bit b; 0 for neurons that were not passed.
//
// Area: block RAM of a bit for each neuron of the largest layer, about 100 flip-flops.

`default_nettype none

module sc_spike_probe #(
    parameter integer         LAYERS = 2,
    parameter [32*LAYERS-1:0] SIZES  = 64'h0000000400000004,  // of layer k in bits 32*k and up
    parameter integer         MOST   = 4,                     // the largest of them
    parameter integer         TICKS  = 16
) (
    input  wire              clk,
    input  wire              rst_n,   // synchronous, low resets
    input  wire              start,
    input  wire [31:0]       layer,
    input  wire [31:0]       tick,
    input  wire [LAYERS-1:0] passes,
    input  wire [LAYERS-1:0] spikes,
    input  wire [31:0]       index,
    output wire [31:0]       data
);

    localparam integer LAYER_BITS  = LAYERS > 1 ? $clog2(LAYERS) : 1;
    localparam integer NEURON_BITS = $clog2(MOST + 1);
    localparam integer TICK_BITS   = $clog2(TICKS + 1);
    localparam integer WORDS       = (MOST + 31) / 32;
    localparam integer CELLS       = WORDS > 1 ? WORDS : 2;
    localparam integer WORD_BITS   = $clog2(CELLS);

    reg                   watches;  // the layer's tick is to come, or is here
    reg [LAYER_BITS-1:0]  watched;
    reg [TICK_BITS-1:0]   left;     // ticks until the one that is kept
    reg [NEURON_BITS-1:0] neuron;
    reg [NEURON_BITS-1:0] count;    // neurons kept
    reg [30:0]            word;     // the neurons before, the last highest
    wire [31:0] size = SIZES[32*watched +: 32];
    wire passed = watches && passes[watched];
    wire last   = 32'(neuron) == size - 32'd1;
    wire here   = left == {TICK_BITS{1'b0}};

    always @(posedge clk) begin
        if (!rst_n) begin
            watches <= 1'b0;
            count   <= {NEURON_BITS{1'b0}};
        end else if (start) begin
            watches <= layer < LAYERS && tick < TICKS;
            watched <= layer[LAYER_BITS-1:0];
            left    <= tick[TICK_BITS-1:0];
            neuron  <= {NEURON_BITS{1'b0}};
            count   <= {NEURON_BITS{1'b0}};
        end else if (passed) begin
            neuron <= last ? {NEURON_BITS{1'b0}} : neuron + 1'b1;
            if (here) begin
                count <= count + 1'b1;
                word  <= {spikes[watched], word[30:1]};
                if (last) watches <= 1'b0;
            end else if (last) begin
                left <= left - 1'b1;
            end
        end
    end

    // A word is written with each of its neurons, shifted to its place: the last write is whole.
    wire [4:0] place_in_word = 5'(neuron);
    wire [31:0] coming = {spikes[watched], word} >> (5'd31 - place_in_word);
    wire [WORD_BITS-1:0] place = WORD_BITS'(neuron >> 5);
    reg [31:0] memory [0:CELLS-1];
    reg [31:0] read;
    always @(posedge clk) begin
        if (passed) memory[place] <= coming;
        read <= memory[index[WORD_BITS-1:0]];
    end

    // Of a word, only what was kept.
    wire [31:0] whole = 32'(count) >> 5;
    wire [4:0]  part  = 5'(count);
    reg [31:0] known;
    always @(posedge clk) begin
        if (!rst_n)              known <= 32'd0;
        else if (index < whole)  known <= 32'hffffffff;
        else if (index == whole) known <= ~(32'hffffffff << part);
        else                     known <= 32'd0;
    end
    assign data = read & known;

endmodule

`default_nettype wire
