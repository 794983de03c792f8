"""Weights that change: exact at the tick, exact in the banks, and refused where they do not fit."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    Folding,
    IntegerNetwork,
    Quantisation,
    bank_words,
    bank_writes,
    live_banks,
    quantise,
    simulate_network,
    simulate_swap,
    with_weights,
    write_accelerator,
)
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Affine, Assumptions, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import SCNetwork

from .engines import network, samples
from .networks import random_network, random_samples, reference


def redrawn(net: IntegerNetwork, seed: int = 1) -> IntegerNetwork:
    """Other weights of the same largest sums: those of each layer, in another order."""
    rng = np.random.default_rng(seed)
    return replace(
        net,
        layers=tuple(
            replace(
                layer,
                projections=tuple(
                    replace(p, weights=rng.permutation(p.weights, axis=0))
                    for p in layer.projections
                ),
            )
            for layer in net.layers
        ),
    )


@pytest.mark.parametrize("seed", range(12))
def test_weights_change_at_the_tick_and_not_before(seed: int) -> None:
    old = random_network(
        seed,
        coding=("rate", "direct", "events")[seed % 3],
        backend=("fixed", "stochastic")[seed // 3 % 2],
        layers=1 + seed % 3,
        ticks=7,
        membrane=bool(seed // 6),
    )
    new = redrawn(old)
    given = random_samples(old, 3)
    for tick in (0, 1, 4, 7):
        run = simulate_swap(old, new, given, tick, spikes=True)
        assert run.spikes is not None
        for i, sample in enumerate(given):
            wanted = reference(old, sample, new, tick)
            assert [x[i].tolist() for x in run.spikes] == wanted.spikes
            assert run.ticks_used[i] == wanted.used
            if old.readout == "membrane":
                assert run.membranes[i].tolist() == wanted.membranes


def test_the_first_and_the_last_tick_are_the_networks_themselves() -> None:
    old = network()
    new = redrawn(old)
    given = samples(old, 5)
    for tick, only in ((0, new), (old.ticks, old)):
        counts = simulate_swap(old, new, given, tick).counts
        np.testing.assert_array_equal(counts, simulate_network(only, given).counts)
    assert (simulate_swap(old, new, given, 8).counts != simulate_network(old, given).counts).any()


@pytest.mark.parametrize("backend", ["fixed", "stochastic"])
@pytest.mark.parametrize("pairs", [((1, 1), (1, 1)), ((5, 3), (2, 1)), ((16, 8), (4, 4))])
def test_the_banks_hold_the_words_of_the_file(backend: str, pairs) -> None:
    net = network(backend=backend, length=16 if backend == "stochastic" else 1)
    foldings = [Folding(*pair) for pair in pairs]
    rtl = write_accelerator(net, foldings)
    words = bank_words(net, foldings)
    banks = live_banks(net, foldings)
    assert list(words) == [b.name for b in banks] == ["hidden1_weights", "output_weights"]
    for bank, module in zip(banks, rtl.modules, strict=True):
        text = rtl.sources[f"{module}_weights.hex"]
        stored = [int(line, 16) for line in text.splitlines() if not line.startswith("//")]
        assert len(stored) == bank.words
        entries = words[bank.name].tolist()
        assert len(entries) == bank.entries == bank.words * bank.slices
        joined = [
            sum(entries[w * bank.slices + s] << 64 * s for s in range(bank.slices))
            for w in range(bank.words)
        ]
        assert joined == stored
        assert max(joined).bit_length() <= bank.word_bits
        assert bank.entry_bits == min(64, bank.word_bits)


def test_the_writes_are_what_differs() -> None:
    old = network()
    new = redrawn(old)
    foldings = [Folding(4, 2), Folding(2, 4)]
    before, after = bank_words(old, foldings), bank_words(new, foldings)
    for name, writes in bank_writes(before, after).items():
        assert 0 < len(writes) <= len(before[name])
        for entry, word in writes.items():
            before[name][entry] = word
        np.testing.assert_array_equal(before[name], after[name])
    assert not any(bank_writes(after, after).values())


def test_a_tick_that_no_inference_has_is_refused() -> None:
    net = network()
    with pytest.raises(SCConfigError, match="tick is 17; an inference has ticks 0 to 16"):
        simulate_swap(net, net, samples(net, 1), 17)


def test_networks_that_differ_in_more_than_weights_are_refused() -> None:
    net = network()
    with pytest.raises(SCConfigError, match="differ in more than weights"):
        simulate_swap(net, network(theta=21.0), samples(net, 1), 3)
    ported = network(ports=True)
    layer = ported.layers[0]
    moved = replace(layer, parameters={**layer.parameters, "a": layer.parameters["a"] + 1})
    with pytest.raises(SCConfigError, match="layer 'hidden1' have other parameters"):
        other = replace(ported, layers=(moved, *ported.layers[1:]))
        simulate_swap(ported, other, samples(ported, 1), 3)


def classifier(seed: int, threshold: float = 1.0, size: int = 6) -> SCNetwork:
    """Two dense layers with weights of whole multiples of 1/8, from -1 to 7/8."""
    rng = np.random.default_rng(seed)
    neurons = {"tau": 0.008, "r": 8.0, "v_leak": 0.0, "v_threshold": threshold, "v_reset": 0.0}
    nodes = [Node("in", Input((5,)))]
    for name, before, after in (("a", 5, size), ("b", size, 3)):
        weights = rng.integers(-8, 8, (after, before)) / 8.0
        weights[0, 0] = -1.0
        nodes.append(Node(f"w_{name}", Affine(weights)))
        nodes.append(Node(name, Neurons("lif", {k: np.full(after, v) for k, v in neurons.items()})))
    nodes.append(Node("out", Output(None)))
    graph = Graph.of("net", nodes, [(a.id, b.id) for a, b in pairwise(nodes)], dt=1e-3)
    return SCNetwork(graph, Assumptions(dt=1e-3))


@pytest.mark.parametrize("backend", ["fixed", "stochastic"])
def test_other_weights_take_the_scale_of_the_network(backend: str) -> None:
    old, new = classifier(0), classifier(1)
    options = Quantisation(bits=4, backend=backend, length=16, live=True)
    held = quantise(old.normal, old.assumptions, options)
    same = with_weights(held, old)
    other = with_weights(held, new)
    for a, b, c, bare in zip(held.layers, same.layers, other.layers, ("w_a", "w_b"), strict=True):
        np.testing.assert_array_equal(a.projections[0].weights, b.projections[0].weights)
        wanted = np.asarray(new.graph.nodes[bare].op.weight).T * 8
        np.testing.assert_array_equal(c.projections[0].weights, wanted)
        assert (a.scale, a.datapath) == (c.scale, c.datapath)


def test_a_live_network_takes_any_weights_of_its_widths() -> None:
    old = classifier(0)
    held = quantise(old.normal, old.assumptions, Quantisation(bits=4, live=True))
    assert [x.datapath.inputs[0].format.width for x in held.layers] == [7, 7]  # 5 * -8, 6 * -8
    largest = replace(
        held,
        layers=tuple(
            replace(
                x,
                projections=tuple(
                    replace(p, weights=np.full_like(p.weights, -8)) for p in x.projections
                ),
            )
            for x in held.layers
        ),
    )
    run = simulate_swap(held, largest, np.full((1, 5), 16), 3)
    assert run.saturations.sum() == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: classifier(1, threshold=1.5), "the neurons of layer 'a' differ in more than"),
        (lambda: classifier(1, size=7), "layer 'a' has 6 neurons, the new one 7"),
    ],
)
def test_a_source_that_differs_in_more_is_refused(change, message: str) -> None:
    old = classifier(0)
    held = quantise(old.normal, old.assumptions, Quantisation(bits=4))
    with pytest.raises(SCConfigError, match=message):
        with_weights(held, change())


def test_weights_that_do_not_fit_are_refused() -> None:
    old, new = classifier(0), classifier(1)
    graph = new.graph
    doubled = replace(graph.nodes["w_a"].op, weight=2 * graph.nodes["w_a"].op.weight)
    nodes = {**graph.nodes, "w_a": replace(graph.nodes["w_a"], op=doubled)}
    held = quantise(old.normal, old.assumptions, Quantisation(bits=4))
    with pytest.raises(SCConfigError, match=r"of layer 'a' do not fit 4 bits .* reach -16"):
        with_weights(held, SCNetwork(graph.replace(nodes=nodes), new.assumptions))
