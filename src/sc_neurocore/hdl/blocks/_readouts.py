"""From a population's spikes and membranes to events, and to the class that is recognised."""

from __future__ import annotations

import numpy as np

from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, whole
from sc_neurocore.hdl.blocks._clocking import (
    EVENT,
    PLANE,
    TICK,
    Clocked,
    Drive,
    Pins,
    Producer,
    Taken,
    against,
    fields,
    step_by_step,
    width_of,
    word,
)
from sc_neurocore.hdl.blocks._stimulus import bits, numbers


class Packer(Clocked):
    """What `sc_spike_packer` does."""

    def __init__(self, size: int, simd: int) -> None:
        self.size, self.simd = size, simd
        self.address = width_of(-(-size // simd))
        self.sweep: list[int] = []  # spikes of the sweep so far
        self.output: list[int] = []  # the word at the output, and the TICK that follows it

    def outputs(self, pins: Pins) -> dict[str, int]:
        empty = not self.output or (len(self.output) == 1 and pins["out_ready"])
        return {
            "ready": int(empty),
            "out_valid": int(bool(self.output)),
            "out_data": self.output[0] if self.output else 0,
        }

    def clock(self, pins: Pins) -> None:
        take = pins["enable"] and self.outputs(pins)["ready"]
        if self.output and pins["out_ready"]:
            self.output.pop(0)
        if not take:
            return
        self.sweep.append(pins["spike"])
        count = len(self.sweep)
        if count % self.simd == 0 or count == self.size:
            group = (count - 1) // self.simd
            mask = sum(spike << i for i, spike in enumerate(self.sweep[group * self.simd :]))
            if mask:
                self.output.append(word(EVENT, group, mask, self.address, self.simd))
        if count == self.size:
            self.output.append(word(TICK, 0, 0, self.address, self.simd))
            self.sweep = []


def spike_packer(size: int, simd: int) -> Block:
    """Serial spikes to events."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        return {name: bits(rng, ticks) for name in ("enable", "spike", "out_ready")}

    return Block(
        "sc_spike_packer", whole(SIZE=(size, 1, None), SIMD=(simd, 1, None)),
        {"enable": 1, "spike": 1, "out_ready": 1},
        {"ready": 1, "out_valid": 1, "out_data": 2 + width_of(-(-size // simd)) + simd},
        stimulus, step_by_step(lambda: Packer(size, simd)), 13,
        (
            Fault("ready = free && !ending", "ready = free", "takes spikes while it must tick"),
            Fault("take && ends && some;", "take && ends;", "ticks twice"),
            Fault("(some || last_group)", "some", "forgets the TICK of a quiet group"),
        ),
        paced=False, qualified={"out_data": "out_valid"},
    )  # fmt: skip


class OutputCounter(Clocked):
    """What `sc_output_counter` does."""

    def __init__(self, classes: int, simd: int, ticks: int, early: bool) -> None:
        self.classes, self.simd, self.ticks, self.early = classes, simd, ticks, early
        self.address = width_of(-(-classes // simd))
        self.counts = [0] * classes
        self.spiked: set[int] = set()
        self.used = 0
        self.busy = 0  # clocks until the next word, or the end
        self.over = False
        self.done = False

    @property
    def winner(self) -> int:
        """The class with most spikes; of equal ones the first."""
        return self.counts.index(max(self.counts))

    def settled(self) -> bool:
        """Whether no spikes of the remaining ticks can change the winner."""
        winner, remaining = self.winner, self.ticks - self.used
        most = self.counts[winner]
        if not self.early:
            return not remaining
        return all(
            count + remaining < most or (count + remaining == most and winner < rival)
            for rival, count in enumerate(self.counts)
            if rival != winner
        )

    def outputs(self, pins: Pins) -> dict[str, int]:
        return {
            "in_ready": int(not self.busy and not self.over),
            "done": int(self.done),
            "winner": self.winner if self.done else 0,
            "ticks_used": self.used,
        }

    def clock(self, pins: Pins) -> None:
        self.done = False
        if self.busy:
            self.busy -= 1
            if not self.busy:
                self.over = self.done = self.settled()
        elif pins["in_valid"] and not self.over:
            kind, address, mask = fields(pins["in_data"], self.address, self.simd)
            if kind == EVENT:
                lanes = (address * self.simd + i for i in range(self.simd) if mask >> i & 1)
                self.spiked |= {lane for lane in lanes if lane < self.classes}
            elif kind == TICK:
                for spiked in self.spiked:
                    self.counts[spiked] += 1
                self.spiked = set()
                self.used += 1
                self.busy = self.classes + 1


_EARLY = (
    Fault("lead == remaining && first", "lead == remaining", "decides too early"),
    Fault("rival  <= most", "rival  <= rival", "forgets a rival that led before"),
)


def output_counter(classes: int, simd: int, ticks: int, early: bool) -> Block:
    """Spike counts and their winner."""
    words = -(-classes // simd)
    address_width = width_of(words)

    def model() -> OutputCounter:
        return OutputCounter(classes, simd, ticks, early)

    def drivers(rng: np.random.Generator, clocks: int) -> tuple[Drive, Taken]:
        willing = bits(rng, clocks)
        density = rng.choice([0.1, 0.5, 0.9])

        def following() -> int:
            address = int(rng.integers(0, words))
            kind = EVENT if rng.random() < density else int(rng.choice([PLANE, TICK], p=[0.1, 0.9]))
            mask = int(rng.integers(1, 1 << simd))
            if kind != EVENT:
                address = mask = 0
            return word(kind, address, mask, address_width, simd)

        producer = Producer(following)

        def drive(tick: int) -> dict[str, int]:
            valid, data = producer.offer(bool(willing[tick]))
            noise = int(rng.integers(0, 1 << (2 + address_width + simd)))
            return {"in_valid": valid, "in_data": noise if data is None else data}

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            if pins["in_valid"] and outputs["in_ready"]:
                producer.taken()

        return drive, taken

    return Block(
        "sc_output_counter",
        whole(CLASSES=(classes, 2, None), SIMD=(simd, 1, None), TICKS=(ticks, 1, None),
              EARLY=(int(early), 0, 1)),
        {"in_valid": 1, "in_data": 2 + address_width + simd},
        {"in_ready": 1, "done": 1, "winner": width_of(classes), "ticks_used": ticks.bit_length()},
        against(model, drivers), step_by_step(model), 14,
        (
            Fault("count > most", "count >= most", "prefers the last of equal classes"),
            *_EARLY[: 2 * early],
        ),
        paced=False, restarts=True, qualified={"winner": "done"},
    )  # fmt: skip


class Argmax(Clocked):
    """What `sc_membrane_argmax` does."""

    def __init__(self, classes: int, width: int) -> None:
        self.classes, self.width = classes, width
        self.values: list[int] = []
        self.winner = 0
        self.done = False

    def outputs(self, pins: Pins) -> dict[str, int]:
        return {"done": int(self.done), "winner": self.winner}

    def clock(self, pins: Pins) -> None:
        self.done = False
        if not pins["enable"]:
            return
        half = 1 << (self.width - 1)
        self.values.append((pins["value"] ^ half) - half)
        self.winner = self.values.index(max(self.values))
        if len(self.values) == self.classes:
            self.values, self.done = [], True


def membrane_argmax(classes: int, width: int) -> Block:
    """The largest of several signed values."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        # Some values from a few only, so that equal ones occur.
        top = (1 << (width - 1)) - 1
        few = numbers(rng, ticks, max(-2, -1 - top), min(1, top))
        value = np.where(rng.random(ticks) < 0.5, few, numbers(rng, ticks, -1 - top, top))
        return {"enable": bits(rng, ticks), "value": value & ((1 << width) - 1)}

    return Block(
        "sc_membrane_argmax", whole(CLASSES=(classes, 2, None), WIDTH=(width, 1, None)),
        {"enable": 1, "value": width}, {"done": 1, "winner": width_of(classes)},
        stimulus, step_by_step(lambda: Argmax(classes, width)), 7,
        (
            Fault("value > most", "value >= most", "prefers the last of equal values"),
            Fault("begins || value", "value", "remembers the largest value of earlier rounds"),
        ),
        paced=False,
    )  # fmt: skip
