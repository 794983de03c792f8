"""What a driver knows of the design that should be on its board."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import (
    CycleModel,
    DeviceRtl,
    Folding,
    IntegerNetwork,
    encode_levels,
)
from sc_neurocore.hdl.registers import RegisterMap

MAGIC = 0x53434E43
MAP_VERSION = 1


@dataclass(frozen=True, eq=False)
class Design:
    """A live design, as a bundle holds it.

    Attributes:
        network: what it computes.
        foldings: one per layer.
        device: its RTL, registers and banks.
        samples: inputs to try it on, (n, M) levels, or (n, T, M) spikes.
        bundle: directory that it came from.
    """

    network: IntegerNetwork
    foldings: Sequence[Folding]
    device: DeviceRtl
    samples: NDArray[np.int64]
    bundle: Path | None = None

    @property
    def name(self) -> str:
        """Name of the network."""
        return self.network.name

    @property
    def digest(self) -> str:
        """Digest of the design, hexadecimal; the board's registers hold its first 32 digits."""
        return self.device.digest

    @property
    def registers(self) -> RegisterMap:
        """Its register map."""
        return self.device.registers

    @property
    def layers(self) -> tuple[int, ...]:
        """Neurons of each layer."""
        return tuple(layer.size for layer in self.network.layers)

    def at(self, register: str) -> int:
        """Return the address of a register."""
        return self.registers.register(register).offset

    def input_words(self, sample: NDArray[np.integer[Any]]) -> list[int]:
        """Return what is written to LEVEL for a sample: its levels, or the words of its events.

        Raises:
            SCConfigError: the sample does not fit the network.
        """
        batch = np.asarray(sample)[None]
        if self.network.input.coding == "events":
            slots = CycleModel(self.network, self.foldings).input_slots(batch)[0]
            return [int(word) for word in slots]
        levels = encode_levels(self.network.input, batch, self.network.ticks)
        return [int(level) for level in levels[0]]
