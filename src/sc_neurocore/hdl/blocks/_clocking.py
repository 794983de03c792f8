"""Golden models that go from clock to clock, and producers that keep a stream's promises."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

import numpy as np

from sc_neurocore.hdl.blocks._block import Golden, Levels, Stimulus

EVENT, PLANE, TICK = range(3)
Pins = Mapping[str, int]


class Clocked(Protocol):
    """A model after its reset."""

    def outputs(self, pins: Pins) -> dict[str, int]:
        """Levels of the outputs in this clock."""

    def clock(self, pins: Pins) -> None:
        """The edge that ends it."""


#: Share of the clocks in which stimulus by drivers resets the block.
_RESTARTS = 0.01


def _next(made: Clocked, pins: Pins, model: Callable[[], Clocked]) -> Clocked:
    """The model after an edge, at which a reset makes a new one of it."""
    if pins.get("restart"):
        return model()
    made.clock(pins)
    return made


def step_by_step(model: Callable[[], Clocked]) -> Golden:
    """The golden function of a model; the input ``restart``, if there is one, resets it."""

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        made = model()
        rows: list[dict[str, int]] = []
        columns = {name: levels.tolist() for name, levels in inputs.items()}
        for tick in range(ticks):
            pins = {name: column[tick] for name, column in columns.items()}
            rows.append(made.outputs(pins))
            made = _next(made, pins, model)
        return {name: np.array([row[name] for row in rows], np.int64) for name in rows[0]}

    return golden


def word(kind: int, address: int, mask: int, address_width: int, simd: int) -> int:
    """A word of a stream of events."""
    return kind << (address_width + simd) | address << simd | mask


def fields(data: int, address_width: int, simd: int) -> tuple[int, int, int]:
    """Kind, address and mask of a word."""
    low, high = (1 << simd) - 1, (1 << address_width) - 1
    return data >> (address_width + simd), data >> simd & high, data & low


def width_of(address_space: int) -> int:
    """Bits of an address of so many words."""
    return max(1, (address_space - 1).bit_length())


class Producer:
    """Words that wait until they are taken."""

    def __init__(self, following: Callable[[], int]) -> None:
        self._following = following
        self._word: int | None = None

    def offer(self, willing: bool) -> tuple[int, int | None]:
        """Valid, and the word: the one that waits, or a new one if it is willing."""
        if self._word is None and willing:
            self._word = self._following()
        return int(self._word is not None), self._word

    def taken(self) -> None:
        """The word was taken."""
        self._word = None


#: What the model's inputs are in a clock, given what its outputs were made of so far.
Drive = Callable[[int], dict[str, int]]
Taken = Callable[[dict[str, int], dict[str, int]], None]


def against(
    model: Callable[[], Clocked], drivers: Callable[[np.random.Generator, int], tuple[Drive, Taken]]
) -> Stimulus:
    """Stimulus by drivers that see the model's outputs, as what offers a word must; with resets."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        made = model()
        drive, taken = drivers(rng, ticks)
        restart = (rng.random(ticks) < _RESTARTS).tolist()
        rows: list[dict[str, int]] = []
        for tick in range(ticks):
            pins = drive(tick) | {"restart": int(restart[tick])}
            taken(pins, made.outputs(pins))
            made = _next(made, pins, model)
            rows.append(pins)
        return {name: np.array([row[name] for row in rows], np.int64) for name in rows[0]}

    return stimulus
