"""A device in memory that answers as `sc_live_control` and can die at any register operation."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler_service.update import LiveDesign, Sealed, Words, seal
from sc_neurocore.devices import Identity, Inference, Operation, Read, Telemetry, Write
from sc_neurocore.evidence import JSON
from sc_neurocore.exceptions import LinkError
from sc_neurocore.hdl.registers import device_registers

AT = {r.name: r.offset for r in device_registers(2).registers}
NAMES = {offset: name for name, offset in AT.items()}
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
    """A `Device` of one small network.

    Attributes:
        weak: bank and entry of which each write loses its lowest bit.
        wrong: added to the class of every inference with parameters that an apply gave.
    """

    name = "board in memory"

    def __init__(self, image: Words, fuse: Fuse | None = None) -> None:
        self.image = {bank: [int(x) for x in words] for bank, words in image.items()}
        self.banks = list(self.image)
        self.fuse = fuse or Fuse()
        self.weak: tuple[str, int] | None = None
        self.wrong = 0
        self.power_up()

    def power_up(self) -> None:
        self.halves = [{b: list(w) for b, w in self.image.items()} for _ in range(2)]
        self.half, self.staged, self.applied, self.valid = 0, False, False, False
        self.count = self.crc = self.generation = self.traps = self.inferences = 0
        self.registers = dict.fromkeys(AT, 0)
        self.answer = 0

    @property
    def active(self) -> dict[str, NDArray[np.uint64]]:
        return {b: np.array(w, np.uint64) for b, w in self.halves[self.half].items()}

    @property
    def clean(self) -> bool:
        return not (self.staged or self.applied) and self.halves[0] == self.halves[1]

    # Registers

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        found = []
        for one in operations:
            self.fuse.burn(self)
            if isinstance(one, Read):
                found.append(self._get(NAMES[one.address]))
            else:
                self._put(NAMES[one.address], one.value)
        return found

    def read(self, address: int) -> int:
        return self.transfer([Read(address)])[0]

    def write(self, address: int, value: int) -> None:
        self.transfer([Write(address, value)])

    def _get(self, name: str) -> int:
        if name.startswith("DIGEST"):
            return int(DIGEST[8 * int(name[6]) :][:8], 16)
        own = {
            "ID": 0x53434E43, "MAP_VERSION": 1, "GENERATION": self.generation,
            "LOADED_COUNT": self.count, "LOADED_CRC": self.crc, "TRAPS": self.traps,
            "READ_LO": self.answer & 0xFFFFFFFF, "READ_HI": self.answer >> 32,
            "UPDATE_STATUS": self.staged << 1 | self.applied << 2 | self.half << 4
            | self.valid << 5,
        }  # fmt: skip
        return own.get(name, self.registers[name])

    def _put(self, name: str, value: int) -> None:
        if name == "TRAPS":
            self.traps &= ~value
        elif name == "COMMAND":
            self._command(value)
        else:
            self.registers[name] = value

    def _command(self, code: int) -> None:
        r = self.registers
        bank, entry = r["BANK_SELECT"], r["ENTRY_INDEX"]
        addressed = bank < len(self.banks) and entry < len(self.image[self.banks[bank]])
        self.valid, self.answer = False, 0
        allowed = {1: not self.applied, 2: self.staged, 3: self.applied, 4: True, 5: True}
        if not allowed.get(code, False):
            self.traps |= 8
        elif code in (1, 5) and not addressed:
            self.traps |= 2
        elif code == 1:
            raw = struct.pack("<4I", bank, entry, r["DATA_LO"], r["DATA_HI"])
            if zlib.crc32(raw) != r["GUARD"]:
                self.traps |= 1
                return
            word = r["DATA_HI"] << 32 | r["DATA_LO"]
            if (self.banks[bank], entry) == self.weak:
                word &= ~1
            self.halves[1 - self.half][self.banks[bank]][entry] = word
            self.staged, self.count, self.crc = True, self.count + 1, zlib.crc32(raw, self.crc)
        elif code == 2 and (r["EXPECT_COUNT"], r["EXPECT_CRC"]) != (self.count, self.crc):
            self.traps |= 4
        elif code in (2, 3):
            self.half ^= 1
            self.staged, self.applied = self.applied, self.staged
            self.generation += 1
        elif code == 4:
            self.halves[1 - self.half] = {b: list(w) for b, w in self.halves[self.half].items()}
            self.staged = self.applied = False
            self.count = self.crc = 0
        else:
            self.answer = self.halves[self.half][self.banks[bank]][entry]
            self.valid = True

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
        off = self.wrong if self.applied else 0
        return answer_of(self.active, sample, self.generation, off)

    def step(self, clocks: int) -> None:
        pass

    def probe(self, sample: NDArray[np.integer[Any]], layer: int, tick: int) -> NDArray[np.bool_]:
        raise NotImplementedError

    def telemetry(self) -> Telemetry:
        self.fuse.burn(self)
        return Telemetry(
            False, True, self.traps, self.inferences, self.generation, (0, 0),
            self._get("UPDATE_STATUS"),
        )  # fmt: skip

    def reset(self) -> None:
        self.traps = 0

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


@dataclass(frozen=True)
class Banks:
    """What `LiveDesign.spec` must know of them."""

    image: Words

    @property
    def banks(self) -> list[Any]:
        return [
            type("Bank", (), {"name": name, "entries": len(words)})
            for name, words in self.image.items()
        ]

    def bank_index(self, name: str) -> int:
        return list(self.image).index(name)


def design_of(image: Words) -> LiveDesign:
    return LiveDesign(DIGEST, Banks(image), image)  # type: ignore[arg-type]
