"""State machines with a table: functions of a stream, and correlation of two."""

from __future__ import annotations

from collections.abc import Mapping

from sc_neurocore.bitstream import (
    Machine,
    desynchroniser,
    exp_machine,
    gain_machine,
    relu_machine,
    synchroniser,
    tanh_machine,
)
from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, Ranged, packed, unpacked, whole
from sc_neurocore.hdl.blocks._stimulus import streams


def _block(
    module: str,
    machine: Machine,
    inputs: tuple[str, ...],
    outputs: tuple[str, ...],
    assertions: int,
    *faults: Fault,
    **parameters: Ranged,
) -> Block:
    def golden(ticks: int, levels: Mapping[str, Levels]) -> dict[str, Levels]:
        given = [packed(levels[name]) for name in inputs]
        if len(given) == 1:
            return {outputs[0]: unpacked(machine.run(given[0], ticks), ticks)}
        made = machine.run_two(given[0], given[1], ticks)
        return {name: unpacked(y, ticks) for name, y in zip(outputs, made, strict=False)}

    return Block(
        module, whole(**parameters), dict.fromkeys(inputs, 1), dict.fromkeys(outputs, 1),
        streams(*inputs), golden, assertions, faults,
    )  # fmt: skip


_ENABLE = Fault(".enable(enable)", ".enable(1'b1)", "moves without enable")
_UP = Fault(".up(x)", ".up(!x)", "moves the other way")


def tanh(states: int) -> Block:
    """Hyperbolic tangent."""
    return _block(
        "sc_tanh", tanh_machine(states), ("x",), ("y",), 6,
        Fault("state >= WIDTH'", "state > WIDTH'", "turns one state late"), _ENABLE, _UP,
        STATES=(states, 2, None),
    )  # fmt: skip


def exp(states: int, gain: int) -> Block:
    """Exponential."""
    return _block(
        "sc_exp", exp_machine(states, gain), ("x",), ("y",), 6,
        Fault("state < WIDTH'", "state <= WIDTH'", "turns one state late"), _ENABLE, _UP,
        STATES=(states, 2, None), GAIN=(gain, 1, states - 1),
    )  # fmt: skip


def relu(states: int) -> Block:
    """Rectifier."""
    return _block(
        "sc_relu", relu_machine(states), ("x",), ("y",), 7,
        Fault("enable && !upper", "enable", "alternates in the upper half, too"),
        Fault("upper ? x : toggle", "upper ? x : 1'b0", "is not zero when negative"), _ENABLE, _UP,
        STATES=(states, 2, None),
    )  # fmt: skip


def gain(states: int) -> Block:
    """Linear gain."""
    return _block(
        "sc_gain", gain_machine(states), ("x", "k"), ("y",), 6,
        Fault("inward || k", "inward || !k", "is gated by the inverse"),
        Fault("inward = x != y", "inward = x == y", "gates the steps to the middle"), _UP,
        STATES=(states, 2, None),
    )  # fmt: skip


def synchroniser_block(depth: int) -> Block:
    """Pairs ones."""
    return _block(
        "sc_synchroniser", synchroniser(depth), ("a", "b"), ("out_a", "out_b"), 7,
        Fault("(holds_b || full_a)", "holds_b", "loses ones"),
        Fault("(!a && b && holds_a);", "1'b0;", "pairs one way only"),
        Fault("enable && a != b", "a != b", "moves without enable"),
        DEPTH=(depth, 1, None),
    )  # fmt: skip


def desynchroniser_block(depth: int) -> Block:
    """Separates ones."""
    return _block(
        "sc_desynchroniser", desynchroniser(depth), ("a", "b"), ("out_a", "out_b"), 8,
        Fault("a ? held == WIDTH'(DEPTH) :", "a ? 1'b0 :", "loses ones"),
        Fault("enable && a == b", "a == b", "moves without enable"),
        DEPTH=(depth, 1, None),
    )  # fmt: skip
