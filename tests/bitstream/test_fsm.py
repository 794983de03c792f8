"""State machines: runs against stepping, transfer curves against closed forms and random bits."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    Machine,
    exp_machine,
    gain_machine,
    pack_bitstream,
    popcount,
    relu_machine,
    shuffle_buffer,
    tanh_machine,
    unpack_bitstream,
)
from sc_neurocore.bitstream._entropy import NumpyRandom
from sc_neurocore.bitstream._lfsr import Lfsr
from sc_neurocore.bitstream._sobol import Sobol
from sc_neurocore.exceptions import SCConfigError

from .streams import Bits, bits_of, random_stream, share

X = np.linspace(-0.95, 0.95, 21)


def stepped(machine: Machine, x: Bits, y: Bits | None = None) -> tuple[list[int], list[int]]:
    """Both outputs, cycle by cycle, as `Machine` defines them."""
    state, outputs = machine.reset, []
    for t in range(len(x)):
        symbol = int(x[t]) + (2 * int(y[t]) if y is not None else 0)
        outputs.append(int(machine.output[state, symbol]))
        state = int(machine.next[state, symbol])
    return [o & 1 for o in outputs], [o >> 1 for o in outputs]


@st.composite
def machines(draw: st.DrawFn, inputs: int) -> Machine:
    states = draw(st.integers(1, 7))

    def table(most: int) -> list[list[int]]:
        row = st.lists(st.integers(0, most), min_size=2**inputs, max_size=2**inputs)
        return draw(st.lists(row, min_size=states, max_size=states))

    return Machine(
        np.array(table(states - 1)),
        np.array(table(3 if inputs == 2 else 1)),
        draw(st.integers(0, states - 1)),
    )


@settings(deadline=None)
@given(st.data(), machines(1))
def test_a_run_is_its_steps(data: st.DataObject, machine: Machine) -> None:
    length = data.draw(st.integers(1, 200))
    x = data.draw(bits_of(length))
    out = machine.run(pack_bitstream(x), length)
    assert unpack_bitstream(out, length).tolist() == stepped(machine, x)[0]


@settings(deadline=None)
@given(st.data(), machines(2))
def test_a_run_of_two_inputs_is_its_steps(data: st.DataObject, machine: Machine) -> None:
    length = data.draw(st.integers(1, 200))
    x, y = data.draw(bits_of(length)), data.draw(bits_of(length))
    out = machine.run_two(pack_bitstream(x), pack_bitstream(y), length)
    found = tuple(unpack_bitstream(o, length).tolist() for o in out)
    assert found == stepped(machine, x, y)


def test_the_largest_machine_runs() -> None:
    machine = tanh_machine(4096)
    x = unpack_bitstream(random_stream(0.6, 20_000, 1), 20_000)
    out = unpack_bitstream(machine.run(pack_bitstream(x), 20_000), 20_000)
    assert out.tolist() == stepped(machine, x)[0]


def run(machine: Machine, x: str, y: str = "") -> str:
    a, b = (pack_bitstream(np.array([c == "1" for c in s], np.bool_)) for s in (x, y))
    out = machine.run_two(a, b, len(x))[0] if y else machine.run(a, len(x))
    return "".join(map(str, unpack_bitstream(out, len(x))))


def test_clock_by_clock() -> None:
    # tanh, 4 states: register 2 1 0 0 1 2 3 3, ones from 2 on.
    assert run(tanh_machine(4), "00011111") == "10000111"
    # exp, 4 states, gain 1: register 2 3 3 2 1, zero only in 3.
    assert run(exp_machine(4, 1), "11001") == "10011"
    # relu, 4 states: register 2 1 0 0 0 1 2 2; below 2 the output alternates from 0.
    assert run(relu_machine(4), "00001101") == "00101001"
    # relu: the toggle holds while the counter is up: 2 1 2 1 2 1 gives x 0 x 1 x 0.
    assert run(relu_machine(4), "010101") == "000100"
    # gain, 4 states: register 2 2 3 2 1 1 0 1; ones away from the middle need the gate.
    assert run(gain_machine(4), "11000011", "01101010") == "11110000"


def closed_tanh(x: float, states: int) -> float:
    return float(np.tanh(states / 2 * np.arctanh(x)))


def closed_exp(x: float, states: int, gain: int) -> float:
    r = (1 + x) / (1 - x)
    return (states - gain) / states if r == 1 else (1 - r ** (states - gain)) / (1 - r**states)


def closed_relu(x: float, states: int) -> float:
    return float(x / (1 + ((1 - x) / (1 + x)) ** (states / 2)))


def closed_gain(x: float, k: float, states: int) -> float:
    p, q = (1 + x) / 2, (1 - x) / 2
    above = sum((k * p / q) ** i for i in range(states // 2))
    below = sum((k * q / p) ** i for i in range(states // 2))
    return 2 * p * above / (p * above + q * below) - 1


@pytest.mark.parametrize("states", [2, 4, 8, 20])
def test_the_markov_chain_has_the_stated_curve(states: int) -> None:
    p = (1 + X) / 2
    for x, y in zip(X, 2 * tanh_machine(states).transfer(p) - 1, strict=True):
        assert y == pytest.approx(closed_tanh(x, states), abs=1e-9)
    for gain in {1, states // 2, states - 1}:
        for x, y in zip(X, exp_machine(states, gain).transfer(p), strict=True):
            assert y == pytest.approx(closed_exp(x, states, gain), abs=1e-9)
    for x, y in zip(X, 2 * relu_machine(states).transfer(p) - 1, strict=True):
        assert y == pytest.approx(closed_relu(x, states), abs=1e-9)
    for k in (0.2, 0.5, 0.9):
        for x, y in zip(X, 2 * gain_machine(states).transfer(p, k) - 1, strict=True):
            assert y == pytest.approx(closed_gain(x, k, states), abs=1e-9)


def test_curves_approach_the_functions_they_are_named_for() -> None:
    small = np.linspace(-0.3, 0.3, 13)
    p = (1 + small) / 2
    assert 2 * tanh_machine(8).transfer(p) - 1 == pytest.approx(np.tanh(4 * small), abs=0.02)
    up = small[small > 0.04]
    assert exp_machine(64, 2).transfer((1 + up) / 2) == pytest.approx(np.exp(-4 * up), abs=0.02)
    assert 2 * relu_machine(32).transfer((1 + X) / 2) - 1 == pytest.approx(
        np.maximum(X, 0), abs=0.02
    )
    line = 2 * gain_machine(64).transfer((1 + X) / 2, 0.5) - 1
    assert line == pytest.approx(np.clip(3 * X, -1, 1), abs=0.04)


def test_curves_at_the_ends() -> None:
    ends = np.array([0.0, 1.0])
    assert tanh_machine(8).transfer(ends) == pytest.approx([0, 1], abs=1e-15)
    assert exp_machine(8, 2).transfer(ends) == pytest.approx([1, 0], abs=1e-15)
    assert relu_machine(8).transfer(ends) == pytest.approx([0.5, 1])
    # Relative to its reset state the top of this counter has a weight of 999**200.
    assert tanh_machine(400).transfer([0.001, 0.999]) == pytest.approx([0, 1], abs=1e-15)
    assert gain_machine(8).transfer(ends, 0.5) == pytest.approx([0, 1], abs=1e-15)


@settings(deadline=None)
@given(machines(2), st.floats(0.05, 0.95), st.floats(0.05, 0.95))
def test_transfer_is_the_long_run_mean(machine: Machine, p: float, q: float) -> None:
    """Against the mean over time of a lazy chain, which converges even where states alternate."""
    chain = np.zeros((machine.states, machine.states))
    one = np.zeros(machine.states)
    for state in range(machine.states):
        for symbol in range(4):
            weight = (p if symbol & 1 else 1 - p) * (q if symbol & 2 else 1 - q)
            chain[state, machine.next[state, symbol]] += weight
            one[state] += weight * (machine.output[state, symbol] & 1)
    lazy = (chain + np.eye(machine.states)) / 2
    for _ in range(60):
        lazy = lazy @ lazy
        lazy /= lazy.sum(1, keepdims=True)
    assert machine.transfer(p, q) == pytest.approx(lazy[machine.reset] @ one, abs=1e-9)


def test_transfer_starts_from_the_reset_state() -> None:
    """The first bit decides between two states that are never left."""
    latch = Machine(np.array([[1, 2], [1, 1], [2, 2]]), np.array([[0, 0], [0, 0], [1, 1]]), 0)
    assert latch.transfer([0, 0.3, 1]) == pytest.approx([0, 0.3, 1])
    assert Machine(latch.next, latch.output, 1).transfer(0.3) == 0


def test_random_streams_follow_the_curve() -> None:
    length = 2**19
    gate = random_stream(0.5, length, 99)
    for seed, x in enumerate([-0.8, -0.25, 0.0, 0.1, 0.5]):
        p = (1 + x) / 2
        stream = random_stream(p, length, seed)
        for machine in (tanh_machine(8), exp_machine(16, 2), relu_machine(8)):
            found = share(machine.run(stream, length), length)
            assert found == pytest.approx(float(machine.transfer(p)), abs=0.005)
        found = share(gain_machine(16).run_two(stream, gate, length)[0], length)
        assert found == pytest.approx(float(gain_machine(16).transfer(p, 0.5)), abs=0.005)


@pytest.mark.parametrize(
    ("source", "stated"),
    [
        (Lfsr(), (0.124, 0.161, 0.015, 0.027)),
        (Lfsr(form="galois"), (0.098, 0.108, 0.008, 0.015)),
        (Sobol(1), (0.309, 0.455, 0.125, 0.021)),
        (Sobol(2), (0.5, 0.655, 0.017, 0.025)),
    ],
)
def test_other_streams_leave_the_curve_as_far_as_stated(
    source: Lfsr | Sobol, stated: tuple[float, ...]
) -> None:
    """The table of the module, and what shuffling first leaves of it."""
    length = 65535
    p = np.linspace(0.05, 0.95, 19)
    streams = pack_bitstream(source.values(length) < (p * 65536)[:, None])
    shuffled = shuffle_buffer(streams, length, NumpyRandom(3), 64)
    gate = random_stream(0.5, length, 9)
    machines = (tanh_machine(8), exp_machine(16, 2), relu_machine(8))
    for machine, error in zip(machines, stated, strict=False):
        found = popcount(machine.run(streams, length)) / length
        assert np.abs(found - machine.transfer(p)).max() == pytest.approx(error, abs=0.001)
        found = popcount(machine.run(shuffled, length)) / length
        assert np.abs(found - machine.transfer(p)).max() < 0.05
    linear = gain_machine(32)
    found = popcount(linear.run_two(streams, gate, length)[0]) / length
    assert np.abs(found - linear.transfer(p, 0.5)).max() == pytest.approx(stated[3], abs=0.006)


def test_streams_broadcast_and_may_be_strided() -> None:
    rng = np.random.default_rng(7)
    a = rng.integers(0, 2**63, (3, 1, 8), np.uint64)[..., ::2]
    b = rng.integers(0, 2**63, (2, 4), np.uint64)
    machine = gain_machine(8)
    first, second = machine.run_two(a, b, 250)
    assert first.shape == (3, 2, 4)
    assert not second.any()
    for i in range(3):
        for j in range(2):
            assert np.array_equal(first[i, j], machine.run_two(a[i, 0].copy(), b[j], 250)[0])
    assert np.array_equal(tanh_machine(4).run(a, 250), tanh_machine(4).run(a.copy(), 250))


def test_machines_are_values_that_cannot_be_changed() -> None:
    assert tanh_machine(8) is tanh_machine(8)
    with pytest.raises(ValueError, match="read-only"):
        tanh_machine(8).next[0, 0] = 3


U = np.zeros(2, np.uint64)
GOOD = np.zeros((3, 2), np.int64)
BAD: list[tuple[Callable[[], object], str]] = [
    (lambda: tanh_machine(7), "states is 7; it must be even"),
    (lambda: tanh_machine(0), "states is 0; it must be a whole number from 2 to 4096"),
    (lambda: relu_machine(4096), "states is 4096; it must be a whole number from 2 to 2048"),
    (lambda: exp_machine(8, 8), "gain is 8; it must be a whole number from 1 to 7"),
    (lambda: gain_machine(2.5), "states is 2.5; it must be a whole number from 2 to 4096"),
    (
        lambda: Machine(np.zeros((3, 3), np.int64), GOOD, 0),
        "next has dtype int64 and shape (3, 3); it must be an integer array of shape (states, 2) "
        "for one input or (states, 4) for two",
    ),
    (
        lambda: Machine(GOOD, np.zeros((3, 2)), 0),  # type: ignore[arg-type]
        "output has dtype float64 and shape (3, 2); it must be an integer array of shape "
        "(states, 2) for one input or (states, 4) for two",
    ),
    (
        lambda: Machine(GOOD, np.zeros((3, 4), np.int64), 0),
        "next has shape (3, 2) and output (3, 4); they must be the same",
    ),
    (lambda: Machine(GOOD + 3, GOOD, 0), "next holds 3; it must be from 0 to 2"),
    (lambda: Machine(GOOD - 1, GOOD, 0), "next holds -1; it must be from 0 to 2"),
    (lambda: Machine(GOOD, GOOD + 2, 0), "output holds 2; it must be from 0 to 1"),
    (lambda: Machine(GOOD, GOOD, 3), "reset is 3; it must be a whole number from 0 to 2"),
    (
        lambda: Machine(np.zeros((5000, 2), np.int64), np.zeros((5000, 2), np.int64), 0),
        "a machine has 5000 states; it must have 1 to 4096",
    ),
    (lambda: gain_machine(8).run(U, 70), "the machine has 2 inputs, not 1"),
    (lambda: tanh_machine(8).run_two(U, U, 70), "the machine has 1 input, not 2"),
    (lambda: tanh_machine(8).transfer(0.5, 0.5), "the machine has 1 input, not 2"),
    (lambda: tanh_machine(8).run(U, 200), "x has 2 words per stream, but 200 bits take 4"),
    (lambda: gain_machine(8).run_two(U, U[:1], 70), "y has 1 words per stream, but 70 bits take 2"),
    (
        lambda: gain_machine(8).run_two(
            np.zeros((2, 2), np.uint64), np.zeros((3, 2), np.uint64), 70
        ),
        "shapes do not broadcast: x (2, 2), y (3, 2)",
    ),
    (
        lambda: tanh_machine(8).run(U, 0),
        "length is 0; it must be a whole number from 1 to 4294967296",
    ),
    (lambda: tanh_machine(8).transfer(1.2), "x is 1.2; it must be from 0 to 1"),
    (lambda: gain_machine(8).transfer(0.5, float("nan")), "y is nan; it must be from 0 to 1"),
]


@pytest.mark.parametrize(("call", "message"), BAD, ids=[message[:40] for _, message in BAD])
def test_bad_input(call: Callable[[], object], message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message
