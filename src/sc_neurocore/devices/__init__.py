"""Boards that run a bundle: one interface, its drivers, and the virtual board."""

from __future__ import annotations

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

__all__ = [
    "Device",
    "Identity",
    "Inference",
    "Link",
    "Operation",
    "Read",
    "Telemetry",
    "Write",
]
