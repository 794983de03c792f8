// Parallel counter: how many of INPUTS streams are one in this clock.
//
// Area: a carry-save tree of about INPUTS full adders, which synthesis builds from the sum; no
// state.

`default_nettype none

module sc_parallel_counter #(
    parameter integer INPUTS = 16,
    parameter integer WIDTH  = $clog2(INPUTS + 1)
) (
    input  wire [INPUTS-1:0] streams,
    output wire [WIDTH-1:0]  count
);

    function automatic [WIDTH-1:0] ones(input [INPUTS-1:0] bits);
        integer i;
        begin
            ones = {WIDTH{1'b0}};
            for (i = 0; i < INPUTS; i = i + 1) ones = ones + WIDTH'(bits[i]);
        end
    endfunction

    assign count = ones(streams);

endmodule

`default_nettype wire
