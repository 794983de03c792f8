"""A configuration with what is known of it, predicted and measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType

from sc_neurocore.build.network import Configuration, Proportion
from sc_neurocore.cost import (
    CLOCK_CAPACITANCE,
    CORE_VOLTAGE,
    NET_CAPACITANCE,
    SWITCHING_FACTOR,
    CostModel,
    EngineShape,
    predict_many,
)
from sc_neurocore.optimizer._interval import Figure
from sc_neurocore.optimizer.search._evaluate import Clocks
from sc_neurocore.optimizer.search._measure import Measured

#: Metrics of the cost model that a target has, the last only with a router.
AREA, SPEED = ("luts", "ffs", "brams", "dsps"), "fmax_mhz"


@dataclass(frozen=True, eq=False)
class Candidate:
    """One configuration.

    Attributes:
        configuration: what it is.
        shape: what the cost model sees of it.
        score: right answers, executed.
        clocks: of an inference, executed.
        measured: what the tools counted, or ``None``.
        predicted: figures of the cost model and what follows from them.
    """

    configuration: Configuration
    shape: EngineShape
    score: Proportion
    clocks: Clocks
    measured: Measured | None
    predicted: Mapping[str, Figure]

    @property
    def failed(self) -> bool:
        """Whether the tools said that it cannot be on the device."""
        return self.measured is not None and bool(self.measured.failure)

    @property
    def figures(self) -> Mapping[str, Figure]:
        """What is known best: measured where it was measured."""
        if self.measured is None:
            return self.predicted
        return MappingProxyType({**self.predicted, **_measured_figures(self)})


@dataclass(frozen=True)
class Switching:
    """How much of an engine switches, counted once and taken for every configuration.

    Attributes:
        toggles_per_ff: changes of signals per clock and flip-flop, executed at the reference.
        volts: core voltage.
    """

    toggles_per_ff: float
    volts: float

    def milliwatts(self, flip_flops: float, fmax_mhz: float) -> float:
        """Dynamic power at the fastest clock, inferences back to back."""
        per_clock = flip_flops * (self.toggles_per_ff * NET_CAPACITANCE + 2 * CLOCK_CAPACITANCE)
        return 1e3 * per_clock * self.volts**2 / 2 * fmax_mhz * 1e6


def switching_of(toggles: int, clocks: int, flip_flops: int, family: str) -> Switching | None:
    """The switching of a simulated engine; ``None`` where the family's voltage is not known."""
    volts = CORE_VOLTAGE.get(family)
    if volts is None:
        return None
    return Switching(toggles / max(1, clocks * flip_flops), volts)


def predict_all(
    candidates: Sequence[Candidate],
    family: str,
    model: CostModel,
    confidence: float,
    *,
    placed: bool,
    switching: Switching | None,
    widening: Mapping[str, float] = MappingProxyType({}),
) -> list[Candidate]:
    """Candidates with the predictions of a model.

    Args:
        candidates: whose shapes are known.
        family: of the target.
        model: of cost.
        confidence: of the intervals, two-sided.
        placed: whether there is a clock to predict.
        switching: what power is estimated from, or ``None``.
        widening: factors by which the intervals of a metric were found too narrow.
    """
    if not candidates:
        return []
    shapes = [candidate.shape for candidate in candidates]
    columns: dict[str, list[Figure]] = {}
    for metric in (*AREA, *((SPEED,) if placed else ())):
        if metric not in model.metrics(family):
            continue
        found = predict_many(shapes, family, metric, model=model, confidence=confidence)
        factor = widening.get(metric, 1.0)
        columns[metric] = [
            widened(Figure(float(v), float(low), float(high), "estimated"), factor)
            for v, low, high in zip(found.value, found.low, found.high, strict=True)
        ]
    made = []
    for i, candidate in enumerate(candidates):
        own = {metric: column[i] for metric, column in columns.items()}
        figures = _with_consequences(own, candidate, switching)
        made.append(replace(candidate, predicted=MappingProxyType(figures)))
    return made


def widened(figure: Figure, factor: float) -> Figure:
    """A figure whose interval reaches further by a factor, in logarithms."""
    if factor <= 1.0 or figure.low <= 0.0:
        return figure
    low = figure.value * (figure.low / figure.value) ** factor
    return Figure(figure.value, low, figure.value * (figure.high / figure.value) ** factor,
                  figure.word)  # fmt: skip


def outside_by(figure: Figure, measured: float) -> float:
    """How many times the reach of an interval a measured value lies from the figure."""
    if min(figure.low, measured) <= 0.0:
        return 0.0
    end = figure.high if measured > figure.value else figure.low
    reach = abs(math.log(end / figure.value))
    distance = abs(math.log(measured / figure.value))
    return distance / reach if reach > 0.0 else float(distance > 0.0)


def _measured_figures(candidate: Candidate) -> dict[str, Figure]:
    found, before = candidate.measured, candidate.predicted
    assert found is not None
    figures = {key: Figure.exact(float(getattr(found, key)), "measured") for key in AREA}
    if found.fmax_mhz is not None:
        figures[SPEED] = Figure.exact(found.fmax_mhz, "measured")
        us = candidate.clocks.worst / found.fmax_mhz
        figures["latency_us"] = Figure.exact(us, "measured")
    elif SPEED in before:  # it was to be routed, and could not be
        endless = Figure.exact(float("inf"), "measured")
        figures |= {SPEED: Figure.exact(0.0, "measured"), "latency_us": endless}
    if found.power_mw is not None:
        figures["power_mw"] = _within_factor(found.power_mw)
    return figures


def _with_consequences(
    figures: dict[str, Figure], candidate: Candidate, switching: Switching | None
) -> dict[str, Figure]:
    low, high = candidate.score.interval
    figures["accuracy"] = Figure(candidate.score.share, low, high, "executed")
    clocks = candidate.clocks.worst
    figures["clocks"] = Figure.exact(float(clocks), "executed")
    speed = figures.get(SPEED)
    if speed is not None:
        figures["latency_us"] = Figure(
            clocks / speed.value, clocks / speed.high, clocks / max(speed.low, 1e-9), "estimated"
        )
        if switching is not None:
            figures["power_mw"] = _within_factor(
                switching.milliwatts(figures["ffs"].value, speed.value)
            )
    return figures


def _within_factor(milliwatts: float) -> Figure:
    return Figure(
        milliwatts, milliwatts / SWITCHING_FACTOR, milliwatts * SWITCHING_FACTOR, "estimated"
    )
