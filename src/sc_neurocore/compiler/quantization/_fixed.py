"""Weights in fixed point: codes from numbers, numbers from codes, and what that costs."""

from __future__ import annotations

import warnings
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.compiler._format import QFormat, fitting
from sc_neurocore.compiler.quantization._codes import (
    Codes,
    Floats,
    PrecisionWarning,
    RoundingName,
    codes_of,
    finite_array,
    outside_range,
    refuse_outside,
    rounded,
    rounding_of,
    saturated,
    tie_count,
    warn_clipped,
)
from sc_neurocore.compiler.quantization._mixed_format import QFormatMixed
from sc_neurocore.dynamics import require_positive
from sc_neurocore.exceptions import SCConfigError

WeightFormat = str | QFormat | QFormatMixed


def quantize_weights(
    weights: ArrayLike,
    fmt: WeightFormat,
    rounding: RoundingName = "nearest_even",
    clip: bool = False,
    *,
    seed: int = 0,
) -> Codes:
    """Codes of weights in a fixed-point format.

    ``nearest`` means here what it means everywhere in this project and in the hardware: ties away
    from zero. Elsewhere the word often means ties to even, which is ``nearest_even`` (the default)
    here; where a tie makes the two differ, `PrecisionWarning` says so.

    Args:
        weights: any shape.
        fmt: a format, its label, or a mixed format, whose weights' format counts.
        rounding: ``nearest_even``, ``nearest``, ``truncate`` (downwards) or ``stochastic`` (up with
            the probability of the fraction); ``bankers`` and ``floor`` are other names of the first
            and the third.
        clip: take the nearest end of the range for a weight outside; `PrecisionWarning` says how
            many there were. Otherwise such a weight is refused.
        seed: of the generator for ``stochastic``.

    Returns:
        Codes of the weights' shape: ``weight ≈ code · 2**-fraction``.

    Raises:
        SCConfigError: a weight is not a finite number, or the format or rounding is unknown.
        BitwidthMismatchError: a weight is outside the format and ``clip`` is false; it is named.
    """
    q = weight_format(fmt)
    codes = encoded("weights", weights, q, rounding, clip=clip, seed=seed)
    if rounding == "nearest" and (ties := tie_count(_scaled(np.asarray(weights, float), q))):
        warnings.warn(
            f"{ties} weights lie halfway between two codes of {q}; 'nearest' rounds them away from "
            "zero, 'nearest_even' would not",
            PrecisionWarning,
            stacklevel=2,
        )
    return codes


def encoded(
    what: str,
    numbers: ArrayLike,
    q: QFormat,
    rounding: RoundingName,
    *,
    clip: bool = False,
    seed: int = 0,
) -> Codes:
    """Codes of numbers, called ``what`` in errors; as `quantize_weights`."""
    values = finite_array(numbers, what)
    codes = rounded(_scaled(values, q), rounding_of(rounding), seed)
    outside = outside_range(codes, q)
    if outside.any():
        if not clip:
            refuse_outside(
                what, values, outside, str(q), q.min_value, q.max_value, _remedy(what, values, q)
            )
        warn_clipped(what, int(np.count_nonzero(outside)), values.size, str(q), depth=3)
    return saturated(codes, q)


def dequantize_weights(quantized: ArrayLike, fmt: WeightFormat, scale: float = 1.0) -> Floats:
    """Numbers that codes stand for: ``code · 2**-fraction · scale``.

    Args:
        quantized: codes, any shape.
        fmt: their format.
        scale: what the weights had been divided by.

    Raises:
        SCConfigError: the scale is not positive and finite, or a code is no integer.
        BitwidthMismatchError: a code is outside the format.
    """
    q = weight_format(fmt)
    scale = require_positive("scale", scale)
    values: Floats = np.ldexp(codes_of("quantized", quantized, q).astype(np.float64), -q.fraction)
    return values * scale


