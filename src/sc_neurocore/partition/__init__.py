"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

from sc_neurocore.partition._chip_rtl import LinkOptions
from sc_neurocore.partition._chip_trace import ChipRun
from sc_neurocore.partition._chips import LinkFault, VirtualChips, build_chips
from sc_neurocore.partition._run_chips import chips_of, run_chips

__all__ = [
    "ChipRun",
    "LinkFault",
    "LinkOptions",
    "VirtualChips",
    "build_chips",
    "chips_of",
    "run_chips",
]
