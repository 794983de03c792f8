"""Kernels that draw connectivity; imported only when a projection is built.

Every draw is a function of a seed and of the synapse's place (row and ordinal), so a rule can be
evaluated twice, once to count and once to write, and nothing but the synapses is ever stored.
"""

from __future__ import annotations

import math

import numpy as np

from sc_neurocore._jit import jit_in
from sc_neurocore.dynamics._kernel_math import use_wide_vectors
from sc_neurocore.dynamics._noise import normal, philox, uniform

_jit = jit_in(__file__)
_LOW, _32 = np.uint64(0xFFFFFFFF), np.uint64(32)


@_jit
def _below(limit, word):  # type: ignore[no-untyped-def]
    """A number from 0 to ``limit − 1`` of a 32-bit word; uneven by less than ``limit/2^32``."""
    return np.int64((word * np.uint64(limit)) >> _32)


@_jit
def _word(seed, row, ordinal):  # type: ignore[no-untyped-def]
    """A word of 32 random bits."""
    at = np.uint64(ordinal)
    return philox(
        np.uint64(row) & _LOW, at & _LOW, at >> _32, np.uint64(7), seed & _LOW, seed >> _32
    )[0]


@_jit
def _chosen(out, mark, seed, row, count, sources, own, distinct):  # type: ignore[no-untyped-def]
    """Draw ``count`` of ``sources`` into ``out``; ``own`` (or −1) is never drawn.

    ``mark`` holds, for each source, one more than the last row it was drawn in; without
    ``distinct`` it is not touched.
    """
    if not distinct and own < 0:
        done = 0
        ordinal = np.uint64(0)
        while done < count:
            words = philox(
                np.uint64(row) & _LOW, ordinal, np.uint64(0), np.uint64(9),
                seed & _LOW, seed >> _32,
            )  # fmt: skip
            for word in words:
                if done < count:
                    out[done] = _below(sources, word)
                    done += 1
            ordinal += np.uint64(1)
        return
    # Of more than half, those left out are drawn.
    available = sources - (1 if own >= 0 else 0)
    inverse = distinct and 2 * count > available
    wanted = available - count if inverse else count
    done = 0
    drawn = 0
    while done < wanted:
        s = _below(sources, _word(seed, row, drawn))
        drawn += 1
        if s == own or (distinct and mark[s] == row + 1):
            continue
        if distinct:
            mark[s] = row + 1
        out[done] = s
        done += 1
    if inverse:
        done = 0
        for s in range(sources):
            if s != own and mark[s] != row + 1:
                out[done] = s
                done += 1


@_jit
def count_indegree(counts, sources, targets, count, seed, distinct, autapses):  # type: ignore[no-untyped-def]
    """Add to ``counts`` how often every source is drawn when each target draws ``count``."""
    out = np.empty(count, np.int64)
    mark = np.zeros(sources if distinct else 1, np.int64)
    for j in range(targets):
        _chosen(out, mark, seed, j, count, sources, -1 if autapses else j, distinct)
        for i in range(count):
            counts[out[i]] += 1


@_jit
def fill_indegree(words, cursor, sources, targets, count, seed, distinct, autapses):  # type: ignore[no-untyped-def]
    """Write the targets of every source, from ``cursor`` on; they come in ascending order."""
    out = np.empty(count, np.int64)
    mark = np.zeros(sources if distinct else 1, np.int64)
    for j in range(targets):
        _chosen(out, mark, seed, j, count, sources, -1 if autapses else j, distinct)
        for i in range(count):
            words[cursor[out[i]]] = j
            cursor[out[i]] += 1


@_jit
def fill_outdegree(words, first, end, sources, targets, count, seed, distinct, autapses):  # type: ignore[no-untyped-def]
    """Every source from ``first`` to before ``end`` draws ``count`` targets."""
    out = np.empty(count, np.int64)
    mark = np.zeros(targets if distinct else 1, np.int64)
    for i in range(first, end):
        _chosen(out, mark, seed, i, count, targets, -1 if autapses else i, distinct)
        out.sort()
        for k in range(count):
            words[i * count + k] = out[k]


@_jit
def fill_uniform(words, starts, first, end, targets, seed):  # type: ignore[no-untyped-def]
    """Targets of the sources from ``first`` to before ``end``: uniform, independent, sorted.

    The n sorted uniform numbers are partial sums of n + 1 exponential ones over their total
    (Devroye 1986, Non-Uniform Random Variate Generation, V.3.1), so nothing needs sorting.
    """
    most = 0
    for i in range(first, end):
        most = max(most, starts[i + 1] - starts[i])
    steps = np.empty(most + 2)
    for i in range(first, end):
        start, n = starts[i], starts[i + 1] - starts[i]
        pairs = (n + 2) // 2
        for k in range(pairs):
            w0, w1, w2, w3 = philox(
                np.uint64(i) & _LOW, np.uint64(k) & _LOW, np.uint64(0), np.uint64(11),
                seed & _LOW, seed >> _32,
            )  # fmt: skip
            a = (np.float64((w1 << _32) | w0) + 1.0) * 2.0**-64
            b = (np.float64((w3 << _32) | w2) + 1.0) * 2.0**-64
            steps[2 * k] = -math.log(min(a, 1.0))
            steps[2 * k + 1] = -math.log(min(b, 1.0))
        total = 0.0
        for k in range(n + 1):
            total += steps[k]
        scale, at = targets / total, 0.0
        for k in range(n):
            at += steps[k]
            words[start + k] = min(np.int64(at * scale), targets - 1)


