"""The choice of stream length, decorrelator and compute mode of every layer, within a budget.

Accuracy is executed (the bit-true model of the layer, `_product_error`), LUTs are estimated by the
cost model, power by counted switching to a stated factor; every figure carries its interval.
"""

from __future__ import annotations

import enum
import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._budget import (
    Totals,
    nearest_point,
    problem_of,
    totals_of,
    verdict_sentence,
    weights_of,
)
from sc_neurocore.optimizer._choices import (
    ACCURACY,
    LUTS,
    METRICS,
    POWER,
    Choices,
    folded_grid,
)
from sc_neurocore.optimizer._device import find_device
from sc_neurocore.optimizer._interval import BudgetCheck, Figure
from sc_neurocore.optimizer._layer_cost import how_good
from sc_neurocore.optimizer._profile import (
    HardwareBudget,
    LayerProfile,
    require_network,
    require_positive,
)
from sc_neurocore.optimizer._selection import (
    Problem,
    Reals,
    Selection,
    anneal,
    exact,
    greedy,
    pruned,
    undominated,
)
from sc_neurocore.optimizer._stochastic_layer import DecorrelationStrategy

__all__ = [
    "ComputeMode",
    "DecorrelationStrategy",
    "HardwareBudget",
    "LayerConfig",
    "LayerProfile",
    "OptimizerReport",
    "ParetoPoint",
    "SCOptimizer",
    "pareto_front",
]

#: Width of levels and of shift registers; `SurrogateSCOptimizer` chooses these too.
_PRECISION, _REGISTER = 8, 16
#: Prices of LUTs and of power over which the front is traced.
_PRICES = 24


class ComputeMode(enum.Enum):
    """How many passes form the products of a layer.

    Attributes:
        PARALLEL: one, with all products at once.
        FOLDED_4: four, each with a quarter of the products, through the same hardware.
        FOLDED_16: sixteen.
    """

    PARALLEL = 1
    FOLDED_4 = 4
    FOLDED_16 = 16

    def __str__(self) -> str:
        return "parallel" if self is ComputeMode.PARALLEL else f"folded by {self.value}"


@dataclass(frozen=True)
class LayerConfig:
    """What was chosen for a layer.

    Attributes:
        layer_id: which layer.
        bitstream_length: clocks of a stream.
        decorrelation: what makes the weights' streams independent of the inputs'.
        mode: passes.
        luts: of the layer, estimated.
        power_mw: dynamic power while it runs, estimated to a factor of 5.
        latency_cycles: clocks of all passes, the loading of levels included.
        accuracy: 1 less the rms error of the mean of its products, executed; the interval is the
            range over seeds.
    """

    layer_id: str
    bitstream_length: int
    decorrelation: DecorrelationStrategy
    mode: ComputeMode
    luts: Figure
    power_mw: Figure
    latency_cycles: Figure
    accuracy: Figure


@dataclass(frozen=True)
class ParetoPoint:
    """A network that no other one matches in LUTs, power and accuracy at once.

    Attributes:
        luts: of all layers.
        power_mw: of all layers.
        accuracy: weighted mean.
    """

    luts: float
    power_mw: float
    accuracy: float


@dataclass(frozen=True)
class OptimizerReport:
    """A configuration of the network and how it stands to the budget.

    Attributes:
        method: ``greedy``, ``annealing`` or ``exact``.
        layers: one configuration each; for a budget that cannot be met, the nearest ones.
        totals: of the network.
        checks: each limit and what stands against it, with its verdict.
        feasible: whether the upper end of LUTs, the middle of power and the latency are within the
            budget.
        gap: how much accuracy a better configuration could have at most, proven; None where the
            method proves nothing.
        pareto: the front of LUTs, power and accuracy over the configurations that the search saw,
            those beyond the budget included.
        verdict: one sentence.
        basis: how good the estimates are.
    """

    method: str
    layers: tuple[LayerConfig, ...]
    totals: Totals
    checks: tuple[BudgetCheck, ...]
    feasible: bool
    gap: float | None
    pareto: tuple[ParetoPoint, ...]
    verdict: str
    basis: str

    def summary(self) -> str:
        """The report for people, a line per layer."""
        rows = [
            f"  {c.layer_id}: {c.bitstream_length} clocks, {c.decorrelation.value}, {c.mode}, "
            f"LUTs {c.luts}, mW {c.power_mw}, clocks {c.latency_cycles}, accuracy {c.accuracy}"
            for c in self.layers
        ]
        proven = "" if self.gap is None else f"; proven at most {self.gap:.2g} below the best"
        return "\n".join(
            [
                self.verdict,
                f"accuracy {self.totals.accuracy}, by {self.method} selection{proven}",
                *(str(check) for check in self.checks),
                *rows,
                f"Pareto front of what was seen: {len(self.pareto)} configurations",
                self.basis,
            ]
        )


