"""Is what the optimiser chooses inside its budget, and how far is it from the best there is?

Three networks, each with a space small enough to synthesise whole: digits-small, and two networks
with weights from a seed. Every configuration is placed and routed once; then the optimiser is
asked under random budgets, without and with runs of its own, and its choices are judged by the
measured table. Run ``python benchmarks/optimise.py``; it resumes from the evidence store.
"""

from __future__ import annotations

import argparse
import itertools
import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sc_neurocore.build.network import NetworkOptions, NetworkSource, read_network
from sc_neurocore.datasets import load_dataset
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir
from sc_neurocore.optimizer.search._evaluate import Evaluator
from sc_neurocore.optimizer.search._measure import Measured, engine_sources, measure
from sc_neurocore.optimizer.search._space import (
    Frame,
    LayerSpace,
    Numerics,
    SearchSpace,
    shared_sources,
)
from sc_neurocore.toolchain import get_target

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "benchmarks" / "results" / "optimise.json"


@dataclass(frozen=True)
class Case:
    """A network, its device and a space to enumerate.

    Attributes:
        name: in words.
        target: the device.
        data: name of the data set, or ``None``: then accuracy is agreement with the float network.
        layers: per layer numerics as (bits, length), PEs and SIMDs.
    """

    name: str
    target: str
    data: str | None
    layers: tuple[tuple[tuple[tuple[int, int], ...], tuple[int, ...], tuple[int, ...]], ...]


CASES = (
    Case("digits-small", "ice40-hx8k", "digits", (
        (((4, 1), (4, 8)), (1, 8), (1, 4)),
        (((3, 1), (4, 1)), (1,), (1, 2, 4)),
    )),
    Case("random-40-24-6", "ice40-hx8k", None, (
        (((3, 1), (6, 1)), (1, 4), (1, 2, 4)),
        (((5, 1), (5, 16)), (1, 3), (1,)),
    )),
    Case("random-20-48-12-8", "ecp5-25k", None, (
        (((4, 1),), (1,), (1, 4)),
        (((4, 1), (5, 16)), (1, 6), (1, 4)),
        (((6, 1),), (1,), (1, 2, 4)),
    )),
)  # fmt: skip


def lif(size: int) -> Neurons:
    every = np.ones(size)
    parameters = {"tau": 8e-3 * every, "r": 8 * every, "v_leak": 0 * every, "v_threshold": every}
    return Neurons("lif", parameters, (size,))


def random_graph(name: str, sizes: list[int], seed: int) -> Graph:
    """Dense layers of LIF neurons whose weights are drawn from a normal distribution."""
    rng = np.random.default_rng(seed)
    nodes = [Node("input", Input((sizes[0],)))]
    for k, (before, after) in enumerate(itertools.pairwise(sizes), 1):
        weight = rng.normal(0.6 / before, 1.2 / np.sqrt(before), (after, before))
        nodes += [Node(f"fc{k}", Affine(weight, np.zeros(after))), Node(f"lif{k}", lif(after))]
    nodes.append(Node("output", Output((sizes[-1],))))
    settings = {"ticks": 16, "coding": "rate", "input_bits": 4, "dt": 1e-3, "reset": "subtract",
                "reset_when": "same_tick", "weight_bits": 6}  # fmt: skip
    edges = list(itertools.pairwise([node.id for node in nodes]))
    return Graph.of(name, nodes, edges, 1e-3, {"sc_neurocore": json.dumps(settings)})


def source_of(case: Case, scratch: Path) -> NetworkSource:
    """The network of a case."""
    if not case.name.startswith("random"):
        path = ROOT / "examples" / "digits" / f"{case.name}.nir"
    else:
        sizes = [int(n) for n in case.name.split("-")[1:]]
        path = scratch / f"{case.name.replace('-', '_')}.nir"
        write_nir(random_graph("net", sizes, seed=len(sizes) * 100 + sizes[0]), path)
    return read_network(path, NetworkOptions(data=case.data))


def space_of(case: Case, evaluator: Evaluator) -> SearchSpace:
    """The small space of a case."""
    layers = tuple(
        LayerSpace(name, tuple(Numerics(*n) for n in numerics), pes, simds)
        for name, (numerics, pes, simds) in zip(evaluator.names, case.layers, strict=True)
    )
    frame = Frame(16, "rate")
    return SearchSpace(layers, shared_sources(evaluator.real), (frame,), 4)


@dataclass(frozen=True)
class Row:
    """One configuration of a case, measured and executed."""

    accuracy: float
    accuracy_low: float
    clocks: int
    measured: Measured


def enumerate_case(case: Case, store: EvidenceStore, scratch: Path) -> Iterator[tuple[object, Row]]:
    """Every configuration of a case, really synthesised."""
    source = source_of(case, scratch)
    dataset = None if case.data is None else load_dataset(case.data)
    evaluator = Evaluator(source, dataset, reference=Frame(16, "rate"), input_bits=4, seed=1)
    space = space_of(case, evaluator)
    target = get_target(case.target)
    for number, made in enumerate(space.configurations(), 1):
        network = evaluator.network(made)
        score = evaluator.score(
            Frame(16, "rate"), tuple(Numerics(x.bits, x.length) for x in made.layers)
        )
        clocks = evaluator.clocks(made)
        found = measure(*engine_sources(network, evaluator.foldings(made)), target, store)
        row = Row(score.share, score.interval[0], clocks.worst, found)
        print(f"{case.name} {number}/{space.size}: {row.accuracy:.4f} {clocks.worst} clocks "
              f"{found.luts} LUTs {found.brams} BRAMs {found.fmax_mhz} MHz {found.failure}",
              file=sys.stderr, flush=True)  # fmt: skip
        yield made, row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--enumerate", action="store_true", help="only fill the evidence store")
    arguments = parser.parse_args()
    store = EvidenceStore()
    with tempfile.TemporaryDirectory() as scratch:
        for case in CASES:
            for _ in enumerate_case(case, store, Path(scratch)):
                pass
    if arguments.enumerate:
        return


if __name__ == "__main__":
    main()