@_jit
def count_bernoulli(counts, targets, p, seed, autapses):  # type: ignore[no-untyped-def]
    """Number of targets of every source when each pair is connected with probability ``p``."""
    rate = math.log1p(-p)
    for i in range(len(counts)):
        at, ordinal, n = np.int64(-1), np.uint64(0), 0
        while True:
            u = uniform(seed, np.uint64(i), ordinal, np.uint64(1))
            ordinal += np.uint64(1)
            skip = math.log(1.0 - u) / rate
            if skip >= targets - at - 1:
                break
            at += 1 + np.int64(skip)
            if autapses or at != i:
                n += 1
        counts[i] = n


@_jit
def fill_bernoulli(words, starts, targets, p, seed, autapses):  # type: ignore[no-untyped-def]
    """Write what `count_bernoulli` counted."""
    rate = math.log1p(-p)
    for i in range(len(starts) - 1):
        at, ordinal, n = np.int64(-1), np.uint64(0), starts[i]
        while True:
            u = uniform(seed, np.uint64(i), ordinal, np.uint64(1))
            ordinal += np.uint64(1)
            skip = math.log(1.0 - u) / rate
            if skip >= targets - at - 1:
                break
            at += 1 + np.int64(skip)
            if autapses or at != i:
                words[n] = at
                n += 1


@_jit
def draw_normal(out, first, seed, mean, std, low, high):  # type: ignore[no-untyped-def]
    """Normal numbers of the ordinals ``first`` …, drawn again while outside ``low`` to ``high``."""
    use_wide_vectors()
    for i in range(len(out)):
        k = np.uint64(first) + np.uint64(i)
        out[i] = mean + std * normal(seed, k & _LOW, k >> _32, np.uint64(0))
    for i in range(len(out)):
        k = np.uint64(first) + np.uint64(i)
        again = np.uint64(0)
        while not (low <= out[i] <= high):
            again += np.uint64(1)
            out[i] = mean + std * normal(seed, k & _LOW, k >> _32, again)


@_jit
def draw_uniform(out, first, seed, low, high):  # type: ignore[no-untyped-def]
    """Numbers of the ordinals ``first`` … uniform from ``low`` to ``high``."""
    use_wide_vectors()
    for i in range(len(out)):
        k = np.uint64(first) + np.uint64(i)
        out[i] = low + (high - low) * uniform(seed, k & _LOW, k >> _32, np.uint64(0))


@_jit
def pack_delays(words, delays, first, shift):  # type: ignore[no-untyped-def]
    """Put the delays of the synapses from ``first`` on beside their targets."""
    for k in range(len(delays)):
        words[first + k] |= np.uint32((delays[k] - 1) << shift)


@_jit
def cut_rows(cut, starts, words, mask, limit):  # type: ignore[no-untyped-def]
    """Where, in every row, the targets below ``limit`` end."""
    for i in range(len(starts) - 1):
        low, high = starts[i], starts[i + 1]
        while low < high:
            middle = (low + high) >> 1
            if np.int64(words[middle] & mask) < limit:
                low = middle + 1
            else:
                high = middle
        cut[i] = low


@_jit
def rewire(ends, n, k, p, seed):  # type: ignore[no-untyped-def]
    """Edges of a ring, each moved with probability ``p``; see `small_world`."""
    present = set()
    degree = np.full(n, k, np.int64)
    for j in range(1, k // 2 + 1):
        for u in range(n):
            present.add(_edge(u, (u + j) % n, n))
    e = 0
    drawn = 0
    for j in range(1, k // 2 + 1):
        for u in range(n):
            v = (u + j) % n
            moved = uniform(seed, np.uint64(e), np.uint64(0), np.uint64(2)) < p
            if moved and degree[u] < n - 1:
                w = _below(n, _word(seed, 0, drawn))
                drawn += 1
                while w == u or _edge(u, w, n) in present:
                    w = _below(n, _word(seed, 0, drawn))
                    drawn += 1
                present.remove(_edge(u, v, n))
                present.add(_edge(u, w, n))
                degree[v] -= 1
                degree[w] += 1
                v = w
            ends[e, 0], ends[e, 1] = u, v
            e += 1


@_jit
def _edge(u, v, n):  # type: ignore[no-untyped-def]
    return min(u, v) * n + max(u, v)


@_jit
def grow(ends, n, m, seed):  # type: ignore[no-untyped-def]
    """Edges of a graph grown by preferential attachment; see `scale_free`."""
    # Every end of an edge once: a neuron drawn from it is drawn in proportion to its degree.
    pool = np.empty(2 * len(ends), np.int64)
    for i in range(m):
        ends[i, 0], ends[i, 1] = 0, i + 1
        pool[2 * i], pool[2 * i + 1] = 0, i + 1
    e = m
    mark = np.zeros(n, np.int64)
    for new in range(m + 1, n):
        drawn, done, size = 0, 0, 2 * e
        while done < m:
            old = pool[_below(size, _word(seed, new, drawn))]
            drawn += 1
            if mark[old] != new:
                mark[old] = new
                ends[e, 0], ends[e, 1] = new, old
                pool[2 * e], pool[2 * e + 1] = new, old
                e += 1
                done += 1
