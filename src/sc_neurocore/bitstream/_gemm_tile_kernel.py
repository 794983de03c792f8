"""Machine code of the binary matrix product's tile: ones in the XOR of rows and columns.

A tile keeps, for each of its `ROWS` by `COLUMNS` products, two vectors in registers: the parity of
the ones so far and a count of the pairs of ones. A pair of words a, a' of a row meets a pair b, b'
of a column in five instructions, where two gates, counts and additions would be six::

    x      = a ^ b
    parity = parity ^ (a ^ a') ^ (b ^ b')                              one ternary XOR
    pairs  = pairs + ones(x & x' | x & parity | x' & parity)           a ternary gate of x and the
                                                                       parities before and after

The XOR of a pair is made once, when it is packed. The ones in an AND follow from those in an XOR
and in both operands: ``|a & b| = (|a| + |b| - |a ^ b|) / 2``.

numba has no vector types, so this is written as LLVM instructions. LLVM lowers the population
count to what the processor has; the tile's shape is chosen for the processor that numba compiles
for. Counts are sums of integers: every shape gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

#: Feature of a processor, then words of a vector, rows and columns of a tile that fits its
#: registers, and sums that the loop of `roof` keeps busy; the first feature that it has decides.
SHAPES = (
    ("+avx512vpopcntdq", 8, 2, 4, 24),
    ("+avx512bw", 8, 2, 4, 16),
    ("+avx2", 4, 2, 2, 8),
    ("", 2, 2, 1, 4),
)
FEATURES: list[str] = cpu_target.target_context.codegen().magic_tuple()[2].split(",")
LANES, ROWS, COLUMNS, ROOF_SUMS = next(
    shape for feature, *shape in SHAPES if feature in ("", *FEATURES)
)
#: Words that a vector of each operand's pair covers.
PAIR = 2 * LANES
#: Words of a line of the cache; pairs between two fetches of lines that are needed later.
LINE, BURST = 8, 2

_I8P = ir.IntType(8).as_pointer()
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_I64, LANES)
_pointer: Callable[[Any], Any] = vars(types)["CPointer"]
_WORDS, _COUNTS = _pointer(types.uint64), _pointer(types.int64)


def _int(value: int) -> Any:
    return ir.Constant(_I64, value)


def _same(value: int) -> Any:
    return ir.Constant(_VECTOR, [value] * LANES)


def _call(builder: Any, name: str, result: Any, *args: Any) -> Any:
    module = builder.module
    function = module.globals.get(name) or ir.Function(
        module, ir.FunctionType(result, [a.type for a in args]), name
    )
    return builder.call(function, args)


def _ones(builder: Any, vector: Any) -> Any:
    return _call(builder, f"llvm.ctpop.v{LANES}i64", _VECTOR, vector)


def _sum(builder: Any, vector: Any) -> Any:
    return _call(builder, f"llvm.vector.reduce.add.v{LANES}i64", _I64, vector)


def _ternary(builder: Any, gate: Callable[[int, int, int], int], *words: Any) -> Any:
    """Any gate of three words, by its truth table."""
    table = sum(
        gate(a, b, c) << (4 * a + 2 * b + c) for a in (0, 1) for b in (0, 1) for c in (0, 1)
    )
    name = "llvm.x86.avx512.pternlog.q.512"
    return _call(builder, name, _VECTOR, *words, ir.Constant(_I32, table))


def _parity(builder: Any, a: Any, b: Any, c: Any) -> Any:
    if LANES == 8:
        return _ternary(builder, lambda a, b, c: a ^ b ^ c, a, b, c)
    return builder.xor(a, builder.xor(b, c))


def _carry(builder: Any, x: Any, before: Any, after: Any) -> Any:
    """Whether two or more of x, x' and the parity before them are ones; x' is the XOR of all."""
    if LANES == 8:
        return _ternary(builder, lambda a, b, c: a + b + (a ^ b ^ c) >> 1, x, before, after)
    # Where x is the parity before, that is the answer; elsewhere x' is, the inverted parity after.
    differing = builder.and_(builder.xor(before, x), builder.not_(builder.xor(before, after)))
    return builder.xor(before, differing)


def _loop(
    builder: Any, count: Any, start: Sequence[Any], body: Callable[[Any, list[Any]], list[Any]]
) -> list[Any]:
    """``state = body(k, state)`` for k from 0 below ``count``, which may be 0; the last state."""
    before = builder.block
    loop, end = builder.append_basic_block("loop"), builder.append_basic_block("end")
    builder.cbranch(builder.icmp_signed(">", count, _int(0)), loop, end)
    builder.position_at_end(loop)
    k = builder.phi(_I64)
    k.add_incoming(_int(0), before)
    state = [builder.phi(value.type) for value in start]
    for phi, value in zip(state, start, strict=True):
        phi.add_incoming(value, before)
    changed = body(k, state)
    following = builder.add(k, _int(1))
    k.add_incoming(following, builder.block)
    for phi, value in zip(state, changed, strict=True):
        phi.add_incoming(value, builder.block)
    last = builder.block
    builder.cbranch(builder.icmp_signed("<", following, count), loop, end)
    builder.position_at_end(end)
    result = [builder.phi(value.type) for value in start]
    for phi, value, final in zip(result, start, changed, strict=True):
        phi.add_incoming(value, before)
        phi.add_incoming(final, last)
    return result


def _load(builder: Any, vectors: Any, index: Any) -> Any:
    return builder.load(builder.gep(vectors, [index]), align=8)


def _vectors(builder: Any, words: Any) -> Any:
    return builder.bitcast(words, _VECTOR.as_pointer())


def _pairs(builder: Any, panel: Any, k: Any, size: int) -> list[tuple[Any, Any]]:
    """Pair k of each of ``size`` packed rows."""
    begin = builder.gep(panel, [builder.mul(k, _int(2 * size))])
    return [tuple(_load(builder, begin, _int(2 * i + h)) for h in (0, 1)) for i in range(size)]


def _emit_tile(context: Any, a: Any, b: Any, depth: Any, counts: Any, row: Any, column: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        left, right, counts = (_vectors(builder, args[n]) for n in (0, 1, 3))
        depth, next_words = args[2], args[4:]
        products = ROWS * COLUMNS

        def step(k: Any, state: list[Any]) -> list[Any]:
            rows = _pairs(builder, left, k, ROWS)
            columns = _pairs(builder, right, k, COLUMNS)
            parities, sums = [], []
            for n, (b, b_pair) in enumerate(columns):
                for i, (a, a_pair) in enumerate(rows):
                    before, total = state[n * ROWS + i], state[products + n * ROWS + i]
                    parities.append(_parity(builder, before, a_pair, b_pair))
                    carry = _carry(builder, builder.xor(a, b), before, parities[-1])
                    sums.append(builder.add(total, _ones(builder, carry)))
            return parities + sums

        def burst(n: Any, state: list[Any]) -> list[Any]:
            for words in next_words:
                _fetch(builder, builder.gep(words, [builder.mul(n, _int(LINE))]))
            first = builder.mul(n, _int(BURST))
            return _loop(builder, _int(BURST), state, lambda k, s: step(builder.add(first, k), s))

        bursts = builder.sdiv(depth, _int(BURST))
        done = builder.mul(bursts, _int(BURST))
        state = _loop(builder, bursts, [_same(0)] * (2 * products), burst)
        state = _loop(
            builder, builder.sub(depth, done), state, lambda k, s: step(builder.add(done, k), s)
        )
        found = [
            builder.add(_ones(builder, parity), builder.shl(total, _same(1)))
            for parity, total in zip(state[:products], state[products:], strict=True)
        ]
        for n, totals in enumerate(_totals(builder, found)):
            place = builder.gep(counts, [_int(n)])
            builder.store(builder.add(_load(builder, counts, _int(n)), totals), place, align=8)
        return ctx.get_dummy_value()

    return types.void(_WORDS, _WORDS, types.int64, _COUNTS, _WORDS, _WORDS), emit


def _fetch(builder: Any, words: Any) -> None:
    """Bring a line into the second-level cache."""
    kind = ir.FunctionType(ir.VoidType(), [_I8P, _I32, _I32, _I32])
    fetch = builder.module.declare_intrinsic("llvm.prefetch", [_I8P], kind)
    read, second_level, data = (ir.Constant(_I32, x) for x in (0, 2, 1))
    builder.call(fetch, [builder.bitcast(words, _I8P), read, second_level, data])


def _totals(builder: Any, vectors: list[Any]) -> list[Any]:
    """Sum of every vector, in order, `LANES` sums to a vector."""
    size = 1
    while size < LANES:
        # Lanes hold sums of `size` vectors in turn; add the even such groups to the odd ones.
        starts = range(0, LANES, 2 * size)
        even = [lane + k for g in starts for lane in (g, LANES + g) for k in range(size)]
        vectors = [
            builder.add(
                builder.shuffle_vector(x, y, _lanes(even)),
                builder.shuffle_vector(x, y, _lanes([lane + size for lane in even])),
            )
            for x, y in zip(vectors[::2], vectors[1::2], strict=True)
        ]
        size *= 2
    return vectors


def _lanes(indices: list[int]) -> Any:
    return ir.Constant(ir.VectorType(_I32, len(indices)), indices)


def _packing(size: int) -> Callable[..., None]:
    """Make the intrinsic that packs ``size`` rows."""

    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        source, pitch, depth, target, ones = args
        rows = [
            _vectors(builder, builder.gep(source, [builder.mul(pitch, _int(i))]))
            for i in range(size)
        ]
        panel = _vectors(builder, target)

        def copy(k: Any, sums: list[Any]) -> list[Any]:
            begin = builder.gep(panel, [builder.mul(k, _int(2 * size))])
            first = builder.mul(k, _int(2))
            found = []
            for i, row in enumerate(rows):
                x, y = (_load(builder, row, builder.add(first, _int(h))) for h in (0, 1))
                for h, vector in enumerate((x, builder.xor(x, y))):
                    builder.store(vector, builder.gep(begin, [_int(2 * i + h)]), align=8)
                both = builder.add(_ones(builder, x), _ones(builder, y))
                found.append(builder.add(sums[i], both))
            return found

        for i, vector in enumerate(_loop(builder, depth, [_same(0)] * size, copy)):
            place = builder.gep(ones, [_int(i)])
            builder.store(builder.add(builder.load(place), _sum(builder, vector)), place)
        return ctx.get_dummy_value()

    def signature(context: Any, source: Any, pitch: Any, depth: Any, target: Any, ones: Any) -> Any:
        return types.void(_WORDS, types.int64, types.int64, _WORDS, _COUNTS), emit

    compiled: Callable[..., None] = intrinsic(signature)
    return compiled


def _emit_dot(gate: str) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        a, b = (_vectors(builder, x) for x in args[:2])

        def step(k: Any, sums: list[Any]) -> list[Any]:
            word = getattr(builder, gate)(_load(builder, a, k), _load(builder, b, k))
            return [builder.add(sums[0], _ones(builder, word))]

        return _sum(builder, _loop(builder, args[2], [_same(0)], step)[0])

    return types.int64(_WORDS, _WORDS, types.int64), emit


def _emit_roof(context: Any, count: Any, mask: Any) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        mask = ir.Constant(_VECTOR, None)
        for lane in range(LANES):
            mask = builder.insert_element(mask, args[1], ir.Constant(_I32, lane))

        def step(_: Any, sums: list[Any]) -> list[Any]:
            return [builder.add(s, _ones(builder, builder.and_(s, mask))) for s in sums]

        start = [_same(77 * i + 3) for i in range(ROOF_SUMS)]
        first, *others = _loop(builder, args[0], start, step)
        for more in others:
            first = builder.add(first, more)
        return _sum(builder, first)

    return types.int64(types.int64, types.uint64), emit


def _emit_address(context: Any, array: Any, offset: Any) -> Any:
    def emit(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = ctx.make_array(signature.args[0])(ctx, builder, args[0]).data
        return builder.gep(data, [args[1]])

    return _pointer(array.dtype)(array, types.int64), emit


def _emit_misaligned(context: Any, array: Any) -> Any:
    def emit(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = ctx.make_array(signature.args[0])(ctx, builder, args[0]).data
        return builder.and_(builder.lshr(builder.ptrtoint(data, _I64), _int(3)), _int(7))

    return types.int64(array), emit


def _emit_bits(context: Any, word: Any) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return _call(builder, "llvm.ctpop.i64", _I64, args[0])

    return types.int64(types.uint64), emit


def _emit_and_dot(context: Any, a: Any, b: Any, depth: Any) -> Any:
    return _emit_dot("and_")


def _emit_xor_dot(context: Any, a: Any, b: Any, depth: Any) -> Any:
    return _emit_dot("xor")


#: ``tile(a, b, depth, counts, row, column)`` adds the ones in the XOR of packed rows and columns,
#: ``depth`` pairs of vectors each, to ``counts``, of which row i and column j is
#: ``counts[j * ROWS + i]``. Meanwhile it fetches ``depth // BURST`` lines from ``row`` and from
#: ``column`` on.
tile: Callable[..., None] = intrinsic(_emit_tile)
#: ``pack(source, pitch, depth, target, ones)`` copies the pairs of vectors of rows that lie
#: ``pitch`` words apart in the order in which a tile reads them, and adds their ones to ``ones``.
pack_rows, pack_columns = _packing(ROWS), _packing(COLUMNS)
#: Ones in the AND, or XOR, of two runs of vectors.
and_dot: Callable[..., Any] = intrinsic(_emit_and_dot)
xor_dot: Callable[..., Any] = intrinsic(_emit_xor_dot)
#: ``roof(count, mask)``: ``count`` times AND, count and add on `ROOF_SUMS` registers.
roof: Callable[..., Any] = intrinsic(_emit_roof)
#: Pointer to a number of an array; words by which an array begins past a line of the cache.
address: Callable[..., Any] = intrinsic(_emit_address)
misaligned: Callable[..., Any] = intrinsic(_emit_misaligned)
#: Ones in a word.
bits: Callable[..., Any] = intrinsic(_emit_bits)
