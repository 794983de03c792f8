"""Kernels of a running network: spikes into rings, Poisson events; imported when one runs.

A ring holds, for one input of one group of neurons, what arrives in each of the coming ticks:
``(slots, neurons)``, tick k in slot k modulo slots. Threads own ranges of neurons, every thread
walks through all spikes in the same order, so the sums do not depend on the number of threads.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import carray
from numba.core import types
from numba.extending import intrinsic

from sc_neurocore._jit import jit_in
from sc_neurocore.dynamics._kernel_math import exp, use_wide_vectors
from sc_neurocore.dynamics._noise import philox

_jit = jit_in(__file__)
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)
#: Neurons whose Poisson numbers are drawn together: four lanes of a quarter each.
LANES = 256


def _emit_pointer(context: Any, address: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, args: Any) -> Any:
        return builder.inttoptr(args[0], ctx.get_value_type(types.voidptr))

    return types.voidptr(types.int64), emit


_pointer: Callable[[Any], Any] = intrinsic(_emit_pointer)


@_jit
def deliver(keys, slot, ring, columns, owner, first, out, table, weights):  # type: ignore[no-untyped-def]
    """Add the weights of spikes to the ring.

    Args:
        keys: spikes in order, ``tick·2^32 + source``, ticks counted from ``slot``.
        slot: slot of tick 0.
        ring: all slots, one after the other.
        columns: neurons in a slot.
        owner: population of every source.
        first: first source of every population.
        out: rows of ``table`` from which on a population's projections stand.
        table: one row per projection: addresses of the words, of the weights, of where rows
            start and end for this thread; the kind of weight (0 shared, 4 or 8 bytes); the shift of
            packed delays (0 if shared); the shared delay; the first target's column.
        weights: shared weight of each projection.
    """
    slots = len(ring) // columns
    for spike in keys:
        tick, source = spike >> 32, spike & 0xFFFFFFFF
        p = owner[source]
        row = source - first[p]
        now = slot + tick
        for q in range(out[p], out[p + 1]):
            start = carray(_pointer(table[q, 2]), row + 1, np.int64)[row]
            end = carray(_pointer(table[q, 3]), row + 1, np.int64)[row]
            if start == end:
                continue
            kind, shift = table[q, 4], table[q, 5]
            delay, column = table[q, 6], table[q, 7]
            words = carray(_pointer(table[q, 0]), end, np.uint32)
            a, b = np.uint64(start), np.uint64(end)
            if shift == 0:
                at = np.uint64(((now + delay) % slots) * columns + column)
                if kind == 0:
                    w = weights[q]
                    for k in range(a, b):
                        ring[at + words[k]] += w
                elif kind == 4:
                    w4 = carray(_pointer(table[q, 1]), end, np.float32)
                    for k in range(a, b):
                        ring[at + words[k]] += w4[k]
                else:
                    w8 = carray(_pointer(table[q, 1]), end, np.float64)
                    for k in range(a, b):
                        ring[at + words[k]] += w8[k]
                continue
            mask = (np.uint64(1) << np.uint64(shift)) - np.uint64(1)
            right = np.uint64(shift)
            base = np.uint64((now + 1) % slots)
            turn, wide = np.uint64(slots), np.uint64(columns)
            offset = np.uint64(column)
            if kind == 0:
                w = weights[q]
                for k in range(a, b):
                    word = np.uint64(words[k])
                    s = base + (word >> right)
                    s = s - turn if s >= turn else s
                    ring[s * wide + offset + (word & mask)] += w
            elif kind == 4:
                w4 = carray(_pointer(table[q, 1]), end, np.float32)
                for k in range(a, b):
                    word = np.uint64(words[k])
                    s = base + (word >> right)
                    s = s - turn if s >= turn else s
                    ring[s * wide + offset + (word & mask)] += w4[k]
            else:
                w8 = carray(_pointer(table[q, 1]), end, np.float64)
                for k in range(a, b):
                    word = np.uint64(words[k])
                    s = base + (word >> right)
                    s = s - turn if s >= turn else s
                    ring[s * wide + offset + (word & mask)] += w8[k]


@_jit
def draw(u, b, c1, c2, c3, k0, k1):  # type: ignore[no-untyped-def]
    """Fill ``u`` with the uniform 32-bit numbers of a block of neurons, in one tick and round."""
    lanes, two, three = np.uint64(LANES), np.uint64(2 * LANES), np.uint64(3 * LANES)
    for j in range(lanes):
        w0, w1, w2, w3 = philox(b * lanes + j, c1, c2, c3, k0, k1)
        u[j] = np.uint32(w0)
        u[j + lanes] = np.uint32(w1)
        u[j + two] = np.uint32(w2)
        u[j + three] = np.uint32(w3)


@_jit
def add_poisson(part, column, n0, n1, tick, seed, limits, rounds, weight):  # type: ignore[no-untyped-def]
    """Add ``weight`` times a Poisson number to the rows of ``part``.

    A number is how many limits a uniform 32-bit number reaches: its distribution function times
    2^32, rounded. The uniform number depends on seed, neuron, tick and round.

    Args:
        part: ticks by neurons of the group.
        column: column of the population's neuron 0.
        n0: the population's first neuron to draw for.
        n1: after the last one.
        tick: tick of the first row.
        seed: of the stream.
        limits: ascending.
        rounds: how many such numbers are added up.
        weight: of one event.
    """
    use_wide_vectors()
    # Unsigned: an index that could be negative costs a check, and the loops their vectors.
    block, none = np.uint64(4 * LANES), np.uint32(0)
    u = np.empty(4 * LANES, np.uint32)
    count = np.empty(4 * LANES, np.uint32)
    k0, k1 = seed & _LOW, seed >> _32
    start, end = np.uint64(n0), np.uint64(n1)
    fours = len(limits) // 4
    for b in range(start // block, (end + block - np.uint64(1)) // block):
        low, high = max(start, b * block), min(end, (b + np.uint64(1)) * block)
        at = np.uint64(column) + low
        skip = low - b * block
        for t in range(len(part)):
            now = np.uint64(tick + t)
            c1, c2 = now & _LOW, now >> _32
            for j in range(block):
                count[j] = none
            for r in range(rounds):
                draw(u, b, c1, c2, np.uint64(r), k0, k1)
                # Four at a time, so that the counts are loaded and stored less often.
                for k in range(fours):
                    l0, l1, l2, l3 = (
                        limits[4 * k],
                        limits[4 * k + 1],
                        limits[4 * k + 2],
                        limits[4 * k + 3],
                    )
                    for j in range(block):
                        x = u[j]
                        count[j] += (np.uint32(x >= l0) + np.uint32(x >= l1)) + (
                            np.uint32(x >= l2) + np.uint32(x >= l3)
                        )
                for limit in limits[4 * fours :]:
                    for j in range(block):
                        count[j] += np.uint32(u[j] >= limit)
            row = part[t]
            for j in range(high - low):
                row[at + j] += weight * np.int32(count[skip + j])


@_jit
def add_varied_poisson(part, column, n0, n1, tick, seed, rates, every, dt, most_mean, weight):  # type: ignore[no-untyped-def]
    """As `add_poisson`, with a rate for every neuron and row of time.

    The same uniform numbers meet the distribution function, summed up term by term, so equal rates
    give the numbers of `add_poisson`.

    Args:
        part: see `add_poisson`.
        column: see there.
        n0: see there.
        n1: see there.
        tick: see there.
        seed: see there.
        rates: ``(T, 1 or n)`` in Hz; the last row stays.
        every: ticks that a row lasts.
        dt: tick in ms.
        most_mean: numbers of a larger mean are added up from several.
        weight: of one event.
    """
    use_wide_vectors()
    block = np.uint64(4 * LANES)
    u = np.empty(4 * LANES, np.uint32)
    count = np.empty(4 * LANES, np.int32)
    rounds = np.empty(4 * LANES, np.int64)
    share, none = np.empty(4 * LANES), np.empty(4 * LANES)
    k0, k1 = seed & _LOW, seed >> _32
    start, end = np.uint64(n0), np.uint64(n1)
    wide = rates.shape[1] > 1
    for b in range(start // block, (end + block - np.uint64(1)) // block):
        low, high = max(start, b * block), min(end, (b + np.uint64(1)) * block)
        at = np.uint64(column) + low
        skip, size = low - b * block, high - low
        held, most = -1, 0
        for t in range(len(part)):
            row = min((tick + t) // every, len(rates) - 1)
            if row != held:
                held, most = row, 0
                for j in range(size):
                    mean = rates[row, low + j if wide else np.uint64(0)] * dt / 1000
                    times = max(1, math.ceil(mean / most_mean))
                    rounds[j] = times if mean > 0 else 0
                    share[j] = mean / times
                    none[j] = exp(-share[j])
                    most = max(most, rounds[j])
            now = np.uint64(tick + t)
            c1, c2 = now & _LOW, now >> _32
            for j in range(size):
                count[j] = 0
            for r in range(most):
                draw(u, b, c1, c2, np.uint64(r), k0, k1)
                for j in range(size):
                    if r < rounds[j]:
                        x = (u[skip + j] + 0.5) * 2.0**-32
                        chance, total, events = none[j], none[j], 0
                        while total <= x:
                            events += 1
                            chance *= share[j] / events
                            total += chance
                        count[j] += events
            for j in range(size):
                part[t, at + j] += weight * count[j]


@_jit
def add_noise(part, tick, inputs, edges, limits, seeds, weights):  # type: ignore[no-untyped-def]
    """Call `add_poisson` for every input: column, first and last neuron, rounds."""
    for k in range(len(inputs)):
        add_poisson(
            part, inputs[k, 0], inputs[k, 1], inputs[k, 2], tick, seeds[k],
            limits[edges[k] : edges[k + 1]], inputs[k, 3], weights[k],
        )  # fmt: skip


@_jit
def refill(part, n0, n1, base):  # type: ignore[no-untyped-def]
    """Empty slots that were read: every neuron's resting input again."""
    start, end = np.uint64(n0), np.uint64(n1)
    for t in range(len(part)):
        row = part[t]
        for j in range(start, end):
            row[j] = base[j]
