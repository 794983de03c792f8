"""Budgets: what a configuration may cost, and whether it is inside."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._interval import Figure
from sc_neurocore.toolchain import Target

Objective = Literal["accuracy", "luts", "latency_us", "clocks", "power_mw", "brams"]
OBJECTIVES: tuple[Objective, ...] = get_args(Objective)

#: What can be budgeted: name and unit, as they are printed.
QUANTITIES: Mapping[str, tuple[str, str]] = {
    "luts": ("look-up tables", ""),
    "brams": ("block RAMs", ""),
    "latency_us": ("latency, longest inference", "µs"),
    "clocks": ("clocks, longest inference", ""),
    "power_mw": ("dynamic power", "mW"),
    "accuracy": ("accuracy", ""),
}
#: Quantities of which more is better.
MORE_IS_BETTER = frozenset({"accuracy"})
#: Quantities whose intervals a measurement closes.
MEASURABLE = frozenset({"luts", "brams", "latency_us"})
#: Quantities that need a clock, and so place and route.
_CLOCKED = ("latency_us", "power_mw")


@dataclass(frozen=True)
class Budget:
    """Limits by quantity, in the order in which they were given.

    Attributes:
        limits: pairs of quantity and limit: the least accuracy, the most of everything else.
    """

    limits: tuple[tuple[str, float], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        """The quantities that are limited."""
        return tuple(key for key, _ in self.limits)

    def within(self, target: Target) -> Budget:
        """These limits and those of a device: nothing larger than it is inside."""
        limits = dict(self.limits)
        for key in ("luts", "brams"):
            there = getattr(target, key)
            if there is not None:
                limits[key] = min(limits.get(key, math.inf), float(there))
        return Budget(tuple(limits.items()))

    def inside(self, figures: Mapping[str, Figure]) -> bool:
        """Whether the whole interval of every figure is inside its limit."""
        return all(excess(key, limit, figures[key]) <= 0 for key, limit in self.limits)

    def chance(self, figures: Mapping[str, Figure], z: float) -> float:
        """Probability that every figure is inside once the tools have run.

        What the tools tell (area, clock) is taken as normal and independent; what they do not
        change, such as the interval of an accuracy, is inside or not.

        Args:
            figures: of a configuration.
            z: normal quantile that the intervals' ends stand for.
        """
        total = 1.0
        for key, limit in self.limits:
            figure = figures[key]
            spread = (figure.high - figure.value) / z if key in MEASURABLE else 0.0
            if spread > 0:
                total *= normal_cdf((limit - figure.value) / spread)
            else:
                total *= float(excess(key, limit, figure) <= 0)
        return total

    def as_dict(self) -> dict[str, float]:
        """The limits as a report holds them."""
        return dict(self.limits)


def excess(key: str, limit: float, figure: Figure) -> float:
    """By what share the worse end of a figure passes a limit; below 0 inside."""
    if key in MORE_IS_BETTER:
        return (limit - figure.low) / limit
    return (figure.high - limit) / limit


def normal_cdf(x: float) -> float:
    """Standard normal distribution function."""
    return 0.5 * math.erfc(-x / math.sqrt(2.0))


def parse_budget(text: str) -> Budget:
    """Read ``luts=1200,latency_us=500``.

    Raises:
        SCConfigError: an unknown or repeated quantity, or a limit that is no number above 0 (of an
            accuracy, above 1).
    """
    if not isinstance(text, str):
        raise SCConfigError(f"the budget is {text!r}; it must be text, as luts=1200,latency_us=500")
    limits: dict[str, float] = {}
    for part in text.split(","):
        key, mark, value = (x.strip() for x in part.partition("="))
        if not mark or not key or not value:
            raise SCConfigError(
                f"budget '{part.strip()}' is not QUANTITY=LIMIT; an example: "
                "luts=1200,latency_us=500"
            )
        if key in limits:
            raise SCConfigError(f"the budget states {key} twice; give one limit each")
        limits[key] = _limit(key, value)
    return make_budget(limits)


def make_budget(limits: Mapping[str, float]) -> Budget:
    """A budget from limits by quantity.

    Raises:
        SCConfigError: as for `parse_budget`.
    """
    from sc_neurocore.dynamics import suggest

    if not isinstance(limits, Mapping):
        raise SCConfigError(f"the budget is {limits!r}; it must be limits by quantity")
    for key, limit in limits.items():
        if key not in QUANTITIES:
            raise SCConfigError(f"there is no budget '{key}'{suggest(key, list(QUANTITIES))}")
        if isinstance(limit, bool) or not isinstance(limit, (int, float)):
            raise SCConfigError(f"the budget of {key} is {limit!r}; it must be a number")
        if not 0 < limit < math.inf:
            raise SCConfigError(f"the budget of {key} is {limit:g}; it must be above 0 and finite")
        if key == "accuracy" and limit > 1:
            raise SCConfigError(
                f"the budget of accuracy is {limit:g}; it is a share of right answers, from 0 to "
                f"1{f' (did you mean {limit / 100:g}?)' if limit <= 100 else ''}"
            )
    if not limits:
        raise SCConfigError(f"give at least one budget: {', '.join(QUANTITIES)}")
    return Budget(tuple((key, float(limit)) for key, limit in limits.items()))


def _limit(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise SCConfigError(
            f"the budget of {key} is '{text}'; it must be a number, without a unit"
        ) from None


def require_possible(
    budget: Budget, objective: Objective, target: Target, *, labelled: bool, families: Sequence[str]
) -> None:
    """Refuse what cannot be known of a network on a target.

    Args:
        budget: the limits.
        objective: what is made best.
        target: the device.
        labelled: whether there is data.
        families: that the cost model knows.

    Raises:
        SCConfigError: an accuracy without data, a time without a router, a family without a model.
    """
    if objective not in OBJECTIVES:
        from sc_neurocore.dynamics import suggest

        raise SCConfigError(f"--objective is '{objective}'{suggest(objective, OBJECTIVES)}")
    if "accuracy" in budget.keys and not labelled:
        raise SCConfigError(
            "a budget of accuracy needs labelled data; give --data, or leave accuracy= out"
        )
    if target.family not in families:
        raise SCConfigError(
            f"the cost model knows no engine on {target.name} (family '{target.family}'); families "
            f"that it knows: {', '.join(families)}"
        )
    for key in _CLOCKED:
        if not target.place_and_route and key in (*budget.keys, objective):
            raise SCConfigError(
                f"{key} needs the clock after routing, and no router exists for {target.name}; "
                "possible there: luts, brams, clocks, accuracy"
            )
