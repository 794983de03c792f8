"""Elementary functions for the generated kernels: branch-free, so loops over neurons vectorise.

They use additions, multiplications, divisions and square roots in a fixed order, never fused, so
every machine returns the same bits. Errors are below 3 units in the last place of a float64, for
`sin` and `cos` while ``|x| <= 1e6``; beyond, their absolute error grows as ``1e-16·|x|``, as does
the effect of rounding ``x`` itself. Only `power` with a non-integer exponent asks the C library.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast

import numba
import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic

F = TypeVar("F", bound=Callable[..., Any])
T = TypeVar("T")


def jit(function: F) -> F:
    """Compile for use inside kernels: IEEE arithmetic as written, inlined, no exceptions."""
    compiled = numba.njit(error_model="numpy", nogil=True, forceinline=True)(function)
    return cast(F, compiled)


class _Select(Protocol):
    def __call__(self, condition: Any, a: T, b: T) -> T: ...


def _emit_select(context: Any, condition: Any, a: Any, b: Any) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.select(*args)

    return a(types.boolean, a, a), emit


def _emit_bits_of(context: Any, x: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ctx.get_value_type(types.int64))

    return types.int64(types.float64), emit


def _emit_float_of(context: Any, bits: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        return builder.bitcast(args[0], ctx.get_value_type(types.float64))

    return types.float64(types.int64), emit


def _emit_trailing_zeros(context: Any, word: Any) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.cttz(args[0], ir.Constant(ir.IntType(1), 1))

    return types.uint64(types.uint64), emit


def _emit_use_wide_vectors(context: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, __: Any) -> Any:
        # llvmlite lists only attributes without values; LLVM takes any.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return ctx.get_dummy_value()

    return types.none(), emit


def _emit_stay_apart(context: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, __: Any) -> Any:
        builder.function.attributes.add("noinline")
        return ctx.get_dummy_value()

    return types.none(), emit


#: Keeps the enclosing function from being copied into its callers, which would compile it anew.
stay_apart: Callable[[], None] = intrinsic(_emit_stay_apart)
#: Lets the enclosing function use 512-bit vectors where the processor has them.
use_wide_vectors: Callable[[], None] = intrinsic(_emit_use_wide_vectors)
#: ``select(condition, a, b)``: ``a`` where the condition holds, else ``b``; both are evaluated.
select: _Select = intrinsic(_emit_select)
#: Bit pattern of a float64 as an int64, and the float64 with a bit pattern.
bits_of: Callable[[float], int] = intrinsic(_emit_bits_of)
float_of: Callable[[Any], float] = intrinsic(_emit_float_of)
#: Number of zero bits below the lowest one bit of a uint64.
trailing_zeros: Callable[[Any], Any] = intrinsic(_emit_trailing_zeros)

# Adding 1.5·2^52 rounds a float64 to the nearest integer and leaves it in the low bits.
_ROUND = 1.5 * 2.0**52
_ROUND_BITS = int(np.float64(_ROUND).view(np.int64))
_LOG2_E = 1 / math.log(2)
# ln 2 split so that k·_LN2_HIGH is exact for the exponents of a float64.
_LN2_HIGH = float.fromhex("0x1.62e42fee00000p-1")
_LN2_LOW = float.fromhex("0x1.a39ef35793c76p-33")
_E2, _E3, _E4, _E5, _E6, _E7, _E8 = (1 / math.factorial(n) for n in range(2, 9))
_E9, _E10, _E11, _E12, _E13 = (1 / math.factorial(n) for n in range(9, 14))


@jit
def _expm1_small(r: float) -> float:
    """``exp(r) − 1`` for ``|r| <= ln(2)/2``: Taylor to r^13."""
    q = _E8 + r * (_E9 + r * (_E10 + r * (_E11 + r * (_E12 + r * _E13))))
    q = _E3 + r * (_E4 + r * (_E5 + r * (_E6 + r * (_E7 + r * q))))
    return r + r * r * (_E2 + r * q)


@jit
def _reduced(x: float) -> tuple[int, float]:
    """Split ``x = k·ln 2 + r`` with ``|r| <= ln(2)/2``."""
    t = x * _LOG2_E + _ROUND
    n = t - _ROUND
    return bits_of(t) - _ROUND_BITS, (x - n * _LN2_HIGH) - n * _LN2_LOW


@jit
def _power_of_two(k: int) -> float:
    return float_of((k + 1023) << 52)


@jit
def exp(x: float) -> float:
    """``e**x``."""
    y = select(x > 710.0, 710.0, select(x < -746.0, -746.0, x))
    k, r = _reduced(y)
    half = k >> 1
    return ((1.0 + _expm1_small(r)) * _power_of_two(half)) * _power_of_two(k - half)


@jit
def expm1(x: float) -> float:
    """``e**x − 1`` without cancellation near 0."""
    y = select(x > 710.0, 710.0, select(x < -50.0, -50.0, x))
    k, r = _reduced(y)
    scale = _power_of_two(k - 1)
    return 2.0 * (scale * _expm1_small(r) + (scale - 0.5))


@jit
def exprel(x: float) -> float:
    """``(e**x − 1)/x``, 1 at 0."""
    return select(x == 0.0, 1.0, expm1(x) / select(x == 0.0, 1.0, x))


@jit
def sigmoid(x: float) -> float:
    """``1/(1 + e**−x)``; 0 and 1 far out, never NaN."""
    return 1.0 / (1.0 + exp(-x))


@jit
def tanh(x: float) -> float:
    """Hyperbolic tangent."""
    t = expm1(-2.0 * abs(x))
    size = -t / (t + 2.0)
    return math.copysign(size, x)


_MANTISSA = (1 << 52) - 1
_ONE_BITS = 1023 << 52
_L3, _L5, _L7, _L9, _L11 = (2 / n for n in (3, 5, 7, 9, 11))
_L13, _L15, _L17, _L19, _L21, _L23 = (2 / n for n in (13, 15, 17, 19, 21, 23))


@jit
def log(x: float) -> float:
    """Natural logarithm; −inf at 0, NaN below."""
    tiny = x < 2.2250738585072014e-308
    bits = bits_of(select(tiny, x * 2.0**54, x))
    k = (bits >> 52) - 1023
    m = float_of((bits & _MANTISSA) | _ONE_BITS)
    large = m > 1.4142135623730951
    f = select(large, 0.5 * m, m) - 1.0
    n = float(select(large, k + 1, k)) - select(tiny, 54.0, 0.0)
    # log(1 + f) = 2·atanh(s) with s = f/(2 + f), |s| <= 0.1716.
    s = f / (2.0 + f)
    z = s * s
    p = _L13 + z * (_L15 + z * (_L17 + z * (_L19 + z * (_L21 + z * _L23))))
    p = z * (_L3 + z * (_L5 + z * (_L7 + z * (_L9 + z * (_L11 + z * p)))))
    half = 0.5 * f * f
    y = n * _LN2_HIGH - ((half - (s * (half + p) + n * _LN2_LOW)) - f)
    y = select(x == 0.0, -np.inf, select(x < 0.0, np.nan, y))
    return select(x <= 1.7976931348623157e308, y, x)


# pi/2 in three parts; the first two have 33 bits, so n times them is exact for n < 2^20.
_P1 = float.fromhex("0x1.921fb54400000p+0")
_P2 = float.fromhex("0x1.0b4611a600000p-34")
_P3 = float.fromhex("0x1.3198a2e037073p-69")
_S3, _S5, _S7, _S9 = (s / math.factorial(n) for n, s in ((3, -1), (5, 1), (7, -1), (9, 1)))
_S11, _S13, _S15, _S17 = (s / math.factorial(n) for n, s in ((11, -1), (13, 1), (15, -1), (17, 1)))
_C4, _C6, _C8, _C10 = (s / math.factorial(n) for n, s in ((4, 1), (6, -1), (8, 1), (10, -1)))
_C12, _C14, _C16, _C18 = (s / math.factorial(n) for n, s in ((12, 1), (14, -1), (16, 1), (18, -1)))


@jit
def _quarter(n: int, r: float) -> float:
    """``sin(r + n·pi/2)`` for ``|r| <= pi/4``."""
    z = r * r
    s = _S9 + z * (_S11 + z * (_S13 + z * (_S15 + z * _S17)))
    s = r + r * z * (_S3 + z * (_S5 + z * (_S7 + z * s)))
    c = _C10 + z * (_C12 + z * (_C14 + z * (_C16 + z * _C18)))
    c = 1.0 - (0.5 * z - z * z * (_C4 + z * (_C6 + z * (_C8 + z * c))))
    value = select((n & 1) == 1, c, s)
    return select((n & 2) == 2, -value, value)


@jit
def _turned(x: float, quarters: int) -> float:
    t = x * 0.6366197723675814 + _ROUND
    n = t - _ROUND
    return _quarter(bits_of(t) - _ROUND_BITS + quarters, ((x - n * _P1) - n * _P2) - n * _P3)


@jit
def sin(x: float) -> float:
    """Sine of an angle in radians."""
    return _turned(x, 0)


@jit
def cos(x: float) -> float:
    """Cosine of an angle in radians."""
    return _turned(x, 1)


@jit
def cos_turns(u: float) -> float:
    """Cosine of ``u`` full turns, ``0 <= u < 1``."""
    t = 4.0 * u + _ROUND
    r = (4.0 * u - (t - _ROUND)) * 1.5707963267948966
    return _quarter(bits_of(t) - _ROUND_BITS + 1, r)


@jit
def power(base: float, exponent: float) -> float:
    """``base**exponent`` of the C library; NaN for a negative base and a fractional exponent."""
    return math.pow(base, exponent)
