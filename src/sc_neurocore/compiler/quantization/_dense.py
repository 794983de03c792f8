"""Dense operators whose weights are in few bits, computed exactly as integer hardware would."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.compiler._format import QFormat, Rounding
from sc_neurocore.compiler.quantization._block import (
    block_mode,
    dequantize_block_floating,
    quantize_block_floating,
)
from sc_neurocore.compiler.quantization._block_format import BlockFloatingMode
from sc_neurocore.compiler.quantization._codes import Codes, Floats, codes_of
from sc_neurocore.compiler.quantization._contraction import Settled, settle, sums
from sc_neurocore.compiler.quantization._fixed import encoded, quantize_weights
from sc_neurocore.compiler.quantization._mixed_format import QFormatMixed
from sc_neurocore.compiler.quantization._reports import (
    Flags,
    PrecisionEnvelopeReport,
    PrecisionTrapReport,
)
from sc_neurocore.exceptions import SCConfigError

_Q8_8 = QFormat(16, 8)
_Q16_16 = QFormat(32, 16)


@dataclass(frozen=True, eq=False)
class CompiledDense:
    """A matrix of integer weights between inputs and outputs of one fixed-point format.

    Inputs are numbers of shape (inputs,) or (samples, inputs); they are rounded to nearest, ties to
    even, and refused outside the format.

    Attributes:
        weight_codes: shape (outputs, inputs); a weight is ``code · 2**-weight_fraction``.
        weight_fraction: bits right of the weights' binary point.
        accumulator: format of inputs and outputs.
        rounding: of the exact sum to an output.
    """

    weight_codes: Codes
    weight_fraction: int
    accumulator: QFormat
    rounding: Rounding

    @property
    def output_size(self) -> int:
        """Number of outputs."""
        return int(self.weight_codes.shape[0])

    @property
    def input_size(self) -> int:
        """Number of inputs."""
        return int(self.weight_codes.shape[1])

    @property
    def accumulator_divisor(self) -> int:
        """What a sum of products of codes is divided by to be an output code."""
        return 1 << self.weight_fraction

    def forward_with_overflow(self, inputs: ArrayLike) -> tuple[Codes, Flags]:
        """Saturated output codes, and where they saturated.

        Raises:
            SCConfigError: the shape is wrong, an input is not finite, or a sum could exceed 64-bit
                integers.
            BitwidthMismatchError: an input is outside the format.
        """
        found = self._settled(self._input_codes(inputs))
        shape = (*np.shape(inputs)[:-1], self.output_size)
        return found.codes.reshape(shape), (found.below | found.above).reshape(shape)

    def forward_accumulator_codes(self, inputs: ArrayLike) -> Codes:
        """Saturated output codes; raises as `forward_with_overflow`."""
        return self.forward_with_overflow(inputs)[0]

    def forward_float(self, inputs: ArrayLike) -> Floats:
        """Outputs as numbers; raises as `forward_with_overflow`."""
        codes = self.forward_accumulator_codes(inputs).astype(np.float64)
        return np.ldexp(codes, -self.accumulator.fraction)

    def precision_trap_report(self, inputs: ArrayLike) -> PrecisionTrapReport:
        """Which outputs saturated or underflowed on any sample; raises as the forward pass."""
        return self._trap(self._settled(self._input_codes(inputs)))

    def precision_envelope_report(self, inputs: ArrayLike) -> PrecisionEnvelopeReport:
        """How far outputs reached and could reach; raises as the forward pass."""
        codes = self._input_codes(inputs)
        found = self._settled(codes)
        reach = sums(np.abs(self.weight_codes), np.abs(codes), self.weight_fraction)
        bounds = -(-reach >> self.weight_fraction)
        return PrecisionEnvelopeReport(
            trap=self._trap(found),
            max_abs_codes=np.abs(found.codes).max(axis=0),
            bound_codes=bounds.max(axis=0),
        )

    def _settled(self, codes: Codes) -> Settled:
        exact = sums(self.weight_codes, codes, self.weight_fraction)
        return settle(exact, self.weight_fraction, self.accumulator, self.rounding)

    def _trap(self, found: Settled) -> PrecisionTrapReport:
        return PrecisionTrapReport(
            format=self.accumulator,
            saturated_min=_any(found.below),
            saturated_max=_any(found.above),
            underflow=_any(found.underflow),
        )

    def _input_codes(self, inputs: ArrayLike) -> Codes:
        codes = encoded("inputs", inputs, self.accumulator, "nearest_even")
        if codes.ndim not in (1, 2) or codes.shape[-1] != self.input_size or not codes.size:
            raise SCConfigError(
                f"inputs have the shape {codes.shape}; give ({self.input_size},) or "
                f"(samples, {self.input_size})"
            )
        return np.atleast_2d(codes)


@dataclass(frozen=True, eq=False)
class CompiledMixedDense(CompiledDense):
    """A dense operator with weights in a narrow format and a wide accumulator.

    Attributes:
        format: both formats.
    """

    format: QFormatMixed

    def manifest(self) -> dict[str, Any]:
        """The operator as JSON data, without its weights."""
        return {
            "operator": "mixed_dense",
            "output_size": self.output_size,
            "input_size": self.input_size,
            "accumulator_divisor": self.accumulator_divisor,
            "format": self.format.metadata(),
        }


def compile_dense_mixed_precision(
    weights: ArrayLike, fmt: QFormatMixed | None = None
) -> CompiledMixedDense:
    """Compile a matrix of weights to the multiply-accumulate of a mixed format.

    Args:
        weights: shape (outputs, inputs).
        fmt: formats; Q8.8 weights and Q16.16 inputs and outputs by default.

    Raises:
        SCConfigError: the weights are not a matrix of finite numbers.
        BitwidthMismatchError: a weight is outside its format.
    """
    chosen = fmt or QFormatMixed()
    codes = quantize_weights(_matrix(weights), chosen)
    return CompiledMixedDense(
        codes, chosen.weights.fraction, chosen.accumulator, chosen.rounding, chosen
    )


@dataclass(frozen=True, eq=False)
class CompiledBlockFloatingDense(CompiledDense):
    """A dense operator with weights in block floating point.

    Attributes:
        mode: format of the weights.
        mantissas: shape (outputs, inputs).
        exponents: stored exponents of the blocks of the flattened matrix.
    """

    mode: BlockFloatingMode
    mantissas: Codes
    exponents: Codes

    @property
    def reconstructed_weights(self) -> Floats:
        """The weights as numbers."""
        return dequantize_block_floating(self.mantissas, self.exponents, self.mode)

    def manifest(self) -> dict[str, Any]:
        """The operator as JSON data, without its weights."""
        return {
            "operator": "block_floating_dense",
            "output_size": self.output_size,
            "input_size": self.input_size,
            "weights": self.mode.metadata(),
            "block_exponent_layout": self.mode.block_exponent_layout(
                self.mantissas.size
            ).manifest(),
            "accumulator": str(self.accumulator),
            "rounding": self.rounding,
        }


def compile_dense_block_floating(
    weights: ArrayLike,
    fmt: str | BlockFloatingMode,
    *,
    inputs: QFormat = _Q16_16,
    rounding: Rounding = "truncate",
) -> CompiledBlockFloatingDense:
    """Compile a matrix of weights to block floating point, between fixed-point inputs and outputs.

    Args:
        weights: shape (outputs, inputs); blocks run along the flattened rows.
        fmt: a mode or its label.
        inputs: format of inputs and outputs.
        rounding: of the exact sum to an output: ``truncate``, ``nearest`` or ``nearest_even``.

    Raises:
        SCConfigError: the weights are not a matrix of finite numbers, their exponents are too far
            apart for 64-bit sums, or the format or rounding is unknown.
        BitwidthMismatchError: a weight is beyond the format.
    """
    if rounding not in ("truncate", "nearest", "nearest_even"):
        raise SCConfigError(f"rounding is '{rounding}'; allowed: truncate, nearest, nearest_even")
    mode = block_mode(fmt)
    mantissas, exponents = quantize_block_floating(_matrix(weights), mode)
    # Aligned to the smallest exponent in use, block floating point is fixed point.
    finest = mode.mantissa_bits - 1 - mode.min_exponent
    each = np.repeat(exponents, mode.block_size)[: mantissas.size].reshape(mantissas.shape)
    # Zeros have no scale: a block of them must not widen the span.
    used = each[mantissas != 0]
    least = int(used.min(initial=finest))
    spread = int(used.max(initial=least)) - least
    if mode.mantissa_bits - 1 + spread > 62:
        raise SCConfigError(
            f"exponents of the weights span {spread} powers of two; with mantissas of "
            f"{mode.mantissa_bits} bits 64-bit sums allow {63 - mode.mantissa_bits}"
        )
    return CompiledBlockFloatingDense(
        weight_codes=mantissas << np.maximum(each - least, 0),
        weight_fraction=finest - least,
        accumulator=inputs,
        rounding=rounding,
        mode=mode,
        mantissas=mantissas,
        exponents=exponents,
    )


@dataclass(frozen=True, eq=False)
class MixedDenseBatchResult:
    """Outputs of a batch, each of shape (samples, outputs).

    Attributes:
        outputs_q1616: saturated Q16.16 codes.
        overflow: where the sum left Q16.16.
        underflow: where the sum is not zero and its code is.
    """

    outputs_q1616: np.ndarray[tuple[int, ...], np.dtype[np.int32]]
    overflow: Flags
    underflow: Flags


def mixed_dense_forward_batch(
    weights_q88: ArrayLike,
    inputs_q1616: ArrayLike,
    n_outputs: int,
    n_inputs: int,
    *,
    rounding: Rounding = "truncate",
) -> MixedDenseBatchResult:
    """Multiply Q8.8 weights and Q16.16 inputs into saturated Q16.16 outputs.

    Sums are exact 64-bit integers; only the result is rounded (``truncate`` shifts right, so a
    small negative sum becomes code -1 and does not underflow).

    Args:
        weights_q88: ``n_outputs * n_inputs`` codes, row by row.
        inputs_q1616: codes of whole samples, row by row.
        n_outputs: number of outputs.
        n_inputs: number of inputs.
        rounding: ``truncate``, ``nearest`` or ``nearest_even``.

    Raises:
        SCConfigError: shapes do not agree, a code is no integer, or a sum could exceed 64-bit
            integers.
        BitwidthMismatchError: a code is outside its format.
    """
    fmt = QFormatMixed(_Q8_8, _Q16_16, rounding)
    for what, size in (("n_outputs", n_outputs), ("n_inputs", n_inputs)):
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            raise SCConfigError(f"{what} is {size!r}; it must be a whole number above 0")
    weights = codes_of("weights_q88", weights_q88, fmt.weights).reshape(-1)
    inputs = codes_of("inputs_q1616", inputs_q1616, fmt.accumulator).reshape(-1)
    if weights.size != n_outputs * n_inputs:
        raise SCConfigError(
            f"weights_q88 has {weights.size} codes; {n_outputs} outputs of {n_inputs} inputs have "
            f"{n_outputs * n_inputs}"
        )
    if not inputs.size or inputs.size % n_inputs:
        raise SCConfigError(
            f"inputs_q1616 has {inputs.size} codes, not whole samples of {n_inputs} inputs"
        )
    shift = fmt.weights.fraction
    exact = sums(weights.reshape(n_outputs, n_inputs), inputs.reshape(-1, n_inputs), shift)
    found = settle(exact, shift, fmt.accumulator, rounding)
    return MixedDenseBatchResult(
        found.codes.astype(np.int32), found.below | found.above, found.underflow
    )


def _any(flags: Flags) -> Flags:
    """Per output, over all samples."""
    found: Flags = np.logical_or.reduce(flags, axis=0)
    return found


def _matrix(weights: ArrayLike) -> ArrayLike:
    if np.ndim(weights) != 2 or not np.size(weights):
        raise SCConfigError(
            f"weights have the shape {np.shape(weights)}; a dense operator needs (outputs, inputs)"
        )
    return weights
