"""What every board answers, however it is connected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Read:
    """Read a register.

    Attributes:
        address: byte offset of the register, a multiple of 4.
    """

    address: int


@dataclass(frozen=True)
class Write:
    """Write a register.

    Attributes:
        address: byte offset of the register, a multiple of 4.
        value: unsigned 32-bit word.
    """

    address: int
    value: int


Operation = Read | Write


@dataclass(frozen=True)
class Identity:
    """Which design a board runs, as its registers say.

    Attributes:
        magic: register ID; 0x53434E43 ("SCNC") for a design of ours.
        map_version: version of the register map.
        digest: first 128 bits of the design digest, 32 lower-case hexadecimal digits.
        generation: applies and reverts of parameters since the board started.
    """

    magic: int
    map_version: int
    digest: str
    generation: int


@dataclass(frozen=True)
class Inference:
    """What a board says of one inference.

    Attributes:
        prediction: the class.
        clocks: clocks that it took.
        layer_spikes: spikes of each layer.
        generation: applies and reverts of parameters since the board started, at its end.
    """

    prediction: int
    clocks: int
    layer_spikes: tuple[int, ...]
    generation: int


@dataclass(frozen=True)
class Telemetry:
    """State of a board.

    Attributes:
        busy: an inference is running.
        done: the last inference has ended, and none was started since.
        traps: sticky trap bits (0 bad guard, 1 bad address, 2 bad transaction, 3 bad command,
            from 8 those of the design).
        inferences: finished since the board started or was reset.
        generation: applies and reverts of parameters since the board started.
        layer_spikes: spikes of each layer in the last inference.
        update_status: register UPDATE_STATUS.
    """

    busy: bool
    done: bool
    traps: int
    inferences: int
    generation: int
    layer_spikes: tuple[int, ...]
    update_status: int


class Link(Protocol):
    """Transport to one board."""

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        """Perform operations in order and return the values of the reads, in order.

        Raises:
            BusError: the board refused an operation; those before it were performed, those
                after it were not.
            LinkError: it cannot be known whether, or how far, the operations were performed.
        """
        ...

    def advance(self, clocks: int) -> None:
        """Let the board run: a simulated one that many clocks, a real one a moment."""
        ...

    def load(self, bundle: Path) -> None:
        """Put a bundle's design on the board, in its initial state.

        Raises:
            DeviceError: the board cannot be loaded over this link.
        """
        ...

    def reset(self) -> None:
        """Start the board again from the design that it holds, in its initial state."""
        ...

    def close(self) -> None:
        """Release the board; the link cannot be used any more."""
        ...


class Device(Protocol):
    """One board that runs a live bundle.

    Every method raises `DeviceError`, `LinkError` if it cannot be known to have worked.
    """

    @property
    def name(self) -> str:
        """Kind and place of the board, for people."""
        ...

    def identify(self) -> Identity:
        """Return which design the board runs."""
        ...

    def load(self, bundle: Path | str) -> None:
        """Put a bundle's design on the board, in its initial state, and check that it runs."""
        ...

    def read(self, address: int) -> int:
        """Return a register."""
        ...

    def write(self, address: int, value: int) -> None:
        """Write a register."""
        ...

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        """Perform operations in order and return the values of the reads, in order."""
        ...

    def run(self, sample: NDArray[np.integer[Any]], *, during: Sequence[Write] = ()) -> Inference:
        """Classify one sample.

        Args:
            sample: (M,) levels, or (T, M) spikes for the coding ``events``.
            during: writes that follow the start at once, while the inference runs.
        """
        ...

    def step(self, clocks: int) -> None:
        """Let the board run: a simulated one that many clocks, a real one a moment."""
        ...

    def probe(self, sample: NDArray[np.integer[Any]], layer: int, tick: int) -> NDArray[np.bool_]:
        """Classify one sample and return which neurons of a layer spiked in a tick of it."""
        ...

    def probed(self, layer: int) -> NDArray[np.bool_]:
        """Return which neurons the probe, set to a layer and a tick, saw in the last inference."""
        ...

    def telemetry(self) -> Telemetry:
        """Return the state of the board."""
        ...

    def reset(self) -> None:
        """End the inference, if any, and clear traps; parameters stay."""
        ...

    def close(self) -> None:
        """Release the board."""
        ...
