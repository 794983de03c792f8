"""One choice for every layer within limits that the layers share: greedy, annealed, exact.

This is the multiple-choice knapsack problem with several resources. Values add up and are to be
large; costs add up and must stay within the limits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

Reals = NDArray[np.float64]
Integers = NDArray[np.int64]

#: A sum may exceed its limit by this share of it, which is rounding.
_ROUNDING = 1e-9
#: Relative distance of value and bound at which the integer programme stops.
_GAP = 1e-6
#: What HiGHS lets a row exceed its bound by is 1e-6; rows are this much larger, so that it is
#: within `_ROUNDING` of a limit.
_ROW_SCALE = 1e4
#: How often a selection that passes a limit by the solver's rounding is barred.
_RETRIES = 20
#: What the sum of all shares counts beside the largest.
_TIE = 1e-6
#: Last temperature of an annealing as a share of the first.
_COOLING = 1e-5


@dataclass(frozen=True, eq=False)
class Problem:
    """Choices of several layers.

    Attributes:
        values: of each layer's choices, shape (choices,).
        costs: of each layer's choices, shape (choices, resources), at least 0.
        limits: of the resources, above 0; infinite where there is none.
    """

    values: tuple[Reals, ...]
    costs: tuple[Reals, ...]
    limits: Reals

    def value(self, chosen: Sequence[int]) -> float:
        """Sum of the values of one choice per layer."""
        return math.fsum(float(v[c]) for v, c in zip(self.values, chosen, strict=True))

    def cost(self, chosen: Sequence[int]) -> Reals:
        """Sum of the costs of one choice per layer, shape (resources,)."""
        return np.asarray(
            np.sum([k[c] for k, c in zip(self.costs, chosen, strict=True)], axis=0), np.float64
        )

    def within(self, chosen: Sequence[int]) -> bool:
        """Whether one choice per layer stays within all limits."""
        return bool((self.cost(chosen) <= self.room).all())

    @property
    def room(self) -> Reals:
        """The limits, with what rounding may add."""
        return np.asarray(self.limits * (1 + _ROUNDING))


@dataclass(frozen=True)
class Selection:
    """One choice per layer.

    Attributes:
        chosen: index of each layer's choice.
        value: sum of their values.
        bound: what no selection can exceed; None if nothing was proven.
    """

    chosen: tuple[int, ...]
    value: float
    bound: float | None = None

    @property
    def gap(self) -> float | None:
        """How far the value may lie below the best one; None if nothing was proven."""
        return None if self.bound is None else max(0.0, self.bound - self.value)


def undominated(points: Reals) -> NDArray[np.bool_]:
    """Which rows no other row matches or beats in every column and beats in one.

    All columns are to be small. Of equal rows the first stays.
    """
    order = np.lexsort(points.T[::-1])
    left = np.arange(len(points))
    rows = points[order]
    kept = np.zeros(len(points), bool)
    while len(left):
        # The first row in lexical order that is left cannot be beaten by any that is left.
        first = rows[0]
        kept[order[left[0]]] = True
        better = (rows < first).any(axis=1)
        left, rows = left[better], rows[better]
    return kept


def pruned(problem: Problem) -> tuple[Problem, tuple[Integers, ...]]:
    """The problem without choices that cannot be in a best selection, and what is left of each.

    A choice goes if another of its layer costs no more of anything limited and is worth as much.
    """
    limited = np.isfinite(problem.limits)
    kept = tuple(
        np.flatnonzero(undominated(np.column_stack([-value, cost[:, limited]])))
        for value, cost in zip(problem.values, problem.costs, strict=True)
    )
    values = tuple(v[k] for v, k in zip(problem.values, kept, strict=True))
    costs = tuple(c[k] for c, k in zip(problem.costs, kept, strict=True))
    return replace(problem, values=values, costs=costs), kept


def greedy(problem: Problem) -> tuple[Selection, list[tuple[int, ...]]] | None:
    """Start with the cheapest choices, then take the step of most value for the room it takes.

    Returns:
        The selection, and every selection on the way; None if no start is within the limits.
    """
    chosen = _cheapest(problem)
    if chosen is None:
        return None
    layers = np.repeat(np.arange(len(problem.values)), [len(v) for v in problem.values])
    first = np.concatenate([[0], np.cumsum([len(v) for v in problem.values])])
    values, costs = np.concatenate(problem.values), np.concatenate(problem.costs)
    way = [tuple(chosen)]
    while True:
        now = first[:-1] + chosen
        used = costs[now].sum(axis=0)
        gain = values - values[now][layers]
        more = costs - costs[now][layers]
        fits = (gain > 0) & (used + more <= problem.room).all(axis=1)
        if not fits.any():
            break
        left = np.maximum(problem.room - used, 1e-12 * problem.limits)
        left = np.where(np.isfinite(left), left, np.inf)
        price = (np.maximum(more, 0.0) / left).sum(axis=1)
        rate = np.where(fits, gain / np.maximum(price, 1e-12), -np.inf)
        best = int(rate.argmax())
        chosen[layers[best]] = best - first[layers[best]]
        way.append(tuple(chosen))
    found = tuple(int(c) for c in chosen)
    return Selection(found, problem.value(found)), way


def _cheapest(problem: Problem) -> list[int] | None:
    """The choices that take the least share of the limits, if they are within them."""
    limited = np.isfinite(problem.limits)
    chosen = [int((c[:, limited] / problem.limits[limited]).sum(axis=1).argmin())
              for c in problem.costs]  # fmt: skip
    if problem.within(chosen):
        return chosen
    nearest = least_excess(problem)
    return list(nearest) if nearest is not None and problem.within(nearest) else None


def anneal(
    problem: Problem, start: Selection, *, seed: int, steps: int
) -> tuple[Selection, list[tuple[int, ...]]]:
    """Simulated annealing from a selection within the limits, never leaving them.

    Args:
        problem: with at least one choice in every layer.
        start: where it begins; the result is never worth less.
        seed: the same seed gives the same result.
        steps: moves that are tried; the temperature falls with each, from the largest difference
            of a layer's values to `_COOLING` of it.

    Returns:
        The best selection seen, and each one that was the best so far.
    """
    rng = np.random.default_rng(seed)
    count = len(problem.values)
    # Half of the moves change two layers, so that one can take what the other gives.
    layers = rng.integers(0, count, (steps, 2))
    layers[rng.random(steps) < 0.5, 1] = -1
    layers[layers[:, 0] == layers[:, 1], 1] = -1
    places, chances = rng.random((steps, 2)).tolist(), np.log(rng.random(steps)).tolist()
    hottest = max((float(np.ptp(v)) for v in problem.values), default=0.0) or 1.0
    heat = (hottest * _COOLING ** (np.arange(steps) / max(1, steps - 1))).tolist()
    values = [v.tolist() for v in problem.values]
    costs = [c.tolist() for c in problem.costs]
    room = problem.room.tolist()
    chosen, value = list(start.chosen), start.value
    used = problem.cost(chosen).tolist()
    best, most, seen = tuple(chosen), value, [tuple(chosen)]
    for pair, place, chance, warm in zip(layers.tolist(), places, chances, heat, strict=True):
        moves = [
            (layer, int(at * len(values[layer])))
            for layer, at in zip(pair, place, strict=True)
            if layer >= 0
        ]
        gain = sum(values[k][new] - values[k][chosen[k]] for k, new in moves)
        if gain < chance * warm:
            continue
        after = used
        for k, new in moves:
            old = costs[k][chosen[k]]
            after = [u + b - a for u, a, b in zip(after, old, costs[k][new], strict=True)]
        if any(u > r for u, r in zip(after, room, strict=True)):
            continue
        for k, new in moves:
            chosen[k] = new
        used, value = after, value + gain
        # Sums that are carried along drift; what counts is added up anew.
        if value > most and problem.within(chosen):
            best, most = tuple(chosen), value
            seen.append(best)
    found = problem.value(best)
    return (Selection(best, found) if found > start.value else start), seen


def exact(problem: Problem, *, time_limit_s: float | None = None) -> Selection | None:
    """The best selection, as an integer programme solved by HiGHS, with the bound that it proved.

    Returns:
        None if no selection is within the limits, or none was found in time.
    """
    values, costs = np.concatenate(problem.values), np.concatenate(problem.costs)
    rows, limits = _shares(costs, problem.limits)
    rows = np.minimum(rows, 2.0)  # one choice beyond a limit is as bad as any
    largest = float(np.abs(values).max()) or 1.0
    found = _programme(problem, -values / largest, rows, limits, time_limit_s)
    if found is None:
        return None
    chosen, bound = found
    value = problem.value(chosen)
    return Selection(chosen, value, max(value, -bound * largest))


def least_excess(
    problem: Problem, loosened: NDArray[np.bool_] | None = None
) -> tuple[int, ...] | None:
    """The selection whose largest use of a limit, as a share of it, is the least.

    Args:
        problem: whose values do not count.
        loosened: limits that may be exceeded, shape (resources,); None for all. The others hold.

    Returns:
        None if the others cannot hold.
    """
    limited = np.isfinite(problem.limits)
    free = limited if loosened is None else limited & loosened
    rows, limits = _shares(np.concatenate(problem.costs), problem.limits)
    # The last variable is the largest share of a limit that is used; a little of all of them
    # decides between equals.
    loose = free[limited]
    rows = np.where(loose[:, None], rows / max(1.0, rows[loose].max()), np.minimum(rows, 2.0))
    objective = np.append(_TIE * rows.sum(axis=0), 1.0)
    over = np.column_stack([rows, np.where(loose, -1.0, 0.0)])
    bounds = np.where(loose, 0.0, limits)
    found = _programme(problem, objective, over, bounds, None, extra=1)
    return None if found is None else found[0]


def _shares(costs: Reals, limits: Reals) -> tuple[Reals, Reals]:
    """Costs as shares of the limits there are, a row for each, and the ones they must keep to."""
    limited = np.flatnonzero(np.isfinite(limits))
    return (costs[:, limited] / limits[limited]).T, np.ones(len(limited))


def _programme(
    problem: Problem,
    objective: Reals,
    rows: Reals,
    limits: Reals,
    time_limit_s: float | None,
    extra: int = 0,
) -> tuple[tuple[int, ...], float] | None:
    """Solve it; a row with another entry than 0 for the extra variable is no hard limit."""
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    sizes = [len(v) for v in problem.values]
    count = sum(sizes)
    one = csr_array(
        (np.ones(count), (np.repeat(np.arange(len(sizes)), sizes), np.arange(count))),
        shape=(len(sizes), count + extra),
    )
    constraints = [LinearConstraint(one, 1, 1)]
    if len(rows):
        scaled = csr_array(_ROW_SCALE * rows)
        constraints.append(LinearConstraint(scaled, -np.inf, _ROW_SCALE * limits))
    # Without presolve: its sub-solver writes to standard output (HiGHS in SciPy 1.11 to 1.16).
    options: dict[str, float | bool] = {"mip_rel_gap": _GAP, "presolve": False}
    if time_limit_s is not None:
        options["time_limit"] = time_limit_s
    upper = np.append(np.ones(count), np.full(extra, np.inf))
    ends = np.cumsum(sizes)
    hard = (rows[:, count:] == 0).all(axis=1)
    for _ in range(_RETRIES):
        result = milp(
            objective,
            integrality=np.append(np.ones(count), np.zeros(extra)),
            bounds=Bounds(0, upper),
            constraints=constraints,
            options=options,
        )
        if result.x is None:
            return None
        chosen = tuple(int(part.argmax()) for part in np.split(result.x[:count], ends[:-1]))
        columns = np.concatenate([[0], ends[:-1]]).astype(int) + chosen
        used = rows[:, columns].sum(axis=1)
        if (used <= limits * (1 + _ROUNDING))[hard].all():
            return chosen, float(result.mip_dual_bound)
        # The solver takes 0.999999 for 1, and so passed a limit: this one is none, look again.
        barred = np.zeros((1, count + extra))
        barred[0, columns] = 1
        constraints.append(LinearConstraint(csr_array(barred), -np.inf, len(sizes) - 1))
    return None
