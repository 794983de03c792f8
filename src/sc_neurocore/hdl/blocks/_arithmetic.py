"""Arithmetic on streams."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from sc_neurocore.bitstream import (
    sc_and,
    sc_divide,
    sc_divide_history,
    sc_maximum,
    sc_minimum,
    sc_mux,
    sc_saturating_add,
    sc_scaled_add,
    sc_sqrt,
    sc_subtract,
    sc_xnor,
)
from sc_neurocore.bitstream._machine import MAX_STATES
from sc_neurocore.bitstream._packed import Words
from sc_neurocore.bitstream._source import Source
from sc_neurocore.hdl.blocks._block import (
    MAX_LANES,
    Block,
    Fault,
    Golden,
    Levels,
    cells,
    packed,
    unpacked,
    whole,
)
from sc_neurocore.hdl.blocks._stimulus import bits, lanes, streams

_AB = {"a": 1, "b": 1}
_Y = {"y": 1}


def _of_two(function: Callable[[Words, Words, int], Words]) -> Golden:
    """Golden function of a block with inputs a and b and output y."""

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        made = function(packed(inputs["a"]), packed(inputs["b"]), ticks)
        return {"y": unpacked(made, ticks)}

    return golden


def _multiplier(
    module: str, count: int, function: Callable[[Words, Words, int], Words], *faults: Fault
) -> Block:
    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        a, b = (
            np.stack([packed(inputs[name] >> i & 1) for i in range(count)]) for name in ("a", "b")
        )
        products = unpacked(function(a, b, ticks), ticks)
        return {"product": np.sum(products << np.arange(count)[:, None], axis=0)}

    return Block(
        module, whole(LANES=(count, 1, MAX_LANES)), {"a": count, "b": count}, {"product": count},
        lambda rng, ticks: {name: lanes(rng, ticks, count) for name in ("a", "b")},
        golden, 3, faults, clocked=False,
    )  # fmt: skip


def unipolar_multiplier(count: int) -> Block:
    """AND gates."""
    return _multiplier(
        "sc_unipolar_multiplier", count, lambda a, b, _: sc_and(a, b),
        Fault("a & b", "a | b", "is an OR gate"),
    )  # fmt: skip


def bipolar_multiplier(count: int) -> Block:
    """XNOR gates."""
    return _multiplier(
        "sc_bipolar_multiplier", count, sc_xnor, Fault("~(a ^ b)", "a ^ b", "has the other sign")
    )


def mux_tree(select_width: int) -> Block:
    """Multiplexers."""
    parameters = whole(SELECT_WIDTH=(select_width, 1, MAX_LANES.bit_length() - 1))
    count = 1 << select_width

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        select = rng.integers(0, count, ticks)
        return {"streams": lanes(rng, ticks, count), "select": select}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        level = [packed(inputs["streams"] >> i & 1) for i in range(count)]
        for k in range(select_width):
            select = packed(inputs["select"] >> k & 1)
            level = [sc_mux(b, a, select) for a, b in zip(level[::2], level[1::2], strict=True)]
        return {"y": unpacked(level[0], ticks)}

    return Block(
        "sc_mux_tree", parameters,
        {"streams": count, "select": select_width}, _Y, stimulus, golden, 1,
        (Fault("streams[select]", "streams[~select]", "chooses another stream"),), clocked=False,
    )  # fmt: skip


def scaled_adder() -> Block:
    """Toggle flip-flop."""
    return Block(
        "sc_scaled_adder", {}, _AB, _Y, streams("a", "b"),
        _of_two(lambda a, b, _: sc_scaled_add(a, b)), 5,
        (
            Fault("? a : toggle", "? a : !toggle", "rounds the other way"),
            Fault("enable && a != b", "a != b", "moves without enable"),
        ),
    )  # fmt: skip


def saturating_adder(depth: int) -> Block:
    """OR with a memory."""
    return Block(
        "sc_saturating_adder", whole(DEPTH=(depth, 1, MAX_STATES - 1)), _AB, _Y, streams("a", "b"),
        _of_two(lambda a, b, length: sc_saturating_add(a, b, length, depth)), 6,
        (
            Fault("STATES(DEPTH + 1)", "STATES(DEPTH)", "keeps one less"),
            Fault("enable && a == b", "a == b", "moves without enable"),
        ),
    )  # fmt: skip


def subtractor(depth: int) -> Block:
    """Cancelling counter."""
    return Block(
        "sc_subtractor", whole(DEPTH=(depth, 1, MAX_STATES - 1)), _AB, _Y, streams("a", "b"),
        _of_two(lambda a, b, length: sc_subtract(a, b, length, depth)), 7,
        (
            Fault("a && !b && owed", "a && owed", "puts out cancelled ones"),
            Fault(".up(b)", ".up(a)", "owes the other stream's ones"),
        ),
    )  # fmt: skip


def divider() -> Block:
    """CORDIV."""

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        made = sc_divide(packed(inputs["x"]), packed(inputs["y"]), ticks)
        return {"quotient": unpacked(made, ticks)}

    return Block(
        "sc_divider", {}, {"x": 1, "y": 1}, {"quotient": 1}, streams("x", "y"), golden, 6,
        (
            Fault("last <= quotient", "last <= x", "remembers x only"),
            Fault("!y && last", "last", "repeats always"),
        ),
    )  # fmt: skip


def history_divider(depth: int, source: Source) -> Block:
    """CORDIV with a shift register."""
    parameters = cells(depth, source)
    bits_of_address = depth.bit_length() - 1

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        address = source.values(ticks) >> np.uint32(source.width - bits_of_address)
        return {**streams("x", "y")(rng, ticks), "address": address.astype(np.int64)}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        x, y = packed(inputs["x"]), packed(inputs["y"])
        made = sc_divide_history(x, y, ticks, source, depth)
        return {"quotient": unpacked(made, ticks)}

    return Block(
        "sc_history_divider", parameters,
        {"x": 1, "y": 1, "address": bits_of_address}, {"quotient": 1}, stimulus, golden, 7,
        (
            Fault("enable && y", "enable", "remembers repeated answers"),
            Fault("history[address]", "history[0]", "repeats the last answer only"),
        ),
    )  # fmt: skip


def square_root(width: int, first: Source, second: Source) -> Block:
    """Balanced counter."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        one = first.values(ticks) >> np.uint32(first.width - width)
        two = second.values(ticks) >> np.uint32(second.width - width)
        levels = {"first": one.astype(np.int64), "second": two.astype(np.int64)}
        return {"x": bits(rng, ticks), **levels}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        return {"y": unpacked(sc_sqrt(packed(inputs["x"]), ticks, first, second, width), ticks)}

    return Block(
        "sc_square_root", whole(WIDTH=(width, 1, min(first.width, second.width))),
        {"x": 1, "first": width, "second": width}, _Y,
        stimulus, golden, 6,
        (
            Fault("x != (y && twin)", "x != y", "does not square"),
            Fault("RESET(2**(WIDTH - 1))", "RESET(2**WIDTH)", "starts elsewhere"),
        ),
    )  # fmt: skip


def maximum(depth: int) -> Block:
    """Synchroniser and OR."""
    return Block(
        "sc_maximum", whole(DEPTH=(depth, 1, (MAX_STATES - 1) // 2)), _AB, _Y, streams("a", "b"),
        _of_two(lambda a, b, length: sc_maximum(a, b, length, depth)), 5,
        (
            Fault("first || second", "first", "ignores a stream"),
            Fault(".enable(enable)", ".enable(1'b1)", "moves without enable"),
        ),
    )  # fmt: skip


def minimum(depth: int) -> Block:
    """Synchroniser and AND."""
    return Block(
        "sc_minimum", whole(DEPTH=(depth, 1, (MAX_STATES - 1) // 2)), _AB, _Y, streams("a", "b"),
        _of_two(lambda a, b, length: sc_minimum(a, b, length, depth)), 5,
        (
            Fault("first && second", "first", "ignores a stream"),
            Fault(".enable(enable)", ".enable(1'b1)", "moves without enable"),
        ),
    )  # fmt: skip
