"""The one implementation of a device: register operations over any link."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices._bundle import input_words, open_bundle
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
from sc_neurocore.exceptions import DeviceError, DeviceMismatchError, SCConfigError

MAGIC = 0x53434E43
MAP_VERSION = 1
_START, _RESET = 1, 2
_BUSY, _DONE, _FULL = 1, 2, 8
_ALL = (1 << 32) - 1
#: Clocks after which an inference that has not ended never will.
_PATIENCE = 1 << 26


class RegisterDevice:
    """A board behind a link.

    Args:
        link: transport to the board; closed with the device.
        design: what should run there.
        name: kind and place of the board.
    """

    def __init__(self, link: Link, design: LiveBundle, name: str) -> None:
        self.link, self.design, self._name = link, design, name
        self._usual_clocks = 64

    @property
    def name(self) -> str:
        """Kind and place of the board, for people."""
        return self._name

    def __enter__(self) -> RegisterDevice:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def identify(self) -> Identity:
        """Return which design the board runs."""
        magic, version, *digest, generation = self._read(
            "ID", "MAP_VERSION", "DIGEST0", "DIGEST1", "DIGEST2", "DIGEST3", "GENERATION"
        )
        return Identity(magic, version, "".join(f"{word:08x}" for word in digest), generation)

    def check(self) -> Identity:
        """Return which design the board runs, if it is the right one.

        Raises:
            DeviceMismatchError: it is another one, or none of ours.
        """
        return check_identity(self, self.design)

    def load(self, bundle: Path | str) -> None:
        """Put a bundle's design on the board, in its initial state, and check that it runs."""
        design = open_bundle(bundle)
        self.link.load(Path(bundle))
        self.design = design
        self.check()

    def read(self, address: int) -> int:
        """Return a register."""
        return self.transfer([Read(address)])[0]

    def write(self, address: int, value: int) -> None:
        """Write a register."""
        self.transfer([Write(address, value)])

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        """Perform operations in order and return the values of the reads, in order."""
        return self.link.transfer(operations)

    def step(self, clocks: int) -> None:
        """Let the board run: a simulated one that many clocks, a real one a moment."""
        self.link.advance(clocks)

    def run(self, sample: NDArray[np.integer[Any]], *, during: Sequence[Write] = ()) -> Inference:
        """Classify one sample.

        Args:
            sample: (M,) levels, or (T, M) spikes for the coding ``events``.
            during: writes that follow the start at once, while the inference runs.

        Raises:
            SCConfigError: the sample does not fit the network.
            DeviceError: the inference does not end.
        """
        design = self.design
        words = input_words(design, sample)
        level, status = self.at("LEVEL"), self.at("STATUS")
        start = Write(self.at("CONTROL"), _START)
        if self.read(status) & _BUSY:
            raise DeviceError(f"an inference is running on {self.name}; wait for it, or reset it")
        if design.network.input.coding == "events":
            self.transfer([start, *during])
            for word in words:
                now = self.transfer([Write(level, word), Read(status)])[0]
                if now & _FULL and not now & _DONE:
                    now = self._await(lambda now: bool(now & _DONE) or not now & _FULL)
                if now & _DONE:  # the class was certain before the events ended
                    break
        else:
            self.transfer([*(Write(level, word) for word in words), start, *during])
        self._await(lambda now: bool(now & _DONE))
        spikes = [f"SPIKES_{k}" for k in range(len(design.network.layers))]
        prediction, clocks, generation, *counts = self._read(
            "CLASS", "CLOCKS", "GENERATION", *spikes
        )
        self._usual_clocks = max(64, clocks)
        return Inference(prediction, clocks, tuple(counts), generation)

    def _await(self, over: Callable[[int], bool]) -> int:
        """Let the board run until its status says something, and return it."""
        status = self.at("STATUS")
        waited, pause = 0, self._usual_clocks
        while not over(now := self.read(status)):
            if waited > _PATIENCE:
                raise DeviceError(
                    f"an inference on {self.name} has not ended after {waited} clocks; reset the "
                    "board, or load its bundle again"
                )
            self.link.advance(pause)
            waited += pause
            pause = min(max(64, waited // 4), 1 << 20)
        return now

    def probe(self, sample: NDArray[np.integer[Any]], layer: int, tick: int) -> NDArray[np.bool_]:
        """Classify one sample and return which neurons of a layer spiked in a tick of it.

        Returns:
            (N,) of the layer's neurons.

        Raises:
            SCConfigError: there is no such layer or tick.
        """
        design = self.design
        if not 0 <= layer < len(design.network.layers) or not 0 <= tick < design.network.ticks:
            raise SCConfigError(
                f"there is no layer {layer} with tick {tick}; '{design.name}' has layers 0 to "
                f"{len(design.network.layers) - 1} and ticks 0 to {design.network.ticks - 1}"
            )
        self.transfer([Write(self.at("PROBE_LAYER"), layer), Write(self.at("PROBE_TICK"), tick)])
        self.run(sample)
        return self.probed(layer)

    def probed(self, layer: int) -> NDArray[np.bool_]:
        """Return which neurons the probe, set to a layer and a tick, saw in the last inference."""
        index, data = self.at("PROBE_INDEX"), self.at("PROBE_DATA")
        operations: list[Operation] = []
        for i in range(math.ceil(self.design.network.layers[layer].size / 32)):
            operations += [Write(index, i), Read(data)]
        words = np.array(self.transfer(operations), "<u4")
        bits = np.unpackbits(words.view(np.uint8), bitorder="little")
        return bits[: self.design.network.layers[layer].size].astype(np.bool_)

    def telemetry(self) -> Telemetry:
        """Return the state of the board."""
        spikes = [f"SPIKES_{k}" for k in range(len(self.design.network.layers))]
        status, traps, inferences, generation, update, *counts = self._read(
            "STATUS", "TRAPS", "INFERENCES", "GENERATION", "UPDATE_STATUS", *spikes
        )
        return Telemetry(
            bool(status & _BUSY),
            bool(status & _DONE),
            traps,
            inferences,
            generation,
            tuple(counts),
            update,
        )

    def reset(self) -> None:
        """End the inference, if any, and clear traps; parameters stay."""
        self.transfer([Write(self.at("CONTROL"), _RESET), Write(self.at("TRAPS"), _ALL)])

    def close(self) -> None:
        """Release the board."""
        self.link.close()

    def at(self, register: str) -> int:
        """Return the address of a register."""
        return self.design.device.registers.register(register).offset

    def _read(self, *registers: str) -> list[int]:
        return self.transfer([Read(self.at(name)) for name in registers])


def check_identity(device: Device, design: LiveBundle) -> Identity:
    """Return which design a board runs, if it is the right one.

    Raises:
        DeviceMismatchError: it is another one, or none of ours.
    """
    got = device.identify()
    if got.magic != MAGIC or got.map_version != MAP_VERSION:
        raise DeviceMismatchError(
            f"{device.name} holds no design of this version of SC-NeuroCore: its registers ID "
            f"and MAP_VERSION are {got.magic:#010x} and {got.map_version}, not {MAGIC:#010x} "
            f"and {MAP_VERSION}; load the bundle"
        )
    if got.digest != design.digest[:32]:
        raise DeviceMismatchError(
            f"{device.name} runs the design {got.digest}, not {design.digest[:32]} "
            f"('{design.name}'); load the bundle, or use the bundle that it runs"
        )
    return got
