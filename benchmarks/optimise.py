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
import os
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from machine import write_results
from sc_neurocore.build.network import NetworkOptions, NetworkSource, read_network
from sc_neurocore.cost import LayerShape, cost_model, layer_luts
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir
from sc_neurocore.optimizer.search import (
    Budget,
    Candidate,
    Figure,
    Frame,
    LayerSpace,
    Limits,
    Numerics,
    SearchOptions,
    SearchSpace,
    choose_layers,
    make_budget,
    measure,
)
from sc_neurocore.optimizer.search._evaluate import Evaluator
from sc_neurocore.optimizer.search._measure import engine_sources
from sc_neurocore.optimizer.search._optimise import _Run
from sc_neurocore.optimizer.search._programme import stack_options
from sc_neurocore.optimizer.search._propose import EQUAL, GAP
from sc_neurocore.optimizer.search._report import describe
from sc_neurocore.optimizer.search._select import choose
from sc_neurocore.optimizer.search._space import BITS, LENGTHS, SIMDS, shared_sources
from sc_neurocore.toolchain import get_target

RUNS = 4
ROOT = Path(__file__).resolve().parent.parent


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


class Study:
    """One case: every configuration measured, and the optimiser asked about it."""

    def __init__(self, case: Case, store: EvidenceStore, scratch: Path) -> None:
        self.case, self.store = case, store
        self.source = source_of(case, scratch)
        self.run = self._run(SearchOptions(make_budget({"luts": 1}), case.target, case.data))
        self.space = space_of(case, self.run.evaluator)
        self.run.pool.extend(self.space.configurations(), case.name)
        self.table = [self._measured(c) for c in self.run.pool.candidates]

    def _run(self, options: SearchOptions) -> _Run:
        return _Run(self.source, options, cost_model(), self.store, lambda _: None)

    def _measured(self, candidate: Candidate) -> Candidate:
        evaluator = self.run.evaluator
        network = evaluator.network(candidate.configuration)
        foldings = evaluator.foldings(candidate.configuration)
        found = measure(
            *engine_sources(network, foldings), get_target(self.case.target), self.store
        )
        figures = {
            "accuracy": Figure.exact(candidate.score.share, "executed"),
            "clocks": Figure.exact(candidate.clocks.worst, "executed"),
            "fmax_mhz": Figure.exact(0.0, "estimated"),
        }
        print(self.case.name, describe(candidate.configuration), candidate.score.share,
              candidate.clocks.worst, found.luts, found.brams, found.fmax_mhz, found.failure,
              file=sys.stderr, flush=True)  # fmt: skip
        low, high = candidate.score.interval
        figures["accuracy"] = Figure(candidate.score.share, low, high, "executed")
        return replace(candidate, measured=found, predicted=figures)

    def ask(self, budget: Budget, objective: str, runs: int) -> tuple[Candidate | None, int]:
        """What the optimiser chooses, as it was measured, and the runs that it spent."""
        run = self._run(SearchOptions(budget, self.case.target, self.case.data, runs, objective))
        run.evaluator, run.pool = self.run.evaluator, self.run.pool
        found = run.search(self.space)
        if found.chosen is None:
            return None, len(found.rounds)
        by_configuration = {c.configuration: c for c in self.table}
        return by_configuration[found.chosen.configuration], len(found.rounds)


def budgets(study: Study, count: int, rng: np.random.Generator) -> list[tuple[Budget, str]]:
    """Random budgets that at least one measured configuration is inside of."""
    found = []
    for number in range(count):
        anchor = study.table[int(rng.integers(len(study.table)))].figures
        objective = ("luts", "latency_us")[number % 2]
        limits = {
            key: float(anchor[key].value * rng.uniform(1.0, 1.4))
            for key in ("luts", "latency_us")
            if key != objective or rng.random() < 0.5
        }
        if study.case.data is not None and rng.random() < 0.5:
            limits["accuracy"] = float(anchor["accuracy"].low * rng.uniform(0.95, 1.0))
        found.append((make_budget(limits), objective))
    return found


def judge(study: Study, count: int, seed: int) -> list[dict[str, object]]:
    """A row per budget: what was chosen without and with runs, against the best measured."""
    rows = []
    for budget, objective in budgets(study, count, np.random.default_rng(seed)):
        best = choose(study.table, budget, objective)
        assert best is not None
        row: dict[str, object] = {
            "network": study.case.name, "budget": budget.as_dict(), "objective": objective,
            "best": best.figures[objective].value,
        }  # fmt: skip
        for runs in (0, RUNS):
            chosen, spent = study.ask(budget, objective, runs)
            row[f"runs_{runs}"] = _judged(study, budget, objective, best, chosen) | {"spent": spent}
        print(json.dumps(row), file=sys.stderr, flush=True)
        rows.append(row)
    return rows


