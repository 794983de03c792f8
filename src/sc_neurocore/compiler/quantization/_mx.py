"""Microscaling (MX) floats: small elements and one power of two per block.

OCP Microscaling Formats (MX) Specification, version 1.0 (2023). Which number a code stands for is
told by ``ml_dtypes``. Rounding is done here: `ml_dtypes` rounds doubles through single precision,
so twice, which can move a value just beside a tie.
"""

from __future__ import annotations

import importlib
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.compiler.quantization._codes import Floats, finite_array, whole_array
from sc_neurocore.exceptions import BitwidthMismatchError, SCConfigError, SCDependencyError

Bytes = NDArray[np.uint8]
_SCALE_BIAS = 127
_SCALE_NAN = 255


@dataclass(frozen=True)
class _Element:
    """An element format: name, its type in ``ml_dtypes``, largest number, smallest exponent."""

    name: str
    dtype: str
    largest: float
    largest_exponent: int
    smallest_exponent: int


_ELEMENTS: Mapping[tuple[int, int], _Element] = {
    (2, 2): _Element("E2M1", "float4_e2m1fn", 6.0, 2, 0),
    (2, 4): _Element("E2M3", "float6_e2m3fn", 7.5, 2, 0),
    (3, 3): _Element("E3M2", "float6_e3m2fn", 28.0, 4, -2),
    (4, 4): _Element("E4M3", "float8_e4m3fn", 448.0, 8, -6),
    (5, 3): _Element("E5M2", "float8_e5m2", 57344.0, 15, -14),
}


@dataclass(frozen=True)
class MXFPConfig:
    """An MX format: E4M3, E5M2, E3M2, E2M3 or E2M1 elements.

    Attributes:
        element_bits: bits of an element, 8, 6 or 4.
        exp_bits: bits of its exponent.
        mantissa_bits: bits of its mantissa, the implicit one included.
        block_size: elements that share a scale.
        shared_exp_bits: bits of the scale, which is a power of two: 8.
    """

    element_bits: int = 8
    exp_bits: int = 4
    mantissa_bits: int = 4
    block_size: int = 32
    shared_exp_bits: int = 8

    def __post_init__(self) -> None:
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise SCConfigError(f"{field.name} is {value!r}; it must be a whole number")
        known = ", ".join(
            f"{e.name} ({x + m} bits, exp_bits {x}, mantissa_bits {m})"
            for (x, m), e in _ELEMENTS.items()
        )
        if (self.exp_bits, self.mantissa_bits) not in _ELEMENTS or (
            self.element_bits != self.exp_bits + self.mantissa_bits
        ):
            raise SCConfigError(
                f"MX elements of {self.element_bits} bits with exp_bits {self.exp_bits} and "
                f"mantissa_bits {self.mantissa_bits} do not exist; allowed: {known}"
            )
        if not 1 <= self.block_size <= 1 << 16:
            raise SCConfigError(f"block_size is {self.block_size!r}; allowed: 1 to 65536")
        if self.shared_exp_bits != 8:
            raise SCConfigError(f"shared_exp_bits is {self.shared_exp_bits!r}; MX scales have 8")

    @classmethod
    def from_string(cls, element: str) -> MXFPConfig:
        """The format of an element's name, such as ``E2M1``, in blocks of 32.

        Raises:
            SCConfigError: there is no such element.
        """
        for (exp_bits, mantissa_bits), known in _ELEMENTS.items():
            if element == known.name:
                return cls(exp_bits + mantissa_bits, exp_bits, mantissa_bits)
        names = ", ".join(e.name for e in _ELEMENTS.values())
        raise SCConfigError(f"MX element '{str(element)[:20]}' does not exist; allowed: {names}")

    @property
    def label(self) -> str:
        """``MXFP8E4M3X32``."""
        return f"MXFP{self.element_bits}{self._element.name}X{self.block_size}"

    @property
    def bits_per_block(self) -> int:
        """Bits of a block, its scale included."""
        return self.block_size * self.element_bits + self.shared_exp_bits

    @property
    def max_element(self) -> float:
        """Largest finite element."""
        return self._element.largest

    @property
    def _element(self) -> _Element:
        return _ELEMENTS[self.exp_bits, self.mantissa_bits]

    @property
    def _dtype(self) -> Any:
        try:
            return np.dtype(getattr(importlib.import_module("ml_dtypes"), self._element.dtype))
        except ImportError:
            raise SCDependencyError(
                "MX formats need ml_dtypes; run: pip install 'sc-neurocore[formats]'"
            ) from None


