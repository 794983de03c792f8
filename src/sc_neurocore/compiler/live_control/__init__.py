"""Live parameters: what a host writes to exchange them, and the hardware that takes it.

`MMIOUpdateSpec` describes the banks of a live design and builds the register sequences: stage
words in the shadow half, apply them all at once, revert, commit, roll back, read back.
`LiveControlModel` executes them as the hardware does; `generate_live_parameter_bank` writes banks
of registers behind a bus.
"""

from __future__ import annotations

from sc_neurocore.compiler.live_control._bank import ParameterBankSpec, TrapSpec, place_banks
from sc_neurocore.compiler.live_control._model import LiveControlModel
from sc_neurocore.compiler.live_control._operations import (
    LIVE_REGISTERS,
    MMIOOperation,
    MMIORead,
    MMIOWrite,
    crc32_update_guard,
)
from sc_neurocore.compiler.live_control._rtl import generate_live_parameter_bank
from sc_neurocore.compiler.live_control._update import BUS_PROTOCOLS, MMIOUpdateSpec, StagedWord

__all__ = [
    "BUS_PROTOCOLS",
    "LIVE_REGISTERS",
    "LiveControlModel",
    "MMIOOperation",
    "MMIORead",
    "MMIOUpdateSpec",
    "MMIOWrite",
    "ParameterBankSpec",
    "StagedWord",
    "TrapSpec",
    "crc32_update_guard",
    "generate_live_parameter_bank",
    "place_banks",
]
