"""A device in memory, on the golden model of `sc_live_control`, that dies at any operation."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler.live_control import LiveControlModel, MMIOUpdateSpec, place_banks
from sc_neurocore.compiler_service.update import LiveDesign, Sealed, Words, seal
from sc_neurocore.devices import Identity, Inference, Operation, Read, Telemetry, Write
from sc_neurocore.evidence import JSON
from sc_neurocore.exceptions import LinkError
from sc_neurocore.hdl.registers import device_registers

AT = {r.name: r.offset for r in device_registers(2).registers}
OWN = {offset: name for name, offset in AT.items() if offset < AT["BANK_SELECT"]}
DIGEST = "00112233445566778899aabbccddeeff"


class Crash(BaseException):
    """The host dies here; nothing catches it."""


@dataclass
class Fuse:
    """Counts steps, and dies before one of them.

    Attributes:
        at: the step, None for never.
        power: whether the board loses its power too.
        host: whether the host dies; if not it is told that the link failed.
        steps: counted so far.
    """

    at: int | None = None
    power: bool = False
    host: bool = True
    steps: int = 0

    def burn(self, board: Board | None) -> None:
        step, self.steps = self.steps, self.steps + 1
        if step != self.at:
            return
        if self.power and board is not None:
            board.power_up()
        if self.host:
            raise Crash
        raise LinkError("the board does not answer")


@dataclass
class Log:
    """A journal in memory; the fuse burns before and after each entry."""

    fuse: Fuse
    board: Board
    sealed: list[Sealed] = field(default_factory=list)

    def append(self, content: Mapping[str, JSON]) -> Sealed:
        self.burn()
        entry = seal(self.sealed[-1] if self.sealed else None, content)
        self.sealed.append(entry)
        self.burn()
        return entry

    def burn(self) -> None:
        if self.fuse.host:
            self.fuse.burn(self.board)

    def entries(self) -> Sequence[Sealed]:
        return tuple(self.sealed)


class Board:
    """A `Device` of one small network: the golden model of the live control behind an identity.

    Attributes:
        weak: bank and entry of which each write loses its lowest bit.
        wrong: added to the class of every inference with parameters that an apply gave.
    """

    name = "board in memory"

    def __init__(self, image: Words, fuse: Fuse | None = None) -> None:
        self.image = {bank: [int(x) for x in words] for bank, words in image.items()}
        self.spec = spec_of(image)
        self.fuse = fuse or Fuse()
        self.weak: tuple[str, int] | None = None
        self.wrong = 0
        self.power_up()

    def power_up(self) -> None:
        self.control = LiveControlModel(self.spec, self.image)
        self.inferences = 0

    def copy(self, fuse: Fuse) -> Board:
        """The same board in the same state, on a fuse of its own."""
        found = copy.copy(self)
        found.fuse = fuse
        found.control = copy.deepcopy(self.control, {id(self.spec): self.spec})
        return found

    @property
    def active(self) -> dict[str, NDArray[np.uint64]]:
        return {b: np.array(self.control.active(b), np.uint64) for b in self.image}

    @property
    def clean(self) -> bool:
        halves = self.control.banks
        idle = not (self.control.staged or self.control.applied)
        return idle and all(a == b for a, b in halves)

    # Registers

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        found = []
        for one in operations:
            self.fuse.burn(self)
            if isinstance(one, Write):
                self.control.write(one.address, one.value)
                self._weaken()
            elif one.address in OWN:
                found.append(self._own(OWN[one.address]))
            else:
                found.append(self.control.read(one.address))
        return found

    def read(self, address: int) -> int:
        return self.transfer([Read(address)])[0]

    def write(self, address: int, value: int) -> None:
        self.transfer([Write(address, value)])

    def _own(self, name: str) -> int:
        if name.startswith("DIGEST"):
            return int(DIGEST[8 * int(name[6]) :][:8], 16)
        return {"ID": 0x53434E43, "MAP_VERSION": 1, "GENERATION": self.control.generation}[name]

    def _weaken(self) -> None:
        if self.weak is not None:
            bank, entry = self.weak
            for half in self.control.banks[self.spec.bank_index(bank)]:
                half[entry] &= ~1

    # Device

    def identify(self) -> Identity:
        words = self.transfer([Read(AT[n]) for n in ("ID", "MAP_VERSION", "GENERATION")])
        parts = self.transfer([Read(AT[f"DIGEST{k}"]) for k in range(4)])
        return Identity(words[0], words[1], "".join(f"{p:08x}" for p in parts), words[2])

    def load(self, bundle: Path | str) -> None:
        self.power_up()

    def run(self, sample: NDArray[np.integer[Any]]) -> Inference:
        self.fuse.burn(self)
        self.inferences += 1
        off = self.wrong if self.control.applied else 0
        return answer_of(self.active, sample, self.control.generation, off)

    def step(self, clocks: int) -> None:
        pass

    def probe(self, sample: NDArray[np.integer[Any]], layer: int, tick: int) -> NDArray[np.bool_]:
        raise NotImplementedError

    def telemetry(self) -> Telemetry:
        self.fuse.burn(self)
        return Telemetry(
            False, True, self.control.traps, self.inferences, self.control.generation, (0, 0),
            self.control.read(AT["UPDATE_STATUS"]),
        )  # fmt: skip

    def reset(self) -> None:
        self.control.traps = 0

    def close(self) -> None:
        pass


def answer_of(
    words: Words, sample: NDArray[np.integer[Any]], generation: int = 0, off: int = 0
) -> Inference:
    """What the network of the test answers: any function of all its parameters will do."""
    level = int(sample.sum())
    sums = [sum(int(x) for x in entries) for entries in words.values()]
    return Inference(
        (sum(sums) + level + off) % 10, 100 + level,
        tuple((s + level) % 1000 for s in sums), generation,
    )  # fmt: skip


def spec_of(image: Words) -> MMIOUpdateSpec:
    sizes = {name: (len(words), 64) for name, words in image.items()}
    return MMIOUpdateSpec(place_banks(sizes))


def design_of(image: Words) -> LiveDesign:
    return LiveDesign(DIGEST, spec_of(image), image)
