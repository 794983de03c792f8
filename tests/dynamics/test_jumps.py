"""Event inputs: when they act, what they see, and that every execution agrees on it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from sc_neurocore.compiler import HardwareOptions, compile_model, simulate_fixed
from sc_neurocore.dynamics import (
    Model,
    Quantity,
    Stepper,
    build_model,
    program,
    random_draws,
    reference,
    simulate,
)
from sc_neurocore.neurons import UniversalNeuron, from_equations, protocol_of
from sc_neurocore.neurons.golden import golden

EXC = Quantity("exc", 0.0, "", 0.0, 4.0, "excitation", "event")


def integrator(**options: Any) -> Model:
    """States that keep their values but for jumps and resets."""
    settings = {"jumps": "x += exc", "inputs": [EXC], "threshold": "x >= 3", "reset": "x = 0"}
    return build_model("x[n+1] = x; y[n+1] = y", dt=1.0, **{**settings, **options})


def trace(model: Model, events: list[float], name: str = "x") -> list[float]:
    return simulate(model, {"exc": events}, record=[name]).states[name][:, 0].tolist()


def test_a_jump_comes_before_the_threshold_of_its_tick() -> None:
    run = simulate(integrator(), {"exc": [1, 1, 0, 1, 0]}, record=["x"])
    assert run.states["x"][:, 0].tolist() == [1, 2, 2, 0, 0]
    assert run.spikes.tick.tolist() == [3]


def test_a_jump_acts_on_the_advanced_state() -> None:
    model = build_model("x[n+1] = x/2", jumps="x += exc", inputs=[EXC], dt=1.0)
    assert trace(model, [4, 0, 4, 0]) == [4, 2, 5, 2.5]


def test_jumps_run_from_top_to_bottom() -> None:
    model = integrator(jumps="x += exc; y = x; x *= 2", threshold=None, reset=None)
    assert trace(model, [1, 0, 1], "x") == [2, 4, 10]
    assert trace(model, [1, 0, 1], "y") == [1, 2, 5]


def test_a_jump_onto_a_held_state_is_lost_in_refractory_ticks() -> None:
    model = integrator(jumps="x += exc; y += exc", refractory=2.0)
    assert model.hold == ("x",)
    assert trace(model, [3, 1, 1, 1, 1], "x") == [0, 0, 0, 1, 2]
    assert trace(model, [3, 1, 1, 1, 1], "y") == [3, 4, 5, 6, 7]


def test_a_jump_may_draw() -> None:
    # A synapse that transmits with probability 1/2.
    model = integrator(jumps="x += where(rand() < 0.5, exc, 0)", threshold=None, reset=None)
    (drawn,) = random_draws(model, 50, seed=3).values()
    run = simulate(model, {"exc": np.ones(50)}, seed=3, record=["x"])
    assert run.states["x"][:, 0].tolist() == np.cumsum(drawn[:, 0] < 0.5).tolist()


def current_based(**options: Any) -> Model:
    """Linear and coupled: exact, as NEST's iaf_psc_exp."""
    return build_model(
        "dv/dt = (-v + g)/10; dg/dt = -g/2", jumps="g += exc; v += 0.1*exc",
        threshold="v > 1", reset="v = 0", refractory=1.0, inputs=[EXC, Quantity("I", 0.0)],
        **options,
    )  # fmt: skip


def test_the_exact_flow_and_then_the_jump_as_rotter_and_diesmann_have_it() -> None:
    model = current_based()
    assert model.method == "exact"
    rng = np.random.default_rng(1)
    events = np.where(rng.random(200) < 0.2, 3.0, 0.0)
    run = simulate(model, {"exc": events}, record=["v", "g"])
    vv, gg, left = 0.0, 0.0, 0
    decay, pull = np.exp(-0.1 / 10), np.exp(-0.1 / 2)
    mixed = 1 / 10 / (1 / 10 - 1 / 2) * (pull - decay)
    spikes = []
    for t, w in enumerate(events):
        vv, gg = (vv if left else decay * vv + mixed * gg + 0.1 * w), pull * gg + w
        spiked = vv > 1 and not left
        left = 10 if spiked else max(left - 1, 0)
        if spiked:
            spikes.append(t)
            vv = 0.0
        assert run.states["v"][t, 0] == pytest.approx(vv, rel=1e-12, abs=1e-14)
        assert run.states["g"][t, 0] == pytest.approx(gg, rel=1e-12, abs=1e-14)
    assert run.spikes.tick.tolist() == spikes
    assert len(spikes) > 3


@pytest.mark.parametrize("method", ["exact", "rk4"])
def test_scipy_agrees(method: str) -> None:
    model = current_based(method=method)
    rng = np.random.default_rng(2)
    inputs = {"exc": np.where(rng.random(300) < 0.1, 3.0, 0.0), "I": np.zeros(300)}
    ours, theirs = (f(model, inputs, record=["v"]) for f in (simulate, reference))
    assert ours.spikes.tick.tolist() == theirs.spikes.tick.tolist()
    assert len(ours.spikes) > 3
    np.testing.assert_allclose(ours.states["v"], theirs.states["v"], rtol=1e-6, atol=1e-8)


def test_stepping_is_running() -> None:
    model = current_based()
    stepper = Stepper(model)
    events = np.where(np.arange(200) % 7 == 0, 3.0, 0.0)
    spikes = [t for t, w in enumerate(events) if stepper.step((w, 0.0))]
    run = simulate(model, {"exc": events})
    assert spikes == run.spikes.tick.tolist()
    assert (stepper.state.values == run.final.values).all()
    neuron = from_equations(
        "dg/dt = -g/2", jumps="g += exc", inputs=[EXC], threshold="g > 2", reset="g = 0"
    )
    assert [neuron.step(exc=1.5) for _ in range(4)] == [0, 1, 0, 1]
    assert "jump: g += exc" in repr(neuron)


