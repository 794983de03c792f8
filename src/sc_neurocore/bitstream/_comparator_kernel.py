"""Machine code of the comparator ``r < x`` on bit planes.

Bit k%64 of word k//64 of plane j is bit j of number k. From the lowest plane up, ``less`` becomes
the majority of itself, the inverted plane and bit j of x: as in a carry chain, a one of x lets
``less`` rise where r has a zero, and a zero lets it fall where r has a one. This is one logical
operation per plane for a whole vector of ticks, and several vectors stay in registers while the
planes pass by.

numba has no vector types, so the loop is written as LLVM instructions. Where the processor has no
ternary logic, LLVM makes the majority of two-operand instructions; the bits are the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from sc_neurocore.bitstream._jit import inlined

#: Whether the processor that numba compiles for has 512-bit ternary logic.
TERNARY = "+avx512f" in cpu_target.target_context.codegen().magic_tuple()[2].split(",")
#: Words of a vector.
LANES = 8
_MANY, _FEW = 8 if TERNARY else 4, 2
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_I64, LANES)
_WORDS = types.CPointer(types.uint64)  # type: ignore[attr-defined]
_0 = np.uint64(0)


def _majority(builder: Any, less: Any, plane: Any, one: Any) -> Any:
    """``majority(less, not plane, one)``."""
    upper = builder.not_(plane)
    return builder.or_(builder.and_(less, upper), builder.and_(one, builder.or_(less, upper)))


def _ternary_majority(builder: Any, less: Any, plane: Any, one: Any) -> Any:
    """The same in one instruction, by its truth table."""
    name = "llvm.x86.avx512.pternlog.q.512"
    function = builder.module.globals.get(name) or ir.Function(
        builder.module, ir.FunctionType(_VECTOR, [_VECTOR, _VECTOR, _VECTOR, _I32]), name
    )
    table = sum(1 << (4 * a + 2 * b + c) for a in (0, 1) for b in (0, 1) for c in (0, 1)
                if a + (1 - b) + c >= 2)  # fmt: skip
    return builder.call(function, [less, plane, one, ir.Constant(_I32, table)])


def comparator(vectors: int, majority: Callable[..., Any]) -> Callable[..., None]:
    """Make the intrinsic ``compare(planes, stride, threshold, width, out)``.

    It writes ``vectors`` vectors of ``r < threshold``, a threshold from 1 below 2^width. ``planes``
    and ``out`` point at words.
    """

    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        planes, stride, threshold, width, out = args
        # Planes below the lowest one of the threshold do not matter. Skipping them in eights keeps
        # the number of turns the same for most thresholds, which the processor then foresees.
        lowest = builder.cttz(threshold, ir.Constant(ir.IntType(1), 1))
        first = builder.and_(lowest, ir.Constant(_I64, ~7))
        before = builder.block
        loop, end = builder.append_basic_block("plane"), builder.append_basic_block("end")
        builder.branch(loop)
        builder.position_at_end(loop)
        j = builder.phi(_I64)
        j.add_incoming(first, before)
        less = [builder.phi(_VECTOR) for _ in range(vectors)]
        bit = builder.and_(builder.lshr(threshold, j), ir.Constant(_I64, 1))
        none = ir.Constant(_VECTOR, ir.Undefined)
        one = builder.insert_element(none, builder.neg(bit), ir.Constant(_I32, 0))
        one = builder.shuffle_vector(
            one, none, ir.Constant(ir.VectorType(_I32, LANES), [0] * LANES)
        )
        row = _vectors(builder, builder.gep(planes, [builder.mul(j, stride)]))
        following = builder.add(j, ir.Constant(_I64, 1))
        j.add_incoming(following, loop)
        for v, phi in enumerate(less):
            plane = builder.load(builder.gep(row, [ir.Constant(_I64, v)]), align=8)
            phi.add_incoming(ir.Constant(_VECTOR, [0] * LANES), before)
            phi.add_incoming(majority(builder, phi, plane, one), loop)
        builder.cbranch(builder.icmp_unsigned("<", following, width), loop, end)
        builder.position_at_end(end)
        for v, phi in enumerate(less):
            target = builder.gep(_vectors(builder, out), [ir.Constant(_I64, v)])
            builder.store(phi.incomings[1][0], target, align=8)
        # llvmlite lists only attributes without values; LLVM takes any.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return ctx.get_dummy_value()

    def signature(
        context: Any, planes: Any, stride: Any, threshold: Any, width: Any, out: Any
    ) -> Any:
        word = types.uint64
        return types.none(_WORDS, word, word, word, _WORDS), emit

    compiled: Callable[..., None] = intrinsic(signature)
    return compiled


def _vectors(builder: Any, words: Any) -> Any:
    return builder.bitcast(words, _VECTOR.as_pointer())


def _emit_address(context: Any, array: Any, index: Any) -> Any:
    def emit(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = ctx.make_array(signature.args[0])(ctx, builder, args[0]).data
        return builder.gep(data, [args[1]])

    return _WORDS(array, types.int64), emit


def _emit_after(context: Any, words: Any, count: Any) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return builder.gep(args[0], [args[1]])

    return _WORDS(_WORDS, types.int64), emit


#: Address of a word of a contiguous one-dimensional array.
address: Callable[[Any, int], Any] = intrinsic(_emit_address)
_after: Callable[[Any, int], Any] = intrinsic(_emit_after)

_best = _ternary_majority if TERNARY else _majority
_many, _few, _single = (comparator(n, _best) for n in (_MANY, _FEW, 1))


@inlined
def compare(
    planes: Any, stride: Any, width: Any, threshold: Any, words: Any, spare: Any, out: Any
) -> None:
    """Write ``r < threshold`` of ``words`` words of planes.

    It takes addresses, as numba counts references to every array that is handed on, which would
    take as long as a short stream.

    Args:
        planes: address of the first plane; readable `LANES` words past the end.
        stride: words from one plane to the next.
        width: planes.
        threshold: 0 to 2^width.
        words: how many.
        spare: address of `LANES` words.
        out: address of the result.
    """
    always = _0 - (threshold >> width)  # only 2^width itself has that bit
    if always or not threshold:
        for k in range(words):
            out[k] = always
        return
    k = 0
    while k + _MANY * LANES <= words:
        _many(_after(planes, k), stride, threshold, width, _after(out, k))
        k += _MANY * LANES
    while k + _FEW * LANES <= words:
        _few(_after(planes, k), stride, threshold, width, _after(out, k))
        k += _FEW * LANES
    while k < words:
        _single(_after(planes, k), stride, threshold, width, spare)
        for i in range(min(LANES, words - k)):
            out[k + i] = spare[i]
        k += LANES
