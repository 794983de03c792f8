"""What a change of a signal costs: assumed capacitances, and the factor they may be off by.

No library of powers is used, so every energy that follows from these is ``estimated``: each change
charges or discharges one net of the same capacitance at the core voltage, E = toggles × C × V²/2.
"""

from __future__ import annotations

#: Core voltage by family, from the vendors' data sheets, in V.
CORE_VOLTAGE = {"ice40": 1.2, "ecp5": 1.1, "gowin": 1.2, "xilinx": 1.0}
#: Capacitance taken for a net with its routing and the inputs that it feeds, in F.
NET_CAPACITANCE = 1.0e-12
#: Capacitance taken for the clock's branch to one flip-flop, in F.
CLOCK_CAPACITANCE = 0.05e-12
#: The answer is an order of magnitude: it may be off by this factor either way.
SWITCHING_FACTOR = 5
