"""Placement: hand-derived cuts, exhaustive optima, properties, and sentences."""

from __future__ import annotations

import dataclasses
import itertools
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    Affine,
    Edge,
    Graph,
    Input,
    Neurons,
    Node,
    Output,
    PartitionError,
    Place,
    PlaceNodes,
    Places,
    Threshold,
    cut_traffic,
    partitioner_cut,
    random_placement,
)
from sc_neurocore.ir._partitioner import _initialised, partitions


def neurons(kind: str, size: int) -> Neurons:
    one = np.ones(size)
    given = {"tau": one, "r": one, "v_leak": 0 * one}
    return Neurons(kind, given | ({"v_threshold": one} if kind == "lif" else {}), (size,))


def network(
    sizes: Sequence[int], joins: Sequence[tuple[int, int, int]], outputs: Sequence[int] = ()
) -> Graph:
    """Populations ``p0`` …, joined by (source, target, delay); ``p0`` reads the input."""
    first = Affine(np.ones((sizes[0], 2)), np.zeros(sizes[0]))
    nodes = [Node("in", Input((2,))), Node("w_in", first)]
    edges = [Edge("in", "w_in"), Edge("w_in", "p0")]
    for i, size in enumerate(sizes):
        nodes.append(Node(f"p{i}", neurons("lif", size)))
    for a, b, delay in joins:
        weight = np.ones((sizes[b], sizes[a]))
        nodes.append(Node(f"w{a}_{b}", Affine(weight, np.zeros(sizes[b]))))
        edges += [Edge(f"p{a}", f"w{a}_{b}", delay=delay), Edge(f"w{a}_{b}", f"p{b}")]
    fed = {b for _, b, _ in joins} | {0}
    for i in set(range(len(sizes))) - fed:
        nodes.append(Node(f"w_in{i}", Affine(np.ones((sizes[i], 2)), np.zeros(sizes[i]))))
        edges += [Edge("in", f"w_in{i}"), Edge(f"w_in{i}", f"p{i}")]
    for i in outputs or [len(sizes) - 1]:
        nodes.append(Node(f"out{i}", Output((sizes[i],))))
        edges.append(Edge(f"p{i}", f"out{i}"))
    return Graph.of("net", nodes, edges, 1e-3)


def over(*names: str, **capacity: float) -> Places:
    return Places({name: Place(name, capacity=capacity) for name in names})


def pinned(graph: Graph, at: Mapping[str, str]) -> Graph:
    """The graph with the places of some nodes given."""
    moved = {name: dataclasses.replace(graph.nodes[name], place=p) for name, p in at.items()}
    return graph.replace(nodes={**graph.nodes, **moved})


def places_of(graph: Graph) -> dict[str, str]:
    return {name: node.place for name, node in graph.nodes.items() if node.id.startswith("p")}


def sent(joins: Sequence[tuple[int, int, int]], rates: Sequence[float], at: Sequence[int]) -> float:
    """Spikes sent per tick, counted from the list of joins alone."""
    pairs = {(a, at[b]) for a, b, _ in joins if at[b] != at[a]}
    return float(sum(rates[a] for a, _ in pairs))


def cyclic(joins: Sequence[tuple[int, int, int]], at: Sequence[int]) -> bool:
    """Whether places wait for one another, by the transitive closure of who waits for whom."""
    k = max(at) + 1
    waits = np.zeros((k, k), bool)
    for a, b, delay in joins:
        if not delay and at[a] != at[b]:
            waits[at[a], at[b]] = True
    for _ in range(k):
        waits |= waits @ waits
    return bool(waits.diagonal().any())


# --- figures by hand


CHAIN = [(0, 1, 0), (1, 2, 0), (2, 3, 0)]


def test_a_chain_is_cut_where_fewest_spikes_pass() -> None:
    graph = network([4, 4, 4, 4], CHAIN)
    traffic = {"p0": 5.0, "p1": 1.0, "p2": 9.0, "p3": 2.0}
    placed = PlaceNodes(over("a", "b"), traffic)(graph)
    assert places_of(placed) == {"p0": "a", "p1": "a", "p2": "b", "p3": "b"}
    assert cut_traffic(placed, traffic) == 1.0
    assert {placed.nodes[n].place for n in ("w2_3", "w1_2", "out3")} == {"b"}
    assert placed.nodes["in"].place == "a"


