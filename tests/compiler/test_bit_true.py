"""The bit-true model by hand: order within a tick, rounding, overflow, continuation."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from sc_neurocore.compiler import (
    Datapath,
    FormatPlan,
    HardwareOptions,
    QFormat,
    compile_model,
    initial_state,
    plan_formats,
    simulate_fixed,
    simulate_ticks,
)
from sc_neurocore.dynamics import Quantity, build_model
from sc_neurocore.exceptions import SCConfigError

#: Eight integer steps of an input from -8 to 7.
STEPS = (Quantity("I", 0.0, "", -8.0, 7.0),)


def datapath(equations: str, fmt: str = "Q8.4", options: Any = None, **model: Any) -> Datapath:
    hardware = HardwareOptions(format=fmt, pipeline=0, multipliers="parallel", **(options or {}))
    built = build_model(equations, **model)
    # Exactly the format asked for, even where the planner would widen it.
    planned = plan_formats(built, "Q30.8", "truncate").formats
    asked = {q.name: QFormat.from_string(fmt) for q in (*built.states, *built.inputs)}
    return compile_model(built, hardware, plan=FormatPlan({**planned, **asked}, ())).datapath


def trace(d: Datapath, current: list[float], state: str = "v") -> list[float]:
    fraction = d.inputs[0].format.fraction
    run = simulate_fixed(d, {"I": [round(x * 2**fraction) for x in current]})
    scale = next(p.format.resolution for p in d.states if p.name == state)
    return [x * scale for x in run.states[state][:, 0].tolist()]


def spikes(d: Datapath, current: list[float]) -> list[int]:
    fraction = d.inputs[0].format.fraction
    return simulate_fixed(d, {"I": [round(x * 2**fraction) for x in current]}).spikes[:, 0].tolist()


def counter(**model: Any) -> Datapath:
    return datapath("v[n+1] = v + I", ranges={"v": (-8.0, 7.0)}, inputs=STEPS, **model)


def test_threshold_reads_the_new_state_and_reset_follows_at_once() -> None:
    d = counter(threshold="v >= 3", reset="v = v - 2")
    assert trace(d, [1, 1, 1, 1, 1]) == [1, 2, 1, 2, 1]
    assert spikes(d, [1, 1, 1, 1, 1]) == [0, 0, 1, 0, 1]


def test_reset_lines_see_the_lines_above() -> None:
    d = datapath(
        "v[n+1] = v + I; w[n+1] = w",
        ranges={"v": (-8.0, 7.0), "w": (-8.0, 7.0)},
        inputs=STEPS,
        threshold="v >= 2",
        reset="v = v - 1; w = v; v = v - 1",
    )
    assert trace(d, [1, 1]) == [1, 0]
    assert trace(d, [1, 1], "w") == [0, 1]


def test_refractoriness_counts_ticks_and_holds_what_the_reset_assigns() -> None:
    # refractory 2 ms at 1 ms: the two ticks after a spike are silent and v is held.
    d = datapath(
        "dv/dt = I",
        ranges={"v": (-8.0, 7.0)},
        inputs=STEPS,
        threshold="v >= 2",
        reset="v = 0",
        refractory=2.0,
        dt=1.0,
        method="euler",
    )
    assert trace(d, [2, 2, 2, 2, 2]) == [0, 0, 0, 0, 0]
    assert spikes(d, [2, 2, 2, 2, 2]) == [1, 0, 0, 1, 0]


def test_states_not_held_move_during_refractoriness() -> None:
    d = datapath(
        "dv/dt = I",
        ranges={"v": (-8.0, 7.0)},
        inputs=STEPS,
        threshold="v >= 2",
        reset="v = 0",
        refractory=2.0,
        hold=(),
        dt=1.0,
        method="euler",
    )
    assert trace(d, [2, 1, 2, 1, 1]) == [0, 1, 3, 0, 1]
    assert spikes(d, [2, 1, 2, 1, 1]) == [1, 0, 0, 1, 0]


def test_a_rising_edge_spikes_once_and_must_fall_first() -> None:
    d = counter(threshold="v >= 2", edge="rising")
    assert spikes(d, [2, 1, 0, -2, 0, 1, 0]) == [1, 0, 0, 0, 0, 1, 0]
    level = counter(threshold="v >= 2")
    assert spikes(level, [2, 1, 0, -2, 0, 1, 0]) == [1, 1, 1, 0, 0, 1, 1]


def test_a_crossing_within_refractoriness_is_lost() -> None:
    # The condition holds from tick 2 on: its onset falls into refractoriness and stays unseen.
    d = counter(threshold="v >= 2 or v <= -2", edge="rising", refractory=2.0, dt=1.0)
    assert spikes(d, [2, -1, 1, 0, -1, 1]) == [1, 0, 0, 0, 0, 1]


@pytest.mark.parametrize(
    ("overflow", "expected", "trapped"),
    [("saturate", [5, 7, 7, 2], 0), ("wrap", [5, -6, -1, -6], 0), ("trap", [5, 7, 7, 2], 1)],
)
def test_overflow_by_hand(overflow: str, expected: list[float], trapped: int) -> None:
    d = datapath(
        "v[n+1] = v + I",
        fmt="Q4.0",
        ranges={"v": (-8.0, 7.0)},
        inputs=STEPS,
        options={"overflow": overflow},
    )
    assert trace(d, [5, 5, 5, -5]) == expected
    run = simulate_fixed(d, {"I": [5, 5, 5, -5]})
    assert run.final.trapped.tolist() == [trapped]


def test_trap_is_sticky_and_also_watches_resets() -> None:
    d = datapath(
        "v[n+1] = v + I",
        fmt="Q4.0",
        ranges={"v": (-8.0, 7.0)},
        inputs=STEPS,
        threshold="v >= 4",
        reset="v = 4*v",
        options={"overflow": "trap"},
    )
    quiet = simulate_fixed(d, {"I": [3, -3]})
    assert quiet.final.trapped.tolist() == [0]
    trapped = simulate_fixed(d, {"I": [4, -7, 0]})
    assert trapped.states["v"][:, 0].tolist() == [7, 0, 0]
    assert trapped.final.trapped.tolist() == [1]
    assert simulate_fixed(d, {"I": [0]}, state=trapped.final).final.trapped.tolist() == [1]


def test_trap_watches_only_what_is_stored() -> None:
    def flag(currents: list[int], **model: Any) -> int:
        d = datapath(
            "v[n+1] = v + I", fmt="Q4.0", ranges={"v": (-8.0, 7.0)}, inputs=STEPS,
            threshold="v >= 4", reset="v = 0", dt=1.0, options={"overflow": "trap"}, **model,
        )  # fmt: skip
        return int(simulate_fixed(d, {"I": currents}).final.trapped[0])

    # The spike's reset replaces the sum that does not fit; refractoriness keeps it out of v.
    assert flag([3, 7]) == 0
    assert flag([7, -8, -8], refractory=2.0) == 0
    assert flag([7, -8, -8, -8, -8], refractory=2.0) == 1
    assert flag([-8, -8]) == 1


def test_saturation_is_to_the_declared_range_not_the_width() -> None:
    d = datapath("v[n+1] = v + I", ranges={"v": (-1.5, 2.25)}, inputs=STEPS)
    assert trace(d, [7, -8, -8]) == [2.25, -1.5, -1.5]


@pytest.mark.parametrize(
    ("rounding", "expected"),
    [  # v/4 in whole numbers, from -6, -5, -3, -2, -1, 1, 2, 3, 5, 6
        ("truncate", [-2, -2, -1, -1, -1, 0, 0, 0, 1, 1]),
        ("nearest", [-2, -1, -1, -1, 0, 0, 1, 1, 1, 2]),
        ("nearest_even", [-2, -1, -1, 0, 0, 0, 0, 1, 1, 2]),
    ],
)
def test_rounding_by_hand(rounding: str, expected: list[int]) -> None:
    d = datapath(
        "v[n+1] = I/4",
        fmt="Q4.0",
        ranges={"v": (-8.0, 7.0)},
        inputs=STEPS,
        options={"rounding": rounding},
    )
    assert trace(d, [-6, -5, -3, -2, -1, 1, 2, 3, 5, 6]) == expected


def test_stochastic_rounding_is_unbiased() -> None:
    d = datapath(
        "v[n+1] = I/8",
        fmt="Q4.0",
        ranges={"v": (-8.0, 7.0)},
        inputs=STEPS,
        options={"rounding": "stochastic"},
    )
    ticks = 20_000
    for raw in (-7, -3, 1, 4, 6):
        values = simulate_fixed(d, {"I": np.full(ticks, raw)}).states["v"][:, 0]
        share = raw / 8 - np.floor(raw / 8)
        # Five standard deviations of a mean of independent roundings.
        assert abs(values.mean() - raw / 8) < 5 * np.sqrt(share * (1 - share) / ticks)
        assert set(values.tolist()) == {int(np.floor(raw / 8)), int(np.floor(raw / 8)) + 1}


def test_a_run_continued_from_its_final_state_is_one_long_run() -> None:
    d = datapath(
        "dv/dt = -v/5 + I + 0.1*randn()",
        fmt="Q4.8",
        ranges={"v": (-4.0, 4.0)},
        inputs=(Quantity("I", 0.0, "", -2.0, 2.0),),
        threshold="v > 1",
        reset="v = v - 1",
        edge="rising",
        refractory=0.3,
        dt=0.1,
        method="euler",
        options={"rounding": "stochastic", "overflow": "trap"},
    )
    rng = np.random.default_rng(1)
    ports = {p.name: rng.integers(p.low, p.high + 1, (300, 3)) for p in (*d.inputs, *d.draws)}
    whole = simulate_fixed(d, ports)
    first = simulate_fixed(d, {k: v[:110] for k, v in ports.items()})
    second = simulate_fixed(d, {k: v[110:] for k, v in ports.items()}, state=first.final)
    joined = np.concatenate([first.states["v"], second.states["v"]])
    assert (joined == whole.states["v"]).all()
    assert (np.concatenate([first.spikes, second.spikes]) == whole.spikes).all()
    for field in dataclasses.fields(whole.final):
        mine, theirs = (getattr(run.final, field.name) for run in (second, whole))
        assert (np.asarray(mine) == np.asarray(theirs)).all(), field.name


def test_a_model_without_ports_runs_ticks() -> None:
    d = datapath("v[n+1] = v + 1", fmt="Q4.0", ranges={"v": (0.0, 7.0)})
    run = simulate_ticks(d, 9)
    assert run.states["v"][:, 0].tolist() == [1, 2, 3, 4, 5, 6, 7, 7, 7]
    assert run.spikes.sum() == 0


def test_refractoriness_without_a_threshold_means_nothing() -> None:
    d = counter(refractory=3.0, hold=("v",))
    assert trace(d, [1, 1, 1]) == [1, 2, 3]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "no values given for port 'I'"),
        ({"I": [500]}, "port 'I' takes raw values -128 to 127 (-8 to 7.9375 ); 500 was given"),
        ({"I": [0.5]}, "port 'I' takes raw integers; quantise real values to its format first"),
        ({"I": 3}, "values of port 'I' have 0 dimensions; give (T,) or (T, N)"),
    ],
)
def test_bad_inputs(inputs: Any, message: str) -> None:
    with pytest.raises(SCConfigError) as refused:
        simulate_fixed(counter(), inputs)
    assert str(refused.value) == message


def test_shapes_that_disagree() -> None:
    d = datapath(
        "v[n+1] = v + I + J",
        ranges={"v": (-8.0, 7.0)},
        inputs=(*STEPS, Quantity("J", 0.0, "", -8.0, 7.0)),
    )
    with pytest.raises(SCConfigError) as refused:
        simulate_fixed(d, {"I": [1, 2, 3], "J": [1]})
    assert str(refused.value) == (
        "port 'J' has values of shape (1, 1), another port has (3, 1); "
        "give every port the same ticks and neurons"
    )
    with pytest.raises(SCConfigError) as refused:
        simulate_fixed(d, {"I": [1], "J": [1]}, state=initial_state(d, 2))
    assert str(refused.value) == "the state holds 2 neurons, the inputs 1"
