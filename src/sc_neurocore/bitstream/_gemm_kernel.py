"""Machine code of the binary matrix product: ones in the AND, or XOR, of every pair of rows.

The inner loop is a tile of `ROWS` by `COLUMNS` vector accumulators that stay in registers while a
block of words passes by: one gate, one population count and one addition per vector, and a load
for every few. The rows of a block are copied to a panel in the order in which the tile reads them,
where they stay in the second-level cache; the columns are read where they are. While a tile works
it fetches what comes next. Edges are padded with zeros, which count nothing.

numba has no vector types, so the tile is written as LLVM instructions. LLVM lowers the population
count to what the processor has; the tile's shape is chosen for the processor that numba compiles
for. Counts are sums of integers: every shape gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core.registry import cpu_target
from numba.extending import intrinsic

from sc_neurocore.bitstream._jit import jit

#: Feature of a processor, then words of a vector, rows and columns of a tile that fits its
#: registers; the first feature that the processor has decides.
SHAPES = (
    ("+avx512vpopcntdq", 8, 4, 6),
    ("+avx512bw", 8, 4, 4),
    ("+avx2", 4, 2, 4),
    ("", 2, 2, 2),
)
FEATURES: str = cpu_target.target_context.codegen().magic_tuple()[2]
LANES, ROWS, COLUMNS = next(
    shape for feature, *shape in SHAPES if feature in ("", *FEATURES.split(","))
)
#: Vectors of a row that a panel holds, and between two bursts of prefetches.
DEPTH, BURST = 1024 // LANES, 8
#: Words of a line of the cache.
LINE = 8
#: Rows of the block that stays in the second-level cache, a multiple of every shape's.
BLOCK = 64
#: Accumulators of the loop that measures what the execution units can do.
ROOF_ACCUMULATORS = ROWS * COLUMNS

_I8P = ir.IntType(8).as_pointer()
_I32, _I64 = ir.IntType(32), ir.IntType(64)
_VECTOR = ir.VectorType(_I64, LANES)
_pointer: Callable[[Any], Any] = vars(types)["CPointer"]
_WORDS, _COUNTS = _pointer(types.uint64), _pointer(types.int64)


def _int(value: int) -> Any:
    return ir.Constant(_I64, value)


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


def _opaque(builder: Any, pointer: Any) -> Any:
    """The pointer, but LLVM cannot tell from where.

    Else it saves registers that are not short by adding the pitch in every turn of the loop, on
    the ports that the vectors need.
    """
    kind = ir.FunctionType(pointer.type, [pointer.type])
    return builder.call(ir.InlineAsm(kind, "", "=r,0", side_effect=False), [pointer])


def _emit_tile(gate: str) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        a, b, b_pitch, depth, counts, fetch, fetch_pitch = args

        def rows(words: Any, pitch: Any) -> list[Any]:
            return [builder.gep(words, [builder.mul(pitch, _int(j))]) for j in range(COLUMNS)]

        left = _vectors(builder, a)
        right = [_opaque(builder, _vectors(builder, p)) for p in rows(b, b_pitch)]
        ahead = rows(fetch, fetch_pitch)

        def step(k: Any, sums: list[Any]) -> list[Any]:
            begin = builder.gep(left, [builder.mul(k, _int(ROWS))])
            row = [_load(builder, begin, _int(i)) for i in range(ROWS)]
            found = []
            for j in range(COLUMNS):
                column = _load(builder, right[j], k)
                for i in range(ROWS):
                    ones = _ones(builder, getattr(builder, gate)(row[i], column))
                    found.append(builder.add(sums[j * ROWS + i], ones))
            return found

        def burst(n: Any, sums: list[Any]) -> list[Any]:
            for words in ahead:
                _fetch(builder, builder.gep(words, [builder.mul(n, _int(LINE))]))
            first = builder.mul(n, _int(BURST))
            return _loop(builder, _int(BURST), sums, lambda k, s: step(builder.add(first, k), s))

        bursts = builder.sdiv(depth, _int(BURST))
        sums = _loop(builder, bursts, [ir.Constant(_VECTOR, None)] * (ROWS * COLUMNS), burst)
        done = builder.mul(bursts, _int(BURST))
        sums = _loop(
            builder, builder.sub(depth, done), sums, lambda k, s: step(builder.add(done, k), s)
        )
        counts = _vectors(builder, counts)
        for n, totals in enumerate(_totals(builder, sums)):
            place = builder.gep(counts, [_int(n)])
            builder.store(builder.add(builder.load(place, align=8), totals), place, align=8)
        return ctx.get_dummy_value()

    whole = types.int64
    return types.void(_WORDS, _WORDS, whole, whole, _COUNTS, _WORDS, whole), emit


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


def _emit_dot(gate: str) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        a, b = (_vectors(builder, x) for x in args[:2])

        def step(k: Any, sums: list[Any]) -> list[Any]:
            word = getattr(builder, gate)(_load(builder, a, k), _load(builder, b, k))
            return [builder.add(sums[0], _ones(builder, word))]

        return _sum(builder, _loop(builder, args[2], [ir.Constant(_VECTOR, None)], step)[0])

    return types.int64(_WORDS, _WORDS, types.int64), emit


def _emit_interleave(context: Any, source: Any, pitch: Any, target: Any, count: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        source, pitch, target, count = args
        rows = [builder.gep(source, [builder.mul(pitch, _int(i))]) for i in range(ROWS)]
        below = builder.mul(pitch, _int(ROWS))
        target = _vectors(builder, target)

        def copy(k: Any, _: list[Any]) -> list[Any]:
            begin = builder.gep(target, [builder.mul(k, _int(ROWS))])
            word = builder.mul(k, _int(LANES))
            for i, row in enumerate(rows):
                # The rows that follow; past the last ones a fetch does nothing.
                _fetch(builder, builder.gep(row, [builder.add(below, word)]))
                place = builder.gep(begin, [_int(i)])
                builder.store(_load(builder, _vectors(builder, row), k), place, align=8)
            return []

        _loop(builder, count, [], copy)
        return ctx.get_dummy_value()

    return types.void(_WORDS, types.int64, _WORDS, types.int64), emit


def _emit_roof(context: Any, count: Any, mask: Any) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        mask = ir.Constant(_VECTOR, None)
        for lane in range(LANES):
            mask = builder.insert_element(mask, args[1], ir.Constant(_I32, lane))
        start = [ir.Constant(_VECTOR, [77 * i + 3] * LANES) for i in range(ROOF_ACCUMULATORS)]

        def step(_: Any, sums: list[Any]) -> list[Any]:
            return [builder.add(s, _ones(builder, builder.and_(s, mask))) for s in sums]

        sums = _loop(builder, args[0], start, step)
        total = sums[0]
        for more in sums[1:]:
            total = builder.add(total, more)
        return _sum(builder, total)

    return types.int64(types.int64, types.uint64), emit


def _emit_address(context: Any, array: Any, offset: Any) -> Any:
    def emit(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = ctx.make_array(signature.args[0])(ctx, builder, args[0]).data
        return builder.gep(data, [args[1]])

    return _pointer(array.dtype)(array, types.int64), emit


def _emit_alignment(context: Any, array: Any) -> Any:
    def emit(ctx: Any, builder: Any, signature: Any, args: Any) -> Any:
        data = ctx.make_array(signature.args[0])(ctx, builder, args[0]).data
        return builder.and_(builder.lshr(builder.ptrtoint(data, _I64), _int(3)), _int(7))

    return types.int64(array), emit


def _emit_bits(context: Any, word: Any) -> Any:
    def emit(_: Any, builder: Any, __: Any, args: Any) -> Any:
        return _call(builder, "llvm.ctpop.i64", _I64, args[0])

    return types.int64(types.uint64), emit


def _emit_and_tile(
    context: Any, a: Any, b: Any, pitch: Any, depth: Any, counts: Any, fetch: Any, fetch_pitch: Any
) -> Any:
    return _emit_tile("and_")


def _emit_xor_tile(
    context: Any, a: Any, b: Any, pitch: Any, depth: Any, counts: Any, fetch: Any, fetch_pitch: Any
) -> Any:
    return _emit_tile("xor")


def _emit_and_dot(context: Any, a: Any, b: Any, depth: Any) -> Any:
    return _emit_dot("and_")


def _emit_xor_dot(context: Any, a: Any, b: Any, depth: Any) -> Any:
    return _emit_dot("xor")


# Add the counts of a tile to ``counts`` and meanwhile fetch the begin of the rows that come next.
_and_tile: Callable[..., None] = intrinsic(_emit_and_tile)
_xor_tile: Callable[..., None] = intrinsic(_emit_xor_tile)
# Ones in the AND, or XOR, of two runs of vectors.
_and_dot: Callable[..., Any] = intrinsic(_emit_and_dot)
_xor_dot: Callable[..., Any] = intrinsic(_emit_xor_dot)
# Copy the vectors of `ROWS` rows in turn.
_interleave: Callable[..., None] = intrinsic(_emit_interleave)
_roof: Callable[..., Any] = intrinsic(_emit_roof)
# Pointer to a number of an array; words by which an array begins past a line of the cache.
_address: Callable[..., Any] = intrinsic(_emit_address)
_misaligned: Callable[..., Any] = intrinsic(_emit_alignment)
_bits: Callable[..., Any] = intrinsic(_emit_bits)


@jit
def roof(count: int, mask: Any) -> int:
    """``count`` times AND, count and add on `ROOF_ACCUMULATORS` registers, without memory.

    That is ``count * ROOF_ACCUMULATORS * LANES * 64`` bits.
    """
    total: int = _roof(count, mask)
    return total


@jit
def _aligned(words: int) -> Any:
    """Room for words, from the begin of a line of the cache on."""
    room = np.empty(words + LINE, np.uint64)
    skip = -_misaligned(room) & (LINE - 1)
    return room[skip : skip + words]


@jit
def _pad(source: Any, row: int, end: int, word: int, words: int, target: Any) -> None:
    """Copy rows, from ``row`` below ``end``, of a block of words; zeros where there is nothing."""
    target[:, :] = np.uint64(0)
    for r in range(min(target.shape[0], end - row)):
        for k in range(words):
            target[r, k] = source[row + r, word + k]


@jit
def blocked(a: Any, b: Any, counts: Any, column: int, column_end: int, xor: bool) -> None:
    """Add the ones in ``a[i] & b[j]``, or their XOR, to a tile's counts, for a range of columns.

    ``a`` and ``b`` are C-contiguous. ``counts[p, q, c, r]`` is row r and column c of tile (p, q);
    ``column`` begins a tile.
    """
    rows, words = a.shape
    tiles = counts.shape[1]
    panel = _aligned(BLOCK * DEPTH * LANES)
    padded = np.empty((max(ROWS, COLUMNS), DEPTH * LANES), np.uint64)
    for top in range(0, rows, BLOCK):
        bottom = min(top + BLOCK, rows)
        for word in range(0, words, DEPTH * LANES):
            size = min(DEPTH * LANES, words - word)
            depth = (size + LANES - 1) // LANES
            part = depth // BURST * LINE
            for i in range(top, bottom, ROWS):
                a_rows, a_pitch = _address(a, i * words + word), words
                if i + ROWS > rows or size % LANES:
                    _pad(a, i, rows, word, size, padded)
                    a_rows, a_pitch = _address(padded, 0), DEPTH * LANES
                target = _address(panel, (i - top) * depth * LANES)
                _interleave(a_rows, a_pitch, target, depth)
            for j in range(column, column_end, COLUMNS):
                b_rows, b_pitch = _address(b, j * words + word), words
                if j + COLUMNS > column_end or size % LANES:
                    _pad(b, j, column_end, word, size, padded)
                    b_rows, b_pitch = _address(padded, 0), DEPTH * LANES
                # While a tile works it fetches its part of the next columns; after the last ones
                # these are the first ones' next words.
                ahead, next_word = j + COLUMNS, word
                if ahead >= column_end:
                    ahead, next_word = column, word + size
                for i in range(top, bottom, ROWS):
                    fetch, fetch_pitch = _address(padded, 0), 0
                    begin = next_word + (i - top) // ROWS * part
                    if ahead + COLUMNS <= column_end and begin + part <= min(
                        words, next_word + size
                    ):
                        fetch, fetch_pitch = _address(b, ahead * words + begin), words
                    left = _address(panel, (i - top) * depth * LANES)
                    tile = _address(counts, (i // ROWS * tiles + j // COLUMNS) * ROWS * COLUMNS)
                    if xor:
                        _xor_tile(left, b_rows, b_pitch, depth, tile, fetch, fetch_pitch)
                    else:
                        _and_tile(left, b_rows, b_pitch, depth, tile, fetch, fetch_pitch)


@jit
def untile(tiled: Any, counts: Any, transposed: bool) -> None:
    """Set ``counts[i, j]``, or ``counts[j, i]``, to what its tile has."""
    m, n = counts.shape
    if transposed:
        m, n = n, m
    for p in range(tiled.shape[0]):
        for q in range(tiled.shape[1]):
            for i in range(p * ROWS, min(p * ROWS + ROWS, m)):
                for j in range(q * COLUMNS, min(q * COLUMNS + COLUMNS, n)):
                    count = tiled[p, q, j - q * COLUMNS, i - p * ROWS]
                    if transposed:
                        counts[j, i] = count
                    else:
                        counts[i, j] = count


@jit
def direct(
    a: Any, b: Any, counts: Any, row: int, row_end: int, column: int, column_end: int, xor: bool
) -> None:
    """Set ``counts[i, j]`` to the ones in ``a[i] & b[j]``, or their XOR, a pair at a time."""
    words = a.shape[1]
    depth = words // LANES
    for j in range(column, column_end):
        for i in range(row, row_end):
            left, right = _address(a, i * words), _address(b, j * words)
            if xor:
                total = _xor_dot(left, right, depth)
                for k in range(depth * LANES, words):
                    total += _bits(a[i, k] ^ b[j, k])
            else:
                total = _and_dot(left, right, depth)
                for k in range(depth * LANES, words):
                    total += _bits(a[i, k] & b[j, k])
            counts[i, j] = total
