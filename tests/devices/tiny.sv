// A device without a network, for tests of boards: the registers of a device with two layers, the
// live control, and two banks. An inference sums the levels, takes 40 clocks, and its class is the
// sum plus entry 0 of bank 0. The spikes of layer 0 are the number of levels. Layer 1 has 40 neurons,
// of which those spike at tick t whose index is a multiple of t + 1.
`default_nettype none
module tiny_device #(parameter [127:0] DIGEST = 128'd0) (
    input wire clk, input wire rst_n,
`include "tiny_ports.vh"
);
    wire control_write, level_write, command_write;
    wire [31:0] control_data, level_data, command_data;
    wire [31:0] bank_select, entry_index, data_lo, data_hi, guard, expect_count, expect_crc;
    wire [31:0] apply_tick, traps, update_status, read_lo, read_hi, loaded_count, loaded_crc;
    wire [31:0] generation, traps_set, scratch, probe_layer, probe_tick, probe_index;
    wire restart = control_write && control_data[1];
    wire start = control_write && control_data[0];
    wire inner_n = rst_n && !restart;

    reg [31:0] sum, levels, clocks, class_index, inferences;
    reg [5:0] left;
    reg done;
    wire busy = left != 6'd0;
    wire target_half, swap_pending, host_write, host_read, host_half;
    wire [31:0] swap_tick, host_entry;
    wire [7:0] host_bank;
    wire [63:0] host_data, answer0, answer1;
    wire [15:0] word0;
    wire [79:0] word1;
    reg half;
    always @(posedge clk) if (!busy) half <= target_half;
    always @(posedge clk) begin
        if (!inner_n) begin
            sum <= 32'd0; levels <= 32'd0; clocks <= 32'd0; class_index <= 32'd0; left <= 6'd0;
            inferences <= 32'd0; done <= 1'b0;
        end else begin
            if (level_write) begin sum <= sum + level_data; levels <= levels + 32'd1; end
            if (start) begin left <= 6'd40; done <= 1'b0; clocks <= 32'd40; end
            else if (busy) begin
                left <= left - 6'd1;
                if (left == 6'd1) begin
                    done <= 1'b1; inferences <= inferences + 32'd1; sum <= 32'd0;
                    class_index <= sum + {16'd0, word0};
                end
            end
            if (start) levels <= 32'd0;
        end
    end
    reg [31:0] counted;
    always @(posedge clk) if (start) counted <= levels;

    genvar n;
    wire [63:0] spikes;
    generate for (n = 0; n < 64; n = n + 1) begin : pattern
        assign spikes[n] = n < 40 && (n % (probe_tick + 1)) == 0;
    end endgenerate
    wire [31:0] probe_data = probe_layer == 32'd1 ? spikes[32*probe_index[0] +: 32] : 32'd0;

    device_registers registers (
        .clk(clk), .rst_n(rst_n),
`include "tiny_pins.vh"
        .id(32'h53434E43), .map_version(32'd1),
        .digest0(DIGEST[127:96]), .digest1(DIGEST[95:64]), .digest2(DIGEST[63:32]),
        .digest3(DIGEST[31:0]), .scratch(scratch),
        .control_write(control_write), .control_data(control_data),
        .status({28'd0, 1'b0, |traps, done, busy}),
        .level_write(level_write), .level_data(level_data),
        .class_(class_index), .clocks(clocks), .inferences(inferences), .generation(generation),
        .bank_select(bank_select), .entry_index(entry_index), .data_lo(data_lo),
        .data_hi(data_hi), .guard(guard), .command_write(command_write),
        .command_data(command_data), .update_status(update_status), .read_lo(read_lo),
        .read_hi(read_hi), .loaded_count(loaded_count), .loaded_crc(loaded_crc),
        .expect_count(expect_count), .expect_crc(expect_crc), .apply_tick(apply_tick),
        .traps(traps), .traps_set(traps_set), .probe_layer(probe_layer),
        .probe_tick(probe_tick), .probe_index(probe_index), .probe_data(probe_data),
        .spikes_0(counted), .spikes_1(32'd7)
    );
    sc_live_control #(.BANKS(2), .ENTRIES({32'd80, 32'd1200})) control (
        .clk(clk), .rst_n(inner_n), .bank_select(bank_select), .entry_index(entry_index),
        .data_lo(data_lo), .data_hi(data_hi), .guard(guard), .expect_count(expect_count),
        .expect_crc(expect_crc), .apply_tick(apply_tick), .command_write(command_write),
        .command_data(command_data), .update_status(update_status), .read_lo(read_lo),
        .read_hi(read_hi), .loaded_count(loaded_count), .loaded_crc(loaded_crc),
        .generation(generation), .traps_set(traps_set), .host_write(host_write),
        .host_read(host_read), .host_half(host_half), .host_bank(host_bank),
        .host_entry(host_entry), .host_data(host_data), .host_answer(answer0 | answer1),
        .target_half(target_half), .swap_pending(swap_pending), .swap_tick(swap_tick),
        .swapped(!busy), .engine_idle(!busy)
    );
    sc_live_memory #(.BANK(0), .WORD_BITS(16), .DEPTH(1200), .FILE("bank0.mem")) bank0 (
        .clk(clk), .host_write(host_write), .host_read(host_read), .host_half(host_half),
        .host_bank(host_bank), .host_entry(host_entry), .host_data(host_data),
        .host_answer(answer0), .read_enable(start || left > 6'd38), .read_address(11'd0),
        .read_half(half), .word(word0)
    );
    sc_live_memory #(.BANK(1), .WORD_BITS(80), .DEPTH(40), .FILE("bank1.mem")) bank1 (
        .clk(clk), .host_write(host_write), .host_read(host_read), .host_half(host_half),
        .host_bank(host_bank), .host_entry(host_entry), .host_data(host_data),
        .host_answer(answer1), .read_enable(1'b0), .read_address(6'd0), .read_half(half),
        .word(word1)
    );
    wire unused = &{word1, swap_pending, swap_tick, scratch};
endmodule
`default_nettype wire
