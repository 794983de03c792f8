"""Two fixed-point formats of one multiply-accumulate: narrow weights, wide inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sc_neurocore.compiler._format import QFormat, Rounding
from sc_neurocore.exceptions import SCConfigError

_NARROW = QFormat(16, 8)
_WIDE = QFormat(32, 16)


@dataclass(frozen=True)
class QFormatMixed:
    """Weights in one format, inputs and outputs in a wider one.

    Attributes:
        weights: format of the stored weights.
        accumulator: format of inputs and of the saturated outputs.
        rounding: of the exact sum to an output: ``truncate``, ``nearest`` or ``nearest_even``.
    """

    weights: QFormat = _NARROW
    accumulator: QFormat = _WIDE
    rounding: Rounding = "truncate"

    def __post_init__(self) -> None:
        if not self.weights.signed or not self.accumulator.signed:
            raise SCConfigError(
                f"a mixed format of {self.weights} and {self.accumulator}: both must be signed"
            )
        if self.accumulator.width < self.weights.width:
            raise SCConfigError(
                f"the accumulator {self.accumulator} is narrower than the weights {self.weights}"
            )
        if self.weights.width > 32 or self.accumulator.width > 48:
            raise SCConfigError(
                f"a mixed format of {self.weights} and {self.accumulator}: weights may have 32 "
                "bits, the accumulator 48"
            )
        if self.weights.fraction < 0:
            raise SCConfigError(f"weights in {self.weights} have no fraction to round off")
        if self.rounding not in ("truncate", "nearest", "nearest_even"):
            raise SCConfigError(
                f"rounding is '{self.rounding}'; allowed: truncate, nearest, nearest_even"
            )

    def __str__(self) -> str:
        return f"{self.weights}×{self.accumulator}"

    @property
    def accumulator_guard_bits(self) -> int:
        """Bits that the accumulator has above the weights' width."""
        return self.accumulator.width - self.weights.width

    def metadata(self) -> dict[str, Any]:
        """The contract as JSON data."""
        return {
            "weights": str(self.weights),
            "accumulator": str(self.accumulator),
            "rounding": self.rounding,
            "accumulator_guard_bits": self.accumulator_guard_bits,
        }
