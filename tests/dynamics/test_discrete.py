"""Vectors, delays and whole numbers: what they are written out to, and what they compute."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler import HardwareOptions, compile_model, simulate_fixed
from sc_neurocore.dynamics import Model, Quantity, build_model, reference, simulate
from sc_neurocore.exceptions import EquationError, SCConfigError
from sc_neurocore.neurons import model_of, protocol_of

from .interpreter import Interpreter


def rights(model: Model) -> dict[str, str]:
    return {e.target: str(e.expr) for e in model.equations}


# Vectors


def test_a_vector_is_its_elements() -> None:
    model = build_model("du[i:3]/dt = (u[wrap(i-1)] - 2*u[i] + u[wrap(i+1)]) + i", init={"u": 1})
    assert model.state_names == ("u_0", "u_1", "u_2")
    assert rights(model) == {
        "u_0": "u_2 - 2 * u_0 + u_1",
        "u_1": "u_0 - 2 * u_1 + u_2 + 1",
        "u_2": "u_1 - 2 * u_2 + u_0 + 2",
    }
    assert [q.value for q in model.states] == [1, 1, 1]


@pytest.mark.parametrize(
    ("rule", "first", "last"),
    [("wrap", "u_2", "u_0"), ("edge", "u_0", "u_2"), ("zero", "0", "0")],
)
def test_what_lies_beyond_the_ends(rule: str, first: str, last: str) -> None:
    found = rights(build_model(f"u[i:3][n+1] = 2*u[{rule}(i-1)]; v[i:3][n+1] = u[{rule}(i+1)]"))
    assert found["u_0"] == ("0" if first == "0" else f"2 * {first}")
    assert found["v_2"] == last


def test_sums_and_numbers_of_indices() -> None:
    model = build_model(
        "m = sum(j, u[j])/4; du[i:4]/dt = -u[i] + sum(j, where(i == j, 0, exp(-abs(i-j))*m))"
    )
    assert rights(model)["m"] == "(u_0 + u_1 + (u_2 + u_3)) / 4"
    near, far = math.exp(-1), math.exp(-2)
    assert rights(model)["u_1"] == f"-u_1 + ({near!r} * m + {near!r} * m + {far!r} * m)"


def test_events_and_thresholds_index_too() -> None:
    model = build_model(
        "dg[i:2]/dt = -g[i]/5; dv/dt = -v/10 + sum(k, 2, g[k])",
        jumps="g[i:2] += (i + 1)*exc[i]", threshold="g[1] > 2", reset="g[i:2] = 0; g[1] = 0.5",
        inputs=[Quantity(f"exc_{k}", 0.0, kind="event") for k in range(2)], refractory=1.0,
        hold=["g"],
    )  # fmt: skip
    assert [(a.target, str(a.expr)) for a in model.jumps] == [
        ("g_0", "g_0 + exc_0"), ("g_1", "g_1 + 2 * exc_1"),
    ]  # fmt: skip
    assert [a.target for a in model.reset] == ["g_0", "g_1", "g_1"]
    assert model.hold == ("g_0", "g_1")
    assert str(model.threshold) == "g_1 > 2"


def test_diffusion_along_a_cable_keeps_its_mass_and_its_modes() -> None:
    # With sealed ends, cos(π(i + 1/2)m/N) decays with the rate 4·sin²(πm/2N).
    n, m = 8, 2
    model = build_model(
        f"du[i:{n}]/dt = u[edge(i-1)] - 2*u[i] + u[edge(i+1)]",
        init={f"u_{i}": math.cos(math.pi * (i + 0.5) * m / n) for i in range(n)},
    )
    assert model.method == "exact"
    final = simulate(model, duration=1.0).final.values[:, 0]
    start = np.array([q.value for q in model.states])
    rate = 4 * math.sin(math.pi * m / (2 * n)) ** 2
    np.testing.assert_allclose(final, start * math.exp(-rate), rtol=1e-12, atol=1e-14)


def test_a_document_has_one_table_for_a_vector() -> None:
    document: dict[str, Any] = {
        "schema_version": "1.0",
        "model": {"name": "pair"},
        "dynamics": {
            "equations": "du[i:2]/dt = (I[i] - u[i])/tau : mV", "units": "strict",
            "threshold": "u[0] > 1*mV or u[1] > 1*mV", "reset": "u[i:2] = 0*mV",
        },
        "states": {
            "u": {"init": 0.25, "unit": "mV", "low": -1.0, "high": 2.0},
            "u_1": {"init": 0.5, "unit": "mV", "low": -1.0, "high": 2.0},
        },
        "parameters": {"tau": {"value": 5.0, "unit": "ms"}},
        "inputs": {"I": {"size": 2, "unit": "mV", "low": -1.0, "high": 3.0}},
        "protocol": {"input": "I_1", "amplitude": 2.0, "onset": 1.0, "duration": 10.0},
    }  # fmt: skip
    model = model_of(document)
    assert [(q.name, q.value, q.unit, q.high) for q in model.states] == [
        ("u_0", 0.25, "mV", 2.0), ("u_1", 0.5, "mV", 2.0),
    ]  # fmt: skip
    assert model.input_names == ("I_0", "I_1")
    assert protocol_of(document).current(model.dt)[-1] == 2.0


# Delays


def test_a_delay_in_an_equation_by_hand() -> None:
    model = build_model("x[n+1] = delay(x, 2) + delay(I, 1)", init={"x": 1}, dt=1.0)
    assert model.state_names == ("x", "x_ago_1", "x_ago_2", "I_ago_1")
    run = simulate(model, [5.0, 0, 0, 0, 0, 0], record=["x"])
    # x(k) = x(k - 3) + I(k - 1), with x = 1 before the start.
    assert run.states["x"][:, 0].tolist() == [1, 6, 1, 1, 6, 1]


@settings(max_examples=12, deadline=None, derandomize=True)
@given(st.integers(1, 9), st.integers(1, 9))
def test_a_delay_after_the_advance_counts_from_the_tick_itself(a: int, b: int) -> None:
    model = build_model(
        "dv/dt = (I - v)/3 + 0*w; dw/dt = -w*w",  # not linear, so that it takes Euler
        jumps=f"w = delay(v, {a}) + 100*delay(e, {b})",
        threshold=f"delay(I, {b}) > 2 and delay(v, {a}) > -9", dt=0.5,
        inputs=[Quantity("I", 0.0), Quantity("e", 0.0, kind="event")],
    )  # fmt: skip
    rng = np.random.default_rng(10 * a + b)
    current, events = rng.integers(0, 4, 40).astype(float), rng.integers(0, 2, 40).astype(float)
    cell = Interpreter(model)
    spikes, vs, ws = [], [], []
    for t in range(40):
        if cell.step({"I": current[t], "e": events[t]}):
            spikes.append(t)
        vs.append(float(cell.states["v"]))
        ws.append(float(cell.states["w"]))
    past = lambda values, t, n: values[t - n] if t >= n else 0.0  # noqa: E731
    assert ws == [past(vs, t, a) + 100 * past(events, t, b) for t in range(40)]
    assert spikes == [t for t in range(40) if past(current, t, b) > 2]


def test_a_delayed_ring_oscillates_alike_in_every_execution() -> None:
    # dx/dt = −x(t − τ) turns from decay to growth at τ = π/2.
    for delay, grows in ((14, False), (18, True)):
        model = build_model(f"dx/dt = -delay(x, {delay})", init={"x": 1}, dt=0.1)
        assert model.method == "exact"
        run = simulate(model, duration=60, record=["x"])
        late, early = (
            np.abs(part).max() for part in (run.states["x"][-200:], run.states["x"][:200])
        )
        assert (late > early) == grows
        again = reference(model, duration=6, record=["x"])
        np.testing.assert_allclose(again.states["x"], run.states["x"][:60], atol=1e-7)


def test_registers_in_hardware_hold_what_they_delay() -> None:
    model = build_model(
        "dv/dt = (delay(I, 2) - delay(v, 3))/4", method="euler", dt=0.5,
        ranges={"v": (-8.0, 8.0)}, inputs=[Quantity("I", 0.0, "", -4.0, 4.0)],
    )  # fmt: skip
    built = compile_model(model, HardwareOptions(format="auto"))
    formats = {p.name: p.format for p in (*built.datapath.states, *built.datapath.inputs)}
    assert {formats[f"v_ago_{k}"] for k in (1, 2, 3)} == {formats["v"]}
    assert {formats[f"I_ago_{k}"] for k in (1, 2)} == {formats["I"]}
    port = next(p for p in built.datapath.inputs if p.name == "I")
    raw = np.round(np.sin(np.arange(60) / 5) * 2**port.format.fraction).astype(int)
    run = simulate_fixed(built.datapath, {"I": raw})
    assert (run.states["v_ago_3"][3:, 0] == run.states["v"][:-3, 0]).all()
    assert (run.states["I_ago_2"][1:, 0] == raw[:-1]).all()


# Whole numbers


def cuba(**options: Any) -> Model:
    """A current and a voltage with twelve-bit decays that round towards zero."""
    decay = "where({0} < 0, -floor(-{0}*(4096 - {1})/4096), floor({0}*(4096 - {1})/4096))"
    return build_model(
        f"u[n+1] = {decay.format('u', 'd_u')}; v[n+1] = {decay.format('v', 'd_v')} + u",
        jumps="u += exc", threshold="v > 3000", reset="v = 0", integers=["u", "v"], dt=1.0,
        params={"d_u": 409, "d_v": 171},
        ranges={"u": (-32768, 32767), "v": (-(2**20), 2**20)},
        inputs=[Quantity("exc", 0.0, "", -128, 127, kind="event")], **options,
    )  # fmt: skip


def test_whole_numbers_are_equal_in_float_and_fixed_point() -> None:
    model = cuba()
    rng = np.random.default_rng(5)
    events = rng.integers(-128, 128, (500, 4)) * (rng.random((500, 4)) < 0.5)
    events[:, 1] = np.minimum(np.abs(events[:, 1]), 127)
    run = simulate(model, {"exc": events}, record=["u", "v"])
    built = compile_model(model, HardwareOptions(format="Q22.0"))
    assert {p.format.fraction for p in built.datapath.states} == {0}
    fixed = simulate_fixed(built.datapath, {"exc": events})
    for name in ("u", "v"):
        np.testing.assert_array_equal(fixed.states[name], run.states[name])
        assert (run.states[name] % 1 == 0).all()
    assert fixed.spikes.sum() == len(run.spikes) > 10
    u = v = 0
    for t in range(500):
        v, u = int(v * (4096 - 171) / 4096) + u, int(u * (4096 - 409) / 4096) + int(events[t, 0])
        v = 0 if v > 3000 else v
        assert (run.states["u"][t, 0], run.states["v"][t, 0]) == (u, v)


def test_a_whole_number_takes_the_floor_of_what_it_is_given() -> None:
    model = build_model(
        "k[n+1] = k/2 + I; j[n+1] = 2*k - j", integers=["k", "j"], init={"k": 9}, dt=1.0,
        threshold="k > 100", reset="k = 1.5",
    )  # fmt: skip
    assert rights(model) == {"k": "floor(k / 2 + I)", "j": "2 * k - j"}
    assert str(model.reset[0].expr) == "floor(1.5)"
    run = simulate(model, [0, -0.5, 0, 0], record=["k"])
    assert run.states["k"][:, 0].tolist() == [4, 1, 0, 0]


# Refusals


def refusal(equations: str, **options: Any) -> str:
    with pytest.raises((EquationError, SCConfigError)) as caught:
        build_model(equations, **options)
    return str(caught.value).split("\n")[0]


@pytest.mark.parametrize(
    ("equations", "options", "expected"),
    [
        ("du[i:65]/dt = -u[i]", {}, "'u' has 65 elements; from 1 to 64 are allowed"),
        ("du[i:4]/dt = -u[i]", {"params": {"u": 1.0}},
         "'u' is both a parameter and a vector; choose another name"),
        ("du[i:4]/dt = -u[i]*i", {"params": {"i": 1.0}},
         "'i' is both a parameter and an index; choose another name"),
        ("dv/dt = -sum(v, 3, v)", {},
         "'v' is both the target of an equation and an index; choose another name"),
        ("dv/dt = -sum(j, v)", {}, "there is no vector; write sum(j, N, …)"),
        ("dv/dt = -delay(v, 2)*v_ago_1", {"params": {"v_ago_1": 1.0}},
         "'v_ago_1' is the name of a delay's register; choose another name"),
        (
            "du[i:4]/dt = -u[i-1]", {},
            "'u' has the elements 0 to 3, not -1; say what lies beyond: u[wrap(…)], u[edge(…)] or "
            "u[zero(…)]",
        ),
        ("du[i:4]/dt = -u", {}, "'u' is a vector of 4; write u[i]"),
        ("du[i:4]/dt = -u[i/2]", {},
         "this must be a whole number, made of indices and literals alone"),
        ("du[i:4]/dt = -u[i]*w[j]", {"params": {"j": 1.0}},
         "this must be a whole number, made of indices and literals alone"),
        ("du[3]/dt = 1", {}, "the left side is one element; write 'u[i:N]' for all, and "
         "where(i == 0, …, …) for what differs"),
        ("du[n:4]/dt = -1", {}, "'n' cannot be an index; choose another name"),
        ("du[i:4]/dt = -I[i]", {}, "unknown name 'I_0'; did you mean 'u_0'?"),
        ("du[i:4]/dt = sum(i, u[i])", {}, "'i' has a meaning already; sum over another index"),
        ("du[i:4]/dt = sum(u[i])", {}, "write sum(j, expression) or sum(j, N, expression)"),
        ("du[i:4]/dt = -u[i]; dv[i:3]/dt = sum(j, u[j])", {},
         "the vectors have the lengths 3, 4; write sum(j, N, …)"),
        ("du[i:64]/dt = sum(j, u[j]*u[i]*u[zero(i+j)]*2)", {},
         "the elements of the vectors have more than 10000 operations; take fewer elements or "
         "couple fewer of them"),
        ("dv/dt = -v", {"threshold": "v[1] > 1"}, "unknown name 'v_1'"),
        ("du[i:2]/dt = 0*u[i]", {"threshold": "u[0] > 1", "reset": "u = 0"},
         "'u' is a vector of 2; write u[i:2]"),
        ("du[i:2]/dt = 0*u[i]", {"threshold": "u[0] > 1", "reset": "u[2] = 0"},
         "'u' has the elements 0 to 1"),
        ("dv/dt = -delay(v, 0)", {}, "a delay is of 1 to 128 ticks, not 0"),
        ("dv/dt = -delay(v, 129)", {}, "a delay is of 1 to 128 ticks, not 129"),
        ("dv/dt = -delay(v, p)", {"params": {"p": 2}},
         "this must be a whole number, made of indices and literals alone"),
        ("dv/dt = -delay(v + 1, 2)", {}, "delay(x, n) takes a state or an input, by name"),
        ("z = 2*v; dv/dt = -delay(z, 2)", {},
         "'z' is neither a state nor an input; delay takes one of these; known: v"),
        ("dv[i:3]/dt = -delay(v[i], 100)", {},
         "the delays need 300 registers; with them, at most 256 states are allowed"),
        ("dv/dt = -v", {"integers": ["v"]},
         "'v' is a whole number and cannot follow a differential equation; write 'v[n+1] = …'"),
        ("v[n+1] = v", {"integers": ["v"], "init": {"v": 0.5}},
         "init of 'v' is 0.5; it must be a whole number"),
        ("v[n+1] = v", {"integers": ["w"]}, "integers names 'w', which is not a state; known: v"),
    ],
)  # fmt: skip
def test_refusals(equations: str, options: dict[str, Any], expected: str) -> None:
    assert refusal(equations, **options).startswith(expected)
