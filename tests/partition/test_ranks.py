"""One network on several ranks spikes as it does in one process."""

from __future__ import annotations

from math import ceil

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Affine, Edge, Graph, Input, Node, Output, PartitionError
from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.partition import run_on_ranks, spike_digest

from .rank_networks import DT, cells, make, mixed, on_threads

TICKS = 50


def _spikes(ticks: int, size: int = 20, seed: int = 1) -> np.ndarray:
    return (np.random.default_rng(seed).random((ticks, size)) < 0.4).astype(float)


@pytest.mark.parametrize("kind", ["feed-forward", "recurrent", "delayed"])
def test_any_number_of_ranks_spikes_as_one_process(kind: str) -> None:
    network, inputs = make(kind), _spikes(TICKS)
    reference = network.run(inputs, record=True)
    wanted = spike_digest(network, reference.spikes)
    assert all(spikes.any() for spikes in reference.spikes.values())
    assert run_on_ranks(network, inputs, TICKS).digest == wanted
    for size in (2, 3, 4):
        runs = on_threads(
            size, lambda comm: run_on_ranks(network, inputs, TICKS, comm, record=True)
        )
        for run in runs:
            assert run.digest == wanted
            assert run.outputs.keys() == reference.outputs.keys()
            for name, value in reference.outputs.items():
                assert np.array_equal(run.outputs[name], value), name
            for name, spikes in reference.spikes.items():
                assert np.array_equal(run.events[name], np.argwhere(spikes)), name
                assert run.spikes[name] == spikes.sum()
        assert sum(run.synapses for run in runs) == run_on_ranks(network, inputs, TICKS).synapses


@pytest.mark.parametrize("seed", range(12))
def test_everything_linear_is_folded(seed: int) -> None:
    network = mixed(seed)
    rng = np.random.default_rng(seed)
    inputs = {"picture": rng.integers(0, 3, (TICKS, 2, 5, 5)) / 4, "more": np.full(7, 0.125)}
    reference = network.run(inputs, record=True)
    assert all(spikes.any() for spikes in reference.spikes.values())
    for size in (1, 3):
        for run in on_threads(size, lambda comm: run_on_ranks(network, inputs, TICKS, comm)):
            assert run.digest == spike_digest(network, reference.spikes)
            for name, value in reference.outputs.items():
                assert np.array_equal(run.outputs[name], value), name


def test_other_weights_give_one_answer_on_any_number_of_ranks() -> None:
    """Sums of thirds depend on their order, which does not depend on the ranks."""
    base = make("recurrent")
    nodes = [
        Node(n.id, Affine(n.op.weight / 3, n.op.bias)) if isinstance(n.op, Affine) else n
        for n in base.graph.nodes.values()
    ]
    network = SCNetwork(Graph.of("thirds", nodes, base.graph.edges, dt=DT))
    inputs = np.random.default_rng(0).random((TICKS, 20))
    one = run_on_ranks(network, inputs, TICKS)
    for size in (2, 5):
        for run in on_threads(size, lambda comm: run_on_ranks(network, inputs, TICKS, comm)):
            assert run.digest == one.digest
            assert np.array_equal(run.outputs["membrane"], one.outputs["membrane"])


@pytest.mark.parametrize("ticks", [1, 2, 3, 49, 51])
def test_spikes_are_exchanged_once_per_smallest_delay(ticks: int) -> None:
    network, inputs = make("delayed"), _spikes(ticks)

    def run(comm):
        done = run_on_ranks(network, inputs, ticks, comm)
        return comm.calls, done

    for calls, done in on_threads(2, run):
        assert done.lookahead == 3
        assert calls == done.exchanges == ceil(ticks / 3)
        assert done.overflows == 0


def test_undelayed_synapses_cost_an_exchange_each_stage() -> None:
    done = run_on_ranks(make("feed-forward"), _spikes(TICKS), TICKS)
    assert (done.lookahead, done.exchanges) == (1, 2 * TICKS)


def test_more_spikes_than_there_is_room_for_follow_in_a_second_call() -> None:
    size = 3000
    nodes = [Node("in", Input((1,))), Node("w", Affine(np.full((size, 1), 4.0))),
             Node("a", cells("lif", size)), Node("out", Output(None))]  # fmt: skip
    network = SCNetwork(Graph.of("loud", nodes, [("in", "w"), ("w", "a"), ("a", "out")], dt=DT))
    inputs = np.ones((200, 1))
    wanted = spike_digest(network, network.run(inputs, record=True).spikes)
    for run in on_threads(2, lambda comm: run_on_ranks(network, inputs, 200, comm)):
        assert (run.digest, run.spikes["a"]) == (wanted, 200 * size)
        assert (run.exchanges, run.overflows) == (4, 1)


def test_more_ranks_than_neurons_leave_some_idle() -> None:
    network, inputs = make("delayed", size=4), _spikes(TICKS)
    wanted = run_on_ranks(network, inputs, TICKS).digest
    runs = on_threads(6, lambda comm: run_on_ranks(network, inputs, TICKS, comm))
    assert {run.digest for run in runs} == {wanted}


def test_ranks_that_were_given_different_things_are_refused() -> None:
    network = make("delayed")

    def run(comm):
        return run_on_ranks(network, _spikes(TICKS, seed=comm.rank // 2), TICKS, comm)

    for refused in on_threads(3, run):
        assert isinstance(refused, PartitionError)
        assert str(refused) == (
            "Rank 2 was given another network, input, number of ticks or option than rank 0; "
            "give every rank the same."
        )


def test_what_one_rank_refuses_ends_all() -> None:
    network = make("delayed")

    def run(comm):
        return run_on_ranks(network, _spikes(TICKS - comm.rank), TICKS, comm)

    first, second = on_threads(2, run)
    sentence = (
        "Input 'in' has shape (49, 20); expected is (50, 20) for 50 ticks, or (20,) for a constant."
    )
    assert isinstance(first, SCConfigError) and str(first) == f"Rank 1: {sentence}"
    assert isinstance(second, SCConfigError) and str(second) == sentence


@pytest.mark.parametrize(
    ("inputs", "ticks", "sentence"),
    [
        (np.zeros(20), 0, "The number of ticks must be a positive integer, not 0."),
        (np.zeros(20), True, "The number of ticks must be a positive integer, not True."),
        ({"other": np.zeros(20)}, 5, "The inputs are in, not other."),
        (["x"] * 20, 5, "Input 'in' must hold numbers."),
        (np.full(20, np.nan), 5, "Input 'in' holds a number that is not finite."),
    ],
)
def test_bad_input_is_one_sentence(inputs: object, ticks: int, sentence: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        run_on_ranks(make("delayed"), inputs, ticks)
    assert str(caught.value) == sentence


def test_membranes_do_not_travel() -> None:
    nodes = [Node("in", Input((4,))), Node("m", cells("li", 4)), Node("w", Affine(np.eye(4) / 2)),
             Node("a", cells("lif", 4)), Node("out", Output(None))]  # fmt: skip
    edges = [Edge("in", "m"), Edge("m", "w"), Edge("w", "a"), Edge("a", "out")]
    with pytest.raises(PartitionError, match=r"^Population 'm' sends its membrane to 'a'"):
        run_on_ranks(SCNetwork(Graph.of("n", nodes, edges, dt=DT)), np.zeros(4), 5)
