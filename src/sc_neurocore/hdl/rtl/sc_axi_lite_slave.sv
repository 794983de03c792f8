// AXI4-Lite slave: bus transactions to plain reads and writes of words.
//
// A write is executed in the clock in which `write` is high: address, data and mask are those of
// the bus, and the registers answer in the same clock whether it is an error. A read is answered
// likewise: whatever `read_data` and `read_error` are in the clock after the address was taken, or
// later, if the answer before still waits. Errors are SLVERR. Address and data of a write come in
// any order. One address, one word of data and one answer are held in each direction, so a master
// that never waits has a write and a read every second clock. Nothing depends combinationally on
// an input but ready on rst_n. The lowest bits of an address are ignored, as the strobes say which
// bytes of the word are written. AxPROT is ignored, and so there is no such port.
//
// Area: 2 ADDRESS_BITS + 2 DATA_BITS + DATA_BITS / 8 + 7 flip-flops at most.

`default_nettype none

module sc_axi_lite_slave #(
    parameter integer ADDRESS_BITS = 12,
    parameter integer DATA_BITS    = 32  // 32 or 64
) (
    input  wire                    clk,
    input  wire                    rst_n,  // synchronous, low resets

    input  wire                    s_axi_awvalid,
    output wire                    s_axi_awready,
    input  wire [ADDRESS_BITS-1:0] s_axi_awaddr,
    input  wire                    s_axi_wvalid,
    output wire                    s_axi_wready,
    input  wire [DATA_BITS-1:0]    s_axi_wdata,
    input  wire [DATA_BITS/8-1:0]  s_axi_wstrb,
    output reg                     s_axi_bvalid,
    input  wire                    s_axi_bready,
    output wire [1:0]              s_axi_bresp,
    input  wire                    s_axi_arvalid,
    output wire                    s_axi_arready,
    input  wire [ADDRESS_BITS-1:0] s_axi_araddr,
    output reg                     s_axi_rvalid,
    input  wire                    s_axi_rready,
    output reg  [DATA_BITS-1:0]    s_axi_rdata,
    output wire [1:0]              s_axi_rresp,

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

    wire unused = &{s_axi_awaddr[LOW-1:0], s_axi_araddr[LOW-1:0]};

    reg             addressed;  // the address of a write is held
    reg             filled;     // its data are held
    reg             asked;      // the address of a read is held
    reg [WORDS-1:0] write_word;
    reg [LANES-1:0] strobes;
    reg [WORDS-1:0] read_word;
    reg             write_failed;
    reg             read_failed;

    assign s_axi_awready = rst_n && !addressed;
    assign s_axi_wready = rst_n && !filled;
    assign s_axi_arready = rst_n && !asked;
    assign s_axi_bresp = {write_failed, 1'b0};
    assign s_axi_rresp = {read_failed, 1'b0};

    assign write = rst_n && addressed && filled && !s_axi_bvalid;
    assign write_address = {write_word, {LOW{1'b0}}};
    assign read_address = {read_word, {LOW{1'b0}}};
    wire read = asked && !s_axi_rvalid;

    always @(posedge clk) begin
        if (!rst_n) begin
            addressed    <= 1'b0;
            filled       <= 1'b0;
            s_axi_bvalid <= 1'b0;
        end else if (write) begin
            addressed    <= 1'b0;
            filled       <= 1'b0;
            s_axi_bvalid <= 1'b1;
        end else begin
            if (s_axi_awvalid) addressed    <= 1'b1;
            if (s_axi_wvalid)  filled       <= 1'b1;
            if (s_axi_bready)  s_axi_bvalid <= 1'b0;
        end
    end

    always @(posedge clk) begin
        if (!rst_n) begin
            asked        <= 1'b0;
            read_word    <= {WORDS{1'b0}};
            s_axi_rvalid <= 1'b0;
        end else if (read) begin
            asked        <= 1'b0;
            s_axi_rvalid <= 1'b1;
        end else begin
            if (s_axi_arvalid) asked        <= 1'b1;
            if (!asked)        read_word    <= s_axi_araddr[ADDRESS_BITS-1:LOW];
            if (s_axi_rready)  s_axi_rvalid <= 1'b0;
        end
    end

    always @(posedge clk) begin
        if (!addressed) write_word <= s_axi_awaddr[ADDRESS_BITS-1:LOW];
        if (!filled) begin
            write_data <= s_axi_wdata;
            strobes    <= s_axi_wstrb;
        end
        if (write) write_failed <= write_error;
        if (read) begin
            s_axi_rdata <= read_error ? {DATA_BITS{1'b0}} : read_data;
            read_failed <= read_error;
        end
    end

    integer lane;
    always @* begin
        for (lane = 0; lane < LANES; lane = lane + 1)
            write_mask[lane*8 +: 8] = {8{strobes[lane]}};
    end

endmodule

`default_nettype wire
