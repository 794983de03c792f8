"""The fitted model: structural costs, a process on what they leave, calibrated intervals."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.cost._data import EngineRow, read_engines
from sc_neurocore.cost._digest import read_document
from sc_neurocore.cost._features import LAYER_FEATURES, layer_features
from sc_neurocore.cost._process import Hyperparameters, Process
from sc_neurocore.cost._shape import EngineShape, LayerShape
from sc_neurocore.cost._structure import names_of, structure, to_cost
from sc_neurocore.exceptions import SCConfigError

Reals = NDArray[np.float64]
FORMAT = 1
#: What the ranges of the training data are stated of.
RANGED = ("size", "fan_in", "bits", "pe", "simd", "length", "current_bits", "state_bits",
          "lane_bits", "parameter_bits", "delay")  # fmt: skip


@dataclass(frozen=True)
class Prediction:
    """An estimate; the word for it is always ``estimated``.

    Attributes:
        value: the estimate.
        low: lower end of the interval.
        high: upper end.
        confidence: share of networks whose figure such intervals are made to cover.
        median_error: median relative error on networks that were never trained on: those of the
            blind test if there was one, else those held out.
        p90_error: 90th percentile of it.
        extrapolates: what lies outside the training data; empty if nothing does.
        conditioned: records of the network at hand that the estimate has seen.
    """

    value: float
    low: float
    high: float
    confidence: float
    median_error: float
    p90_error: float
    extrapolates: tuple[str, ...] = ()
    conditioned: int = 0


@dataclass(frozen=True, eq=False)
class Predictions:
    """Estimates of many engines; fields as of `Prediction`, the first three arrays.

    Attributes:
        value: estimates.
        low: lower ends.
        high: upper ends.
        confidence: of the intervals.
        median_error: on held-out networks.
        p90_error: on held-out networks.
        deviation: standard deviation of the estimate's logarithm, what active learning reduces.
    """

    value: Reals
    low: Reals
    high: Reals
    confidence: float
    median_error: float
    p90_error: float
    deviation: Reals


@dataclass(frozen=True)
class Observation:
    """A synthesis result of the network at hand.

    Attributes:
        shape: the engine.
        family: of the device.
        metric: one of `METRICS`.
        value: measured.
    """

    shape: EngineShape
    family: str
    metric: str
    value: float


@dataclass(frozen=True, eq=False)
class MetricModel:
    """One figure on one family.

    Attributes:
        family: of the device.
        metric: the figure.
        coefficients: cost of each structural feature.
        centre: of the process's inputs.
        spread: of the process's inputs.
        process: of the log residuals.
        scores: sorted, what the errors of grouped cross-validation were in predicted deviations.
        median_error: on held-out networks.
        p90_error: on held-out networks.
        conditioned: observations added.
    """

    family: str
    metric: str
    coefficients: Reals
    centre: Reals
    spread: Reals
    process: Process
    scores: Reals
    median_error: float
    p90_error: float
    conditioned: int = 0

    def log_cost(self, shapes: Sequence[EngineShape]) -> tuple[Reals, Reals]:
        """Mean and standard deviation of the logarithm of what the structure adds up to."""
        features, inputs = structure(shapes, self.family, self.metric)
        base = np.log(np.maximum(features @ self.coefficients, 1e-9))
        mean, deviation = self.process.predict((inputs - self.centre) / self.spread)
        return base + mean, deviation

    def predict(self, shapes: Sequence[EngineShape], confidence: float) -> Predictions:
        """Estimates with intervals."""
        middle, deviation = self.log_cost(shapes)
        reach = self.reach(confidence) * deviation
        ends = [np.exp(middle - reach), np.exp(middle), np.exp(middle + reach)]
        low, value, high = (to_cost(self.metric, e) for e in ends)
        if self.metric == "fmax_mhz":
            low, high = high, low
        return Predictions(
            value, low, high, confidence, self.median_error, self.p90_error, deviation
        )

    def reach(self, confidence: float) -> float:
        """Predicted deviations that so many of the cross-validated errors stay within."""
        return float(quantile(self.scores, confidence))

    def observe(self, shapes: Sequence[EngineShape], values: Reals) -> MetricModel:
        """The model with figures of the network at hand."""
        features, inputs = structure(shapes, self.family, self.metric)
        base = np.log(np.maximum(features @ self.coefficients, 1e-9))
        residuals = np.log(np.maximum(to_cost(self.metric, values), 1e-9)) - base
        process = self.process.with_rows((inputs - self.centre) / self.spread, residuals)
        return replace(self, process=process, conditioned=self.conditioned + len(shapes))


@dataclass(frozen=True, eq=False)
class CountModel:
    """A figure that rules of mapping give: block RAMs, multipliers.

    Attributes:
        family: of the device.
        metric: the figure.
        scores: sorted relative errors of the rule on the training networks.
        median_error: on held-out networks.
        p90_error: on held-out networks.
        conditioned: observations added.
        known: figures of the network at hand.
    """

    family: str
    metric: str
    scores: Reals
    median_error: float
    p90_error: float
    conditioned: int = 0

    def predict(self, shapes: Sequence[EngineShape], confidence: float) -> Predictions:
        """Estimates with intervals."""
        value = counted(shapes, self.family, self.metric)
        reach = quantile(self.scores, confidence) * np.maximum(1.0, value)
        low, high = np.maximum(0.0, np.floor(value - reach)), np.ceil(value + reach)
        return Predictions(
            value, low, high, confidence, self.median_error, self.p90_error, reach / 2
        )

    def observe(self, shapes: Sequence[EngineShape], values: Reals) -> CountModel:
        """The same model: a rule has nothing to learn from one network."""
        del values
        return replace(self, conditioned=self.conditioned + len(shapes))


AnyModel = MetricModel | CountModel


@dataclass(frozen=True, eq=False)
class CostModel:
    """Models of all figures on all families.

    Attributes:
        parts: by family and metric.
        ranges: least and largest of the training data, by field.
        version: digest of the shipped model.
    """

    parts: Mapping[tuple[str, str], AnyModel]
    ranges: Mapping[str, tuple[float, float]]
    version: str

    @property
    def families(self) -> tuple[str, ...]:
        """Families with a model."""
        return tuple(sorted({family for family, _ in self.parts}))

    def metrics(self, family: str) -> tuple[str, ...]:
        """Figures that can be predicted of a family."""
        return tuple(metric for f, metric in self.parts if f == family)

    def part(self, family: str, metric: str) -> AnyModel:
        """Model of one figure.

        Raises:
            SCConfigError: there is none.
        """
        found = self.parts.get((family, metric))
        if found is None:
            there = "; ".join(f"{f}: {', '.join(self.metrics(f))}" for f in self.families)
            raise SCConfigError(
                f"the cost model has no {metric!r} of family {family!r}; it has {there}"
            )
        return found

    def condition(self, observations: Iterable[Observation]) -> CostModel:
        """The model after synthesis results of the network at hand.

        Its rows share an offset with them, and what lies near them most of all. All further
        predictions are then of this network, and of no other.

        Raises:
            SCConfigError: an observation has no model, or no positive figure.
        """
        parts = dict(self.parts)
        grouped: dict[tuple[str, str], list[Observation]] = {}
        for o in observations:
            grouped.setdefault((o.family, o.metric), []).append(o)
        for key, found in grouped.items():
            part = replace(self, parts=parts).part(*key)
            values = np.array([o.value for o in found], np.float64)
            if not np.isfinite(values).all() or (values < 0).any():
                raise SCConfigError(f"an observed {key[1]} is not a finite number of 0 or more")
            parts[key] = part.observe([o.shape for o in found], values)
        return replace(self, parts=parts)

    def extrapolates(self, shape: EngineShape) -> tuple[str, ...]:
        """Fields of a shape outside the training data."""
        found = {
            name
            for layer in shape.layers
            for name in RANGED
            if not self.ranges[name][0] <= getattr(layer, name) <= self.ranges[name][1]
        }
        for name, value in (("inputs", shape.inputs), ("layers", len(shape.layers))):
            if not self.ranges[name][0] <= value <= self.ranges[name][1]:
                found.add(name)
        return tuple(sorted(found))


def quantile(scores: Reals, confidence: float) -> float:
    """The conformal quantile of sorted scores: with n of them, number ceil((n + 1) confidence).

    Raises:
        SCConfigError: the confidence is not between 0 and 1.
    """
    if not 0.0 < confidence < 1.0:
        raise SCConfigError(f"confidence is {confidence}; it must lie between 0 and 1")
    rank = int(np.ceil((len(scores) + 1) * confidence))
    return float(scores[min(rank, len(scores)) - 1]) if len(scores) else 0.0


def counted(shapes: Sequence[EngineShape], family: str, metric: str) -> Reals:
    """Block RAMs or multipliers by the rules of mapping."""
    if metric == "brams":
        features, _ = structure(shapes, family, "luts")
        return np.asarray(features[:, names_of("luts").index("block RAMs")], np.float64)
    features, _ = structure(shapes, family, "luts")
    products = features[:, names_of("luts").index("lane products")]
    if family == "ice40":
        return np.zeros(len(shapes))
    return np.ceil(products / 18**2)


def ranges_of(rows: Iterable[EngineRow]) -> dict[str, tuple[float, float]]:
    """Least and largest of what a model is trained on."""
    shapes = [r.shape for r in rows]
    layers = [layer for s in shapes for layer in s.layers]
    found = {
        name: (min(float(getattr(x, name)) for x in layers), max(float(getattr(x, name))
               for x in layers)) for name in RANGED
    }  # fmt: skip
    found["inputs"] = (min(s.inputs for s in shapes), max(s.inputs for s in shapes))
    found["layers"] = (min(len(s.layers) for s in shapes), max(len(s.layers) for s in shapes))
    return found


def build_part(entry: Mapping[str, Any], rows: Sequence[EngineRow]) -> AnyModel:
    """A model from its JSON entry and the training rows."""
    family, metric = entry["family"], entry["metric"]
    scores = np.array(entry["scores"], np.float64)
    errors = entry["median_error"], entry["p90_error"]
    if entry["form"] == "rule":
        return CountModel(family, metric, scores, *errors)
    names = names_of(metric)
    coefficients = np.array([entry["coefficients"].get(n, 0.0) for n in names], np.float64)
    centre, spread = np.array(entry["centre"]), np.array(entry["spread"])
    used = training_rows(rows, family, metric)
    features, inputs = structure([r.shape for r in used], family, metric)
    measured = np.array([r.figures[family, metric] for r in used], np.float64)
    residuals = np.log(to_cost(metric, measured)) - np.log(
        np.maximum(features @ coefficients, 1e-9)
    )
    process = Process(
        Hyperparameters(**entry["process"]), (inputs - centre) / spread, group_numbers(used),
        residuals,
    )  # fmt: skip
    return MetricModel(family, metric, coefficients, centre, spread, process, scores, *errors)


def training_rows(rows: Iterable[EngineRow], family: str, metric: str) -> list[EngineRow]:
    """Rows that one figure is trained on."""
    return [r for r in rows if not r.held_out and (family, metric) in r.figures]


def group_numbers(rows: Sequence[EngineRow]) -> NDArray[np.int64]:
    """A number for each row's network."""
    return np.unique([r.network for r in rows], return_inverse=True)[1].astype(np.int64)


