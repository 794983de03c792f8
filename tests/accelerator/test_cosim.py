"""RTL against the bit-true model: equal in every word and clock, and found where it is broken."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    Folding,
    cosimulate_network,
    simulate_network,
    write_accelerator,
)
from sc_neurocore.accelerator._cosim import layer_currents
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError

from .engines import network, samples
from .networks import random_network, random_samples

ENGINES = [
    (network(), [(1, 1), (1, 1)]),
    (network(theta=60.0), [(16, 2), (2, 4)]),
    (network(recurrent=True, ports=True), [(4, 2), (3, 2)]),
    (network(readout="membrane", coding="direct", input_bits=4), [(3, 4), (2, 1)]),
    (network(backend="stochastic", length=16), [(5, 4), (2, 1)]),
    (network(backend="stochastic", length=32, coding="direct", input_bits=3), [(16, 1), (1, 1)]),
    (network(backend="stochastic", length=2, bits=8, recurrent=True), [(1, 3), (4, 3)]),
    (network((8, 16, 4, 5), coding="events", recurrent=True), [(3, 2), (2, 2), (4, 3)]),
]


@pytest.mark.parametrize(("net", "pairs"), ENGINES)
def test_the_engine_is_the_model_in_every_word_and_clock(net, pairs, store: EvidenceStore) -> None:
    foldings = [Folding(*pair) for pair in pairs]
    given = samples(net, 6)
    found = cosimulate_network(net, foldings, given, store=store)
    assert found.first is None
    assert (found.samples, found.mismatches, found.wrong_classes) == (6, 0, 0)
    assert found.spikes > 100
    assert found.currents > 6 * sum(layer.size for layer in net.layers)
    np.testing.assert_array_equal(found.predictions, simulate_network(net, given).predictions)
    again = cosimulate_network(net, foldings, given, store=store)
    assert again.cached


@pytest.mark.exhaustive
@pytest.mark.parametrize("seed", [7, 10, 19, 29, 46, 57, 66, 31])
def test_so_is_any_other(seed: int, store: EvidenceStore) -> None:
    rng = np.random.default_rng(seed)
    net = random_network(
        seed,
        coding=("rate", "direct", "events")[seed % 3],
        backend=("fixed", "stochastic")[seed // 3 % 2],
        layers=1 + seed % 4,
        mixed=bool(seed % 2),
        membrane=bool(seed // 6 % 2),
    )
    simd = int(rng.integers(1, 5))
    foldings = [Folding(int(rng.integers(1, layer.size + 1)), simd) for layer in net.layers]
    found = cosimulate_network(net, foldings, random_samples(net, 6), store=store)
    assert found.first is None


def test_without_early_decision_it_runs_to_the_last_tick(store: EvidenceStore) -> None:
    net = network()
    foldings = [Folding(4, 1), Folding(4, 1)]
    early = cosimulate_network(net, foldings, samples(net, 6), store=store)
    whole = cosimulate_network(net, foldings, samples(net, 6), store=store, early_decision=False)
    assert early.mismatches == whole.mismatches == 0
    assert (early.cycles <= whole.cycles).all()
    assert early.cycles.sum() < whole.cycles.sum()
    np.testing.assert_array_equal(early.predictions, whole.predictions)


def test_a_simulator_with_undefined_values_agrees(store: EvidenceStore) -> None:
    net = network((4, 5, 3), ticks=4, recurrent=True)
    found = cosimulate_network(
        net, [Folding(2, 2), Folding(2, 2)], samples(net, 2), store=store, simulator="yosys"
    )
    assert found.first is None


@pytest.mark.parametrize("backend", ["fixed", "stochastic"])
@pytest.mark.parametrize("layer", [0, 1])
def test_a_flipped_weight_bit_is_located(backend: str, layer: int, store: EvidenceStore) -> None:
    net = network(backend=backend, length=16 if backend == "stochastic" else 1)
    foldings = [Folding(4, 1), Folding(4, 1)]
    rtl = write_accelerator(net, foldings)
    name = f"{rtl.modules[layer]}_weights.hex"
    lines = rtl.sources[name].splitlines()
    first = next(k for k, line in enumerate(lines) if not line.startswith("//"))
    # Group 1 (of 4 addresses x 8, or of 1 x 16), source 2: lane 3 is neuron 7, or neuron 3.
    addresses = (8, 16)[layer]
    line = first + (addresses if layer == 0 else 0) + 2
    bit = 3 * 6 + 5 if backend == "fixed" else 3
    width = len(lines[line])
    lines[line] = f"{int(lines[line], 16) ^ 1 << bit:0{width}x}"
    edited = {**rtl.sources, name: "\n".join(lines) + "\n"}
    given = samples(net, 4)
    found = cosimulate_network(net, foldings, given, store=store, sources=edited)
    assert found.first is not None
    neuron = (7, 3)[layer]
    assert (found.first.what, found.first.layer) == ("current", net.layers[layer].name)
    assert found.first.neuron == neuron
    # It shows at the first tick of the first sample in which source 2 spikes.
    run = simulate_network(net, given, spikes=True)
    assert run.spikes is not None
    sample, tick = found.first.sample, found.first.tick
    sums = layer_currents(net, given[sample], [x[sample] for x in run.spikes])
    assert found.first.expected == sums[layer][tick, neuron]
    if layer == 1:
        assert run.spikes[0][sample, tick, 2] == 1
        assert run.spikes[0][sample, :tick, 2].sum() == 0
    assert f"layer '{net.layers[layer].name}', tick {tick}, neuron {neuron}" in str(found.first)


@pytest.mark.parametrize(
    ("file", "before", "after", "what"),
    [
        # a neuron of the lane, the reset, the sweep, the order of lanes, the time of an event
        ("net_hidden1_lane.sv", "assign fire_out = fire;", "assign fire_out = !fire;", "spike"),
        ("sc_population_sweep.sv", "first ? INITIAL : state", "INITIAL", "spike"),
        ("sc_accumulators.sv", "write_group] <= clear ?", "write_group] <= 1'b0 ?", "current"),
        ("sc_synapse_sequencer.sv", "event_ready = step && (!busy || walk_ends)",
         "event_ready = step && !busy", "cycles"),
        ("net_engine.sv", ".winner(class_index)", ".winner()", "class"),
    ],
)  # fmt: skip
def test_a_broken_engine_is_found(file, before, after, what, store: EvidenceStore) -> None:
    net = network()
    foldings = [Folding(4, 1), Folding(4, 1)]
    sources = dict(write_accelerator(net, foldings).sources)
    assert sources[file].count(before) == 1
    sources[file] = sources[file].replace(before, after)
    found = cosimulate_network(net, foldings, samples(net, 4), store=store, sources=sources)
    assert found.first is not None
    assert found.first.what == what


def test_samples_are_checked(store: EvidenceStore) -> None:
    with pytest.raises(SCConfigError, match="shape"):
        cosimulate_network(network(), [Folding(1, 1)] * 2, np.zeros((2, 9)), store=store)