def pareto_front(points: Sequence[tuple[float, float, float]]) -> tuple[int, ...]:
    """Which of (LUTs, power, accuracy) no other point matches or beats in all and beats in one.

    Returns:
        Indices by LUTs, ascending; of equal points the first.

    Raises:
        SCConfigError: they are not rows of three numbers.
    """
    try:
        table = np.asarray(points, np.float64)
    except (TypeError, ValueError):
        table = np.empty(())
    if table.shape == (0,):
        return ()
    if table.ndim != 2 or table.shape[1] != 3:
        raise SCConfigError(
            "the points must be rows of three numbers: LUTs, power in mW and accuracy"
        )
    kept = np.flatnonzero(undominated(table * (1.0, 1.0, -1.0)))
    return tuple(int(i) for i in kept[np.lexsort((table[kept, 1], table[kept, 0]))])


class SCOptimizer:
    """Chooses within a budget, greedily, by annealing or exactly.

    Args:
        budget: what the network may take.
        target: device whose LUTs are counted.
        clock_mhz: clock at which power is meant.

    Raises:
        SCConfigError: an unknown target, or a clock that is not above 0.
    """

    def __init__(
        self, budget: HardwareBudget, *, target: str = "ecp5", clock_mhz: float = 50.0
    ) -> None:
        if not isinstance(budget, HardwareBudget):
            raise SCConfigError(f"budget is {budget!r}; it must be a HardwareBudget")
        self.budget = budget
        self.family = find_device(target).family
        self.clock_mhz = require_positive("clock_mhz", clock_mhz)

    def optimize(self, network: Sequence[LayerProfile]) -> OptimizerReport:
        """Greedy: from the cheapest layers, take the step of most accuracy for its room.

        Raises:
            SCConfigError: no layers, or two with one id.
        """
        search = _Search(self, network)
        found = greedy(search.problem)
        if found is None:
            return search.infeasible("greedy")
        selection, way = found
        return search.report("greedy", selection, way)

    def optimize_annealing(
        self, network: Sequence[LayerProfile], *, seed: int = 0, steps: int = 20_000
    ) -> OptimizerReport:
        """Simulated annealing from the greedy answer, never worse than it.

        Args:
            network: the layers.
            seed: the same seed gives the same report.
            steps: moves that are tried.

        Raises:
            SCConfigError: no layers, two with one id, or a seed or steps out of range.
        """
        seed, steps = require_whole("seed", seed, 0), require_whole("steps", steps, 1)
        search = _Search(self, network)
        found = greedy(search.problem)
        if found is None:
            return search.infeasible("annealing")
        selection, seen = anneal(search.problem, found[0], seed=seed, steps=steps)
        return search.report("annealing", selection, [*found[1], *seen])

    def optimize_exact(
        self, network: Sequence[LayerProfile], *, time_limit_s: float = 10.0
    ) -> OptimizerReport:
        """Integer programme (HiGHS): the best configuration, and a proof of how good it is.

        Args:
            network: the layers.
            time_limit_s: after which the best one so far is taken, with the gap proven by then.

        Raises:
            SCConfigError: no layers, two with one id, or a limit that is not above 0.
        """
        limit = require_positive("time_limit_s", time_limit_s)
        search = _Search(self, network)
        start = greedy(search.problem)
        if start is None:
            return search.infeasible("exact")
        found = exact(search.problem, time_limit_s=limit)
        way = start[1]
        if found is None or found.value < start[0].value:
            # Stopped by the clock before it reached what greed found.
            bound = None if found is None else found.bound
            found = Selection(start[0].chosen, start[0].value, bound)
        return search.report("exact", found, way)


