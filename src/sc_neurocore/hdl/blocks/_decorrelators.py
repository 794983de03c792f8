"""Decorrelators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sc_neurocore.bitstream import isolate, shuffle_buffer, track
from sc_neurocore.bitstream._source import Source
from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, cells, packed, unpacked, whole
from sc_neurocore.hdl.blocks._stimulus import bits, streams

_Y = {"y": 1}


def isolator(delay: int) -> Block:
    """Delay line."""

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        return {"y": unpacked(isolate(packed(inputs["x"]), ticks, delay), ticks)}

    return Block(
        "sc_isolator", whole(DELAY=(delay, 1, None)), {"x": 1}, _Y, streams("x"), golden, 6,
        (
            Fault("DELAY'(x)", "DELAY'(!x)", "inverts"),
            Fault("else if (enable) ", "else ", "moves without enable"),
        ),
    )  # fmt: skip


def shuffler(depth: int, source: Source) -> Block:
    """Shuffle buffer."""
    parameters = cells(depth, source)
    width = depth.bit_length() - 1

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        address = source.values(ticks) >> np.uint32(source.width - width)
        return {"x": bits(rng, ticks), "address": address.astype(np.int64)}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        return {"y": unpacked(shuffle_buffer(packed(inputs["x"]), ticks, source, depth), ticks)}

    return Block(
        "sc_shuffle_buffer", parameters, {"x": 1, "address": width}, _Y,
        stimulus, golden, 6,
        (
            Fault("cells[address] <= x", "cells[address] <= x || y", "ones never leave"),
            Fault("2'b10", "2'b01", "starts otherwise"),
        ),
    )  # fmt: skip


def tracker(width: int, shift: int, source: Source) -> Block:
    """Tracking forecast memory."""
    parameters = whole(WIDTH=(width, 1, source.width), SHIFT=(shift, 0, width))

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        number = source.values(ticks) >> np.uint32(source.width - width)
        return {"x": bits(rng, ticks), "number": number.astype(np.int64)}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        return {"y": unpacked(track(packed(inputs["x"]), ticks, source, width, shift), ticks)}

    return Block(
        "sc_tracking_memory", parameters, {"x": 1, "number": width}, _Y,
        stimulus, golden, 9,
        (
            Fault("x ? full : !full", "!full", "never falls below the middle"),
            Fault("carry = x || whole", "carry = x", "rounds down to below zero"),
            Fault("!x || full", "1'b1", "loses the rises"),
            Fault(".number(number)", ".number(~number)", "counts down where the source counts up"),
        ),
    )  # fmt: skip
