"""The choice of length, decorrelator, precision and polynomial of every layer, led by evidence.

Predictions come from the cost model and the bit-true model of the layer; a measured observation
replaces them where it matches and corrects them nearby. The selection is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

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
    LATENCY,
    LUTS,
    METRICS,
    POWER,
    Choices,
    full_grid,
)
from sc_neurocore.optimizer._conditioning import (
    Conditioning,
    conditioning_of,
    measured_choices,
)
from sc_neurocore.optimizer._interval import BudgetCheck, Figure
from sc_neurocore.optimizer._layer_cost import how_good
from sc_neurocore.optimizer._observation import BenchmarkObservation, require_one_lut_unit
from sc_neurocore.optimizer._profile import (
    HardwareBudget,
    LayerProfile,
    TargetHardwareProfile,
    require_network,
    require_positive,
)
from sc_neurocore.optimizer._selection import Problem, Reals, exact, greedy, pruned
from sc_neurocore.optimizer._target import is_measured_for, require_luts_of

__all__ = [
    "BenchmarkObservation",
    "RejectedLayer",
    "SurrogateLayerConfig",
    "SurrogateOptimizerReport",
    "SurrogateSCOptimizer",
    "TargetHardwareProfile",
]


@dataclass(frozen=True)
class SurrogateLayerConfig:
    """What was chosen for a layer.

    Attributes:
        layer_id: which layer.
        bitstream_length: clocks of a stream.
        decorrelator: what makes the weights' streams independent of the inputs'.
        precision_bits: width of the levels.
        polynomial: of the shift registers, such as ``x^16+x^14+x^13+x^11+1``.
        luts: of the layer.
        power_mw: dynamic power while it runs.
        latency_cycles: clocks to load its levels and to run its streams.
        accuracy: 1 less the rms error of the mean of its products, or the measured score.
        utility: what it adds to the objective.
        basis: how it is known: ``measured``, ``measured, its power estimated``, ``estimated``, or
            ``estimated, corrected by observations near it``; also where the area model
            extrapolates.
    """

    layer_id: str
    bitstream_length: int
    decorrelator: str
    precision_bits: int
    polynomial: str
    luts: Figure
    power_mw: Figure
    latency_cycles: Figure
    accuracy: Figure
    utility: float
    basis: str

    @property
    def estimated_luts(self) -> int:
        """Middle of the LUTs, rounded."""
        return round(self.luts.value)


@dataclass(frozen=True)
class RejectedLayer:
    """A layer that got no configuration.

    Attributes:
        layer_id: which layer.
        reason: why, in a sentence.
    """

    layer_id: str
    reason: str


@dataclass(frozen=True)
class SurrogateOptimizerReport:
    """A configuration of the network within the budget, or of as many layers as fit.

    Attributes:
        target: name of the target.
        layers: those that got a configuration.
        rejected: those that did not, with the reason.
        totals: of the layers with a configuration.
        checks: each limit and what stands against it, with its verdict.
        gap: how much utility a better selection could have at most, proven.
        verdict: one sentence; for an infeasible budget what the nearest feasible point takes.
        notices: what a user should know.
        basis: how good the estimates are.
    """

    target: str
    layers: tuple[SurrogateLayerConfig, ...]
    rejected: tuple[RejectedLayer, ...]
    totals: Totals
    checks: tuple[BudgetCheck, ...]
    gap: float | None
    verdict: str
    notices: tuple[str, ...] = ()
    basis: str = ""

    @property
    def feasible(self) -> bool:
        """Whether every layer got a configuration, and all together are within the budget.

        Of LUTs the upper end is, of power the middle; `checks` says how sure each is.
        """
        return not self.rejected and all(check.within for check in self.checks)

    @property
    def weighted_accuracy(self) -> float:
        """Mean accuracy of the configured layers, weighted by their products."""
        return self.totals.accuracy.value

    def summary(self) -> str:
        """The report for people, a line per layer."""
        rows = [
            f"  {c.layer_id}: {c.bitstream_length} clocks, {c.decorrelator}, {c.precision_bits} "
            f"bits, {c.polynomial}, LUTs {c.luts}, mW {c.power_mw}, clocks {c.latency_cycles}, "
            f"accuracy {c.accuracy}, utility {c.utility:.4g}; {c.basis}"
            for c in self.layers
        ]
        rows += [f"  {r.layer_id}: rejected, {r.reason}" for r in self.rejected]
        proven = "" if self.gap is None else f"; utility proven within {self.gap:.2g} of the best"
        return "\n".join(
            [
                f"{self.target}: {self.verdict}",
                *([f"accuracy {self.totals.accuracy}{proven}"] if self.layers else []),
                *(str(check) for check in self.checks if self.layers),
                *rows,
                *self.notices,
                self.basis,
            ]
        )


class SurrogateSCOptimizer:
    """Chooses exactly among all settings, by predictions that observations correct.

    Args:
        target: device, budget and preferences.
        observations: measured points; those of another target are left out, and the report says
            so.
        time_limit_s: after which the selection takes the best one so far, with its proven gap.

    Raises:
        SCConfigError: something else in the place of a target or an observation.
    """

    def __init__(
        self,
        target: TargetHardwareProfile,
        observations: Sequence[BenchmarkObservation] = (),
        *,
        time_limit_s: float = 1.0,
    ) -> None:
        if not isinstance(target, TargetHardwareProfile):
            raise SCConfigError(f"target is {target!r}; it must be a TargetHardwareProfile")
        self.target = target
        if not isinstance(observations, Iterable):
            raise SCConfigError(
                f"observations is {observations!r}; it must be a sequence of BenchmarkObservation"
            )
        self.observations = tuple(observations)
        self.time_limit_s = require_positive("time_limit_s", time_limit_s)
        for number, seen in enumerate(self.observations):
            if not isinstance(seen, BenchmarkObservation):
                raise SCConfigError(
                    f"observation {number} is {seen!r}; it must be a BenchmarkObservation"
                )

    def optimise(self, network: Sequence[LayerProfile]) -> SurrogateOptimizerReport:
        """Choose for every layer, or for as many as fit.

        Raises:
            SCConfigError: no layers, two with one id, a target without a family, or observations
                that count other LUTs than the target.
        """
        layers = require_network(network)
        family = self.target.device_family
        used, left = self._usable(family)
        for seen in used:
            require_luts_of(seen, family)
        require_one_lut_unit(used)
        model, strange = conditioning_of(used, family, self.target.clock_mhz)
        notices = (*left, *_of_other_sizes(layers, used), *strange)
        every = [self._choices(layer, used, model, family) for layer in layers]
        values = [
            self._utility(c, share) for c, share in zip(every, weights_of(layers), strict=True)
        ]
        whole = problem_of(layers, every, values, self.target.budget)
        problem, kept = pruned(whole)
        start = greedy(problem)
        if start is None:
            return self._without_some(layers, every, whole, notices)
        found = exact(problem, time_limit_s=self.time_limit_s)
        if found is None or found.value < start[0].value:
            found = start[0] if found is None else replace(start[0], bound=found.bound)
        chosen = [int(k[i]) for k, i in zip(kept, found.chosen, strict=True)]
        return self._report(layers, every, values, chosen, found.gap, "", notices)

    def _usable(self, family: str) -> tuple[list[BenchmarkObservation], tuple[str, ...]]:
        """Observations of this target, and a sentence on the others."""
        used = [o for o in self.observations if is_measured_for(o, self.target.name, family)]
        left = len(self.observations) - len(used)
        if not left:
            return used, ()
        others = sorted({o.target for o in self.observations if o not in used})
        return used, (f"{left} observations of other targets ({', '.join(others)}) were left out",)

    def _choices(
        self,
        layer: LayerProfile,
        observations: Sequence[BenchmarkObservation],
        model: Conditioning,
        family: str,
    ) -> Choices:
        grid = model.apply(full_grid(layer.mac_count, family, self.target.clock_mhz),
                           layer.mac_count)  # fmt: skip
        seen = measured_choices(layer, observations, self.target.clock_mhz)
        if seen is None:
            return grid
        return seen.joined(grid.rows(~_among(grid, seen)))

    def _utility(self, choices: Choices, share: float) -> Reals:
        t, budget = self.target, self.target.budget
        value = t.accuracy_weight * share * choices.value[:, ACCURACY]
        value = value - t.lut_weight * choices.value[:, LUTS] / budget.max_luts
        value = value - t.power_weight * choices.value[:, POWER] / budget.max_power_mw
        if budget.max_latency_cycles is not None:
            part = choices.value[:, LATENCY] / budget.max_latency_cycles
            value = value - t.latency_weight * part
        return np.asarray(value)

    def _without_some(
        self,
        layers: tuple[LayerProfile, ...],
        every: list[Choices],
        whole: Problem,
        notices: tuple[str, ...],
    ) -> SurrogateOptimizerReport:
        """As many layers as fit: to leave one out costs more than all utilities together."""
        _, sentence = nearest_point(layers, every, self.target.budget)
        price = 1.0 + sum(float(np.ptp(v)) + float(np.abs(v).max()) for v in whole.values)
        nothing = np.zeros((1, len(whole.limits)))
        wider = Problem(
            tuple(np.append(v, -price) for v in whole.values),
            tuple(np.concatenate([c, nothing]) for c in whole.costs),
            whole.limits,
        )
        problem, kept = pruned(wider)
        start = greedy(problem)
        assert start is not None, "all layers can be left out"
        found = exact(problem, time_limit_s=self.time_limit_s)
        if found is None or found.value < start[0].value:
            found = start[0]
        chosen = [int(k[i]) for k, i in zip(kept, found.chosen, strict=True)]
        placed: list[int | None] = [
            i if i < len(c) else None for i, c in zip(chosen, every, strict=True)
        ]
        verdict = f"does not fit: {sentence}"
        return self._report(layers, every, list(whole.values), placed, None, verdict, notices)

    def _report(
        self,
        layers: tuple[LayerProfile, ...],
        every: Sequence[Choices],
        values: Sequence[Reals],
        chosen: Sequence[int | None],
        gap: float | None,
        verdict: str,
        notices: tuple[str, ...],
    ) -> SurrogateOptimizerReport:
        configured: list[SurrogateLayerConfig] = []
        figures: list[list[Figure] | None] = []
        for layer, c, v, i in zip(layers, every, values, chosen, strict=True):
            row = None if i is None else [c.figure(i, m) for m in range(len(METRICS))]
            figures.append(row)
            if i is not None and row is not None:
                configured.append(_config(layer, c, i, row, float(v[i])))
        totals = totals_of(layers, figures)
        checks = totals.checks(self.target.budget)
        rejected = tuple(
            RejectedLayer(layer.id, _reason(c, self.target.budget, totals))
            for layer, c, i in zip(layers, every, chosen, strict=True)
            if i is None
        )
        return SurrogateOptimizerReport(
            self.target.name, tuple(configured), rejected, totals, checks, gap,
            verdict or verdict_sentence(checks), notices, how_good(self.target.device_family),
        )  # fmt: skip


def _config(
    layer: LayerProfile, c: Choices, i: int, row: list[Figure], utility: float
) -> SurrogateLayerConfig:
    basis = "measured" if c.measured[i] else "estimated"
    if c.measured[i] and row[POWER].word != "measured":
        basis += ", its power estimated"
    if c.informed[i] and not c.measured[i]:
        basis += ", corrected by observations near it"
    if c.extrapolates[i]:
        basis += "; the area model extrapolates"
    return SurrogateLayerConfig(
        layer_id=layer.id,
        bitstream_length=int(c.length[i]),
        decorrelator=str(c.decorrelator[i]),
        precision_bits=int(c.precision[i]),
        polynomial=str(c.polynomial[i]),
        luts=row[LUTS],
        power_mw=row[POWER],
        latency_cycles=row[LATENCY],
        accuracy=row[ACCURACY],
        utility=utility,
        basis=basis,
    )


def _reason(c: Choices, budget: HardwareBudget, totals: Totals) -> str:
    """Why a layer was left out: it is too large alone, or beside the others.

    What counts is what the selection counts: of LUTs the upper end.
    """
    limits: list[tuple[str, float, float, Reals]] = [
        ("LUTs (upper end)", budget.max_luts, totals.luts.high, c.high[:, LUTS]),
        ("mW", budget.max_power_mw, totals.power_mw.value, c.value[:, POWER]),
    ]
    if budget.max_latency_cycles is not None:
        used = totals.latency_cycles.value
        limits.append(("clocks", budget.max_latency_cycles, used, c.value[:, LATENCY]))
    alone = [
        f"{need.min():.6g} {unit} of {limit:g}" for unit, limit, _, need in limits
        if need.min() > limit
    ]  # fmt: skip
    if alone:
        return f"its smallest configurations need {' and '.join(alone)}"
    if not np.all([need <= limit for _, limit, _, need in limits], axis=0).any():
        units = ", ".join(f"{limit:g} {unit}" for unit, limit, *_ in limits)
        return f"no configuration of it is within {units} at once"
    left = [f"{max(0.0, limit - used):.4g} {unit}" for unit, limit, used, _ in limits]
    need = [f"{need.min():.4g} {unit}" for unit, _, _, need in limits]
    return f"the other layers leave {', '.join(left)} and it needs at least {', '.join(need)}"


def _of_other_sizes(
    layers: Sequence[LayerProfile], observations: Sequence[BenchmarkObservation]
) -> tuple[str, ...]:
    """Sentences on observations that name a layer but are of another number of products."""
    sizes = {layer.id: layer.mac_count for layer in layers}
    return tuple(
        f"{seen.source or f'observation {number}'} is of layer '{seen.layer_id}' with "
        f"{seen.mac_count} products, which has {sizes[seen.layer_id]} here: it is no measurement "
        "of it"
        for number, seen in enumerate(observations)
        if sizes.get(seen.layer_id, seen.mac_count) != seen.mac_count
    )


def _among(grid: Choices, seen: Choices) -> NDArray[np.bool_]:
    """Which rows of a grid are observed."""
    known = set(zip(seen.length.tolist(), seen.decorrelator.tolist(), seen.precision.tolist(),
                    seen.polynomial.tolist(), strict=True))  # fmt: skip
    rows = zip(grid.length.tolist(), grid.decorrelator.tolist(), grid.precision.tolist(),
               grid.polynomial.tolist(), strict=True)  # fmt: skip
    return np.array([row in known for row in rows])
