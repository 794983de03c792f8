// One tick of a spike trace that decays by a shift: faded is the trace less its 2**SHIFT-th part,
// rounded up, and raised is that with INCREMENT added if there is a spike, at most all ones.
//
// As it loses at least one until it is 0, a trace without spikes ends; as it loses no more than it
// has, it never goes below 0.
//
// Area: two subtractors and an adder of BITS bits.

`default_nettype none

module sc_trace #(
    parameter integer BITS      = 8,
    parameter integer SHIFT     = 4,
    parameter integer INCREMENT = 64  // below 2**BITS
) (
    input  wire [BITS-1:0] trace,
    input  wire            spike,
    output wire [BITS-1:0] faded,
    output wire [BITS-1:0] raised
);

    generate
        if (32'(INCREMENT) >> BITS != 32'd0) begin : refused
            INCREMENT_is_more_than_a_trace_holds stop ();  // no such module
        end
    endgenerate

    // What the shift drops; all bits, if it drops all.
    localparam [BITS-1:0] DROPPED = ~({BITS{1'b1}} << SHIFT);

    assign faded = trace - (trace >> SHIFT) - BITS'(|(trace & DROPPED));

    wire [BITS:0] sum = {1'b0, faded} + (BITS + 1)'(INCREMENT);
    assign raised = !spike ? faded : sum[BITS] ? {BITS{1'b1}} : sum[BITS-1:0];

endmodule

`default_nettype wire
