"""A network's choices against a budget: the knapsack, the totals, and what must give."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.optimizer._choices import ACCURACY, LATENCY, LUTS, METRICS, POWER, Choices
from sc_neurocore.optimizer._interval import BudgetCheck, Figure, sum_of, weakest
from sc_neurocore.optimizer._profile import HardwareBudget, LayerProfile
from sc_neurocore.optimizer._selection import Problem, least_excess, least_of, pruned

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


def totals_of(network: Sequence[LayerProfile], figures: Sequence[Sequence[Figure]]) -> Totals:
    """Totals of layers with one row of `METRICS` each; of no layers, zeros."""
    columns = list(zip(*figures, strict=True)) or [()] * len(METRICS)
    luts, power = (sum_of(list(columns[m])) for m in (LUTS, POWER))
    path = _path(network)
    waits = [f for f, on in zip(columns[LATENCY], path, strict=True) if on]
    beside = [f for f, on in zip(columns[LATENCY], path, strict=True) if not on]
    latency = max([sum_of(waits), *beside], key=lambda f: f.value)
    shares = weights_of(network)
    scores = list(columns[ACCURACY])
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


def nearest_point(problem: Problem) -> tuple[tuple[int, ...], str]:
    """For a budget that cannot be met: the nearest choices, and a sentence on what must give."""
    blind = replace(problem, values=tuple(np.zeros(len(v)) for v in problem.values))
    reduced, kept = pruned(blind)
    nearest = least_excess(reduced)
    used = reduced.cost(nearest)
    listed = [
        f"{_COUNTED[r]} {_amount(used[r])} of {_amount(problem.limits[r])}"
        for r in range(len(_NAMES))
        if math.isfinite(problem.limits[r])
    ]
    ways = []
    for r, field in enumerate(_FIELDS):
        if not math.isfinite(problem.limits[r]):
            continue
        found = least_of(reduced, r)
        if found is not None:
            need = float(reduced.cost(found)[r])
            ways.append(
                f"raise {field} from {_amount(problem.limits[r])} to {_amount(need)} "
                f"(+{100 * (need / problem.limits[r] - 1):.3g} %)"
            )
    give = (
        f"any one of these makes it feasible by the estimates: {'; '.join(ways)}"
        if ways
        else "no single limit is enough, more than one must give"
    )
    chosen = tuple(int(k[i]) for k, i in zip(kept, nearest, strict=True))
    return chosen, f"the nearest point takes {', '.join(listed)}; {give}"


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


def _amount(value: float) -> str:
    return (
        f"{math.ceil(value - 1e-9)}"
        if value >= 100 or float(value).is_integer()
        else f"{value:.4g}"
    )
