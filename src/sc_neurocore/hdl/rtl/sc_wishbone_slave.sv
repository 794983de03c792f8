// Wishbone B4 slave, pipelined: bus cycles to plain reads and writes of words.
//
// A request is taken in every clock with CYC and STB; it is never stalled. It is executed in the
// next clock: then `write` is high if it is a write, address, data and mask are those of the bus,
// and the registers answer in the same clock. ACK, or ERR, comes in the clock after that. So a
// request is answered two clocks after it, one may come in every clock, and answers are in order.
// A request that was taken is executed; if the master ends the cycle before the answer, there is
// none. The lowest bits of an address are ignored, as SEL says which bytes of the word are
// written; a read has all of them, whatever SEL is.
//
// Area: ADDRESS_BITS + 2 DATA_BITS + DATA_BITS / 8 + 4 flip-flops at most.

`default_nettype none

module sc_wishbone_slave #(
    parameter integer ADDRESS_BITS = 12,
    parameter integer DATA_BITS    = 32  // 32 or 64
) (
    input  wire                    clk,
    input  wire                    rst_n,  // synchronous, low resets

    input  wire                    wb_cyc_i,
    input  wire                    wb_stb_i,
    input  wire                    wb_we_i,
    input  wire [ADDRESS_BITS-1:0] wb_adr_i,  // of a byte
    input  wire [DATA_BITS/8-1:0]  wb_sel_i,
    input  wire [DATA_BITS-1:0]    wb_dat_i,
    output reg  [DATA_BITS-1:0]    wb_dat_o,
    output wire                    wb_ack_o,
    output wire                    wb_err_o,
    output wire                    wb_stall_o,

    output wire                    write,
    output wire [ADDRESS_BITS-1:0] write_address,  // of a word: its lowest bits are zero
    output reg  [DATA_BITS-1:0]    write_data,
    output reg  [DATA_BITS-1:0]    write_mask,     // ones where bytes are written
    input  wire                    write_error,
    output wire [ADDRESS_BITS-1:0] read_address,   // of a word
    input  wire [DATA_BITS-1:0]    read_data,
    input  wire                    read_error
);

    localparam integer LANES = DATA_BITS / 8;
    localparam integer LOW = $clog2(LANES);
    localparam integer WORDS = ADDRESS_BITS - LOW;

    wire unused = &wb_adr_i[LOW-1:0];

    reg             taken;   // a request was taken in the last clock
    reg             writes;  // it is a write
    reg [WORDS-1:0] word;
    reg [LANES-1:0] strobes;
    reg             answered;
    reg             failed;

    assign wb_stall_o = !rst_n;
    assign wb_ack_o = wb_cyc_i && answered && !failed;
    assign wb_err_o = wb_cyc_i && answered && failed;

    assign write = rst_n && taken && writes;
    assign write_address = {word, {LOW{1'b0}}};
    assign read_address = write_address;

    always @(posedge clk) begin
        if (!rst_n) begin
            taken    <= 1'b0;
            word     <= {WORDS{1'b0}};
            answered <= 1'b0;
        end else begin
            taken    <= wb_cyc_i && wb_stb_i;
            word     <= wb_adr_i[ADDRESS_BITS-1:LOW];
            answered <= wb_cyc_i && taken;
        end
    end

    always @(posedge clk) begin
        writes <= wb_we_i;
        write_data <= wb_dat_i;
        strobes <= wb_sel_i;
        failed <= writes ? write_error : read_error;
        wb_dat_o <= writes || read_error ? {DATA_BITS{1'b0}} : read_data;
    end

    integer lane;
    always @* begin
        for (lane = 0; lane < LANES; lane = lane + 1)
            write_mask[lane*8 +: 8] = {8{strobes[lane]}};
    end

endmodule

`default_nettype wire
