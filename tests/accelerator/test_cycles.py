"""The clock of the end, worked out by hand, and from the RTL."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    INPUT,
    CycleModel,
    Folding,
    cosimulate_network,
    cycles,
    simulate_network,
)
from sc_neurocore.evidence import EvidenceStore

from .engines import network, samples


def run(net, foldings, given, **options):
    done = simulate_network(net, given, spikes=True)
    return cycles(net, foldings, given, done.spikes, done.ticks_used, **options)


def test_one_tick_by_hand() -> None:
    """Two inputs, both of which spike at tick 0; one layer of three neurons; none spikes.

    Edge 0 takes start. The encoder's words are passed at 3, 4 and 5 (TICK). The buffer fetches
    the first at 4, so it leaves at 5, and is walked at 6, 7 and 8 (three groups); the second is
    taken at 8 and walked at 9, 10 and 11; TICK is taken at 11, and its neurons visited at 12, 13
    and 14. They go to the sweep a clock later, the last at 15, and come out of it three clocks
    later, at 18. TICK is passed to the counter at 19, which gives the three classes their turns at
    20, 21 and 22, and decides at 23.
    """
    net = network((2, 3), ticks=1, theta=500.0)
    assert run(net, [Folding(1, 1)], np.array([[64, 64]])).tolist() == [23]
    # A single group: both events take a clock each, and TICK is taken at 7 instead of 11.
    assert run(net, [Folding(3, 1)], np.array([[64, 64]])).tolist() == [19]
    # Both inputs in one event: the words are passed at 3 and 4, TICK is taken at 6.
    assert run(net, [Folding(3, 2)], np.array([[64, 64]])).tolist() == [18]
    # No event at all: TICK is passed at 5 as before and taken at 7.
    assert run(net, [Folding(1, 1)], np.array([[0, 0]])).tolist() == [19]


def test_streams_take_their_length() -> None:
    """The same with 16 stream clocks: each event is walked 16 times."""
    net = network((2, 3), ticks=1, theta=500.0, backend="stochastic", length=16)
    assert run(net, [Folding(1, 1)], np.array([[64, 64]])).tolist() == [23 + 2 * 3 * 15]


def test_a_membrane_is_read_as_it_comes() -> None:
    """As by hand above, but the last state is there at 18."""
    net = network((2, 3), ticks=1, readout="membrane")
    assert run(net, [Folding(1, 1)], np.array([[64, 64]])).tolist() == [18]


@pytest.mark.parametrize("early", [True, False])
def test_the_rtl_takes_as_long(early: bool, store: EvidenceStore) -> None:
    net = network(recurrent=True, ports=True)
    foldings = [Folding(4, 2), Folding(3, 2)]
    given = samples(net, 6)
    found = cosimulate_network(net, foldings, given, store=store, early_decision=early)
    np.testing.assert_array_equal(run(net, foldings, given, early_decision=early), found.cycles)


def test_layers_overlap() -> None:
    """Two equal layers take less than twice as long as one."""
    one = run(network((8, 16, 4)), [Folding(1, 1)] * 2, np.full((1, 8), 64), early_decision=False)
    two = run(network((8, 16, 16, 4)), [Folding(1, 1)] * 3, np.full((1, 8), 64),
              early_decision=False)  # fmt: skip
    assert one[0] < two[0] < 2 * one[0]


def test_a_schedule_has_every_word_up_to_the_end() -> None:
    net = network()
    model = CycleModel(net, [Folding(4, 1), Folding(4, 1)], early_decision=False)
    given = samples(net, 1)
    done = simulate_network(net, given, spikes=True)
    assert done.spikes is not None
    schedule = model.schedule(
        model.input_slots(given)[0], [x[0] for x in done.spikes], int(done.ticks_used[0])
    )
    for source in (INPUT, 0, 1):
        edges = schedule.edges[source]
        assert len(edges) == len(schedule.words[source])
        assert (np.diff(edges) > 0).all()
    assert schedule.edges[1][-1] < schedule.done
