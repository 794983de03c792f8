"""Populations in units of their current: gains by hand, kinds against the float reference."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.accelerator import (
    INPUT,
    InputCoding,
    IntegerNetwork,
    IntegerProjection,
    simulate_network,
)
from sc_neurocore.accelerator._bounds import state_bounds
from sc_neurocore.accelerator._layer import integer_layer
from sc_neurocore.accelerator._population import (
    in_units,
    population,
    population_model,
    significant,
)
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import KINDS, Assumptions, Graph, Input, Neurons, Node, Output, Projection
from sc_neurocore.nir_bridge import SCNetwork

DT = 1e-3
VALUES = {
    "tau": 0.004, "tau_mem": 0.008, "tau_syn": 0.002, "r": 2.0, "v_leak": 0.5, "v_threshold": 1.0,
    "v_reset": -0.25, "w_in": 3.0, "threshold": 0.75,
}  # fmt: skip


def _of(kind: str, **changes):
    return {k: changes.get(k, VALUES[k]) for k in KINDS[kind]}


def test_gains_by_hand() -> None:
    # dt/tau = 1/4; a unit of current moves v by r/4, the leak potential by 0.5/4 a tick.
    lif = population("lif", _of("lif"), size=2, dt=DT, bias=0.1)
    np.testing.assert_allclose(lif.gain, 0.5)
    np.testing.assert_allclose(lif.leak, 0.25)
    np.testing.assert_allclose(lif.drive, 0.125 + 0.05)
    np.testing.assert_allclose(population("if", _of("if"), size=1, dt=DT).gain, 0.002)
    # w_in dt/tau_syn = 1.5 into i, of which r dt/tau_mem = 0.25 reaches v.
    cuba = population("cuba_lif", _of("cuba_lif"), size=1, dt=DT, bias=1.0)
    np.testing.assert_allclose(cuba.gain, 0.375)
    np.testing.assert_allclose(cuba.drive_syn, 0.375)
    np.testing.assert_allclose(cuba.drive, 0.0625)
    assert not population("li", _of("li"), size=1, dt=DT).spiking


def test_the_model_by_hand() -> None:
    lif = in_units(population("lif", _of("lif"), size=3, dt=DT), 0.125, 2)
    model, ports = population_model(lif, "lif")
    assert not ports
    assert model.equation_of("v").source == "v[n+1] = v - (0.25)*v + I + (1.0)"
    assert model.threshold_text == "v > (8.0)"
    assert model.reset[0].source == "v = (-2.0)"
    mixed = _of("lif", v_threshold=np.array([1.0, 1.5, 2.0]))
    model, ports = population_model(
        in_units(population("lif", mixed, size=3, dt=DT), 0.125, 2), "x"
    )
    assert model.threshold_text == "v > threshold"
    np.testing.assert_array_equal(ports["threshold"], [8, 12, 16])
    later = Assumptions(dt=DT, reset="subtract", reset_when="next_tick")
    late = in_units(population("if", _of("if"), size=1, dt=DT, rules=later), 0.25, 2)
    model, _ = population_model(late, "x")
    assert model.equation_of("v").source == "v[n+1] = v + I - where(v > (4.0), (4.0), 0)"
    assert not model.reset


def test_significant_digits() -> None:
    np.testing.assert_allclose(
        significant(np.array([0.1, 0.125, 1 / 3]), 4), [13 / 128, 1 / 8, 11 / 32]
    )
    assert significant(np.array([0.0]), 4)[0] == 0


def _alone(kind, values, weights, rules, ticks, fraction=16):
    """A population with integer weights of its own size: network, and the same in float."""
    size = weights.shape[1]
    real = population(kind, values, size=size, dt=DT, rules=rules)
    scale = 0.01
    entering = InputCoding(len(weights), "events", 1)
    layer = integer_layer(
        "p", in_units(real, scale, fraction), (IntegerProjection(INPUT, weights, 0),),
        coding=entering, bits=6, scale=scale, fraction=fraction, ticks=ticks,
    )  # fmt: skip
    readout = "count" if real.spiking else "membrane"
    network = IntegerNetwork("net", entering, (layer,), ticks, readout, 0)
    arrays = {k: np.broadcast_to(v, (size,)) for k, v in values.items()}
    graph = Graph.of(
        "net",
        [
            Node("in", Input((len(weights),))),
            Node("w", Projection(weights.T * scale / real.gain[:, None])),
            Node("p", Neurons(kind, arrays)),
            Node("out", Output(None)),
        ],
        [("in", "w"), ("w", "p"), ("p", "out")],
        dt=DT,
    )
    return network, SCNetwork(graph, rules)


@settings(max_examples=60)
@given(
    kind=st.sampled_from(sorted(KINDS)),
    seed=st.integers(0, 10**6),
    reset=st.sampled_from(["reset", "subtract"]),
    when=st.sampled_from(["same_tick", "next_tick"]),
    order=st.sampled_from(["current_first", "voltage_first"]),
)
def test_every_kind_is_the_float_reference(kind, seed, reset, when, order) -> None:
    rng = np.random.default_rng(seed)
    rules = Assumptions(dt=DT, reset=reset, reset_when=when, cuba_order=order)
    values = _of(kind, v_threshold=rng.uniform(0.3, 1.5, 4), v_leak=rng.uniform(-0.1, 0.1, 4))
    if kind in ("if", "i"):
        values["r"] = 1 / DT
    weights = rng.integers(-20, 32, (5, 4))
    ticks = 15
    network, float_network = _alone(kind, values, weights, rules, ticks)
    events = rng.integers(0, 2, (3, ticks, 5))
    run = simulate_network(network, events, spikes=True)
    assert run.saturations.sum() == 0
    output = float_network.run(events.astype(float)).output
    if kind in ("li", "i", "cuba_li"):
        step = 0.01 * 2.0**-16
        np.testing.assert_allclose(run.membranes * step, output[:, -1], atol=1e-3)
    else:
        assert (run.spikes[0] == output).mean() > 0.97


@pytest.mark.parametrize("kind", ["i", "li", "cuba_li"])
def test_bounds_are_reached(kind: str) -> None:
    values = _of(kind, v_leak=0.0)
    weights = np.array([[20, -3], [11, -32]])
    network, _ = _alone(kind, values, weights, Assumptions(dt=DT), 12, fraction=6)
    run = simulate_network(network, np.ones((1, 12, 2), int))
    real = in_units(population(kind, values, size=2, dt=DT), 0.01, 6)
    low, high = np.array([0.0, -35.0]), np.array([31.0, 0.0])
    bounds = state_bounds(real, low, high, 12, 2.0**-6)
    for row, name in zip(run.ranges[0] * 2.0**-6, bounds, strict=True):
        down, up = bounds[name]
        assert down <= row[0] <= 0.95 * down and 0.95 * up <= row[1] <= up


def test_a_late_subtraction_after_a_full_leak_stays_within_the_register() -> None:
    # v' = I - [spiked] 2: after the spike at 4, -255 makes -257, which nine bits do not hold.
    rules = Assumptions(dt=DT, reset="subtract", reset_when="next_tick")
    values = {"tau": DT, "r": 1.0, "v_leak": 0.0, "v_threshold": 2.0, "v_reset": 0.0}
    real = in_units(population("lif", values, size=1, dt=DT, rules=rules), 1.0, 0)
    entering = InputCoding(2, "events", 1)
    projections = (IntegerProjection(INPUT, np.array([[-255], [4]]), 0),)
    layer = integer_layer(
        "p", real, projections, coding=entering, bits=9, scale=1.0, fraction=0, ticks=3
    )
    network = IntegerNetwork("net", entering, (layer,), 3, "count", 0)
    run = simulate_network(network, [[[0, 1], [1, 0], [0, 0]]], spikes=True)
    assert not run.saturations.any()
    assert run.ranges[0].tolist() == [[-257, 4]]
    assert run.spikes[0].ravel().tolist() == [1, 0, 0]


def test_refusals() -> None:
    with pytest.raises(SCConfigError, match="allowed: lif"):
        population("izhikevich", {}, size=1, dt=DT)
    with pytest.raises(SCConfigError, match="no parameter 'tau'"):
        population("lif", {"r": 1.0}, size=1, dt=DT, name="p")
    with pytest.raises(SCConfigError, match="2 values for 3 neurons"):
        population("lif", _of("lif", r=np.ones(2)), size=3, dt=DT)
    with pytest.raises(SCConfigError, match="not finite"):
        population("lif", _of("lif", r=np.nan), size=3, dt=DT)
    with pytest.raises(SCConfigError, match="must not be negative"):
        population(
            "lif", _of("lif", v_threshold=-0.1), size=1, dt=DT,
            rules=Assumptions(reset_when="next_tick"),
        )  # fmt: skip
