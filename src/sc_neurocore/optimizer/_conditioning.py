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
from sc_neurocore.optimizer._choices import ACCURACY, Choices, choices_of, errors_of
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
#: Least error that a measured accuracy is taken for, so that a ratio exists.
_LEAST_ERROR = 1e-5


@dataclass(frozen=True, eq=False)
class Conditioning:
    """Observations whose ratio to the model is known.

    Attributes:
        places: of the observations, (observations, features).
        kinds: their decorrelators.
        ratios: log of measured over predicted LUTs, power, latency and error, (observations, 4).
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
        solved = np.linalg.solve(own + _NOISE * np.eye(len(own)), across.T)
        shift = solved.T @ self.ratios
        left = np.sqrt(np.clip(1 - (across * solved.T).sum(axis=1), 0, 1))[:, None]
        middle = np.exp(shift)
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
    """Compare observations with the model; also, in sentences, which cannot be compared."""
    places, kinds, ratios, notices = [], [], [], []
    for number, seen in enumerate(observations):
        layer = layer_of(seen)
        if layer is None:
            name = seen.source or f"observation {number}"
            notices.append(
                f"{name} has a decorrelator or polynomial that the model does not know "
                f"('{seen.decorrelator}', {seen.polynomial}): it counts where it matches a layer, "
                "and says nothing of other points"
            )
            continue
        model = choices_of([layer], [errors_of(layer)], [1], family, clock_mhz)
        predicted, measured = _as_errors(model.value)[0], _as_errors(_measured(seen)[None])[0]
        predicted[ACCURACY] = max(predicted[ACCURACY], _LEAST_ERROR)
        measured[ACCURACY] = max(measured[ACCURACY], _LEAST_ERROR)
        known = (predicted > 0) & (measured > 0)
        ratio = np.zeros(len(predicted))
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
    layer: LayerProfile, observations: Sequence[BenchmarkObservation]
) -> Choices | None:
    """Observations of exactly this layer; several of one point become their mean and range."""
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
    rows = [np.array([_measured(seen) for seen in group]) for group in points.values()]
    lengths, kinds, precisions, polynomials = zip(*points, strict=True)
    return Choices(
        length=np.array(lengths, np.int64),
        decorrelator=np.array(kinds),
        precision=np.array(precisions, np.int64),
        polynomial=np.array(polynomials),
        fold=np.ones(len(points), np.int64),
        value=np.array([r.mean(axis=0) for r in rows]),
        low=np.array([r.min(axis=0) for r in rows]),
        high=np.array([r.max(axis=0) for r in rows]),
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
    if text not in registers or kind not in kinds or seen.bitstream_length < 2:
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


def _measured(seen: BenchmarkObservation) -> Reals:
    return np.array(
        [seen.luts_used, seen.power_mw, seen.latency_cycles, seen.accuracy_score], np.float64
    )


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
