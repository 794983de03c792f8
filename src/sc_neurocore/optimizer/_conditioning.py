"""What measured points say of the choices near them.

A Gaussian process on the logarithm of measured over predicted, with mean 0: near an observation the
prediction moves to it and its interval narrows, far from all observations nothing changes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream import Lfsr, feedback_exponents
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._choices import ACCURACY, POWER, Choices, choices_of, errors_of
from sc_neurocore.optimizer._observation import BenchmarkObservation
from sc_neurocore.optimizer._profile import LayerProfile
from sc_neurocore.optimizer._stochastic_layer import (
    DecorrelationStrategy,
    StochasticLayer,
    polynomial_text,
)

Reals = NDArray[np.float64]

#: Distance at which two points count as different: doublings of products and of length, bits of
#: precision and of the register, and another decorrelator (in units of itself).
_SCALES = np.array([2.0, 2.0, 4.0, 6.0])
_OTHER_KIND = 1.5
#: Variance of a measurement, as a share of the model's.
_NOISE = 0.01
#: Kernel value from which a choice counts as informed by an observation.
_NEAR = 0.05
#: How many times the worst error of the bit-true model an error is remarked on.
_OTHER_SCALE = 3.0
#: Longest stream that is executed to compare an observation with the model.
_LONGEST = 1 << 16
#: Least error that a measured accuracy is taken for, so that a ratio exists.
_LEAST_ERROR = 1e-5


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Observations whose ratio to the model is known.

    Attributes:
        places: of the observations, (observations, features).
        kinds: their decorrelators.
        ratios: log of measured over predicted LUTs, power, latency and error, (observations, 4);
            NaN where one of the two is not known.
    """

    places: Reals
    kinds: NDArray[np.str_]
    ratios: Reals

    def apply(self, choices: Choices, mac_count: int) -> Choices:
        """Choices with their figures moved and narrowed; measured ones stay as they are."""
        if not len(self.kinds):
            return choices
        registers = np.array([_degree(str(text)) for text in choices.polynomial])
        places = _places(
            np.full(len(choices), mac_count), choices.length, choices.precision, registers
        )
        own = _kernel(self.places, self.kinds, self.places, self.kinds)
        across = _kernel(places, choices.decorrelator, self.places, self.kinds)
        middle, left = np.ones_like(choices.value), np.ones_like(choices.value)
        for metric, ratio in enumerate(self.ratios.T):
            known = ~np.isnan(ratio)
            near = across[:, known]
            noise = _NOISE * np.eye(int(known.sum()))
            solved = np.linalg.solve(own[np.ix_(known, known)] + noise, near.T).T
            middle[:, metric] = np.exp(solved @ ratio[known])
            left[:, metric] = np.sqrt(np.clip(1 - (near * solved).sum(axis=1), 0, 1))
        value, low, high = (_as_errors(x) for x in (choices.value, choices.high, choices.low))
        low, high = np.minimum(low, high), np.maximum(low, high)
        low[:, :ACCURACY], high[:, :ACCURACY] = (
            choices.low[:, :ACCURACY], choices.high[:, :ACCURACY]
        )  # fmt: skip
        tiny = np.finfo(float).tiny
        narrow = (np.maximum(x, tiny) / np.maximum(value, tiny) for x in (low, high))
        low, high = (value * middle * ratio**left for ratio in narrow)
        value = value * middle
        new_value, new_low, new_high = _as_errors(value), _as_errors(low), _as_errors(high)
        new_low[:, ACCURACY], new_high[:, ACCURACY] = (
            _as_errors(high)[:, ACCURACY], _as_errors(low)[:, ACCURACY]
        )  # fmt: skip
        for figures in (new_value, new_low, new_high):
            figures[:, ACCURACY] = np.clip(figures[:, ACCURACY], 0.0, 1.0)
        nearest = across.max(axis=1)
        touched = (nearest >= _NEAR) & ~choices.measured
        return replace(
            choices,
            value=np.where(touched[:, None], new_value, choices.value),
            low=np.where(touched[:, None], new_low, choices.low),
            high=np.where(touched[:, None], new_high, choices.high),
            informed=np.where(touched, nearest, choices.informed),
        )