def mxfp_encode(values: ArrayLike, config: MXFPConfig | None = None) -> tuple[Bytes, Bytes]:
    """Scales and elements of an array whose last axis holds whole blocks.

    The scale of a block is the power of two that brings its largest number to the largest exponent
    of an element; elements are rounded to nearest, ties to even, and saturate at the largest
    element: both as the specification says. So an error is at most half an element's step times
    the scale, save at the very top of a block, where saturation can cost 1/4 of the number (E2M1),
    1/16 (E2M3) or 1/8 (the others).

    Args:
        values: numbers, shape (…, blocks * block_size).
        config: the format; E4M3 in blocks of 32 by default.

    Returns:
        Stored scales (``exponent + 127``), shape (…, blocks), and codes of elements in the shape
        of the values.

    Raises:
        SCConfigError: a value is not a finite number, or there are no whole blocks.
        BitwidthMismatchError: a block needs a scale beyond 2**127.
        SCDependencyError: ``ml_dtypes`` is missing.
    """
    chosen = config or MXFPConfig()
    numbers = finite_array(values, "values")
    if numbers.ndim == 0 or not numbers.size or numbers.shape[-1] % chosen.block_size:
        raise SCConfigError(
            f"values have the shape {numbers.shape}; the last axis must hold whole blocks of "
            f"{chosen.block_size}"
        )
    blocks = numbers.reshape(*numbers.shape[:-1], -1, chosen.block_size)
    largest = np.abs(blocks).max(axis=-1)
    element = chosen._element
    exponent = np.where(largest > 0, np.frexp(largest)[1] - 1, -2000) - element.largest_exponent
    if (exponent > _SCALE_BIAS).any():
        raise BitwidthMismatchError(
            f"values reach {largest.max():g}, which needs a scale beyond 2**127; scale them down"
        )
    exponent = np.maximum(exponent, -_SCALE_BIAS)
    scaled = np.ldexp(blocks, -exponent[..., np.newaxis])
    binade = np.maximum(np.frexp(scaled)[1] - 1, element.smallest_exponent)
    step = binade - (chosen.mantissa_bits - 1)
    on_grid = np.ldexp(np.rint(np.ldexp(scaled, -step)), step)
    exact = np.clip(on_grid, -element.largest, element.largest).astype(chosen._dtype)
    return (exponent + _SCALE_BIAS).astype(np.uint8), exact.view(np.uint8).reshape(numbers.shape)


def mxfp_decode(
    shared_exp: ArrayLike, elements: ArrayLike, config: MXFPConfig | None = None
) -> Floats:
    """Numbers of scales and elements, exactly; NaN and infinite codes are that.

    Args:
        shared_exp: stored scales, shape (…, blocks).
        elements: codes of elements, shape (…, blocks * block_size).
        config: the format; E4M3 in blocks of 32 by default.

    Raises:
        SCConfigError: shapes do not agree, or a code does not exist.
        SCDependencyError: ``ml_dtypes`` is missing.
    """
    chosen = config or MXFPConfig()
    scales, codes = whole_array(shared_exp, "shared_exp"), whole_array(elements, "elements")
    if codes.shape != (*scales.shape[:-1], scales.shape[-1] * chosen.block_size):
        raise SCConfigError(
            f"{codes.shape} elements in blocks of {chosen.block_size} do not go with "
            f"{scales.shape} scales"
        )
    for what, found, bits in (("scale", scales, 8), ("element", codes, chosen.element_bits)):
        if ((found < 0) | (found >> bits > 0)).any():
            raise SCConfigError(
                f"an MX {what} has {bits} bits, 0 to {(1 << bits) - 1}; found {found.min()} to "
                f"{found.max()}"
            )
    numbers = codes.astype(np.uint8).view(chosen._dtype).astype(np.float64)
    blocks = numbers.reshape(*scales.shape, chosen.block_size)
    scaled = np.ldexp(blocks, (scales - _SCALE_BIAS)[..., np.newaxis])
    return np.where(scales[..., np.newaxis] == _SCALE_NAN, np.nan, scaled).reshape(codes.shape)


def mxfp_encode_block(
    values: Sequence[float], config: MXFPConfig | None = None
) -> tuple[int, list[int]]:
    """The stored scale and the elements of one block; see `mxfp_encode`."""
    chosen = config or MXFPConfig()
    if np.shape(values) != (chosen.block_size,):
        raise SCConfigError(
            f"values have the shape {np.shape(values)}; a block has {chosen.block_size} numbers"
        )
    scales, elements = mxfp_encode(values, chosen)
    return int(scales[0]), [int(code) for code in elements]


def mxfp_decode_block(
    shared_exp: int, elements: Sequence[int], config: MXFPConfig | None = None
) -> list[float]:
    """The numbers of one block; see `mxfp_decode`."""
    return [float(x) for x in mxfp_decode([operator.index(shared_exp)], elements, config)]
