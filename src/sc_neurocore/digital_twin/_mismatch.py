"""Analogue imperfection, drawn once per device: weights, thresholds, clock."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError

Reals = NDArray[np.float64]


@dataclass(frozen=True)
class MatrixMismatch:
    """What a device does to one weight matrix.

    Attributes:
        weights: how many.
        outside: those that the format cannot hold; `FPGAMismatchModel.quantize` refuses them.
        expected_quantisation_rms: rms error of rounding to the format, if nothing is outside and
            the errors are uniform: one step over √12.
        quantisation_rms: of these weights that the format can hold.
        expected_variation_rms: ``weight_cv`` times the rms of the weights.
        variation_rms: what this device's draw changed.
    """

    weights: int
    outside: int
    expected_quantisation_rms: float
    quantisation_rms: float
    expected_variation_rms: float
    variation_rms: float


@dataclass(frozen=True)
class FPGAMismatchModel:
    """One device with imperfections; its seed is the device.

    An FPGA computes with exact integers, and a digital weight has no tolerance. The model asks what
    a network would lose on a substrate whose weights and thresholds vary, or how much its numbers
    could be off before that matters. Every method gives the same result at every call, and changes
    none of its arguments.

    Attributes:
        quantization_bits: width of the format, 2 to 32; half of it, rounded down, is fraction
            (16 is Q8.8).
        weight_cv: standard deviation of a weight over its value.
        threshold_cv: the same of each neuron's threshold.
        clock_jitter_pct: standard deviation of a clock period over its mean, as a share (0.01 is
            1 %).
        seed: of the device, 0 or more.
    """

    quantization_bits: int = 16
    weight_cv: float = 0.02
    threshold_cv: float = 0.05
    clock_jitter_pct: float = 0.01
    seed: int = 42

    def __post_init__(self) -> None:
        if type(self.quantization_bits) is not int or not 2 <= self.quantization_bits <= 32:
            raise SCConfigError(
                f"quantization_bits is {self.quantization_bits!r}; it must be a whole number from "
                "2 to 32"
            )
        for name in ("weight_cv", "threshold_cv", "clock_jitter_pct"):
            value = getattr(self, name)
            if isinstance(value, bool) or not (
                isinstance(value, int | float) and math.isfinite(value) and 0 <= value <= 1
            ):
                raise SCConfigError(f"{name} is {value!r}; it must be a number from 0 to 1")
        if type(self.seed) is not int or self.seed < 0:
            raise SCConfigError(f"seed is {self.seed!r}; it must be a whole number, 0 or more")

    @property
    def step(self) -> float:
        """Value of the last bit of the format."""
        return 2.0 ** -(self.quantization_bits // 2)

    @property
    def low(self) -> float:
        """Smallest value of the format."""
        return -(2.0 ** (self.quantization_bits - 1)) * self.step

    @property
    def high(self) -> float:
        """Largest value of the format."""
        return (2.0 ** (self.quantization_bits - 1) - 1) * self.step

    def outside(self, values: ArrayLike) -> NDArray[np.bool_]:
        """Which values round to a number that the format does not have."""
        rounded = np.rint(_real(values) / self.step) * self.step
        return np.asarray((rounded < self.low) | (rounded > self.high))

    def quantize(self, values: ArrayLike) -> Reals:
        """Values rounded to the format, halves to even.

        Args:
            values: of any shape.

        Raises:
            SCConfigError: a value is not finite, or would saturate; none is ever clipped.
        """
        given = _real(values)
        beyond = self.outside(given)
        if beyond.any():
            place = tuple(int(i) for i in np.argwhere(beyond)[0])
            raise SCConfigError(
                f"{int(beyond.sum())} of {given.size} values do not fit {self.quantization_bits} "
                f"bits ({self.low:g} to {self.high:g}): the first is {given[place]:g} at "
                f"{list(place)}; scale the values, or give more quantization_bits"
            )
        return np.asarray(np.rint(given / self.step) * self.step)

    def perturb_weights(self, weights: ArrayLike) -> Reals:
        """Weights of this device: each times 1 + ``weight_cv`` · N(0, 1)."""
        return self._varied(weights, self.weight_cv, "weights", 0)

    def perturb_thresholds(self, thresholds: ArrayLike) -> Reals:
        """Thresholds of this device: each neuron's times 1 + ``threshold_cv`` · N(0, 1)."""
        return self._varied(thresholds, self.threshold_cv, "thresholds", 0)

    def jitter_timing(self, n_steps: int) -> Reals:
        """Lengths of clock periods over their mean, shape (n_steps,).

        Log-normal with mean 1 and coefficient of variation ``clock_jitter_pct``, as no period is
        negative.

        Raises:
            SCConfigError: ``n_steps`` is no whole number of 0 or more.
        """
        if type(n_steps) is not int or n_steps < 0:
            raise SCConfigError(f"n_steps is {n_steps!r}; it must be a whole number, 0 or more")
        variance = math.log1p(self.clock_jitter_pct**2)
        drawn = self._generator("clock", 0).standard_normal(n_steps)
        return np.asarray(np.exp(math.sqrt(variance) * drawn - variance / 2))

    def apply_to_network_weights(self, weights: Sequence[ArrayLike]) -> list[Reals]:
        """Every matrix of a network as this device holds it: quantised, then perturbed.

        The matrices vary independently of each other; the first as by `perturb_weights`.

        Raises:
            SCConfigError: a weight is not finite or does not fit the format.
        """
        return [
            self._varied(self.quantize(matrix), self.weight_cv, "weights", number)
            for number, matrix in enumerate(weights)
        ]

    def apply_to_network_thresholds(self, thresholds: Sequence[ArrayLike]) -> list[Reals]:
        """The thresholds of every layer of this device; the first as by `perturb_thresholds`."""
        return [
            self._varied(layer, self.threshold_cv, "thresholds", number)
            for number, layer in enumerate(thresholds)
        ]

    def mismatch_report(self, weights: Sequence[ArrayLike]) -> list[MatrixMismatch]:
        """What `apply_to_network_weights` does to each matrix, beside what theory expects.

        Weights that do not fit are counted and left out; nothing is refused.
        """
        found = []
        for number, matrix in enumerate(weights):
            given = _real(matrix)
            beyond = self.outside(given)
            inside = np.where(beyond, 0.0, given)
            held = self.quantize(inside)
            varied = self._varied(held, self.weight_cv, "weights", number)
            keep = ~beyond
            found.append(
                MatrixMismatch(
                    weights=given.size,
                    outside=int(beyond.sum()),
                    expected_quantisation_rms=self.step / math.sqrt(12),
                    quantisation_rms=_rms((held - inside)[keep]),
                    expected_variation_rms=self.weight_cv * _rms(held[keep]),
                    variation_rms=_rms((varied - held)[keep]),
                )
            )
        return found

    def _varied(self, values: ArrayLike, cv: float, what: str, number: int) -> Reals:
        given = _real(values)
        drawn = self._generator(what, number).standard_normal(given.shape)
        return np.asarray(given * (1.0 + cv * drawn))

    def _generator(self, what: str, number: int) -> np.random.Generator:
        """Its own stream for each quantity, so that no draw depends on another's."""
        streams = ("weights", "thresholds", "clock")
        return np.random.default_rng([streams.index(what), number, self.seed])


def _real(values: ArrayLike) -> Reals:
    try:
        given = np.array(values, np.float64)
    except (TypeError, ValueError):
        raise SCConfigError("the values are no array of numbers") from None
    if not np.isfinite(given).all():
        raise SCConfigError("a value is not finite")
    return given


def _rms(values: NDArray[Any]) -> float:
    return float(np.sqrt(np.mean(np.square(values)))) if values.size else 0.0
