"""The network simulator against a slow reference, and against numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.accelerator import (
    INPUT,
    InputCoding,
    IntegerNetwork,
    IntegerProjection,
    check_network,
    first_divergence,
    simulate_network,
)
from sc_neurocore.accelerator._layer import integer_layer
from sc_neurocore.accelerator._population import Population
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Assumptions

from .networks import random_network, random_samples, reference


@settings(max_examples=150)
@given(
    seed=st.integers(0, 10**6),
    coding=st.sampled_from(["rate", "direct", "events"]),
    backend=st.sampled_from(["fixed", "stochastic"]),
    layers=st.integers(1, 4),
    ticks=st.integers(1, 9),
    mixed=st.booleans(),
    membrane=st.booleans(),
    rules=st.builds(
        Assumptions,
        reset=st.sampled_from(["reset", "subtract"]),
        reset_when=st.sampled_from(["same_tick", "next_tick"]),
        cuba_order=st.sampled_from(["current_first", "voltage_first"]),
    ),
)
def test_the_simulator_is_the_reference(
    seed, coding, backend, layers, ticks, mixed, membrane, rules
) -> None:
    network = random_network(
        seed, coding=coding, backend=backend, layers=layers, ticks=ticks, mixed=mixed,
        membrane=membrane, rules=rules,
    )  # fmt: skip
    samples = random_samples(network, 3, seed)
    run = simulate_network(network, samples, spikes=True)
    assert run.saturations.sum() == 0, "the worst case of every register was exceeded"
    assert run.spikes is not None
    for s, sample in enumerate(samples):
        expected = reference(network, sample)
        for layer, spikes in enumerate(run.spikes):
            np.testing.assert_array_equal(spikes[s], expected.spikes[layer])
            assert run.layer_spikes[s, layer] == np.sum(expected.spikes[layer])
        if membrane:
            np.testing.assert_array_equal(run.membranes[s], expected.membranes)
            assert run.predictions[s] == np.argmax(expected.membranes)
        else:
            np.testing.assert_array_equal(run.counts[s], expected.counts)
            assert run.predictions[s] == np.argmax(expected.counts)
        assert run.ticks_used[s] == expected.used


def _counter(weights, threshold, ticks=4, *, reset="subtract", coding="events", bits=1):
    """Neurons that integrate without leak, in units of one weight."""
    w = np.array(weights, np.int64)
    size = w.shape[1]
    entering = InputCoding(len(w), coding, bits)
    p = Population(
        "if", Assumptions(reset=reset), np.ones(size), np.zeros(size), np.zeros(size),
        threshold=np.full(size, float(threshold)), reset_to=np.zeros(size),
    )  # fmt: skip
    layer = integer_layer(
        "out", p, (IntegerProjection(INPUT, w, 0),), coding=entering, bits=6, fraction=0,
        ticks=ticks,
    )  # fmt: skip
    return IntegerNetwork("net", entering, (layer,), ticks, "count", 0)


def test_hand_worked_integrators() -> None:
    # Adds 3 a tick; above 4 it spikes and gives 4 back: 3, 6>4 -> 2, 5>4 -> 1, 4 (not above).
    network = _counter([[3, 1]], 4)
    run = simulate_network(network, np.ones((1, 4, 1), int), spikes=True)
    np.testing.assert_array_equal(run.spikes[0][0], [[0, 0], [1, 0], [1, 0], [0, 0]])
    np.testing.assert_array_equal(run.counts, [[2, 0]])
    # Reset to zero instead: 3, 6 -> 0, 3, 6 -> 0.
    run = simulate_network(
        _counter([[3, 1]], 4, reset="reset"), np.ones((1, 4, 1), int), spikes=True
    )
    np.testing.assert_array_equal(run.spikes[0][0, :, 0], [0, 1, 0, 1])
    assert run.additions.tolist() == [8]


def test_a_direct_level_is_a_fraction_of_the_weight() -> None:
    # Level 3 of 4 and weight 4: 3 a tick, as above.
    network = _counter([[4, 0]], 4, coding="direct", bits=2)
    run = simulate_network(network, [[3]], spikes=True)
    np.testing.assert_array_equal(run.spikes[0][0, :, 0], [0, 1, 1, 0])


def test_early_decision() -> None:
    # Neuron 1 spikes in every tick, neuron 0 never: after 3 of 4 ticks its lead of 3 exceeds the
    # 1 that remains; after 2 the lead of 2 equals what remains and a tie would go to neuron 0.
    network = _counter([[0, 5]], 4)
    assert simulate_network(network, np.ones((1, 4, 1), int)).ticks_used.tolist() == [3]
    network = _counter([[5, 0]], 4)
    assert simulate_network(network, np.ones((1, 4, 1), int)).ticks_used.tolist() == [2]


def test_divergence_is_located() -> None:
    network = random_network(5, coding="events", layers=2, ticks=8)
    samples = random_samples(network, 4)
    run = simulate_network(network, samples, spikes=True)
    assert first_divergence(run, run) is None
    flipped = [x.copy() for x in run.spikes]
    flipped[1][2, 5, 0] ^= 1
    flipped[0][2, 6, 0] ^= 1
    found = first_divergence(run, replace(run, spikes=tuple(flipped)))
    assert found == (2, 5, 1, 0)
    assert found.layer == 1
    with pytest.raises(SCConfigError, match="spikes=True"):
        first_divergence(run, replace(run, spikes=None))


def test_many_samples_are_the_same_as_one_at_a_time() -> None:
    network = random_network(11, coding="rate", layers=3, ticks=5)
    samples = random_samples(network, 300)
    seen = []
    run = simulate_network(network, samples, progress=lambda done, all_: seen.append((done, all_)))
    alone = np.concatenate(
        [simulate_network(network, samples[s : s + 1]).counts for s in range(300)]
    )
    np.testing.assert_array_equal(run.counts, alone)
    assert seen[-1] == (300, 300)


def test_wide_accumulators() -> None:
    # 16-bit weights at the highest of 2**12 levels: 32767 * 4096 * 20 does not fit 31 bits.
    entering = InputCoding(20, "direct", 12)
    w = np.full((20, 1), 32767, np.int64)
    one = np.ones(1)
    p = Population("i", Assumptions(), one, 0 * one, 0 * one)
    layer = integer_layer("v", p, (IntegerProjection(INPUT, w, 0),), coding=entering, bits=16,
                          fraction=0, ticks=3)  # fmt: skip
    network = IntegerNetwork("net", entering, (layer,), 3, "membrane", 0)
    assert simulate_network(network, np.ones((1, 20))).membranes.tolist() == [[3 * 20 * 32767]]


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        ([[0.5, 2.0]], "from 0 to 1"),
        ([[0.5, np.nan]], "from 0 to 1"),
        ([[3, 9]], "integers must lie from 0 to 4"),
        ([[1, 1, 1]], r"shape \(S, 2\)"),
        ([["a", "b"]], r"shape \(S, 2\)"),
        ([[1, 1], [1]], "different lengths"),
    ],
)
def test_bad_samples(samples, message) -> None:
    network = _counter([[1], [1]], 2, coding="rate", bits=2)
    with pytest.raises(SCConfigError, match=message):
        simulate_network(network, samples)


def test_networks_that_no_hardware_has() -> None:
    network = _counter([[1], [1]], 2)
    (layer,) = network.layers

    def broken(*projections: IntegerProjection) -> IntegerNetwork:
        return replace(network, layers=(replace(layer, projections=projections),))

    with pytest.raises(SCConfigError, match="6 bits hold -32 to 31"):
        simulate_network(broken(IntegerProjection(INPUT, np.array([[32], [0]]), 0)), [[[0, 0]] * 4])
    with pytest.raises(SCConfigError, match="need \\(2, 1\\)"):
        simulate_network(broken(IntegerProjection(INPUT, np.array([[3]]), 0)), [[[0, 0]] * 4])
    late = replace(network, input=InputCoding(2, "direct", 4), ticks=4)
    two = (IntegerProjection(0, np.array([[3]]), 1), IntegerProjection(INPUT, np.ones((2, 1)), 2))
    with pytest.raises(SCConfigError, match="current must come alone"):
        check_network(replace(late, layers=(replace(layer, projections=two),)))
    check_network(replace(late, layers=(replace(layer, projections=two[1:]),)))
    with pytest.raises(SCConfigError, match="at least 1"):
        simulate_network(broken(IntegerProjection(0, np.array([[3]]), 0)), [[[0, 0]] * 4])


def test_streams_that_fill_the_memory_are_refused() -> None:
    network = _counter(np.ones((64, 64)), 2, coding="rate")
    (layer,) = network.layers
    layer = replace(layer, backend="stochastic", bits=16, length=1)
    with pytest.raises(SCConfigError, match="longer streams"):
        simulate_network(replace(network, layers=(layer,), ticks=1 << 16), np.ones((1, 64)))
