"""From levels to streams of events."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from sc_neurocore.bitstream import rate_source
from sc_neurocore.hdl.blocks._block import Block, Fault, whole
from sc_neurocore.hdl.blocks._clocking import (
    EVENT,
    PLANE,
    TICK,
    Clocked,
    Pins,
    step_by_step,
    width_of,
    word,
)
from sc_neurocore.hdl.blocks._stimulus import bits, numbers

#: The mask and the kind of the end, of levels in a scan with a number and pins.
Judge = Callable[[list[int], int, Pins], tuple[int, int]]


class Scan(Clocked):
    """What `sc_level_scan` does, and an encoder around it.

    Args:
        size: levels.
        simd: levels in a word.
        scans: number of scans.
        judge: says what a slot becomes.
    """

    def __init__(self, size: int, simd: int, scans: int, judge: Judge) -> None:
        self.size, self.simd, self.scans, self.judge = size, simd, scans, judge
        self.words = -(-size // simd)
        self.memory = [0] * size
        self.loaded = 0
        self.place = 0  # slots since the reset, before the one that reads
        self.judged: int | None = None  # the slot that is judged, and the levels it read
        self.levels = [0] * simd
        self.output: int | None = None

    def _read(self) -> list[int]:
        slot = self.place % (self.words + 1)
        found = self.memory[slot * self.simd : (slot + 1) * self.simd]
        return found + [0] * (self.simd - len(found))

    def _free(self, pins: Pins) -> bool:
        return (self.output is None or bool(pins["out_ready"])) and not pins["load"]

    def outputs(self, pins: Pins) -> dict[str, int]:
        return {"out_valid": int(self.output is not None), "out_data": self.output or 0}

    def slot(self, pins: Pins) -> dict[str, int]:
        """The slot that is judged, if it is: whether it is an end."""
        if self.judged is None or not self._free(pins):
            return {"ends": 0, "moves": 0}
        ends = self.judged % (self.words + 1) == self.words
        return {"ends": int(ends), "moves": 1}

    def clock(self, pins: Pins) -> None:
        if self._free(pins):
            self.output = self._judged(pins)
            over = self.place == self.scans * (self.words + 1)
            self.judged = None if over else self.place
            self.levels = self._read()
            self.place += not over
        elif pins["out_ready"]:
            self.output = None
        if pins["load"]:
            self.memory[self.loaded] = pins["level"]
            self.loaded = (self.loaded + 1) % self.size

    def _judged(self, pins: Pins) -> int | None:
        if self.judged is None:
            return None
        scan, slot = divmod(self.judged, self.words + 1)
        mask, end_kind = self.judge(self.levels, scan, pins)
        address_width = width_of(self.words)
        if slot == self.words:
            return word(end_kind, 0, 0, address_width, self.simd)
        mask &= (1 << min(self.simd, self.size - slot * self.simd)) - 1
        return word(EVENT, slot, mask, address_width, self.simd) if mask else None


def _stimulus(
    size: int, bits_of_level: int, **others: int
) -> Callable[[np.random.Generator, int], dict[str, np.ndarray]]:
    """All levels, one after the other, then random stalls, and now and then another level."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, np.ndarray]:
        load = (rng.random(ticks) < rng.choice([0.0, 0.001, 0.02])).astype(np.int64)
        load[:size] = 1
        return {
            "load": load,
            "level": numbers(rng, ticks, 0, 1 << bits_of_level),
            "out_ready": bits(rng, ticks),
            **{name: rng.integers(0, 1 << width, ticks) for name, width in others.items()},
        }

    return stimulus


