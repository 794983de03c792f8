    // The division written out as for paper: the highest power first, and so the bytes' bits.
    function automatic [31:0] formal_divide(input [31:0] crc, input [7:0] one);
        integer b;
        begin
            for (b = 0; b < 32; b = b + 1) formal_divide[31-b] = !crc[b];
            for (b = 0; b < 8; b = b + 1)
                formal_divide = {formal_divide[30:0], 1'b0}
                              ^ (formal_divide[31] != one[b] ? 32'h04C11DB7 : 32'h0);
        end
    endfunction
    function automatic [31:0] formal_shown(input [31:0] remainder);
        integer b;
        for (b = 0; b < 32; b = b + 1) formal_shown[31-b] = !remainder[b];
    endfunction
    reg [31:0] formal_crc;
    integer formal_k;
    always @* begin
        formal_crc = crc;
        for (formal_k = 0; formal_k < BYTES; formal_k = formal_k + 1)
            formal_crc = formal_shown(formal_divide(formal_crc, data[8*formal_k +: 8]));
    end

    always @* begin
        // it is the remainder of the message's division by the polynomial, byte by byte
        formal_claim_remainder: assert (next == formal_crc);
        // a word that is the checksum of what comes before gives the residue, whatever that is
        formal_claim_residue: assert (BYTES != 4 || crc != 32'(data) || next == 32'h2144DF1C);
        // and only such a word does: no error of up to 32 bits in a row is missed
        formal_claim_burst: assert (BYTES != 4 || crc == 32'(data) || next != 32'h2144DF1C);
    end
