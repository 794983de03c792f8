"""Which candidate is best, which to measure next, and what must give where none is inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

from sc_neurocore.optimizer._interval import Figure
from sc_neurocore.optimizer.search._budget import (
    MEASURABLE,
    MORE_IS_BETTER,
    Budget,
    Objective,
    excess,
    normal_cdf,
)
from sc_neurocore.optimizer.search._candidate import Candidate
from sc_neurocore.optimizer.search._propose import EQUAL

#: Chance of a choice outside of its budget that the intervals allow, over all its limits.
RISK = 0.05
#: Share by which a run must be expected to improve on the best measured to be worth making.
WORTH = 1e-3
#: Chance of being inside the budget below which a configuration is not expected there at all.
HOPE = 1e-3


def confidence_for(budget: Budget) -> float:
    """Confidence of two-sided intervals whose ends together are passed with chance `RISK`."""
    limits = max(1, sum(key in MEASURABLE for key in budget.keys))
    return 1.0 - 2.0 * RISK / limits


def choose(
    candidates: Sequence[Candidate], budget: Budget, objective: Objective
) -> Candidate | None:
    """The best candidate whose whole intervals are inside and that did not fail, or ``None``.

    Without a budget of accuracy only those count that are within `EQUAL` of the most accurate
    inside; of equals the one of fewer LUTs, then fewer clocks, is taken.
    """
    inside = [c for c in candidates if not c.failed and budget.inside(c.figures)]
    if not inside:
        return None
    return min(_accurate(inside, budget), key=lambda c: rank(c, objective))


def best_known(
    candidates: Sequence[Candidate], budget: Budget, objective: Objective
) -> Candidate | None:
    """The best that was measured inside; where there is none, the best predicted inside."""
    measured = [c for c in candidates if c.measured is not None]
    return choose(measured, budget, objective) or choose(candidates, budget, objective)


def rank(candidate: Candidate, objective: Objective) -> tuple[float, ...]:
    """What makes one candidate better than another; small is good."""
    figures = candidate.figures
    value = figures[objective].value
    first = -value if objective in MORE_IS_BETTER else value
    return (first, figures["luts"].value, figures["clocks"].value, -figures["accuracy"].value)


def _accurate(candidates: Sequence[Candidate], budget: Budget) -> list[Candidate]:
    if "accuracy" in budget.keys:
        return list(candidates)
    most = max(c.score.share for c in candidates)
    return [c for c in candidates if c.score.share >= most - EQUAL - 1e-12]


def next_runs(
    candidates: Sequence[Candidate],
    budget: Budget,
    objective: Objective,
    confidence: float,
    count: int,
) -> list[tuple[Candidate, float]]:
    """The unmeasured candidates whose measurement promises most, with what they promise.

    The promise is the expected improvement under constraints (Gardner and others, 2014): the
    chance of being inside the budget, times the expected gain over the best measured candidate
    inside (over the worst candidate where there is none yet), each prediction taken as normal.
    It is large where a prediction is good, and where it is uncertain.

    Args:
        candidates: all.
        budget: the limits.
        objective: what is made best.
        confidence: of the intervals.
        count: how many at most.

    Returns:
        The best first; none that promises less than `WORTH` of the best measured. Where nothing has
        a chance of `HOPE`, the nearest to the budget, once.
    """
    z = NormalDist().inv_cdf((1.0 + confidence) / 2.0)
    measured = [c for c in candidates if c.measured is not None]
    best = choose(measured, budget, objective)
    likely = [c for c in candidates if not c.failed and budget.chance(c.figures, z) >= 0.5]
    open_ = [c for c in candidates if c.measured is None]
    if "accuracy" not in budget.keys and likely:
        most = max(c.score.share for c in likely)
        open_ = [c for c in open_ if c.score.share >= most - EQUAL - 1e-12]
        if best is not None and best.score.share < most - EQUAL - 1e-12:
            best = None  # the most accurate inside is another, so this is none to beat
    if not open_:
        return []
    if best is None and all(budget.chance(c.figures, z) < HOPE for c in open_):
        # Nothing is to be found inside: one run shows how far outside the nearest is.
        return [] if measured else [(nearest(open_, budget).candidate, 0.0)]
    scale = max(abs(c.figures[objective].value) for c in open_) or 1.0
    if best is not None:
        against = best.figures[objective].value
        scale = abs(against) or 1.0
    elif objective in MORE_IS_BETTER:
        against = min(c.figures[objective].value for c in open_)
    else:
        against = max(c.figures[objective].value for c in open_)
    rows = []
    for candidate in open_:
        figures = candidate.figures
        gain = _expected_gain(objective, figures[objective], against, z) / scale
        if best is None:
            gain += WORTH  # where all are equally good, the likeliest is still worth a run
        rows.append((candidate, budget.chance(figures, z) * gain))
    rows.sort(key=lambda row: (-row[1], rank(row[0], objective)))
    least = WORTH if best is not None else 0.0
    return [row for row in rows[:count] if row[1] > least]


def _expected_gain(objective: Objective, figure: Figure, against: float, z: float) -> float:
    """Expected improvement of a normal prediction over a value."""
    sign = 1.0 if objective in MORE_IS_BETTER else -1.0
    room = sign * (figure.value - against)
    spread = (figure.high - figure.low) / (2.0 * z) if objective in MEASURABLE else 0.0
    if spread <= 0:
        return max(0.0, room)
    u = room / spread
    density = math.exp(-0.5 * u * u) / math.sqrt(2.0 * math.pi)
    return room * normal_cdf(u) + spread * density


@dataclass(frozen=True)
class Nearest:
    """What must give where nothing is inside a budget.

    Attributes:
        candidate: the one that passes its limits by the smallest share.
        needed: the limits that would hold it, for those that it passes.
        alone: per quantity, the limit with which it alone would have to give; missing where that
            would not be enough.
    """

    candidate: Candidate
    needed: Mapping[str, float]
    alone: Mapping[str, float]


def nearest(candidates: Sequence[Candidate], budget: Budget) -> Nearest:
    """The nearest candidate to a budget that holds none; one that failed if all did."""
    candidates = [c for c in candidates if not c.failed] or list(candidates)
    passed = [
        {key: excess(key, limit, c.figures[key]) for key, limit in budget.limits}
        for c in candidates
    ]
    order = sorted(
        range(len(candidates)),
        key=lambda i: (max(passed[i].values()), rank(candidates[i], "luts")),
    )
    best = order[0]
    needed = {
        key: _needed(key, candidates[best].figures[key])
        for key in budget.keys
        if passed[best][key] > 0
    }
    alone = {}
    for key in budget.keys:
        rest = [
            c for c, row in zip(candidates, passed, strict=True)
            if all(v <= 0 for k, v in row.items() if k != key)
        ]  # fmt: skip
        wanted = [_needed(key, c.figures[key]) for c in rest]
        wanted = [w for w in wanted if math.isfinite(w)]
        if wanted:
            alone[key] = max(wanted) if key in MORE_IS_BETTER else min(wanted)
    return Nearest(candidates[best], needed, alone)


def _needed(key: str, figure: Figure) -> float:
    return figure.low if key in MORE_IS_BETTER else figure.high
