"""Quantisation: hand-derived integers, and float against integers where both are exact."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.accelerator import (
    INPUT,
    Quantisation,
    float_predictions,
    input_spikes,
    quantise,
    quantised_graph,
    simulate_network,
)
from sc_neurocore.accelerator._scale import best_scale
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Affine, Assumptions, Delay, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import SCNetwork

DT = 1e-3
RESET = {"v_threshold": 1.0, "v_reset": 0.0}


def _lif(size: int, tau: float = 0.008, **changes) -> Neurons:
    values = {"tau": tau, "r": tau / DT, "v_leak": 0.0, **RESET} | changes
    return Neurons("lif", {k: np.broadcast_to(v, (size,)) for k, v in values.items()})


def _chain(*ops, name: str = "net") -> Graph:
    nodes = [Node("in", Input((ops[0].weight.shape[1],)))]
    nodes += [Node(f"n{i}", op) for i, op in enumerate(ops)]
    nodes.append(Node("out", Output(None)))
    return Graph.of(name, nodes, [(a.id, b.id) for a, b in pairwise(nodes)], dt=DT)


def _normal(graph: Graph, **assumptions) -> SCNetwork:
    return SCNetwork(graph, Assumptions(dt=DT, **assumptions))


def test_hand_quantised_neuron() -> None:
    # Weights 0.3 and -0.1 with 3 bits (-4 … 3): one unit is 0.1, the threshold 10 units; a leak of
    # 1/8 needs 3 binary places more than a weight's step.
    net = _normal(_chain(Affine([[0.3, -0.1]]), _lif(1)))
    q = quantise(net.normal, net.assumptions, Quantisation(bits=3))
    (layer,) = q.layers
    (projection,) = layer.projections
    assert projection.source == INPUT and projection.delay == 0
    np.testing.assert_array_equal(projection.weights, [[3], [-1]])
    assert layer.scale == pytest.approx(0.1)
    assert layer.datapath.inputs[0].format.width == 3  # -1 … 3
    assert layer.datapath.states[0].format.fraction == 3
    model = layer.datapath.model
    assert model.equation_of("v").source == "v[n+1] = v - (0.125)*v + I"
    assert model.threshold_text == "v > (10.0)"
    assert (q.readout, q.output, q.ticks) == ("count", 0, 16)


def test_weights_on_a_grid_are_found_exactly() -> None:
    rng = np.random.default_rng(1)
    for bits in (2, 3, 6, 8):
        top = (1 << (bits - 1)) - 1
        whole = rng.integers(-top, top + 1, (40, 30))
        whole[0, 0] = top
        found = best_scale([whole * 0.0371], bits)
        assert found.scale == pytest.approx(0.0371)
        np.testing.assert_array_equal(found.integers[0], whole)
        assert found.clipped == 0


def test_streams_use_the_whole_range() -> None:
    # Multiples of 0.5 up to 3.5 fit 4 bits; of 6 bits, streams of 8 clocks a tick resolve only
    # the upper three, so the weights are moved there: the same streams as with 4 bits.
    whole = np.random.default_rng(2).integers(-7, 8, (9, 9))
    whole[0, 0] = 7
    fixed = best_scale([whole * 0.5], 6)
    assert fixed.scale == pytest.approx(0.5)
    moved = best_scale([whole * 0.5], 6, length=8)
    assert moved.scale == pytest.approx(0.125)
    np.testing.assert_array_equal(moved.integers[0], 4 * whole)
    assert best_scale([whole * 0.5], 6, length=64).scale == pytest.approx(0.5)


def test_clipping_is_chosen_and_told() -> None:
    w = np.random.default_rng(0).normal(size=(200, 50))
    w[0, 0] = 30.0
    found = best_scale([w], 4)
    assert found.clipped >= 1
    whole = np.clip(np.rint(w / (30 / 7)), -8, 7) * (30 / 7)
    ours = found.integers[0] * found.scale
    assert ((ours - w) ** 2).sum() < ((whole - w) ** 2).sum()
    net = _normal(_chain(Affine(w.T), _lif(50)))
    (notice,) = quantise(net.normal, net.assumptions, Quantisation(bits=4)).notices
    assert "saturate" in notice and "'n1'" in notice


@settings(max_examples=40)
@given(
    seed=st.integers(0, 10**6),
    kind=st.sampled_from(["lif", "if", "cuba_lif", "threshold"]),
    backend=st.sampled_from(["fixed", "stochastic"]),
    coding=st.sampled_from(["rate", "direct"]),
    assumptions=st.fixed_dictionaries(
        {
            "reset": st.sampled_from(["reset", "subtract"]),
            "reset_when": st.sampled_from(["same_tick", "next_tick"]),
            "cuba_order": st.sampled_from(["current_first", "voltage_first"]),
        }
    ),
)
def test_integers_are_the_float_network_with_their_numbers(
    seed, kind, backend, coding, assumptions
) -> None:
    """With many binary places the integers spike as the float network with the same numbers.

    A stochastic tick of a whole period adds exactly twice the weight; leaks are powers of two.
    """
    rng = np.random.default_rng(seed)
    values = {
        "tau": 4 * DT, "tau_mem": 4 * DT, "tau_syn": 2 * DT, "r": rng.uniform(1, 3, 6),
        "v_leak": rng.uniform(-0.1, 0.1, 6), "v_threshold": rng.uniform(0.5, 1.5, 6),
        "v_reset": rng.uniform(-0.2, 0.2), "w_in": 1.5, "threshold": 0.7,
    }  # fmt: skip
    from sc_neurocore.ir import KINDS

    hidden = Neurons(kind, {k: np.broadcast_to(values[k], (6,)) for k in KINDS[kind]})
    if kind == "if":
        hidden = Neurons(kind, dict(hidden.parameters) | {"r": np.full(6, 1.0 / DT)})
    graph = _chain(
        Affine(rng.normal(0.2, 0.6, (6, 5)), rng.normal(0, 0.1, 6)), hidden, Delay(np.full(6, DT)),
        Affine(rng.normal(0.1, 0.8, (3, 6))), _lif(3, 4 * DT),
    )  # fmt: skip
    net = _normal(graph, **assumptions)
    options = Quantisation(
        bits=5, backend=backend, length=32, fraction=20, ticks=12, coding=coding, input_bits=4
    )
    q = quantise(net.normal, net.assumptions, options)
    samples = rng.integers(0, 17, (4, 5))
    run = simulate_network(q, samples, spikes=True)
    assert run.spikes is not None and run.saturations.sum() == 0
    back = SCNetwork(quantised_graph(net.normal, net.assumptions, q), net.assumptions)
    if coding == "rate":
        given = input_spikes(q, samples).astype(float)
    else:
        given = np.repeat(samples[:, None] / 16.0, 12, axis=1)
    expected = back.run(given, record=True)
    names = [n.id for n in net.normal.nodes_of(Neurons)]
    same = [(run.spikes[i] == expected.spikes[name]).mean() for i, name in enumerate(names)]
    # A membrane within a rounding of the threshold may fall on either side of it.
    assert min(same) > 0.97


def test_calibration_narrows_registers_and_counts_what_saturates() -> None:
    rng = np.random.default_rng(0)
    graph = _chain(
        Affine(rng.normal(0, 0.3, (20, 64))), _lif(20), Affine(rng.normal(0, 0.5, (4, 20))), _lif(4)
    )
    net = _normal(graph)
    data = rng.random((100, 64)) * (rng.random((100, 64)) < 0.2)
    wide = quantise(net.normal, net.assumptions)
    narrow = quantise(net.normal, net.assumptions, calibration=data)
    widths = [[layer.datapath.states[0].format.width for layer in q.layers] for q in (wide, narrow)]
    assert widths[1][0] < widths[0][0]
    assert simulate_network(narrow, data).saturations.sum() == 0
    assert simulate_network(wide, data).saturations.sum() == 0
    hostile = simulate_network(narrow, np.ones((1, 64)))
    assert hostile.saturations.shape == (1, 2)


def test_a_readout_without_neurons_integrates() -> None:
    rng = np.random.default_rng(3)
    w = rng.integers(-7, 8, (3, 4)) * 0.25
    w[0, 0] = 1.75
    net = _normal(_chain(Affine(np.eye(4)), _lif(4, tau=DT, v_threshold=0.5), Affine(w)))
    q = quantise(net.normal, net.assumptions, Quantisation(bits=4, ticks=16, input_bits=4))
    assert q.readout == "membrane"
    assert "without neurons" in q.notices[0]
    levels = np.array([[3, 0, 16, 5]])
    run = simulate_network(q, levels)
    # Each input spikes `level` times in 16 ticks and drives one neuron to spike as often.
    step = 2.0 ** -q.layers[1].datapath.states[0].format.fraction * q.layers[1].scale
    np.testing.assert_allclose(run.membranes[0] * step, w @ levels[0])


def test_what_rounds_to_zero_is_told() -> None:
    net = _normal(_chain(Affine([[0.3, -0.1]], [1e-4]), _lif(1)))
    (notice,) = quantise(net.normal, net.assumptions, Quantisation(bits=3)).notices
    assert "drive of 1 neurons of 'n1' rounds to zero" in notice


@pytest.mark.parametrize("coding", ["rate", "direct"])
@pytest.mark.parametrize("last", ["lif", "li", "none"])
def test_the_float_network_predicts_with_the_same_coding_and_readout(coding, last) -> None:
    rng = np.random.default_rng(5)
    ops = [Affine(rng.normal(0, 1, (12, 8))), _lif(12), Affine(rng.normal(0, 1, (3, 12)))]
    if last == "lif":
        ops.append(_lif(3))
    elif last == "li":
        ops.append(Neurons("li", {k: np.full(3, v) for k, v in
                                  {"tau": 4 * DT, "r": 4.0, "v_leak": 0.0}.items()}))  # fmt: skip
    net = _normal(_chain(*ops), reset="subtract")
    q = quantise(net.normal, net.assumptions, Quantisation(bits=12, coding=coding, fraction=12))
    samples = rng.integers(0, 17, (300, 8))
    predictions = float_predictions(net, q, samples)
    assert predictions.shape == (300,) and len(set(predictions)) > 1
    assert (simulate_network(q, samples).predictions == predictions).mean() > 0.95
    with_integers = SCNetwork(quantised_graph(net.normal, net.assumptions, q), net.assumptions)
    assert (float_predictions(with_integers, q, samples) == predictions).mean() > 0.95


def test_a_delay_beyond_the_inference_is_told() -> None:
    net = _normal(_chain(Affine(np.eye(2)), Delay(np.full(2, 50 * DT)), _lif(2)))
    found = quantise(net.normal, net.assumptions, Quantisation(ticks=8))
    assert found.layers[0].projections[0].delay == 8
    assert any("50 ticks late, but an inference has 8" in text for text in found.notices)
    assert not simulate_network(found, np.ones((1, 2))).layer_spikes.any()


def test_names_become_identifiers() -> None:
    graph = _chain(Affine(np.ones((2, 2))), _lif(2), name="my net")
    nodes = {("begin" if k == "n1" else k): v for k, v in graph.nodes.items()}
    nodes["begin"] = Node("begin", graph.nodes["n1"].op)
    graph = Graph.of(
        "my net", nodes.values(), [("in", "n0"), ("n0", "begin"), ("begin", "out")], dt=DT
    )
    net = _normal(graph)
    q = quantise(net.normal, net.assumptions)
    assert q.name == "my_net"
    assert q.layers[0].name == "begin_2"


def test_refusals() -> None:
    graph = _chain(Affine(np.ones((2, 2))), _lif(2))
    net = _normal(graph)

    def with_options(**options):
        return quantise(net.normal, net.assumptions, Quantisation(**options))

    with pytest.raises(SCConfigError, match="from 2 to 16"):
        with_options(bits=1)
    with pytest.raises(SCConfigError, match="power of two"):
        with_options(backend="stochastic", length=3)
    with pytest.raises(SCConfigError, match="allowed: fixed, stochastic"):
        with_options(backend="analogue")
    with pytest.raises(SCConfigError, match="bits names unknown population 'n7'"):
        with_options(bits={"n1": 4, "n7": 3})
    with pytest.raises(SCConfigError, match="allowed: rate, direct, events"):
        with_options(coding="latency")
    for rounding in ("up", "stochastic"):
        with pytest.raises(SCConfigError, match="allowed: truncate, nearest, nearest_even"):
            with_options(rounding=rounding)
    tiny = _normal(_chain(Affine(1e-300 * np.eye(2)), _lif(2)))
    with pytest.raises(SCConfigError, match=r"population 'n1' .* lie too far apart"):
        quantise(tiny.normal, tiny.assumptions)
    with pytest.raises(SCConfigError, match="normal form"):
        quantise(graph, net.assumptions)
    graded = _chain(
        Affine(np.ones((2, 2))), Neurons("i", {"r": np.ones(2)}), Affine(np.ones((2, 2))), _lif(2)
    )
    with pytest.raises(SCConfigError, match="never spikes"):
        quantise(_normal(graded).normal, net.assumptions)
    fast = _chain(Affine(np.ones((2, 2))), _lif(2, tau=DT / 4))
    with pytest.raises(SCConfigError, match="diverge"):
        quantise(_normal(fast).normal, net.assumptions)