class _Search:
    """A network's choices, and how a selection of them is told."""

    def __init__(self, optimizer: SCOptimizer, network: Sequence[LayerProfile]) -> None:
        self.network = require_network(network)
        self.budget, self.family = optimizer.budget, optimizer.family
        folds = tuple(mode.value for mode in ComputeMode)
        self.every: list[Choices] = [
            folded_grid(
                layer.mac_count, _PRECISION, _REGISTER, folds, optimizer.family,
                optimizer.clock_mhz,
            )
            for layer in self.network
        ]  # fmt: skip
        shares = weights_of(self.network)
        values = [w * c.value[:, ACCURACY] for w, c in zip(shares, self.every, strict=True)]
        whole = problem_of(self.network, self.every, values, self.budget)
        self.problem, self.kept = pruned(whole)

    def infeasible(self, method: str) -> OptimizerReport:
        chosen, sentence = nearest_point(self.network, self.every, self.budget)
        return self._told(method, chosen, None, [], f"does not fit: {sentence}", feasible=False)

    def report(
        self, method: str, selection: Selection, way: Sequence[tuple[int, ...]]
    ) -> OptimizerReport:
        chosen = tuple(int(k[i]) for k, i in zip(self.kept, selection.chosen, strict=True))
        return self._told(method, chosen, selection.gap, way, "", feasible=True)

    def _told(
        self,
        method: str,
        chosen: tuple[int, ...],
        gap: float | None,
        way: Sequence[tuple[int, ...]],
        verdict: str,
        *,
        feasible: bool,
    ) -> OptimizerReport:
        figures = [
            [c.figure(i, m) for m in range(len(METRICS))]
            for c, i in zip(self.every, chosen, strict=True)
        ]
        layers = tuple(
            LayerConfig(
                layer.id,
                int(c.length[i]),
                DecorrelationStrategy(str(c.decorrelator[i])),
                ComputeMode(int(c.fold[i])),
                *row,
            )
            for layer, c, i, row in zip(self.network, self.every, chosen, figures, strict=True)
        )
        totals = totals_of(self.network, figures)
        checks = totals.checks(self.budget)
        return OptimizerReport(
            method, layers, totals, checks, feasible, gap,
            self._front(way, chosen), verdict or verdict_sentence(checks), how_good(self.family),
        )  # fmt: skip

    def _front(
        self, way: Sequence[tuple[int, ...]], chosen: tuple[int, ...]
    ) -> tuple[ParetoPoint, ...]:
        """The front of what the search saw and of the best choices at many prices."""
        seen = [tuple(int(k[i]) for k, i in zip(self.kept, s, strict=True)) for s in way]
        points = _points(self.every, weights_of(self.network), [*seen, chosen])
        points = np.concatenate([points, _priced(self.problem)])
        front = pareto_front([tuple(p) for p in points])
        return tuple(ParetoPoint(*map(float, points[i])) for i in front)


def _points(
    every: Sequence[Choices], shares: Sequence[float], selections: Sequence[tuple[int, ...]]
) -> Reals:
    """(LUTs, power, accuracy) of whole networks."""
    total = np.zeros((len(selections), 3))
    for layer, (c, share) in enumerate(zip(every, shares, strict=True)):
        rows = c.value[[s[layer] for s in selections]]
        total += rows[:, [LUTS, POWER, ACCURACY]] * (1.0, 1.0, share)
    return total


def _priced(problem: Problem) -> Reals:
    """Networks of most accuracy at each of many prices of LUTs and of power: hull points."""
    steps = np.concatenate([[0.0], np.logspace(-4, 1, _PRICES - 1)])
    prices = np.array(list(itertools.product(steps, steps)))
    total = np.zeros((len(prices), 3))
    for value, cost in zip(problem.values, problem.costs, strict=True):
        shares = cost[:, [LUTS, POWER]] / problem.limits[[LUTS, POWER]]
        best = (value - prices @ shares.T).argmax(axis=1)
        total += np.column_stack([cost[best][:, [LUTS, POWER]], value[best]])
    return total
