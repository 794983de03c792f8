// The CRC-32 of IEEE 802.3, carried on over BYTES bytes at once.
//
// next is zlib.crc32(data, crc): crc is the checksum of what came before, 0 of nothing, and next
// that of it with data behind. The byte in the lowest bits comes first, so of a 32-bit word its
// four little-endian bytes.
//
// Area: nothing but exclusive-ors; every bit of next is one of about half of all bits that come in.

`default_nettype none

module sc_crc32 #(
    parameter integer BYTES = 1
) (
    input  wire [31:0]        crc,
    input  wire [8*BYTES-1:0] data,
    output reg  [31:0]        next
);

    // Division by the polynomial 0x04C11DB7 with the highest power in bit 0: bits are sent from
    // the lowest of a byte on.
    localparam [31:0] POLYNOMIAL = 32'hEDB88320;

    integer k;
    always @* begin
        next = ~crc;
        for (k = 0; k < 8 * BYTES; k = k + 1)
            next = (next >> 1) ^ (POLYNOMIAL & {32{next[0] ^ data[k]}});
        next = ~next;
    end

endmodule

`default_nettype wire