def conditioning_of(
    observations: Sequence[BenchmarkObservation], family: str, clock_mhz: float
) -> tuple[Conditioning, tuple[str, ...]]:
    """Compare observations with the model; also, in sentences, what of them is not as it should be.

    Power counts where it is dynamic and no vendor's estimate.
    """
    places, kinds, ratios, notices = [], [], [], []
    for number, seen in enumerate(observations):
        layer = layer_of(seen)
        name = seen.source or f"observation {number}"
        notices += _power_notices(seen, name, clock_mhz)
        if layer is None:
            notices.append(
                f"{name} has a decorrelator or polynomial that the model does not know, or a "
                f"length ('{seen.decorrelator}', {seen.polynomial}, {seen.bitstream_length}): it "
                "counts where it matches a layer, and says nothing of other points"
            )
            continue
        model = choices_of([layer], [errors_of(layer)], [1], family, clock_mhz)
        predicted, measured = (
            _as_errors(model.value)[0],
            _as_errors(_measured(seen, clock_mhz)[None])[0],
        )
        worst = 1 - float(model.low[0, ACCURACY])
        if measured[ACCURACY] > _OTHER_SCALE * max(worst, _LEAST_ERROR):
            notices.append(
                f"{name} has an accuracy_score of {seen.accuracy_score:g} where the bit-true model "
                f"gives at least {1 - worst:.4g}; if it is a share of right answers, it is on "
                "another scale than the predictions"
            )
        predicted[ACCURACY] = max(predicted[ACCURACY], _LEAST_ERROR)
        measured[ACCURACY] = max(measured[ACCURACY], _LEAST_ERROR)
        known = (predicted > 0) & (measured > 0)
        known[POWER] &= seen.dynamic_mw is not None and seen.power_source != "vendor estimate"
        ratio = np.full(len(predicted), np.nan)
        ratio[known] = np.log(measured[known] / predicted[known])
        one = [np.array([n]) for n in (layer.mac_count, layer.bitstream_length,
                                       layer.precision_bits, layer.register)]  # fmt: skip
        places.append(_places(*one)[0])
        kinds.append(layer.decorrelator.value)
        ratios.append(ratio)
    return (
        Conditioning(
            np.array(places).reshape(-1, len(_SCALES)), np.array(kinds, dtype=str),
            np.array(ratios).reshape(-1, ACCURACY + 1),
        ),
        tuple(notices),
    )  # fmt: skip


def measured_choices(
    layer: LayerProfile, observations: Sequence[BenchmarkObservation], clock_mhz: float
) -> Choices | None:
    """Observations of exactly this layer; several of one point become their mean and range.

    Power is meant at ``clock_mhz``; one that was estimated or scaled has no known error.
    """
    points: dict[tuple[int, str, int, str], list[BenchmarkObservation]] = {}
    for seen in observations:
        if seen.mac_count == layer.mac_count and seen.layer_id in ("", layer.id):
            key = (
                seen.bitstream_length, _kind_name(seen.decorrelator), seen.precision_bits,
                canonical_polynomial(seen),
            )  # fmt: skip
            points.setdefault(key, []).append(seen)
    if not points:
        return None
    rows = [np.array([_measured(seen, clock_mhz) for seen in group]) for group in points.values()]
    low, high = np.array([r.min(axis=0) for r in rows]), np.array([r.max(axis=0) for r in rows])
    unsure = [any(_power_is_estimated(s, clock_mhz) for s in group) for group in points.values()]
    low[unsure, POWER], high[unsure, POWER] = 0.0, np.inf
    lengths, kinds, precisions, polynomials = zip(*points, strict=True)
    return Choices(
        length=np.array(lengths, np.int64),
        decorrelator=np.array(kinds),
        precision=np.array(precisions, np.int64),
        polynomial=np.array(polynomials),
        fold=np.ones(len(points), np.int64),
        value=np.array([r.mean(axis=0) for r in rows]),
        low=low,
        high=high,
        measured=np.ones(len(points), bool),
        informed=np.ones(len(points)),
        extrapolates=np.zeros(len(points), bool),
        far=np.zeros(len(points), bool),
    )


