"""The one implementation of a device: register operations over any link."""

from __future__ import annotations

import math
import zlib
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
from sc_neurocore.exceptions import BusError, DeviceError, DeviceMismatchError, SCConfigError

MAGIC = 0x53434E43
MAP_VERSION = 1
_START, _RESET = 1, 2
_BUSY, _DONE, _FULL = 1, 2, 8
_ALL = (1 << 32) - 1
#: How often something is written that a broken bus may have lost.
_ATTEMPTS = 4
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

        The board counts the words that it took of the input, and their checksum; what it did not
        take as it was written is written again, so a bus that loses writes gives no wrong class.

        Args:
            sample: (M,) levels, or (T, M) spikes for the coding ``events``.
            during: writes that follow the start at once, while the inference runs; with any,
                neither a start nor events are tried again.

        Raises:
            SCConfigError: the sample does not fit the network.
            BusError: the board did not take the sample or the start, or something ended the
                inference.
            DeviceError: the inference does not end.
        """
        words = input_words(self.design, sample)
        if self.read(self.at("STATUS")) & _BUSY:
            raise DeviceError(f"an inference is running on {self.name}; wait for it, or reset it")
        if self.design.network.input.coding == "events":
            before = self._feed(words, during)
        else:
            self._fill(words)
            before = self._start(during)
        self._await(lambda now: bool(now & _DONE))
        spikes = [f"SPIKES_{k}" for k in range(len(self.design.network.layers))]
        finished, prediction, clocks, generation, *counts = self._read(
            "INFERENCES", "CLASS", "CLOCKS", "GENERATION", *spikes
        )
        if finished != (before + 1) & _ALL:
            raise BusError(f"{self.name} was started or reset by others during an inference")
        self._usual_clocks = max(64, clocks)
        return Inference(prediction, clocks, tuple(counts), generation)

    def _fill(self, levels: Sequence[int]) -> None:
        """Load levels until the board has taken exactly these."""
        taken, checksum = self._read("INPUT_COUNT", "INPUT_CRC")
        for _ in range(_ATTEMPTS):
            # After any whole number of samples the place of the first level is next.
            words = [*[0] * (-taken % len(levels)), *levels]
            wanted = [(taken + len(words)) & _ALL, _checksum(words, checksum)]
            self.transfer([Write(self.at("LEVEL"), word) for word in words])
            taken, checksum = found = self._read("INPUT_COUNT", "INPUT_CRC")
            if found == wanted:
                return
        raise self._untaken()

    def _start(self, during: Sequence[Write]) -> int:
        """Start an inference, and return what INFERENCES was before."""
        for _ in range(1 if during else _ATTEMPTS):
            (before,) = self._read("INFERENCES")
            self.transfer([Write(self.at("CONTROL"), _START), *during])
            taken, now, status, finished = self._read(
                "INPUT_COUNT", "INFERENCES", "STATUS", "INFERENCES"
            )
            if not taken and status & _BUSY:
                return now  # one that this start has ended may have counted since `before`
            if not taken and finished == (before + 1) & _ALL:
                return before
        after = "; the writes that were to follow may have been done" if during else ""
        raise BusError(f"{self.name} did not start when it was told to{after}")

    def _feed(self, events: Sequence[int], during: Sequence[Write]) -> int:
        """Start, and give events until the board has taken exactly these, or needs no more."""
        level, status = self.at("LEVEL"), self.at("STATUS")
        for _ in range(1 if during else _ATTEMPTS):
            before, given = self._start(during), 0
            for word in events:
                given += 1
                now = self.transfer([Write(level, word), Read(status)])[0]
                if now & _FULL and not now & _DONE:
                    now = self._await(lambda now: bool(now & _DONE) or not now & _FULL)
                if now & _DONE:  # the class was certain before the events ended
                    break
            if self._read("INPUT_COUNT", "INPUT_CRC") == [given, _checksum(events[:given])]:
                return before
        raise self._untaken()

    def _untaken(self) -> BusError:
        return BusError(
            f"{self.name} did not take an input as it was written; its bus cannot be relied upon"
        )

    def _await(self, over: Callable[[int], bool]) -> int:
        """Let the board run until its status says something, and return it."""
        status = self.at("STATUS")
        waited, pause = 0, self._usual_clocks
        while not over(now := self.read(status)):
            if not now & (_BUSY | _DONE):
                raise BusError(f"an inference on {self.name} was ended by a reset")
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
        self._aim(PROBE_LAYER=layer, PROBE_TICK=tick)
        self.run(sample)
        return self.probed(layer)

    def probed(self, layer: int) -> NDArray[np.bool_]:
        """Return which neurons the probe, set to a layer and a tick, saw in the last inference."""
        words = []
        for k in range(math.ceil(self.design.network.layers[layer].size / 32)):
            self._aim(PROBE_INDEX=k)
            words += self._read("PROBE_DATA")
        bits = np.unpackbits(np.array(words, "<u4").view(np.uint8), bitorder="little")
        return bits[: self.design.network.layers[layer].size].astype(np.bool_)

    def _aim(self, **registers: int) -> None:
        """Set registers until they read as they were set."""
        writes = [Write(self.at(name), value) for name, value in registers.items()]
        reads = [Read(write.address) for write in writes]
        for _ in range(_ATTEMPTS):
            if self.transfer([*writes, *reads]) == list(registers.values()):
                return
        raise BusError(
            f"{' and '.join(registers)} of {self.name} cannot be set; its bus cannot be relied upon"
        )

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


def _checksum(words: Sequence[int], before: int = 0) -> int:
    """What INPUT_CRC becomes when words are taken."""
    return zlib.crc32(np.array(words, "<u4").tobytes(), before)


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