def _ports(size: int, bits_of_level: int, simd: int) -> tuple[dict[str, int], dict[str, int]]:
    address = width_of(-(-size // simd))
    return (
        {"load": 1, "level": bits_of_level + 1, "out_ready": 1},
        {"out_valid": 1, "out_data": 2 + address + simd},
    )


class _Walk(Scan):
    """The scan alone, with the signals that an encoder sees."""

    def outputs(self, pins: Pins) -> dict[str, int]:
        return super().outputs(pins) | self.slot(pins)


def level_scan(size: int, bits_of_level: int, simd: int, scans: int) -> Block:
    """Memory and walk of the encoders."""

    def judge(levels: list[int], scan: int, pins: Pins) -> tuple[int, int]:
        return pins["mask"], pins["end_kind"]

    inputs, outputs = _ports(size, bits_of_level, simd)
    return Block(
        "sc_level_scan",
        whole(SIZE=(size, 1, None), BITS=(bits_of_level, 1, None), SIMD=(simd, 1, None),
              SCANS=(scans, 1, None)),
        inputs | {"mask": simd, "end_kind": 2},
        outputs | {"ends": 1, "moves": 1},
        _stimulus(size, bits_of_level, mask=simd, end_kind=2),
        step_by_step(lambda: _Walk(size, simd, scans, judge)), 13,
        (
            Fault("slot == SLOT'(WORDS);\n\n", "slot == SLOT'(WORDS - 1);\n\n",
                  "leaves out the ends"),
            Fault("&& !load", "", "walks while a level is loaded"),
            Fault("mask & known", "mask", "reads beyond the last level") if size % simd else
            Fault("lane == LANE'(k)", "1'b1", "loads all levels of a word at once")
            if simd > 1 else Fault("scan != SCAN'(SCANS - 1)", "1'b1", "never stops"),
        ),
        paced=False, qualified={"out_data": "out_valid", "ends": "moves"},
    )  # fmt: skip


def rate_encoder(size: int, bits_of_level: int, simd: int, ticks: int) -> Block:
    """Spikes by comparison with the second dimension of the Sobol sequence."""
    points = rate_source(bits_of_level).values(ticks).tolist()

    def judge(levels: list[int], scan: int, pins: Pins) -> tuple[int, int]:
        return sum((points[scan] < level) << i for i, level in enumerate(levels)), TICK

    inputs, outputs = _ports(size, bits_of_level, simd)
    return Block(
        "sc_rate_encoder",
        whole(SIZE=(size, 1, None), BITS=(bits_of_level, 2, None), SIMD=(simd, 1, None),
              TICKS=(ticks, 1, None)),
        inputs, outputs, _stimulus(size, bits_of_level),
        step_by_step(lambda: Scan(size, simd, ticks, judge)), 8,
        (
            Fault("moves && ends", "moves", "draws a number for every word"),
            Fault(".threshold(levels[i", ".threshold(levels[0 * i", "compares one input for all")
            if simd > 1 else Fault(".end_kind(TICK)", ".end_kind(2'd1)", "has no TICK"),
        ),
        paced=False, qualified={"out_data": "out_valid"},
    )  # fmt: skip


def direct_encoder(size: int, bits_of_level: int, simd: int, ticks: int) -> Block:
    """Bit planes, highest first."""

    def judge(levels: list[int], scan: int, pins: Pins) -> tuple[int, int]:
        bit = bits_of_level - scan % (bits_of_level + 1)
        mask = sum((level >> bit & 1) << i for i, level in enumerate(levels))
        return mask, PLANE if bit else TICK

    inputs, outputs = _ports(size, bits_of_level, simd)
    return Block(
        "sc_direct_encoder",
        whole(SIZE=(size, 1, None), BITS=(bits_of_level, 1, None), SIMD=(simd, 1, None),
              TICKS=(ticks, 1, None)),
        inputs, outputs, _stimulus(size, bits_of_level),
        step_by_step(lambda: Scan(size, simd, ticks * (bits_of_level + 1), judge)), 9,
        (
            Fault("{plane[0], plane[BITS:1]}", "{plane[BITS-1:0], plane[BITS]}",
                  "begins at the lower end"),
            Fault("plane[0] ? TICK", "plane[BITS] ? TICK", "ends the tick too early"),
        ),
        paced=False, qualified={"out_data": "out_valid"},
    )  # fmt: skip
