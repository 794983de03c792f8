"""The partition compiler: time against edges, spikes sent against bounds and random placement.

Run ``python benchmarks/partition.py``; it writes ``benchmarks/results/partition.json``. Times are
of one process on one core; besides the wall clock, the processor's time is given, which other work
on the machine lengthens less.
"""

from __future__ import annotations

import gc
import itertools
import json
import platform
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from machine import processor, write_results
from sc_neurocore.ir import (
    Affine,
    Edge,
    Graph,
    Input,
    Neurons,
    Node,
    Output,
    Place,
    PlaceNodes,
    Places,
    cut_traffic,
    partitioner_cut,
    random_placement,
)
from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.partition import PlacesFile, compile_partitions, measure_traffic

#: Edges of the graphs that are compiled, and the goal for the largest.
EDGES, GOAL_S = (10_000, 100_000, 1_000_000), 60.0
#: Edges into the linear operation of each population.
FAN_IN = 9
SEED = 1
TICKS = 200


def main() -> None:
    """Measure everything and write the results."""
    results = {
        "machine": f"{processor()}, Python {platform.python_version()}",
        "compile": compile_times(),
        "cut": [cut_of(delay, k) for delay in (1, 0) for k in (2, 4, 8)],
        "small": [against_optimum(delay) for delay in (1, 0)],
    }
    write_results("partition", results)
    print(json.dumps(results, indent=1))


def local_network(populations: int, size: int, delay: int, drive: float = 0.0) -> Graph:
    """Populations on a ring that read their neighbours, and a tenth of the time anyone.

    Args:
        populations: number.
        size: neurons of each.
        delay: ticks of every edge between them; 0 keeps only edges to later populations.
        drive: of the input, which every twentieth population reads.
    """
    rng = np.random.default_rng(SEED)
    every = np.ones(size)
    lif = Neurons("lif", {"tau": 4e-3 * every, "r": every, "v_leak": 0 * every,
                          "v_threshold": every}, (size,))  # fmt: skip
    fan_in = min(FAN_IN, populations - 1)
    shared = Affine(rng.normal(0.35, 0.5, (size, size)), np.zeros(size))
    entering = Affine(np.full((size, 1), drive), np.zeros(size))
    nodes, edges = [Node("in", Input((1,)))], []
    for i in range(populations):
        nodes.append(Node(f"p{i}", lif))
        near = i + np.rint(rng.normal(0, populations**0.5, 4 * fan_in)).astype(int)
        far = rng.integers(0, populations, 4 * fan_in)
        drawn = np.where(rng.random(4 * fan_in) < 0.9, near % populations, far).tolist()
        sources = [j for j in dict.fromkeys(drawn) if j != i and (delay or j < i)][:fan_in]
        if sources:
            nodes.append(Node(f"w{i}", shared))
            edges += [Edge(f"p{j}", f"w{i}", delay=delay) for j in sorted(sources)]
            edges.append(Edge(f"w{i}", f"p{i}"))
        if i % 20 == 0 or not sources:
            nodes.append(Node(f"e{i}", entering))
            edges += [Edge("in", f"e{i}"), Edge(f"e{i}", f"p{i}")]
    nodes.append(Node("out", Output((size,))))
    edges.append(Edge(f"p{populations - 1}", "out"))
    return Graph.of("local", nodes, edges, 1e-3)


def places(count: int) -> Places:
    """So many processes without limits."""
    names = [f"place{i}" for i in range(count)]
    return Places({name: Place(name) for name in names}, seed=SEED)


