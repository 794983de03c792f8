"""Block floating point: arrays to mantissas and shared exponents, and back."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.compiler.quantization._block_format import BlockFloatingMode
from sc_neurocore.compiler.quantization._codes import (
    Codes,
    Floats,
    finite_array,
    first,
    refuse_outside,
    rounded,
    warn_clipped,
    whole_array,
)
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError


def quantize_block_floating(
    weights: ArrayLike, fmt: str | BlockFloatingMode, *, clip: bool = False
) -> tuple[Codes, Codes]:
    """Mantissas and shared exponents of weights, flattened row by row.

    Each block takes the smallest exponent that holds its largest weight, so every error is at most
    half the block's step; mantissas are rounded to nearest, ties to even.

    Args:
        weights: any shape, at least one.
        fmt: a mode or its label.
        clip: take the format's largest number for a weight beyond it; a `PrecisionWarning` says how
            many there were. Otherwise such a weight is refused.

    Returns:
        Mantissas of the weights' shape, and one stored exponent per block.

    Raises:
        SCConfigError: no weights, one that is not a finite number, or an unknown format.
        BitwidthMismatchError: a weight is beyond the format and ``clip`` is false; it is named.
    """
    mode, values = block_mode(fmt), finite_array(weights, "weights")
    if not values.size:
        raise SCConfigError("weights are empty; block floating point needs at least one number")
    blocks = _blocks(values, mode)
    exponents = _exponents(np.abs(blocks).max(axis=1), mode)
    beyond = exponents > mode.max_exponent
    if beyond.any():
        largest = mode.max_value
        with np.errstate(over="ignore"):
            coarsest = rounded(np.ldexp(values, mode.emit_fraction), "nearest_even", 0)
        outside = np.abs(coarsest) > mode.mantissa_range
        if not clip:
            refuse_outside(
                "weights", values, outside, mode.label, -largest, largest,
                "use more exponent bits, scale the weights, or clip them",
            )  # fmt: skip
        warn_clipped("weights", int(np.count_nonzero(outside)), values.size, mode.label, depth=2)
        exponents = np.minimum(exponents, mode.max_exponent)
    with np.errstate(over="ignore"):
        scaled = np.ldexp(blocks, (mode.mantissa_bits - 1 - exponents)[:, np.newaxis])
    limit = mode.mantissa_range
    mantissas = np.clip(rounded(scaled, "nearest_even", 0), -limit, limit).astype(np.int64)
    flat = mantissas.reshape(-1)[: values.size]
    return flat.reshape(values.shape), exponents + mode.exponent_bias


def dequantize_block_floating(
    quantized: ArrayLike, exponents: ArrayLike, fmt: str | BlockFloatingMode
) -> Floats:
    """Numbers that mantissas and shared exponents stand for, in the mantissas' shape.

    Raises:
        SCConfigError: the number of exponents is wrong, something is no integer, or the format
            is unknown.
        BitwidthMismatchError: a mantissa or an exponent does not fit the format.
    """
    mode, mantissas = block_mode(fmt), whole_array(quantized, "quantized")
    layout = mode.block_exponent_layout(mantissas.size)
    codes = layout.validate_exponents(exponents)
    beyond = (mantissas > mode.mantissa_range) | (mantissas < -mode.mantissa_range)
    if beyond.any():
        raise BitwidthMismatchError(
            f"a mantissa of {mode.label} is beyond ±{mode.mantissa_range}: "
            f"{mantissas[first(beyond)]}"
        )
    each = np.repeat(codes, mode.block_size)[: mantissas.size].reshape(mantissas.shape)
    shift = each + (mode.min_exponent - mode.mantissa_bits + 1)
    return np.ldexp(mantissas.astype(np.float64), shift)


def block_mode(fmt: str | BlockFloatingMode) -> BlockFloatingMode:
    """The mode that an argument stands for.

    Raises:
        SCConfigError: it is no block floating-point format.
    """
    return fmt if isinstance(fmt, BlockFloatingMode) else BlockFloatingMode.from_aliases(fmt)


def _blocks(values: Floats, mode: BlockFloatingMode) -> Floats:
    """Rows of ``block_size``, the last one filled with zeros."""
    count = mode.block_exponent_count(values.size)
    padded = np.zeros(count * mode.block_size)
    padded[: values.size] = values.reshape(-1)
    return padded.reshape(count, mode.block_size)


def _exponents(largest: Floats, mode: BlockFloatingMode) -> Codes:
    """Smallest exponents whose mantissas hold the largest numbers, after rounding."""
    exponents = np.maximum(np.frexp(largest)[1].astype(np.int64), mode.min_exponent)
    top = rounded(np.ldexp(largest, mode.mantissa_bits - 1 - exponents), "nearest_even", 0)
    return np.where(largest == 0, mode.min_exponent, exponents + (top > mode.mantissa_range))
