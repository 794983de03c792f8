"""What happened to the outputs of a dense operator, and what could."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler._format import QFormat
from sc_neurocore.compiler._overflow_proof import (
    FixedPointEnvelopeProof,
    prove_fixed_point_envelope,
)
from sc_neurocore.compiler.quantization._codes import Codes
from sc_neurocore.exceptions import SCConfigError

Flags = NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PrecisionTrapReport:
    """Which outputs saturated or vanished, as a trap register would show it.

    Attributes:
        format: format of the outputs.
        saturated_min: outputs that were clamped to the lowest code, one flag per channel.
        saturated_max: outputs that were clamped to the highest code.
        underflow: outputs that are not zero and whose code is.
    """

    format: QFormat
    saturated_min: Flags
    saturated_max: Flags
    underflow: Flags

    def __post_init__(self) -> None:
        shapes = {x.shape for x in (self.saturated_min, self.saturated_max, self.underflow)}
        if len(shapes) != 1 or len(shapes.pop()) != 1:
            raise SCConfigError("the flags of a trap report must be vectors of one length")

    @property
    def output_count(self) -> int:
        """Number of channels."""
        return int(self.underflow.size)

    @property
    def overflow(self) -> Flags:
        """Channels that saturated at either end."""
        return self.saturated_min | self.saturated_max

    @property
    def overflow_count(self) -> int:
        """Channels that saturated."""
        return int(np.count_nonzero(self.overflow))

    @property
    def has_overflow(self) -> bool:
        """Whether any channel saturated."""
        return bool(self.overflow.any())

    @property
    def underflow_count(self) -> int:
        """Channels where something became code 0."""
        return int(np.count_nonzero(self.underflow))

    @property
    def has_underflow(self) -> bool:
        """Whether any channel underflowed."""
        return bool(self.underflow.any())

    @property
    def saturated_min_count(self) -> int:
        """Channels clamped to the lowest code."""
        return int(np.count_nonzero(self.saturated_min))

    @property
    def saturated_max_count(self) -> int:
        """Channels clamped to the highest code."""
        return int(np.count_nonzero(self.saturated_max))

    def manifest(self) -> dict[str, Any]:
        """The report as JSON data; channels are listed by index."""
        return {
            "format": str(self.format),
            "output_count": self.output_count,
            "saturated_min": np.flatnonzero(self.saturated_min).tolist(),
            "saturated_max": np.flatnonzero(self.saturated_max).tolist(),
            "underflow": np.flatnonzero(self.underflow).tolist(),
        }


@dataclass(frozen=True, eq=False)
class PrecisionEnvelopeReport:
    """How far outputs reached and could reach on a workload.

    The bound of a channel is the sum of the magnitudes of its products, rounded up to a code: what
    its output could be if no product cancelled another.

    Attributes:
        trap: what happened.
        max_abs_codes: largest magnitude of each channel's code.
        bound_codes: bound of each channel.
    """

    trap: PrecisionTrapReport
    max_abs_codes: Codes
    bound_codes: Codes

    @property
    def output_count(self) -> int:
        """Number of channels."""
        return self.trap.output_count

    @property
    def observed_overflow_free(self) -> bool:
        """Whether no channel saturated on this workload."""
        return not self.trap.has_overflow

    @property
    def observed_underflow_free(self) -> bool:
        """Whether no channel underflowed on this workload."""
        return not self.trap.has_underflow

    @property
    def conservative_safe_bound_code(self) -> int:
        """Largest bound that the format holds."""
        return self.trap.format.high

    @property
    def max_abs_output_code(self) -> int:
        """Largest magnitude of any code."""
        return int(self.max_abs_codes.max())

    @property
    def max_abs_bound_code(self) -> int:
        """Largest bound of any channel."""
        return int(self.bound_codes.max())

    @property
    def min_headroom_code(self) -> int:
        """Codes between the largest bound and the format's end (negative: beyond it)."""
        return self.conservative_safe_bound_code - self.max_abs_bound_code

    @property
    def conservative_overflow_free(self) -> bool:
        """Whether the bounds prove that no channel can saturate on this workload."""
        return self.fixed_point_envelope_proof.proven_safe

    @property
    def fixed_point_envelope_proof(self) -> FixedPointEnvelopeProof:
        """The width that the bounds need."""
        fmt = self.trap.format
        return prove_fixed_point_envelope(
            self.bound_codes.tolist(), total_bits=fmt.width, fractional_bits=fmt.fraction,
            signed=fmt.signed,
        )  # fmt: skip

    def manifest(self) -> Mapping[str, Any]:
        """The report as JSON data."""
        return {
            "trap": self.trap.manifest(),
            "max_abs_output_code": self.max_abs_output_code,
            "max_abs_bound_code": self.max_abs_bound_code,
            "min_headroom_code": self.min_headroom_code,
            "observed_overflow_free": self.observed_overflow_free,
            "observed_underflow_free": self.observed_underflow_free,
            "conservative_overflow_free": self.conservative_overflow_free,
            "fixed_point_envelope_proof": self.fixed_point_envelope_proof.manifest(),
        }
