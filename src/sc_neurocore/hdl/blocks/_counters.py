"""From streams to numbers: counters and accumulators."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from sc_neurocore.bitstream import (
    parallel_count,
    regenerate,
    saturating_counter,
    stochastic_to_binary,
)
from sc_neurocore.bitstream._packed import Words
from sc_neurocore.bitstream._source import Source
from sc_neurocore.hdl.blocks._block import MAX_LANES, Block, Fault, Levels, packed, unpacked, whole
from sc_neurocore.hdl.blocks._stimulus import bits, lanes, numbers, streams


def _unstacked(levels: Levels, count: int) -> Words:
    """Streams that stand side by side, as ``(count, words)``."""
    return np.stack([packed(levels >> i & 1) for i in range(count)])


def parallel_counter(inputs: int) -> Block:
    """How many streams are one."""
    width = inputs.bit_length()

    def golden(ticks: int, levels: Mapping[str, Levels]) -> dict[str, Levels]:
        return {"count": parallel_count(_unstacked(levels["streams"], inputs), ticks)}

    return Block(
        "sc_parallel_counter", whole(INPUTS=(inputs, 1, MAX_LANES)),
        {"streams": inputs}, {"count": width},
        lambda rng, ticks: {"streams": lanes(rng, ticks, inputs)}, golden, 3,
        (
            Fault(".bits(streams)", ".bits(streams & ~INPUTS'(1))", "ignores an input"),
            Fault(".bits(streams)", ".bits(~streams)", "counts zeros"),
        ),
        clocked=False,
    )  # fmt: skip


def accumulative_parallel_counter(inputs: int, width: int) -> Block:
    """Running sum of a parallel counter."""
    parameters = whole(INPUTS=(inputs, 1, MAX_LANES), WIDTH=(width, inputs.bit_length(), MAX_LANES))

    def golden(ticks: int, levels: Mapping[str, Levels]) -> dict[str, Levels]:
        counts = parallel_count(_unstacked(levels["streams"], inputs), ticks)
        return {"total": np.concatenate([[0], np.cumsum(counts)[:-1]]) & ((1 << width) - 1)}

    return Block(
        "sc_accumulative_parallel_counter", parameters, {"streams": inputs}, {"total": width},
        lambda rng, ticks: {"streams": lanes(rng, ticks, inputs)}, golden, 6,
        (
            Fault("total + WIDTH'(count)", "total + WIDTH'(count[COUNT_WIDTH-2:0])",
                  "loses the top bit of the count"),
            Fault("else if (enable) ", "else ", "adds without enable"),
        ),
    )  # fmt: skip


def saturating_up_down_counter(states: int, reset: int) -> Block:
    """The counter of one bit."""

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        path = saturating_counter(2 * inputs["up"] - 1, 0, states - 1, reset)
        return {"state": np.concatenate([[reset], path[:-1]])}

    return Block(
        "sc_saturating_counter",
        whole(STATES=(states, 2, None), RESET=(reset, 0, states - 1)), {"up": 1},
        {"state": (states - 1).bit_length()}, streams("up"), golden, 6,
        (
            Fault("up ? state == LAST : ", "!up && ", "wraps at the top"),
            Fault("enable && !stuck", "!stuck", "moves without enable"),
            Fault("WIDTH'(RESET)", "WIDTH'(RESET + 1)", "starts elsewhere"),
        ),
    )  # fmt: skip


def saturating_accumulator(width: int, step_width: int, low: int, high: int, reset: int) -> Block:
    """The counter of signed steps."""
    parameters = whole(WIDTH=(width, 1, MAX_LANES), STEP_WIDTH=(step_width, 1, width))
    top = (1 << (width - 1)) - 1
    parameters |= whole(LOW=(low, -1 - top, top), HIGH=(high, low, top), RESET=(reset, low, high))
    step, value = (1 << step_width) - 1, (1 << width) - 1
    half = 1 << (step_width - 1)

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        # Long pushes up and down, by steps of any size, reach both ends.
        size = numbers(rng, ticks, 0, half - 1)
        return {"step": np.where(bits(rng, ticks) == 1, size, -1 - size) & step}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        signed = (inputs["step"] ^ half) - half
        path = saturating_counter(signed, low, high, reset)
        return {"value": np.concatenate([[reset], path[:-1]]) & value}

    return Block(
        "sc_saturating_accumulator",
        parameters, {"step": step_width}, {"value": width}, stimulus, golden, 6,
        (
            Fault("value <= WIDTH'(LOW)", "value <= WIDTH'(LOW + 1)", "stops too early"),
            Fault("sum > (WIDTH + 1)'(HIGH)", "sum > (WIDTH + 1)'(HIGH + 1)",
                  "may pass the upper end"),
        ),
    )  # fmt: skip


def window_counter(window_width: int) -> Block:
    """Stochastic to binary."""
    parameters = whole(WINDOW_WIDTH=(window_width, 1, 32))
    window = 1 << window_width

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        whole_windows = ticks // window
        counts = np.zeros(1 + ticks // window, np.int64)
        if whole_windows:
            length = whole_windows * window
            counts[1:] = stochastic_to_binary(packed(inputs["x"][:length]), length, window)
        tick = np.arange(ticks)
        valid = (tick % window == 0) & (tick >= window)
        return {"number": counts[tick // window], "valid": valid.astype(np.int64)}

    return Block(
        "sc_stochastic_to_binary", parameters, {"x": 1},
        {"number": window_width + 1, "valid": 1}, streams("x"), golden, 8,
        (
            Fault("if (last) number <= sum", "if (last) number <= {1'b0, count}",
                  "forgets the last clock"),
            Fault("last ? {WINDOW_WIDTH{1'b0}} : ", "", "does not start again"),
        ),
    )  # fmt: skip


def regenerator(window_width: int, source: Source) -> Block:
    """Stochastic to binary and back."""
    parameters = whole(WINDOW_WIDTH=(window_width, 1, source.width))
    window, shift = 1 << window_width, source.width - window_width

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        # The first window's numbers meet a count of zero; the source starts with the second.
        later = source.values(ticks) >> np.uint32(shift)
        number = np.concatenate([np.zeros(window, np.int64), later.astype(np.int64)])[:ticks]
        return {"x": bits(rng, ticks), "number": number}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        length = -(-ticks // window) * window
        x = np.zeros(length, np.int64)
        x[:ticks] = inputs["x"]
        made = unpacked(regenerate(packed(x), length, source, window), length)
        return {"y": np.concatenate([np.zeros(window, np.int64), made])[:ticks]}

    return Block(
        "sc_regenerator", parameters, {"x": 1, "number": window_width}, {"y": 1},
        stimulus, golden, 7,
        (
            Fault(".threshold(count)", ".threshold(count ^ 1'b1)", "encodes another count"),
            Fault(".enable(enable), .x(x)", ".enable(1'b1), .x(x)", "counts without enable"),
            Fault(".x(x), .number(count)", ".x(!x), .number(count)", "counts zeros"),
        ),
    )  # fmt: skip
