"""Streams of events: buffered, given to several, joined."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.blocks._block import Block, Fault, constant, whole
from sc_neurocore.hdl.blocks._clocking import (
    EVENT,
    TICK,
    Clocked,
    Drive,
    Pins,
    Producer,
    Taken,
    against,
    fields,
    step_by_step,
    word,
)
from sc_neurocore.hdl.blocks._stimulus import bits


class Fifo(Clocked):
    """What `sc_stream_fifo` does.

    Args:
        depth: words that it has room for, at least 2; of 2 it makes 3.
        preload: words that it holds from the start.
        preload_word: each of them.
    """

    def __init__(self, depth: int, preload: int = 0, preload_word: int = 0) -> None:
        self.room = max(depth, 3) - 1
        self.memory: deque[int] = deque()
        self.output: deque[int] = deque([preload_word] * preload)

    def outputs(self, pins: Pins) -> dict[str, int]:
        return {
            "in_ready": int(len(self.memory) < self.room),
            "out_valid": int(bool(self.output)),
            "out_data": self.output[0] if self.output else 0,
        }

    def clock(self, pins: Pins) -> None:
        put = pins["in_valid"] and len(self.memory) < self.room
        if self.output and pins["out_ready"]:
            self.output.popleft()
        if not self.output and self.memory:
            self.output.append(self.memory.popleft())
        if put:
            self.memory.append(pins["in_data"])


def stream_fifo(width: int, depth: int, preload: int = 0, preload_word: int = 0) -> Block:
    """Buffer."""

    def model() -> Fifo:
        return Fifo(depth, preload, preload_word)

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        willing, ready = bits(rng, ticks), bits(rng, ticks)
        noise = rng.integers(0, 1 << width, (2, ticks))
        words = iter(noise[0].tolist())
        producer = Producer(lambda: next(words))

        def drive(tick: int) -> dict[str, int]:
            valid, data = producer.offer(bool(willing[tick]))
            shown = int(noise[1, tick]) if data is None else data
            return {"in_valid": valid, "in_data": shown, "out_ready": int(ready[tick])}

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            if pins["in_valid"] and outputs["in_ready"]:
                producer.taken()

        return drive, taken

    parameters = whole(WIDTH=(width, 1, None), DEPTH=(depth, 2, None), PRELOAD=(preload, 0, None))
    return Block(
        "sc_stream_fifo", parameters | {"PRELOAD_WORD": constant(width, preload_word)},
        {"in_valid": 1, "in_data": width, "out_ready": 1},
        {"in_ready": 1, "out_valid": 1, "out_data": width},
        against(model, drivers), step_by_step(model), 10,
        (
            Fault("!out_valid || (out_ready", "!out_valid || (1'b1", "drops words that wait"),
            Fault("after_head != tail", "1'b1", "takes words when it is full"),
        ),
        paced=False, restarts=True, qualified={"out_data": "out_valid"},
    )  # fmt: skip


class Fork(Clocked):
    """What `sc_stream_fork` does."""

    def __init__(self, consumers: int) -> None:
        self.waiting = (1 << consumers) - 1
        self.all = self.waiting

    def outputs(self, pins: Pins) -> dict[str, int]:
        return {
            "in_ready": int(not self.waiting & ~pins["out_ready"]),
            "out_valid": self.waiting if pins["in_valid"] else 0,
            "out_data": pins["in_data"],
        }

    def clock(self, pins: Pins) -> None:
        if pins["in_valid"]:
            self.waiting = self.waiting & ~pins["out_ready"] or self.all


def stream_fork(width: int, consumers: int) -> Block:
    """One to several."""

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        willing = bits(rng, ticks)
        ready = np.sum([bits(rng, ticks) << i for i in range(consumers)], axis=0)
        words = iter(rng.integers(0, 1 << width, 2 * ticks + 1).tolist())
        producer = Producer(lambda: next(words))

        def drive(tick: int) -> dict[str, int]:
            valid, data = producer.offer(bool(willing[tick]))
            shown = next(words) if data is None else data
            return {"in_valid": valid, "in_data": shown, "out_ready": int(ready[tick])}

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            if pins["in_valid"] and outputs["in_ready"]:
                producer.taken()

        return drive, taken

    return Block(
        "sc_stream_fork", whole(WIDTH=(width, 1, None), N=(consumers, 1, None)),
        {"in_valid": 1, "in_data": width, "out_ready": consumers},
        {"in_ready": 1, "out_valid": consumers, "out_data": width},
        against(lambda: Fork(consumers), drivers), step_by_step(lambda: Fork(consumers)), 8,
        (
            Fault("&(taken | out_ready)", "&out_ready", "waits until all are ready at once"),
            Fault("{N{in_valid}} & ~taken", "{N{in_valid}}", "gives a word twice"),
        ),
        paced=False, restarts=True,
    )  # fmt: skip


class Merge(Clocked):
    """What `sc_stream_merge` does."""

    def __init__(self, bases: Sequence[int], address_in: int, address_out: int, simd: int) -> None:
        self.bases, self.turn = bases, 0
        self.widths = address_in, address_out, simd

    def _word(self, pins: Pins) -> tuple[bool, int, bool]:
        """Whether there is a word, it as it goes out, and whether it is a swallowed TICK."""
        address_in, address_out, simd = self.widths
        width = 2 + address_in + simd
        data = pins["in_data"] >> (self.turn * width) & ((1 << width) - 1)
        kind, address, mask = fields(data, address_in, simd)
        if kind == EVENT:
            address = (address + self.bases[self.turn]) % (1 << address_out)
        swallowed = kind == TICK and self.turn < len(self.bases) - 1
        valid = bool(pins["in_valid"] >> self.turn & 1)
        return valid, word(kind, address, mask, address_out, simd), swallowed

    def outputs(self, pins: Pins) -> dict[str, int]:
        valid, data, swallowed = self._word(pins)
        return {
            "in_ready": int(swallowed or pins["out_ready"]) << self.turn,
            "out_valid": int(valid and not swallowed),
            "out_data": data if valid and not swallowed else 0,
        }

    def clock(self, pins: Pins) -> None:
        valid, data, swallowed = self._word(pins)
        ends = data >> (self.widths[1] + self.widths[2]) == TICK
        if valid and ends and (swallowed or pins["out_ready"]):
            self.turn = (self.turn + 1) % len(self.bases)


def stream_merge(bases: Sequence[int], address_in: int, address_out: int, simd: int) -> Block:
    """Several to one.

    Raises:
        SCConfigError: an address of an event with its base added does not fit.
    """
    inputs, width = len(bases), 2 + address_in + simd
    parameters = whole(
        N=(inputs, 1, None), ADDRESS_IN=(address_in, 1, address_out),
        ADDRESS_OUT=(address_out, 1, None), SIMD=(simd, 1, None),
    )  # fmt: skip
    for base in bases:
        if not 0 <= base < 1 << address_out:
            raise SCConfigError(f"base {base} does not fit into {address_out} bits of an address")
    flat = sum(base << (i * address_out) for i, base in enumerate(bases))
    parameters["BASES"] = constant(inputs * address_out, flat)

    def model() -> Merge:
        return Merge(bases, address_in, address_out, simd)

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        willing = [bits(rng, ticks) for _ in bases]
        ready = bits(rng, ticks)
        noise = iter(rng.integers(0, 1 << width, (2 * ticks + 2) * inputs).tolist())

        def following() -> int:
            kind, address, mask = fields(next(noise), address_in, simd)
            return word(min(kind, TICK), address, mask, address_in, simd)

        producers = [Producer(following) for _ in bases]

        def drive(tick: int) -> dict[str, int]:
            valid = data = 0
            for i, producer in enumerate(producers):
                now, offered = producer.offer(bool(willing[i][tick]))
                valid |= now << i
                data |= (next(noise) if offered is None else offered) << (i * width)
            return {"in_valid": valid, "in_data": data, "out_ready": int(ready[tick])}

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            for i, producer in enumerate(producers):
                if pins["in_valid"] & outputs["in_ready"] & 1 << i:
                    producer.taken()

        return drive, taken

    return Block(
        "sc_stream_merge", parameters,
        {"in_valid": inputs, "in_data": inputs * width, "out_ready": 1},
        {"in_ready": inputs, "out_valid": 1, "out_data": 2 + address_out + simd},
        against(model, drivers), step_by_step(model), 9,
        (
            Fault("swallowed || out_ready", "ends || out_ready", "loses the last TICK"),
            Fault("kind == EVENT ? base", "kind == TICK ? base", "adds no base"),
            Fault("valid && ends && taken", "valid && ends", "goes on before the TICK is taken"),
        ),
        paced=False, restarts=True, qualified={"out_data": "out_valid"},
    )  # fmt: skip