def layer_of(seen: BenchmarkObservation) -> StochasticLayer | None:
    """The layer of our library that was observed, if it is one."""
    text = canonical_polynomial(seen)
    registers = {polynomial_text(width): width for width in feedback_exponents()}
    kinds = {kind.value for kind in DecorrelationStrategy}
    kind = _kind_name(seen.decorrelator)
    if text not in registers or kind not in kinds or not 2 <= seen.bitstream_length <= _LONGEST:
        return None
    try:
        return StochasticLayer(
            seen.mac_count, seen.bitstream_length, seen.precision_bits,
            DecorrelationStrategy(kind), registers[text],
        )  # fmt: skip
    except SCConfigError:  # levels wider than the register
        return None


def canonical_polynomial(seen: BenchmarkObservation) -> str:
    """The polynomial in powers of x, where its taps are those of a register of ours."""
    text = seen.polynomial
    if text.startswith("0x"):
        for width in feedback_exponents():
            if Lfsr(width).feedback.taps == int(text, 16):
                return polynomial_text(width)
    return text


def _measured(seen: BenchmarkObservation, clock_mhz: float) -> Reals:
    """What was observed: dynamic power at the clock that is asked for, or else the whole power."""
    power = seen.power_mw
    if seen.dynamic_mw is not None:
        power = seen.dynamic_mw * clock_mhz / (seen.clock_mhz or clock_mhz)
    return np.array([seen.luts_used, power, seen.latency_cycles, seen.accuracy_score], np.float64)


def _power_is_estimated(seen: BenchmarkObservation, clock_mhz: float) -> bool:
    scaled = seen.dynamic_mw is not None and seen.clock_mhz not in (None, clock_mhz)
    return scaled or seen.power_source == "vendor estimate"


def _power_notices(seen: BenchmarkObservation, name: str, clock_mhz: float) -> list[str]:
    notices = []
    if seen.power_source == "vendor estimate":
        notices.append(f"the power of {name} is the vendor tool's estimate")
    if seen.dynamic_mw is None:
        notices.append(f"{name} knows no dynamic power, so its whole power counts as such")
    elif seen.clock_mhz not in (None, clock_mhz):
        notices.append(
            f"the dynamic power of {name} is scaled from {seen.clock_mhz:g} MHz to {clock_mhz:g}"
        )
    return notices


def _kind_name(text: str) -> str:
    return text.strip().lower().replace("-", "_").replace(" ", "_")


def _degree(polynomial: str) -> int:
    """Degree of a polynomial as text; that of a usual register where it cannot be read."""
    head = polynomial.split("+")[0].removeprefix("x^")
    return int(head) if head.isdigit() else 16


def _as_errors(figures: Reals) -> Reals:
    """Figures with accuracy as error, or back."""
    result = figures.copy()
    result[:, ACCURACY] = 1 - result[:, ACCURACY]
    return result


def _places(macs: Any, length: Any, precision: Any, register: Any) -> Reals:
    columns = np.column_stack([np.log2(macs), np.log2(length), precision, register])
    return np.asarray(columns / _SCALES)


def _kernel(a: Reals, a_kinds: NDArray[np.str_], b: Reals, b_kinds: NDArray[np.str_]) -> Reals:
    far = ((a[:, None] - b[None]) ** 2).sum(axis=2)
    far += _OTHER_KIND**2 * (a_kinds[:, None] != b_kinds[None])
    return np.asarray(np.exp(-far / 2))
