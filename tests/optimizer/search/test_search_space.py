"""The space: its size, its order, its neighbours, its knobs."""

from __future__ import annotations

from sc_neurocore.accelerator._normal import real_network
from sc_neurocore.build.network import NetworkSource
from sc_neurocore.optimizer.search import Frame, Numerics, SearchSpace, network_space
from sc_neurocore.optimizer.search._pool import configuration_at, knobs_of, point_of
from sc_neurocore.optimizer.search._space import neighbours


def test_every_configuration_is_listed_once(space: SearchSpace) -> None:
    found = list(space.configurations())
    assert len(found) == len(set(found)) == space.size == 16
    assert {c.layers[0].simd for c in found} == {1, 4}


def test_layers_with_a_common_source_keep_the_same_simd(space: SearchSpace) -> None:
    tied = SearchSpace(space.layers, ((0, 1),), space.frames, 4)
    found = list(tied.configurations())
    assert len(found) == tied.size == 8
    assert all(c.layers[0].simd == c.layers[1].simd == 1 for c in found)


def test_the_full_grid_of_a_network(source: NetworkSource) -> None:
    real = real_network(source.network.normal, source.network.assumptions)
    full = network_space(real, bits=7, ticks=8, coding="rate", input_bits=4)
    assert full.frames[0] == Frame(8, "rate")
    assert {f.ticks for f in full.frames} == {8, 4, 2}
    assert {f.coding for f in full.frames} == {"rate", "direct"}
    hidden = full.layers[0]
    assert Numerics(7, 1) in hidden.numerics and Numerics(2, 8) not in hidden.numerics
    assert hidden.pes == (1, 2, 3, 6) and hidden.simds == (1, 2, 4, 8)
    assert full.best == (Numerics(8, 1),) * 2
    events = network_space(real, bits=7, ticks=8, coding="events", input_bits=4)
    assert events.frames == (Frame(8, "events"),)
    one_bit = network_space(real, bits=7, ticks=8, coding="direct", input_bits=1)
    assert {f.coding for f in one_bit.frames} == {"direct"}


def test_neighbours_are_one_step_away_and_in_the_space(space: SearchSpace) -> None:
    every = set(space.configurations())
    for made in every:
        found = set(neighbours(space, made))
        assert found and found <= every - {made}
        assert all(made in set(neighbours(space, other)) for other in found)


def test_points_and_configurations_are_one_another(space: SearchSpace) -> None:
    knobs = knobs_of(space)
    for made in space.configurations():
        point = point_of(space, made)
        assert all(point[name] in knobs[name] for name in knobs)
        assert configuration_at(space, point) == made