def test_a_spike_counts_once_for_each_place_that_reads_it() -> None:
    joins = [(0, 1, 1), (0, 2, 1), (0, 3, 1), (0, 4, 1)]
    graph = network([2] * 5, joins, [1, 2, 3, 4])
    at = {"p0": "a", "p1": "b", "p2": "b", "p3": "c", "p4": "a"}
    assert cut_traffic(graph, {f"p{i}": 2.5 for i in range(5)}, at) == 5.0
    assert cut_traffic(graph, {}, at) == 2.0


def test_shares_follow_the_capacities() -> None:
    graph = network([6, 2, 2, 2], [(0, 1, 1), (0, 2, 1), (0, 3, 1)], [1, 2, 3])
    places = Places(
        {"small": Place("small", capacity={"neurons": 6}),
         "large": Place("large", capacity={"neurons": 6})}
    )  # fmt: skip
    placed = PlaceNodes(places)(graph)
    assert placed.nodes["p0"].place != placed.nodes["p1"].place
    assert len({placed.nodes[f"p{i}"].place for i in (1, 2, 3)}) == 1


def test_no_place_is_idle_while_there_are_populations() -> None:
    graph = network([100, 3, 2], [(0, 1, 0), (1, 2, 0)])
    placed = PlaceNodes(over("a", "b", "c"))(graph)
    assert sorted(places_of(placed).values()) == ["a", "b", "c"]


def test_what_gives_no_spikes_is_with_its_readers() -> None:
    nodes = [
        Node("in", Input((2,))),
        Node("pa", Threshold(np.ones(2))),
        Node("li", neurons("li", 2)),
        Node("w", Affine(np.eye(2), np.zeros(2))),
        Node("pb", neurons("lif", 2)),
        Node("out", Output((2,))),
    ]
    edges = [("in", "pa"), ("pa", "li"), ("li", "w"), ("w", "pb"), ("pb", "out")]
    graph = Graph.of("net", nodes, edges)
    placed = PlaceNodes(over("a", "b"), {"pa": 1.0})(graph)
    assert len({placed.nodes[n].place for n in ("li", "w", "pb", "out")}) == 1
    assert placed.nodes["pa"].place != placed.nodes["pb"].place


def test_an_output_of_several_populations_is_with_the_last_of_the_tick() -> None:
    graph = network([2, 2], [(0, 1, 0)])
    graph = graph.replace(edges=(*graph.edges, Edge("p0", "out1")))
    placed = PlaceNodes(over("a", "b"))(graph)
    assert placed.nodes["out1"].place == placed.nodes["p1"].place != placed.nodes["p0"].place


# --- against every assignment


def optimum(
    sizes: Sequence[int],
    joins: Sequence[tuple[int, int, int]],
    rates: Sequence[float],
    places: int,
    neurons: int,
) -> float | None:
    """Least spikes sent when each place holds at most ``neurons`` and none is idle."""
    best = None
    for at in itertools.product(range(places), repeat=len(sizes)):
        held = np.bincount(at, sizes, places)
        if held.max() > neurons or held.min() == 0 or cyclic(joins, at):
            continue
        cost = sent(joins, rates, at)
        best = cost if best is None else min(best, cost)
    return best


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("delay", [0, 1])
def test_tiny_networks_are_placed_as_well_as_can_be(seed: int, delay: int) -> None:
    rng = np.random.default_rng(seed)
    sizes, rates = [1] * 6, rng.integers(1, 20, 6).tolist()
    joins = random_joins(rng, 6, 9, delay)
    found = optimum(sizes, joins, rates, 2, 3)
    traffic = {f"p{i}": float(r) for i, r in enumerate(rates)}
    step = PlaceNodes(over("a", "b", neurons=3), traffic)
    assert found is not None
    assert cut_traffic(step(network(sizes, joins)), traffic) == found


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("delay", [0, 1])
def test_what_is_not_tried_out_is_near_the_optimum(seed: int, delay: int) -> None:
    rng = np.random.default_rng(seed)
    count = 13  # 2 ** 13 assignments are more than are tried
    sizes, rates = [1] * count, rng.integers(1, 20, count).tolist()
    joins = random_joins(rng, count, 24, delay)
    found = optimum(sizes, joins, rates, 2, 7)
    traffic = {f"p{i}": float(r) for i, r in enumerate(rates)}
    step = PlaceNodes(over("a", "b", neurons=7), traffic)
    assert found is not None
    cost = cut_traffic(step(network(sizes, joins)), traffic)
    assert found <= cost <= 1.1 * found