def _judged(
    study: Study, budget: Budget, objective: str, best: Candidate, chosen: Candidate | None
) -> dict[str, object]:
    """One answer against the measured table.

    An answer may be better than the best by the objective where it is less accurate than the best
    may be: that counts against it.
    """
    if chosen is None:
        return {"answered": False, "inside": None, "as_accurate": None, "gap": None}
    most = max(c.score.share for c in study.table if budget.inside(c.figures))
    return {
        "answered": True,
        "inside": budget.inside(chosen.figures),
        "as_accurate": "accuracy" in budget.keys or chosen.score.share >= most - EQUAL - 1e-12,
        "gap": chosen.figures[objective].value / best.figures[objective].value - 1.0,
    }


def summary(rows: list[dict[str, object]], runs: int) -> dict[str, object]:
    """Shares and gaps over all budgets."""
    found = [row[f"runs_{runs}"] for row in rows]
    answered = [r for r in found if r["answered"]]
    inside = [r for r in answered if r["inside"]]
    gaps = [r["gap"] for r in inside]
    good = [r for r in inside if r["as_accurate"] and r["gap"] <= 0.05]
    return {
        "budgets": len(found),
        "answered": len(answered),
        "inside": len(inside),
        "inside_of_answered": len(inside) / max(1, len(answered)),
        "gap_median": float(np.median(gaps)),
        "gap_mean": float(np.mean(gaps)),
        "gap_p90": float(np.quantile(gaps, 0.9)),
        "as_accurate": sum(r["as_accurate"] for r in inside),
        "as_accurate_and_within_5_percent": len(good),
        "runs_spent_mean": float(np.mean([r["spent"] for r in found])),
    }


def programme_time() -> dict[str, object]:
    """The integer programme of a 20-layer network over the full grid, without simulation."""
    rng = np.random.default_rng(0)
    sizes = [int(n) for n in rng.integers(16, 257, 21)]
    layers, shapes = [], 0
    started = time.perf_counter()
    for fan_in, size in itertools.pairwise(sizes):
        rows, own = [], []
        words = {1 << k for k in range(size.bit_length())} | {size}
        for bits, length in itertools.product(BITS, LENGTHS):
            if length > 1 << bits:
                continue
            loss = 0.02 * 2.0**-bits + (0.01 / length if length > 1 else 0.0)
            for pe, simd in itertools.product(sorted({-(-size // w) for w in words}), SIMDS):
                own.append(LayerShape(size, fan_in, bits, pe, simd,
                                      "fixed" if length == 1 else "stochastic", length,
                                      bits + 8, 14, 60.0))  # fmt: skip
                clocks = -(-fan_in // simd) * 0.6 * -(-size // pe) * length + size
                rows.append((-(-pe * simd * bits // 16) + 2, clocks, loss, simd,
                             sizes[0] / simd if not layers else 0.0))  # fmt: skip
        brams, clocks, losses, simds, entering = zip(*rows, strict=True)
        luts = layer_luts(own, "ecp5")
        layers.append(stack_options(luts, brams, clocks, losses, simds, entering))
        shapes += len(own)
    built = time.perf_counter() - started
    groups = [(k,) for k in range(20)]
    smallest = choose_layers(layers, groups, 16, "luts", Limits(), gap=GAP)[0]
    times = []
    for share in (0.5, 0.2, 0.1):
        limits = Limits(clocks=share * smallest.clocks, loss=0.06)
        begun, worked = time.perf_counter(), time.process_time()
        found = choose_layers(layers, groups, 16, "luts", limits, gap=GAP)
        times.append({"clocks_share": share, "seconds": time.perf_counter() - begun,
                      "processor_seconds": time.process_time() - worked,
                      "luts": found[0].luts if found else None})  # fmt: skip
    return {"layers": 20, "options": shapes, "gap": GAP, "seconds_to_cost": built,
            "load_average": os.getloadavg()[0], "solved": times}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--enumerate", action="store_true", help="only fill the evidence store")
    parser.add_argument("--budgets", type=int, default=24, help="random budgets per network")
    arguments = parser.parse_args()
    store, rows, networks = EvidenceStore(), [], []
    with tempfile.TemporaryDirectory() as scratch:
        for seed, case in enumerate(CASES):
            study = Study(case, store, Path(scratch))
            if arguments.enumerate:
                continue
            networks.append({"name": case.name, "target": case.target,
                             "configurations": len(study.table)})  # fmt: skip
            rows += judge(study, arguments.budgets, seed)
    if arguments.enumerate:
        return
    result = {
        "networks": networks,
        "cost_model": cost_model().version,
        "without_runs": summary(rows, 0),
        f"with_{RUNS}_runs": summary(rows, RUNS),
        "programme": programme_time(),
        "rows": rows,
    }
    write_results("optimise", result)
    print(json.dumps({k: v for k, v in result.items() if k != "rows"}, indent=2))


if __name__ == "__main__":
    main()