def read_model(text: str, engines: str) -> CostModel:
    """A model from its two files.

    Raises:
        SCConfigError: a file is damaged, or they do not belong together.
    """
    document = read_document(text, "cost model", FORMAT, engines)
    rows = read_engines(engines)
    parts = {(e["family"], e["metric"]): build_part(e, rows) for e in document["parts"]}
    ranges = {name: (low, high) for name, (low, high) in document["ranges"].items()}
    return CostModel(parts, ranges, document["digest"])


@functools.cache
def cost_model() -> CostModel:
    """The model that is shipped."""
    folder = files("sc_neurocore.cost") / "data"
    return read_model(
        (folder / "model.json").read_text("utf-8"), (folder / "engines.csv").read_text("utf-8")
    )


def predict(
    shape: EngineShape,
    family: str,
    metric: str,
    *,
    model: CostModel | None = None,
    confidence: float = 0.9,
) -> Prediction:
    """Estimate one figure of an engine.

    Args:
        shape: the engine.
        family: ``ecp5``, ``ice40`` or ``xilinx``.
        metric: one of `METRICS`.
        model: a conditioned or refitted one; None for the one that is shipped.
        confidence: of the interval.

    Raises:
        SCConfigError: there is no such model, or the confidence is not between 0 and 1.
    """
    model = model or cost_model()
    part = model.part(family, metric)
    p = part.predict([shape], confidence)
    return Prediction(
        float(p.value[0]), float(p.low[0]), float(p.high[0]), confidence, p.median_error,
        p.p90_error, model.extrapolates(shape), part.conditioned,
    )  # fmt: skip


def predict_many(
    shapes: Sequence[EngineShape],
    family: str,
    metric: str,
    *,
    model: CostModel | None = None,
    confidence: float = 0.9,
) -> Predictions:
    """Estimate one figure of many engines; arguments and errors as of `predict`."""
    model = model or cost_model()
    return model.part(family, metric).predict(shapes, confidence)


def layer_luts(
    shapes: Sequence[LayerShape], family: str, *, model: CostModel | None = None
) -> Reals:
    """LUTs of layers by the structural part alone, which adds up: what integer programmes need.

    Raises:
        SCConfigError: there is no model of the family.
    """
    part = (model or cost_model()).part(family, "luts")
    assert isinstance(part, MetricModel)
    return np.asarray(
        layer_features(shapes, family) @ part.coefficients[: len(LAYER_FEATURES)], np.float64
    )