def random_joins(
    rng: np.random.Generator, count: int, joins: int, delay: int
) -> list[tuple[int, int, int]]:
    """Joins to later populations; with a delay, to any."""
    pairs = [(a, b) for a in range(count) for b in range(count) if a != b and (delay or a < b)]
    chosen = sorted(rng.choice(len(pairs), joins, replace=False))
    return [(*pairs[i], delay) for i in chosen]


@st.composite
def problems(draw: st.DrawFn) -> tuple[list[int], list[tuple[int, int, int]], list[int], int]:
    count = draw(st.integers(2, 24))
    sizes = draw(st.lists(st.integers(1, 9), min_size=count, max_size=count))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    joins = []
    for a, b in {tuple(rng.integers(0, count, 2).tolist()) for _ in range(3 * count)}:
        joins.append((a, b, 0 if a < b and rng.random() < 0.6 else int(rng.integers(1, 4))))
    rates = rng.integers(0, 30, count).tolist()
    return sizes, joins, rates, draw(st.integers(1, 4))


@settings(max_examples=60, deadline=None)
@given(problems(), st.integers(0, 30), st.dictionaries(st.integers(0, 23), st.integers(0, 3)))
def test_capacities_pins_and_the_tick_are_kept(
    problem: tuple[list[int], list[tuple[int, int, int]], list[int], int],
    room: int,
    wanted: dict[int, int],
) -> None:
    sizes, joins, rates, k = problem
    names = "abcd"[:k]
    pins = {f"p{i}": names[p] for i, p in wanted.items() if i < len(sizes) and p < k}
    neurons, synapses = -(-sum(sizes) // k) + room, 10 ** (1 + room % 4)
    graph = pinned(network(sizes, joins), pins)
    traffic = {f"p{i}": float(r) for i, r in enumerate(rates)}
    step = PlaceNodes(over(*names, neurons=neurons, synapses=synapses), traffic)
    try:
        placed = step(graph)
    except PartitionError as error:
        assert str(error).endswith(".")
        return
    at = [names.index(placed.nodes[f"p{i}"].place) for i in range(len(sizes))]
    assert max(np.bincount(at, sizes, k)) <= neurons
    held = np.zeros(k)
    for node in placed.nodes_of(Affine):
        held[names.index(node.place)] += node.op.weight.size
    assert max(held) <= synapses
    assert not cyclic(joins, at)
    assert all(placed.nodes[n].place == p for n, p in pins.items())
    assert cut_traffic(placed, traffic) == sent(joins, rates, at)
    assert all(node.place for node in placed.nodes.values())
    for edge in placed.edges:
        ends = placed.nodes[edge.source], placed.nodes[edge.target]
        if not isinstance(ends[0].op, (Neurons, Input)):
            assert ends[0].place == ends[1].place


def clustered(groups: int, each: int) -> tuple[Graph, dict[str, float]]:
    """Groups that talk much among themselves and little to the next."""
    rng = np.random.default_rng(2)
    count = groups * each
    joins = {(i, (i + 1) % count, 1) for i in range(count)}
    for i in range(count):
        first = i // each * each
        joins |= {(i, int(first + j), 1) for j in rng.integers(0, each, 4)}
    graph = network([2] * count, sorted(j for j in joins if j[0] != j[1]))
    return graph, {f"p{i}": float(rng.integers(1, 9)) for i in range(count)}


def test_the_partitioner_finds_groups_and_the_result_depends_on_the_seed_alone() -> None:
    graph, traffic = clustered(4, 10)
    step = PlaceNodes(over("a", "b", "c", "d"), traffic, imbalance=0.5)
    placed = step(graph)
    between = sum(traffic[f"p{i}"] for i in (9, 19, 29, 39))
    assert cut_traffic(placed, traffic) <= partitioner_cut(step, graph) <= between
    assert step(graph) == placed
    rival = random_placement(step, graph, 3)
    assert cut_traffic(graph, traffic, rival) > 4 * between
    counts = np.unique([rival[f"p{i}"] for i in range(40)], return_counts=True)[1]
    assert counts.min() >= 9


# --- sentences


def test_the_settings_cut_as_well_as_the_partitioners_own() -> None:
    """They are quicker; what they cost is at most a twentieth of the cut, here and measured."""
    rng = np.random.default_rng(1)
    near = np.rint(rng.normal(0, 12, (600, 6))).astype(int) + np.arange(600)[:, None]
    joins = sorted(
        {(int(a) % 600, b, 1) for b, row in enumerate(near) for a in row if a % 600 != b}
    )
    graph = network([1] * 600, joins)
    problem = PlaceNodes(over("a", "b", "c", "d"))._problem(graph)
    (found, cut), (again, same) = (next(partitions(problem, seed=1)) for _ in range(2))
    assert cut == same and (found == again).all()
    library, initializer = _initialised()
    context = initializer.context_from_preset(library.PresetType.DETERMINISTIC)
    context.set_partitioning_parameters(4, problem.imbalance, library.Objective.KM1)
    context.logging = False
    nets = [list(pins) for pins in problem.clusters.nets]
    load = np.rint(problem.needs.load.mean(axis=0) * 1_000_000).astype(int).tolist()
    whole = initializer.create_hypergraph(context, 600, len(nets), nets, load, [1] * len(nets))
    assert cut <= 1.05 * whole.partition(context).km1()


def refused(step: PlaceNodes, graph: Graph) -> str:
    with pytest.raises(PartitionError) as caught:
        step(graph)
    return str(caught.value)


def test_a_population_too_large_for_every_place() -> None:
    graph = network([4, 9], [(0, 1, 0)])
    places = Places({"a": Place("a", capacity={"neurons": 5}),
                     "b": Place("b", capacity={"neurons": 8})})  # fmt: skip
    assert refused(PlaceNodes(places), graph) == (
        "Population 'p1' with its synapses needs 9 neurons, the largest place 'b' holds 8; split "
        "the population, or raise that capacity."
    )
    assert refused(PlaceNodes(places), pinned(graph, {"p0": "a", "p1": "a"})) == (
        "Place 'a' is too small: it would have to hold 13 neurons, its capacity is 5 (a 13 of 5, "
        "b 0 of 8); raise it, split a population or add a place."
    )


def test_places_too_small_together() -> None:
    graph = network([4, 4, 4], [(0, 1, 0), (1, 2, 0)])
    assert refused(PlaceNodes(over("a", "b", neurons=5)), graph) == (
        "The network needs 12 neurons, the places hold 10 together (a 5, b 5); raise their "
        "capacities or add a place."
    )
    # 8 + 32 + 32 synapses fit two places of 40, 12 neurons of 7 do not with them.
    assert refused(PlaceNodes(over("a", "b", neurons=7, synapses=40)), graph) == (
        "Place 'a' is too small: it would have to hold 8 neurons, its capacity is 7 (a 8 of 7, "
        "b 4 of 7); raise it, split a population or add a place."
    )


def test_one_place_too_small() -> None:
    graph = network([4, 4], [(0, 1, 0)])
    assert refused(PlaceNodes(over("a", synapses=20)), graph) == (
        "Place 'a' is too small: it would have to hold 24 synapses, its capacity is 20 (a 24 of "
        "20); raise it, split a population or add a place."
    )


def test_areas_are_needed_where_they_are_limited() -> None:
    graph = network([4, 4], [(0, 1, 0)])
    chip = Place("chip", "chip", target="ice40-hx8k", capacity={"luts": 1000})
    places = Places({"chip": chip, "host": Place("host")})
    assert refused(PlaceNodes(places), graph) == (
        "Place 'chip' holds at most 1000 luts, but how many 'p0' takes there is not known; give "
        "its area, or leave luts out of the place's capacity."
    )
    areas = {"chip": {"p0": {"luts": 900.0}, "p1": {"luts": 400.5}}}
    assert sorted(places_of(PlaceNodes(places, areas=areas)(graph)).values()) == ["chip", "host"]
    assert refused(
        PlaceNodes(places, areas=areas, assignment={"p0": "chip", "p1": "chip"}), graph
    ) == (
        "Place 'chip' is too small: it would have to hold 1300.5 luts, its capacity is 1000 "
        "(chip 1300.5 of 1000, host 0 of any number); raise it, split a population or add a place."
    )


def test_places_that_wait_for_one_another() -> None:
    graph = network([2, 2, 2], [(0, 1, 0), (1, 2, 0)])
    at = {"p0": "a", "p1": "b", "p2": "a"}
    assert refused(PlaceNodes(over("a", "b"), assignment=at), graph) == (
        "Places a -> b -> a wait for one another within a tick, over the edges p0 -> w0_1 (a to "
        "b), p1 -> w1_2 (b to a); raise the delay of one of them to at least one tick, or put "
        "their nodes at one place."
    )
    assert refused(PlaceNodes(over("a", "b")), pinned(graph, at)).startswith("Places a -> b -> a")
    longer = network([2] * 4, [(0, 1, 0), (1, 2, 0), (2, 3, 0)])
    assert refused(PlaceNodes(over("a", "b")), pinned(longer, at)) == (
        "The nodes whose place is given make places wait for one another within a tick: a -> b -> "
        "a; give an edge between them a delay of at least one tick, or give the nodes one place."
    )
    late = network([2, 2, 2], [(0, 1, 0), (1, 2, 1)])
    assert places_of(PlaceNodes(over("a", "b"), assignment=at)(late)) == at


@pytest.mark.parametrize(
    ("pins", "sentence"),
    [
        (
            {"p0": "c"},
            "Node 'p0' is to run at place 'c', which does not exist; there are a, b.",
        ),
        (
            {"w0_1": "a", "p1": "b"},
            "Node 'p1' is to run at place 'b' and 'w0_1' at 'a', but these two are joined by more "
            "than spikes that take a tick, which alone can pass between places; give them one "
            "place, or a delay of a tick between them.",
        ),
    ],
)
def test_pins_that_cannot_be(pins: Mapping[str, str], sentence: str) -> None:
    graph = network([2, 2], [(0, 1, 0)])
    assert refused(PlaceNodes(over("a", "b")), pinned(graph, pins)) == sentence


def test_other_sentences() -> None:
    graph = network([2, 2], [(0, 1, 0)])
    both = over("a", "b")
    assert refused(PlaceNodes(both, assignment={"p0": "a"}), graph) == (
        "The assignment names no place for 'p1'; it must name one for every population, or leave "
        "all of them to be found."
    )
    assert refused(PlaceNodes(both, assignment={"p00": "a"}), graph) == (
        "Node 'p00' is assigned to place 'a', but there is no such node; did you mean 'p0'?"
    )
    assert refused(PlaceNodes(both, {"p1": 1.0}), graph) == (
        "The traffic of population 'p0' is not known; measure it on this graph, or give no traffic "
        "at all."
    )
    assert refused(PlaceNodes(both, {"p0": float("nan")}), graph) == (
        "The traffic of population 'p0' is nan; it must be a number of spikes per tick from 0."
    )
    with pytest.raises(PartitionError, match=r"^There is no place; a network needs at least one"):
        PlaceNodes(Places({}))
    with pytest.raises(SCConfigError, match=r"^imbalance is -1; it must be a number from 0$"):
        PlaceNodes(both, imbalance=-1)
    with pytest.raises(PartitionError, match=r"^Node 'w_in' has no place; run PlaceNodes first\.$"):
        cut_traffic(graph, {})


def test_the_partitioner_is_needed_only_where_it_is_used() -> None:
    script = """
import sys
sys.modules["mtkahypar"] = None
from tests.ir.passes.test_place_nodes import *
graph, traffic = clustered(4, 10)
at = {f"p{i}": "ab"[i // 20] for i in range(40)}
assert places_of(PlaceNodes(over("a", "b"), traffic, assignment=at)(graph)) == at
PlaceNodes(over("a"), traffic)(graph)
PlaceNodes(over("a", "b"))(network([2, 2], [(0, 1, 0)]))
PlaceNodes(over("a", "b"), traffic)(graph)
"""
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.stderr.rstrip().endswith(
        "SCDependencyError: placing a network needs mtkahypar; run `pip install "
        "'sc-neurocore[partition]'`, or name the place of every node"
    )