def compile_times() -> dict[str, Any]:
    """All passes, four places, edges of one tick."""
    rows = []
    for edges in EDGES:
        gc.collect()
        started = clocks()
        graph = local_network(edges // (FAN_IN + 1), 1, 1)
        built = clocks()
        network = SCNetwork(graph)
        ready = clocks()
        marks: list[tuple[str, tuple[float, float]]] = []
        parts = compile_partitions(
            network,
            PlacesFile(places(4)),
            progress=lambda name, marks=marks: marks.append((name, clocks())),
        )
        marks.append(("", clocks()))
        each = {
            name: round(after[0] - before[0], 2)
            for (name, before), (_, after) in itertools.pairwise(marks)
        }
        rows.append(
            {
                "edges": len(graph.edges),
                "populations": len(graph.nodes_of(Neurons)),
                "crossings": len(parts.crossings),
                "making_the_graph_s": round(built[0] - started[0], 2),
                "network_s": round(ready[0] - built[0], 2),
                "passes_s": round(marks[-1][1][0] - ready[0], 2),
                "passes_processor_s": round(marks[-1][1][1] - ready[1], 2),
                "each_s": each,
            }
        )
        print(json.dumps(rows[-1]), flush=True)
        del graph, network, parts
    x = np.log([row["edges"] for row in rows])
    y = np.log([row["passes_processor_s"] for row in rows])
    return {
        "word": "measured",
        "rows": rows,
        "goal": {"edges": EDGES[-1], "seconds": GOAL_S},
        "exponent": round(float(np.polyfit(x, y, 1)[0]), 3),
    }


def clocks() -> tuple[float, float]:
    """Wall clock and processor time, in seconds."""
    return time.perf_counter(), time.process_time()


def cut_of(delay: int, count: int) -> dict[str, Any]:
    """Spikes sent per tick by a network of 400 populations, its traffic simulated."""
    graph = local_network(400, 4, delay, drive=3.0)
    network = SCNetwork(graph)
    pulses = (np.random.default_rng(SEED).random((TICKS, 1)) < 0.7).astype(float)
    traffic = measure_traffic(network, pulses)
    step = PlaceNodes(places(count), traffic)
    started = time.perf_counter()
    placed = step(network.flat)
    seconds = time.perf_counter() - started
    sent = cut_traffic(placed, traffic)
    bound = partitioner_cut(step, network.flat)
    rivals = [
        cut_traffic(network.flat, traffic, random_placement(step, network.flat, seed))
        for seed in range(10)
    ]
    return {
        "word": "executed",
        "delay": delay,
        "places": count,
        "populations": 400,
        "spikes_per_tick": round(sum(traffic[n.id] for n in network.flat.nodes_of(Neurons)), 2),
        "sent_per_tick": round(sent, 3),
        "partitioner_reports": round(bound, 3),
        "over_partitioner": round(sent / bound - 1, 4),
        "random_mean": round(float(np.mean(rivals)), 3),
        "of_random": round(sent / float(np.mean(rivals)), 4),
        "seconds": round(seconds, 2),
        "goal_over_partitioner": 0.1,
    }


def against_optimum(delay: int) -> dict[str, Any]:
    """Networks of 14 populations over two places, against every assignment that is allowed.

    That many are too many for the pass to try every assignment itself.
    """
    ratios = []
    for seed in range(30):
        rng = np.random.default_rng(seed)
        joins = drawn_joins(rng, 14, 26, delay)
        traffic = {f"p{i}": float(r) for i, r in enumerate(rng.integers(1, 50, 14))}
        graph = small_network(14, joins, delay)
        pair = Places({n: Place(n, capacity={"neurons": 7}) for n in "ab"}, seed=SEED)
        sent = cut_traffic(PlaceNodes(pair, traffic)(graph), traffic)
        best = optimum(joins, np.array(list(traffic.values())), 14, 7, delay)
        ratios.append(sent / best if best else 1.0)
    return {
        "word": "executed",
        "delay": delay,
        "networks": len(ratios),
        "optimal": sum(ratio < 1 + 1e-9 for ratio in ratios),
        "mean_over_optimum": round(float(np.mean(ratios)) - 1, 4),
        "worst_over_optimum": round(max(ratios) - 1, 4),
    }


def drawn_joins(
    rng: np.random.Generator, count: int, joins: int, delay: int
) -> list[tuple[int, int]]:
    """Pairs of populations; without a delay, only from earlier to later ones."""
    pairs = [p for p in itertools.permutations(range(count), 2) if delay or p[0] < p[1]]
    return [pairs[i] for i in sorted(rng.choice(len(pairs), joins, replace=False))]


def small_network(count: int, joins: Sequence[tuple[int, int]], delay: int) -> Graph:
    """Populations of one neuron, all reading the input."""
    one = np.ones(1)
    lif = Neurons("lif", {"tau": one, "r": one, "v_leak": 0 * one, "v_threshold": one}, (1,))
    nodes: list[Node] = [Node("in", Input((1,))), Node("out", Output((1,)))]
    edges = [Edge(f"p{count - 1}", "out")]
    for i in range(count):
        nodes += [Node(f"e{i}", Affine(np.ones((1, 1)), np.zeros(1))), Node(f"p{i}", lif)]
        edges += [Edge("in", f"e{i}"), Edge(f"e{i}", f"p{i}")]
    edges += [Edge(f"p{a}", f"e{b}", delay=delay) for a, b in joins]
    return Graph.of("small", nodes, edges, 1e-3)


def optimum(
    joins: Sequence[tuple[int, int]], rates: np.ndarray, count: int, room: int, delay: int
) -> float:
    """Least spikes sent over two places that hold ``room`` populations each.

    Without a delay, the places must not wait for one another.
    """
    at = (np.arange(2**count)[:, None] >> np.arange(count)) & 1
    at = at[(at.sum(axis=1) <= room) & (count - at.sum(axis=1) <= room)]
    sent = np.zeros(len(at))
    for i in range(count):
        targets = [b for a, b in joins if a == i]
        if targets:
            sent += rates[i] * (at[:, targets] != at[:, [i]]).any(axis=1)
    forward = np.zeros(len(at), bool)
    back = np.zeros(len(at), bool)
    for a, b in joins if not delay else ():
        forward |= at[:, a] < at[:, b]
        back |= at[:, a] > at[:, b]
    return float(sent[~(forward & back)].min())


if __name__ == "__main__":
    main()
