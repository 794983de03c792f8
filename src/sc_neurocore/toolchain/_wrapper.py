"""A board top with few pins, so that a module with many ports can be placed and routed."""

from __future__ import annotations

from collections.abc import Sequence

INSTANCE = "dut"
"""The name of the wrapped module inside the wrapper: its cells' names start with this."""


def serial_wrapper(
    top: str,
    inputs: Sequence[tuple[str, int]],
    outputs: Sequence[tuple[str, int]],
    clock: str,
    reset: str,
) -> str:
    """Return Verilog for ``<top>_board``: five pins around a module with any number of ports.

    Inputs come from a shift register; outputs are captured when ``capture`` is high and shifted
    out otherwise. Every port of the module thus starts or ends at a flip-flop, so that its
    input-to-register and register-to-output delays are part of the measured clock period.

    Args:
        top: the module to wrap.
        inputs: name and width in bits of each input, without clock and reset.
        outputs: name and width in bits of each output.
        clock: the clock port.
        reset: the reset port.
    """
    feed = sum(width for _, width in inputs)
    drain = sum(width for _, width in outputs)
    connections = [f".\\{clock} (clk)", f".\\{reset} (rst_n)"]
    for ports, bus in ((inputs, "feed"), (outputs, "result")):
        low = 0
        for name, width in ports:
            connections.append(f".\\{name} ({bus}[{low + width - 1}:{low}])")
            low += width
    joined = ",\n    ".join(connections)
    feed_top, drain_top = max(feed, 1) - 1, max(drain, 1) - 1
    shift_in = "shift_in" if feed <= 1 else f"{{feed[{feed_top - 1}:0], shift_in}}"
    shifted = "1'b0" if drain <= 1 else f"{{drain[{drain_top - 1}:0], 1'b0}}"
    return f"""\
// Places {top} with five pins: {feed} input bits are shifted in, {drain} output bits shifted out.
module {top}_board (
  input wire clk,
  input wire rst_n,
  input wire shift_in,
  input wire capture,
  output wire shift_out
);
  reg [{feed_top}:0] feed;
  reg [{drain_top}:0] drain;
  wire [{drain_top}:0] result;
  assign shift_out = drain[{drain_top}];
  always @(posedge clk) begin
    feed <= {shift_in};
    drain <= capture ? result : {shifted};
  end
  {top} {INSTANCE} (
    {joined}
  );
endmodule
"""
