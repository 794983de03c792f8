"""Properties of generated networks: round trips, and the normal form."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.ir import Assumptions, Graph, Input, Neurons, Output, Projection
from sc_neurocore.nir_bridge import SCNetwork, from_nir, read_nir, to_nir, write_nir

from .graphs import DT, networks

ASSUMPTIONS = st.builds(
    Assumptions,
    dt=st.just(DT),
    reset=st.sampled_from(["reset", "subtract"]),
    reset_when=st.sampled_from(["same_tick", "next_tick"]),
    cuba_order=st.sampled_from(["current_first", "voltage_first"]),
)


def stimulus(graph: Graph) -> np.ndarray:
    shape = graph.inputs[0].op.wants()
    assert shape is not None
    return np.random.default_rng(5).normal(0.5, 1, (2, 12, *shape))


@settings(max_examples=60)
@given(networks(), ASSUMPTIONS)
def test_the_normal_form_computes_the_same(graph: Graph, assumptions: Assumptions) -> None:
    network = SCNetwork(graph, assumptions)
    normal = network.normal
    assert {type(n.op) for n in normal.nodes.values()} <= {Input, Projection, Neurons, Output}
    assert all(len(t) == 1 for n in normal.nodes if (t := normal.port_type(n).shape) is not None)
    inputs = stimulus(graph)
    direct = network.run(inputs, record=True)
    folded = SCNetwork(normal, assumptions).run(inputs.reshape(2, 12, -1), record=True)
    np.testing.assert_allclose(
        folded.output, direct.output.reshape(folded.output.shape), rtol=1e-9, atol=1e-9
    )
    assert set(folded.spikes) == set(direct.spikes)
    for name, spikes in direct.spikes.items():
        np.testing.assert_array_equal(folded.spikes[name], spikes.reshape(2, 12, -1))
    for name, membrane in folded.membranes.items():
        other = direct.membranes[name].reshape(membrane.shape)
        np.testing.assert_allclose(membrane, other, rtol=1e-9, atol=1e-9)


@settings(max_examples=30)
@given(networks())
def test_round_trip_through_a_file(graph: Graph) -> None:
    inputs = stimulus(graph)
    with tempfile.TemporaryDirectory() as folder:
        path = write_nir(graph, Path(folder) / "generated.nir")
        first = path.read_bytes()
        again = read_nir(path)
        write_nir(again, path)
        assert path.read_bytes() == first
        assert read_nir(path) == again
        before, after = from_nir(graph).run(inputs), from_nir(path).run(inputs)
    np.testing.assert_array_equal(before.output, after.output)


@settings(max_examples=20)
@given(networks())
def test_round_trip_through_nirs_own_objects(graph: Graph) -> None:
    inputs = stimulus(graph)
    np.testing.assert_array_equal(
        from_nir(to_nir(graph)).run(inputs).output, from_nir(graph).run(inputs).output
    )


@settings(max_examples=15)
@given(networks())
def test_the_normal_form_itself_is_a_nir_file(graph: Graph) -> None:
    network = SCNetwork(graph)
    inputs = stimulus(graph).reshape(2, 12, -1)
    with tempfile.TemporaryDirectory() as folder:
        path = write_nir(network.normal, Path(folder) / "generated.nir")
        read = from_nir(path).run(inputs)
    expected = SCNetwork(network.normal).run(inputs)
    np.testing.assert_allclose(read.output, expected.output, rtol=1e-9, atol=1e-9)


@settings(max_examples=15)
@given(networks())
def test_step_is_run(graph: Graph) -> None:
    network = SCNetwork(graph)
    inputs = stimulus(graph)
    whole = network.run(inputs).output
    network.reset(batch=2)
    ticks = [next(iter(network.step(inputs[:, t]).values())) for t in range(12)]
    np.testing.assert_array_equal(np.stack(ticks, axis=1), whole)


@settings(max_examples=15)
@given(networks())
def test_samples_do_not_touch_each_other(graph: Graph) -> None:
    network = SCNetwork(graph)
    inputs = stimulus(graph)
    together = network.run(inputs).output
    np.testing.assert_allclose(network.run(inputs[1]).output, together[1], rtol=1e-12, atol=1e-12)