def q_weights_to_sc_probabilities(quantized: ArrayLike, fmt: WeightFormat) -> Floats:
    """Probabilities of the streams that carry weights: ``(code - lowest) / 2**width``.

    For an unsigned format that is unipolar coding of the weight over the format's range, for a
    signed one bipolar coding: code 0 is 1/2. Both are exactly what a comparator of ``width`` bits
    encodes.

    Args:
        quantized: codes, any shape.
        fmt: their format.

    Raises:
        SCConfigError: a code is no integer.
        BitwidthMismatchError: a code is outside the format.
    """
    q = weight_format(fmt)
    offset = (codes_of("quantized", quantized, q) - q.low).astype(np.float64)
    return np.ldexp(offset, -q.width)


@dataclass(frozen=True)
class QuantizationStatistics:
    """What a format does to an array of numbers.

    Attributes:
        max_abs: largest error.
        mean: mean error, signed: the bias.
        rms: root of the mean squared error.
        snr_db: power of the numbers over that of the errors, infinite without errors.
        bound: half a step (a step for ``truncate`` and ``stochastic``): no number that is not
            clipped has a larger error.
        clipped: how many numbers were outside the format.
        size: how many numbers there are.
    """

    max_abs: float
    mean: float
    rms: float
    snr_db: float
    bound: float
    clipped: int
    size: int

    def to_dict(self) -> dict[str, Any]:
        """The statistics as JSON data (an infinite ratio is ``None``)."""
        return {**asdict(self), "snr_db": self.snr_db if np.isfinite(self.snr_db) else None}


def quantization_error(
    weights: ArrayLike,
    fmt: WeightFormat,
    rounding: RoundingName = "nearest_even",
    *,
    seed: int = 0,
) -> QuantizationStatistics:
    """Statistics of the error that a format makes; numbers outside are clipped and counted.

    Args:
        weights: any shape, at least one number.
        fmt: as for `quantize_weights`.
        rounding: as for `quantize_weights`.
        seed: of the generator for ``stochastic``.

    Raises:
        SCConfigError: no numbers, one that is not finite, or an unknown format or rounding.
    """
    q, values = weight_format(fmt), finite_array(weights, "weights")
    if not values.size:
        raise SCConfigError("weights are empty; an error needs at least one number")
    chosen = rounding_of(rounding)
    codes = rounded(_scaled(values, q), chosen, seed)
    found = np.ldexp(saturated(codes, q).astype(np.float64), -q.fraction)
    step = 1.0 if chosen in ("truncate", "stochastic") else 0.5
    return statistics(values, found, step * q.resolution, int(outside_range(codes, q).sum()))


def statistics(values: Floats, found: Floats, bound: float, clipped: int) -> QuantizationStatistics:
    """Statistics of ``found - values``."""
    error = found - values
    power, noise = float(np.mean(values**2)), float(np.mean(error**2))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = float(10 * np.log10(np.float64(power) / noise)) if noise else float("inf")
    return QuantizationStatistics(
        max_abs=float(np.abs(error).max()),
        mean=float(error.mean()),
        rms=float(np.sqrt(noise)),
        snr_db=ratio,
        bound=bound,
        clipped=clipped,
        size=values.size,
    )


def weight_format(fmt: WeightFormat) -> QFormat:
    """The format of weights that an argument stands for.

    Raises:
        SCConfigError: it is no fixed-point format.
    """
    if isinstance(fmt, QFormatMixed):
        return fmt.weights
    return fmt if isinstance(fmt, QFormat) else QFormat.from_string(fmt)


def _remedy(what: str, values: Floats, q: QFormat) -> str:
    low, high = float(values.min()), float(values.max())
    try:
        fit = fitting(
            min(low, q.min_value), max(high, q.max_value), q.fraction, signed=q.signed or low < 0
        )
    except SCConfigError:
        return f"scale the {what}, or clip them"
    return f"use {fit} or wider, or clip the {what}"


def _scaled(values: Floats, q: QFormat) -> Floats:
    with np.errstate(over="ignore"):
        return np.ldexp(values, q.fraction)
