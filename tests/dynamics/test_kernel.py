"""Generated kernels equal the slow interpreter, bit by bit, on random models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sc_neurocore.dynamics import Model, Quantity, build_model, simulate
from sc_neurocore.exceptions import SCConfigError

from .interpreter import Interpreter
from .strategies import conditions, expressions

# Correctly rounded everywhere, so that equality can be exact.
EXACT = ("sqrt", "abs", "floor")
TICKS, NEURONS = 40, 3


@dataclass(frozen=True)
class Case:
    model: Model
    dtype: str
    shared: bool
    seed: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    states = ["x", "y", "z"][: draw(st.integers(1, 3))]
    names = [*states, "p", "q", "I"]
    trees = expressions(names, EXACT, depth=2)
    method = draw(st.sampled_from(["euler", "heun", "rk4", "rosenbrock", "map"]))
    left, right = ("{}[n+1]", "clip({}, -50, 50)") if method == "map" else ("d{}/dt", "{}")
    noise = draw(st.sampled_from(["", " + rand() - 0.5", " + randn()"]))
    lines = [f"shared = {draw(trees)}"]
    for i, x in enumerate(states):
        text = str(draw(trees)) + (f" - shared{noise}" if i == 0 else f" - {x}")
        lines.append(f"{left.format(x)} = {right.format(text)}")
    resets = draw(st.lists(st.tuples(st.sampled_from(states), trees), max_size=3))
    inputs = [Quantity("I", 0.0)]
    refractory = draw(st.sampled_from([0, 0.1, 0.3]))
    hold = draw(st.none() | st.sets(st.sampled_from(states)).map(sorted))
    jumps = []
    if draw(st.booleans()):
        # Where refractoriness holds some states, a jump reads none but its own.
        read = expressions([*([] if refractory else states), "p", "e"], EXACT, depth=1)
        inputs.append(Quantity("e", 0.0, kind="event"))
        targets = draw(st.lists(st.sampled_from(states), min_size=1, max_size=3))
        jumps = [f"{x} = clip({x} + e*({draw(read)}){noise}, -50, 50)" for x in targets]
    model = build_model(
        "\n".join(lines),
        threshold=str(draw(conditions(expressions([*states, "p", "I"], EXACT, depth=1)))),
        reset="; ".join(f"{x} = {e}" for x, e in resets) or None,
        jumps="; ".join(jumps) or None,
        inputs=inputs,
        params={"p": draw(st.integers(-8, 8)) / 4, "q": draw(st.integers(1, 8)) / 4},
        init={x: draw(st.integers(-4, 4)) / 2 for x in states},
        refractory=refractory,
        hold=hold,
        edge=draw(st.sampled_from(["level", "rising"])),
        method=method,
        dt=0.1,
    )
    return Case(
        model, draw(st.sampled_from(["float64", "float32"])), draw(st.booleans()),
        draw(st.integers(0, 2**64 - 1)),
    )  # fmt: skip


def check(case: Case) -> None:
    model, number = case.model, np.dtype(case.dtype).type
    rng = np.random.default_rng(case.seed)
    wide = 1 if case.shared else NEURONS
    current = np.round(rng.uniform(-2, 2, (TICKS, wide)), 2)
    events = np.where(rng.random((TICKS, wide)) < 0.3, np.round(rng.uniform(-2, 2), 2), 0.0)
    own = {} if case.shared else {"p": np.round(rng.uniform(-2, 2, NEURONS), 2)}
    trace: list[list[list[float]]] = []
    spikes: list[tuple[int, int]] = []
    broken: tuple[int, int] | None = None
    cells = [
        Interpreter(model, number, n, case.seed, {k: v[n] for k, v in own.items()})
        for n in range(NEURONS)
    ]
    for t in range(TICKS):
        now = {"I": current[t], "e": events[t]}
        results = [c.step({k: v[c.neuron % wide] for k, v in now.items()}) for c in cells]
        if None in results:
            broken = t, results.index(None)
            break
        spikes += [(t, n) for n, spiked in enumerate(results) if spiked]
        trace.append([[float(c.states[x]) for c in cells] for x in model.state_names])

    options = {
        "neurons": NEURONS, "dtype": case.dtype, "seed": case.seed, "parameters": own,
        "record": model.state_names,
    }  # fmt: skip
    inputs = {k: v for k, v in (("I", current), ("e", events)) if k in model.input_names}
    if broken is not None:
        with pytest.raises(SCConfigError) as caught:
            simulate(model, inputs, ticks=TICKS, **options)
        assert f"of neuron {broken[1]} became non-finite at tick {broken[0]} " in str(caught.value)
        return
    run = simulate(model, inputs, ticks=TICKS, **options)
    expected = np.array(trace)
    for i, x in enumerate(model.state_names):
        np.testing.assert_array_equal(run.states[x], expected[:, i])
    assert list(zip(run.spikes.tick, run.spikes.neuron, strict=True)) == spikes
    assert run.final.refractory.tolist() == [c.counter for c in cells]
    if model.edge == "rising":
        assert run.final.previous.tolist() == [c.previous for c in cells]


# Every example compiles a kernel, so failing ones are shown as found instead of shrunk.
FOUND = (Phase.explicit, Phase.reuse, Phase.generate)
QUIET = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]


@pytest.mark.exhaustive  # test_interpreter compares the operations
@settings(
    max_examples=8, deadline=None, phases=FOUND, suppress_health_check=QUIET, derandomize=True
)
@given(cases())
def test_random_models(case: Case) -> None:
    check(case)


@pytest.mark.exhaustive
@settings(max_examples=600, deadline=None, phases=FOUND, suppress_health_check=QUIET)
@given(cases())
def test_many_random_models(case: Case) -> None:
    check(case)


def by_hand(**options: object) -> Model:
    return build_model("x[n+1] = x + I", threshold="x >= 3", **options)  # type: ignore[arg-type]


def spike_ticks(model: Model, current: object, ticks: int) -> list[int]:
    return simulate(model, current, ticks=ticks).spikes.tick.tolist()  # type: ignore[arg-type]


def test_threshold_reads_the_new_state() -> None:
    assert spike_ticks(by_hand(reset="x = 0"), 1.0, 7) == [2, 5]


def test_held_state_stays_for_exactly_the_refractory_ticks() -> None:
    model = by_hand(reset="x = 0", refractory=0.2, dt=0.1)
    run = simulate(model, 1.0, ticks=9, record=["x"])
    assert run.states["x"][:, 0].tolist() == [1, 2, 0, 0, 0, 1, 2, 0, 0]
    assert run.spikes.tick.tolist() == [2, 7]


def test_free_state_moves_during_refractoriness_but_cannot_spike() -> None:
    model = by_hand(reset="x = 0", refractory=0.4, dt=0.1, hold=[])
    run = simulate(model, 1.0, ticks=9, record=["x"])
    assert run.states["x"][:, 0].tolist() == [1, 2, 0, 1, 2, 3, 4, 0, 1]
    assert run.spikes.tick.tolist() == [2, 7]


def test_rising_edge_spikes_once_per_crossing() -> None:
    current = [3.0, 0.0, 0.0, -1.0, 1.0, 0.0]
    assert spike_ticks(by_hand(), current, 6) == [0, 1, 2, 4, 5]
    assert spike_ticks(by_hand(edge="rising"), current, 6) == [0, 4]


def test_edge_memory_is_the_condition_before_the_reset() -> None:
    # Every tick reaches 4 from 0 and resets; the condition never turns false between the spikes.
    model = by_hand(edge="rising", reset="x = 0")
    assert spike_ticks(model, 4.0, 3) == [0]


def test_edge_during_refractoriness_is_seen_but_lost() -> None:
    model = by_hand(edge="rising", refractory=0.2, dt=0.1, hold=[])
    current = [3.0, -1.0, 1.0, 0.0, 0.0, -1.0, 1.0]
    assert spike_ticks(model, current, 7) == [0, 6]


def test_resets_run_top_to_bottom() -> None:
    model = build_model(
        "x[n+1] = x + 1; y[n+1] = y", threshold="x >= 2", reset="y = x*10; x = y - 20; y += x",
    )  # fmt: skip
    assert simulate(model, ticks=2).final.values[:, 0].tolist() == [0.0, 20.0]


def test_states_advance_at_once() -> None:
    model = build_model("a[n+1] = b; b[n+1] = a + b", init={"b": 1})
    run = simulate(model, ticks=10, record=["b"])
    assert run.states["b"][:, 0].tolist() == [1, 2, 3, 5, 8, 13, 21, 34, 55, 89]


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_failure_names_neuron_tick_state_and_last_value(dtype: str) -> None:
    model = build_model("a[n+1] = a; x[n+1] = x*I", init={"x": 1.0}, dt=1.0)
    with pytest.raises(SCConfigError) as caught:
        simulate(model, np.array([[1.0, 2.0, 1e10, 1e9]]), ticks=2000, dtype=dtype)
    tick = 30 if dtype == "float64" else 3
    assert str(caught.value) == (
        f"state 'x' of neuron 2 became non-finite at tick {tick} ({tick + 1} ms); its last finite "
        f"value is 1e+{300 if tick == 30 else 30}; take a dt below 1 or another method than 'map', "
        "or check the parameters and the input"
    )


def test_a_reset_that_overflows_is_a_failure() -> None:
    model = build_model("x[n+1] = x + 1", threshold="x >= 3", reset="x = 1/(x - 3)")
    with pytest.raises(SCConfigError, match="state 'x' of neuron 0 became non-finite at tick 2"):
        simulate(model, ticks=5)