def test_a_torch_cell_agrees_and_events_have_gradients() -> None:
    torch = pytest.importorskip("torch")
    from sc_neurocore.training import Cell

    model = current_based()
    rng = np.random.default_rng(3)
    events = np.where(rng.random((150, 3)) < 0.2, 3.0, 0.0)
    cell, state, spikes = Cell(model), None, []
    weight = torch.tensor(1.0, dtype=torch.float64, requires_grad=True)
    for row in torch.from_numpy(events):
        spike, state = cell({"exc": weight * row, "I": torch.zeros_like(row)}, state)
        spikes.append(spike)
    run = simulate(model, {"exc": events})
    ours = torch.stack(spikes).detach().numpy()
    assert [tuple(x) for x in np.argwhere(ours)] == list(
        zip(run.spikes.tick, run.spikes.neuron, strict=True)
    )
    state.values[1].sum().backward()
    assert weight.grad is not None and weight.grad > 0


def test_fixed_point_by_hand_and_within_its_rounding_of_float() -> None:
    model = build_model(
        "dv/dt = (-v + g)/8; dg/dt = -g/4", jumps="g += exc", method="euler", dt=0.5,
        threshold="v > 1.5", reset="v = 0", refractory=1.0, inputs=[EXC],
        ranges={"v": (0.0, 8.0), "g": (0.0, 40.0)},
    )  # fmt: skip
    rng = np.random.default_rng(4)
    events = np.where(rng.random(400) < 0.1, rng.integers(0, 5, 400), 0.0)
    built = compile_model(model, HardwareOptions(format="Q8.16"))
    port = next(p for p in built.datapath.inputs if p.name == "exc")
    run = simulate_fixed(built.datapath, {"exc": (events * 2**port.format.fraction).astype(int)})
    floating = simulate(model, {"exc": events}, record=["v", "g"])
    assert np.flatnonzero(run.spikes[:, 0]).tolist() == floating.spikes.tick.tolist()
    assert len(floating.spikes) > 5
    for name in ("v", "g"):
        gap = run.states[name][:, 0] / 2.0**16 - floating.states[name][:, 0]
        assert np.abs(gap).max() < 100 * 2.0**-16
    # By hand: the register holds floor(g·(1 − 1/8) + exc), with nothing lost in Q8.16.
    short = simulate_fixed(built.datapath, {"exc": [1 << port.format.fraction, 0, 0]})
    assert (short.states["g"][:, 0] / 2**16).tolist() == [1, 0.875, 0.875**2]


def test_the_hardware_says_what_it_does() -> None:
    model = current_based(method="euler")
    model = replace(
        model,
        states=tuple(replace(q, low=-8.0, high=80.0) for q in model.states),
        inputs=tuple(replace(q, low=0.0, high=4.0) for q in model.inputs),
    )
    text = compile_model(model, HardwareOptions(format="Q8.8")).rtl
    assert "//   then: g += exc" in text.source


def test_a_mutant_that_jumps_before_it_advances_is_another_model() -> None:
    model = build_model("x[n+1] = x/2", jumps="x += exc", inputs=[EXC], dt=1.0)
    late = program(model)
    early = build_model("x[n+1] = (x + e)/2", inputs=[Quantity("e", 0.0)], dt=1.0)
    assert late.advance["x"] != program(early).advance["x"]
    assert trace(model, [4, 0]) != simulate(early, [4, 0], record="x").states["x"][:, 0].tolist()


DOCUMENT: dict[str, Any] = {
    "schema_version": "1.0",
    "model": {"name": "relay"},
    "dynamics": {
        "equations": "dg/dt = -g/tau : nS", "jumps": "g += exc", "threshold": "g > 2*nS",
        "reset": "g = 0", "units": "strict",
    },
    "states": {"g": {"init": 0.0, "unit": "nS", "low": 0.0, "high": 6.0}},
    "parameters": {"tau": {"value": 5.0, "unit": "ms"}},
    "inputs": {"exc": {"kind": "event", "unit": "nS", "low": 0.0, "high": 4.0}},
    "protocol": {"input": "exc", "amplitude": 1.5, "onset": 1.0, "duration": 20.0, "period": 2.0},
}  # fmt: skip


def test_a_document_with_events() -> None:
    current = protocol_of(DOCUMENT).current(0.1)
    assert len(current) == 200
    assert np.flatnonzero(current).tolist() == list(range(10, 200, 20))
    assert set(current[current > 0]) == {1.5}
    # 1.5 + 1.5·e^(−2/5) = 2.505 > 2: every second event makes a spike.
    assert golden(DOCUMENT).spikes == 5
    neuron = UniversalNeuron(DOCUMENT)
    assert [neuron.step(exc=w) for w in (1.5, 0.0, 1.5)] == [0, 0, 1]


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ({"period": None}, "'period' is missing: the time in ms between the events of 'exc'"),
        ({"input": "I"}, "'period' is of event inputs; 'I' is a current, which takes a step"),
    ],
)
def test_a_protocol_that_does_not_fit_its_input(protocol: dict[str, Any], message: str) -> None:
    from sc_neurocore.neurons import validate_schema_dict

    table = {k: v for k, v in {**DOCUMENT["protocol"], **protocol}.items() if v is not None}
    document = {**DOCUMENT, "protocol": table, "inputs": {**DOCUMENT["inputs"], "I": {}}}
    assert [x.message for x in validate_schema_dict(document)] == [message]
