"""Boards that run a bundle: one interface, its drivers, and the virtual board."""

from __future__ import annotations

from sc_neurocore.devices._bundle import open_bundle
from sc_neurocore.devices._device import RegisterDevice
from sc_neurocore.devices._faults import FAULTS, BoardState, Fault, Memory
from sc_neurocore.devices._instruments import Instruments
from sc_neurocore.devices._link import FrameLink, LinkCounters
from sc_neurocore.devices._process import BoardProcess
from sc_neurocore.devices._protocol import (
    Device,
    Identity,
    Inference,
    Link,
    Operation,
    Read,
    Telemetry,
    Write,
)
from sc_neurocore.devices._pynq import MemoryLink, PynqDevice
from sc_neurocore.devices._serial import SerialDevice
from sc_neurocore.devices._virtual import VirtualBoard
from sc_neurocore.devices.update import UpdateError

__all__ = [
    "FAULTS",
    "BoardProcess",
    "BoardState",
    "Device",
    "Fault",
    "FrameLink",
    "Identity",
    "Inference",
    "Instruments",
    "Link",
    "LinkCounters",
    "Memory",
    "MemoryLink",
    "Operation",
    "PynqDevice",
    "Read",
    "RegisterDevice",
    "SerialDevice",
    "Telemetry",
    "UpdateError",
    "VirtualBoard",
    "Write",
    "open_bundle",
]
