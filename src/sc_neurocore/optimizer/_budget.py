"""A network's choices against a budget: the knapsack, the totals, and what must give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.optimizer._choices import ACCURACY, LATENCY, LUTS, POWER, Choices
from sc_neurocore.optimizer._interval import BudgetCheck, Figure, sum_of, weakest
from sc_neurocore.optimizer._profile import HardwareBudget, LayerProfile
from sc_neurocore.optimizer._selection import Problem, least_excess, pruned

Reals = NDArray[np.float64]

_NAMES = ("LUTs", "power in mW", "latency in clocks")
_COUNTED = ("LUTs (upper end)", "power in mW (middle)", "latency in clocks")
_FIELDS = ("max_luts", "max_power_mw", "max_latency_cycles")


@dataclass(frozen=True)
class Totals:
    """Figures of a whole network.

    Attributes:
        luts: of all layers.
        power_mw: dynamic, of all layers at once.
        latency_cycles: from the first bit to the last.
        accuracy: mean of the layers' scores, weighted by their products.
    """

    luts: Figure
    power_mw: Figure
    latency_cycles: Figure
    accuracy: Figure

    def checks(self, budget: HardwareBudget) -> tuple[BudgetCheck, ...]:
        """Each limit that the budget has, and what stands against it."""
        used = (self.luts, self.power_mw, self.latency_cycles)
        return tuple(
            BudgetCheck(name, figure, limit)
            for name, figure, limit in zip(_NAMES, used, _limits(budget), strict=True)
            if math.isfinite(limit)
        )


def totals_of(
    network: Sequence[LayerProfile], figures: Sequence[Sequence[Figure] | None]
) -> Totals:
    """Totals of layers with one row of `METRICS` each, or None for one that is left out."""
    placed = [
        (layer, on, row)
        for layer, on, row in zip(network, _path(network), figures, strict=True)
        if row is not None
    ]
    luts, power = (sum_of([row[m] for _, _, row in placed]) for m in (LUTS, POWER))
    waits = [row[LATENCY] for _, on, row in placed if on]
    beside = [row[LATENCY] for _, on, row in placed if not on]
    latency = max([sum_of(waits), *beside], key=lambda f: f.value)
    shares = weights_of([layer for layer, _, _ in placed])
    scores = [row[ACCURACY] for _, _, row in placed]
    value, low, high = (
        sum(w * float(getattr(s, end)) for w, s in zip(shares, scores, strict=True))
        for end in ("value", "low", "high")
    )
    return Totals(luts, power, latency, Figure(value, low, high, weakest(scores)))


def weights_of(network: Sequence[LayerProfile]) -> list[float]:
    """Each layer's share of the network's products."""
    total = sum(layer.mac_count for layer in network)
    return [layer.mac_count / total for layer in network]


def problem_of(
    network: Sequence[LayerProfile],
    choices: Sequence[Choices],
    values: Sequence[Reals],
    budget: HardwareBudget,
) -> Problem:
    """The choices as a knapsack: of LUTs the upper ends count, of power the middles.

    What a layer off the critical path takes of time is no sum.
    """
    limits = _limits(budget)
    costs = []
    for c, on in zip(choices, _path(network), strict=True):
        cost = np.column_stack([c.high[:, LUTS], c.value[:, POWER], c.value[:, LATENCY]])
        if not on:
            late = cost[:, LATENCY] > limits[LATENCY]
            # Alone within the limit it costs no time; alone beyond it, it cannot be.
            cost[:, LATENCY] = np.where(late, cost[:, LATENCY], 0.0)
        costs.append(cost)
    return Problem(tuple(values), tuple(costs), limits)


def nearest_point(
    network: Sequence[LayerProfile], choices: Sequence[Choices], budget: HardwareBudget
) -> tuple[tuple[int, ...], str]:
    """For a budget that cannot be met: the nearest choices, and a sentence on what must give."""
    limits = _limits(budget)
    problem, fields = _paths_apart(network, choices, limits)
    reduced, kept = pruned(problem)
    nearest = least_excess(reduced)
    assert nearest is not None, "without limits there is always a selection"
    used = _most(reduced, nearest, fields)
    listed = [
        f"{counted} {_amount(used[r], r)} of {limits[r]:.10g}"
        for r, counted in enumerate(_COUNTED)
        if math.isfinite(limits[r])
    ]
    ways = []
    for r, field in enumerate(_FIELDS):
        found = least_excess(reduced, fields == r) if math.isfinite(limits[r]) else None
        if found is not None:
            need = _most(reduced, found, fields)[r]
            ways.append(
                f"raise {field} from {limits[r]:.10g} to {_amount(need, r)} "
                f"(+{100 * (need / limits[r] - 1):.3g} %)"
            )
    give = (
        f"any one of these makes it feasible by the estimates: {'; '.join(ways)}"
        if ways
        else "no single limit is enough, more than one must give"
    )
    chosen = tuple(int(k[i]) for k, i in zip(kept, nearest, strict=True))
    return chosen, f"the nearest point takes {', '.join(listed)}; {give}"


def _paths_apart(
    network: Sequence[LayerProfile], choices: Sequence[Choices], limits: Reals
) -> tuple[Problem, NDArray[np.intp]]:
    """The knapsack with a limit on time of its own for every layer beside the critical path.

    Returns:
        The problem, whose values are all 0, and which of `METRICS` each of its resources is.
    """
    beside = [k for k, on in enumerate(_path(network)) if not on]
    fields = np.array([LUTS, POWER, LATENCY, *[LATENCY] * len(beside)])
    costs = []
    for k, c in enumerate(choices):
        cost = np.zeros((len(c), len(fields)))
        cost[:, :LATENCY] = np.column_stack([c.high[:, LUTS], c.value[:, POWER]])
        own = LATENCY + 1 + beside.index(k) if k in beside else LATENCY
        cost[:, own] = c.value[:, LATENCY]
        costs.append(cost)
    values = tuple(np.zeros(len(c)) for c in choices)
    return Problem(values, tuple(costs), limits[fields]), fields


def _most(problem: Problem, chosen: Sequence[int], fields: NDArray[np.intp]) -> list[float]:
    """LUTs, power and the longest of the times that a selection takes."""
    cost = problem.cost(chosen)
    return [float(cost[fields == r].max()) for r in range(len(_FIELDS))]


def verdict_sentence(checks: Sequence[BudgetCheck]) -> str:
    """One sentence on all limits of a configuration whose middles are within them."""
    unsure = [check.name for check in checks if check.verdict != "fits"]
    if not unsure:
        return "fits: the upper end of every interval is within the budget"
    return (
        f"may fit: within the budget by the middle of every estimate, but not by the upper end of "
        f"{' and '.join(unsure)}"
    )


def _path(network: Sequence[LayerProfile]) -> list[bool]:
    flagged = any(layer.is_critical_path for layer in network)
    return [bool(layer.is_critical_path) or not flagged for layer in network]


def _limits(budget: HardwareBudget) -> Reals:
    latency = budget.max_latency_cycles
    return np.array(
        [budget.max_luts, budget.max_power_mw, math.inf if latency is None else latency], np.float64
    )


def _amount(value: float, metric: int) -> str:
    """What must be there, rounded up, so that a budget of the number printed is enough."""
    if metric != POWER or value >= 1e4:
        return f"{math.ceil(value * (1 - 1e-9))}"
    step = 10.0 ** (math.floor(math.log10(value)) - 3) if value > 0 else 1.0
    return f"{math.ceil(value / step * (1 - 1e-9)) * step:.4g}"
