"""The event-driven kernel: one for all models, for it knows them as matrices only.

A neuron is touched in a tick when something arrives, a stimulus changes, or it was predicted to
reach its threshold. It is then brought up to date, computes that tick as the clock-driven engine
does, and is told when it would next reach the threshold if nothing more happened.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import numba
import numpy as np
from numba import carray

from sc_neurocore._jit import jit_in
from sc_neurocore.network._delivery_kernel import _pointer

_jit = jit_in(__file__)
#: Called by kernels only. What calls them from Python would take longest to compile, and counting
#: references to all the arrays longer than the work: they allocate nothing, so they need not.
_inner = numba.njit(
    nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False
)
_outer = numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
#: Of a neuron that would never spike.
NEVER = np.int64(2**62)
#: Level of the first block that is looked at closely: 32 ticks.
_NEAR = 5
#: What stands for the neuron in the agenda's entry of arriving events.
_ARRIVALS = np.int64(0xFFFFFFFF)
_LOW = np.int64(0xFFFFFFFF)
#: What a run counts: ticks that were visited, neurons updated, steps and bounds of the flow,
#: synapses served.
TICKS, UPDATES, STEPS, SERVED = 0, 1, 2, 3


class Tables(NamedTuple):
    """What does not change in a run; G groups, S states, P inputs, N neurons, everything padded."""

    group: Any  # (N,) group of every neuron
    move: Any  # (G, 2, LEVELS, S, S)
    push: Any  # (G, 2, LEVELS, S, S)
    settle: Any  # (G, S, S)
    remain: Any  # (G, S, S)
    high: Any  # (G, L, 2, S)
    low: Any  # (G, L, 2, S)
    top: Any  # (G,)
    settled: Any  # (G,)
    normal: Any  # (G, S)
    keep: Any  # (G, S, S)
    held: Any  # (G, S)
    strict: Any  # (G,)
    refractory: Any  # (G,)
    level: Any  # (N,)
    constant: Any  # (N, S)
    gain: Any  # (N, P, S)
    jump: Any  # (N, P, S)
    put: Any  # (N, S)
    driven: Any  # (D,) input that each held stimulus drives
    owner: Any  # (sources,) population of every source
    first: Any  # (populations,) first source
    out: Any  # (populations + 1,) rows of the projections
    rows: Any  # (Q, 8) see `_delivery_kernel.deliver`; column 7 the first target's number
    shared: Any  # (Q,) shared weights


class Cells(NamedTuple):
    """What changes."""

    x: Any  # (N, S) states after `done` ticks
    done: Any  # (N,)
    free: Any  # (N,) first tick that is not refractory
    next: Any  # (N,) tick in which the threshold may be reached
    drive: Any  # (D, N) held stimuli
    rest: Any  # (N, 2, S) x* and c
    ring: Any  # (slots, P, N) what arrives
    touched: Any  # (slots, N) neurons to update, as listed
    marked: Any  # (slots, N) whether listed
    listed: Any  # (slots,) how many
    fresh: Any  # (slots,) ticks in which something arrives since the present one
    counts: Any  # (4,)
    work: Any  # (3, S) scratch: a deviation, what pushes it, the next one


@_inner
def settle(n, t, c):  # type: ignore[no-untyped-def]
    """Work out where neuron ``n`` settles under its stimuli."""
    g, states = t.group[n], c.x.shape[1]
    b = c.work[0]
    for s in range(states):
        b[s] = t.constant[n, s]
        for d in range(len(t.driven)):
            b[s] += t.gain[n, t.driven[d], s] * c.drive[d, n]
    for s in range(states):
        rest, left = 0.0, 0.0
        for r in range(states):
            rest += t.settle[g, s, r] * b[r]
            left += t.remain[g, s, r] * b[r]
        c.rest[n, 0, s], c.rest[n, 1, s] = rest, left


@_inner
def _step(y, out, left, move, push, level):  # type: ignore[no-untyped-def]
    """Let the deviation ``y`` flow for ``2^level`` ticks."""
    size = len(y)
    for s in range(size):
        total = 0.0
        for r in range(size):
            total += move[level, s, r] * y[r]
            if left[r]:
                total += push[level, s, r] * left[r]
        out[s] = total
    for s in range(size):
        y[s] = out[s]


@_inner
def _skip(ticks, y, out, left, move, push):  # type: ignore[no-untyped-def]
    """Let it flow for some ticks; return in how many steps."""
    level, steps = 0, 0
    while ticks:
        if ticks & 1:
            _step(y, out, left, move, push, level)
            steps += 1
        ticks >>= 1
        level += 1
    return steps


@_inner
def current(n, tick, t, c):  # type: ignore[no-untyped-def]
    """Put to work the deviation of neuron ``n`` when ``tick`` ticks are done."""
    g, y, out, left = t.group[n], c.work[0], c.work[2], c.rest[n, 1]
    for s in range(len(y)):
        y[s] = c.x[n, s] - c.rest[n, 0, s]
    middle = min(max(c.free[n], c.done[n]), tick)
    steps = 0
    if middle > c.done[n]:
        steps += _skip(middle - c.done[n], y, out, left, t.move[g, 1], t.push[g, 1])
    if tick > middle:
        steps += _skip(tick - middle, y, out, left, t.move[g, 0], t.push[g, 0])
    c.counts[STEPS] += steps


@_inner
def _first(margin, slack, y, out, left, move, push, high, low, top, settled):  # type: ignore[no-untyped-def]
    """Free ticks before the one that may reach the threshold, or NEVER; and steps taken.

    Blocks of ticks whose bound lies below the threshold are skipped; their length doubles after a
    success and halves after a failure.
    """
    size, ahead, level, steps = len(y), np.int64(0), top, 0
    while ahead < (1 << top):
        bound = margin
        for s in range(size):
            bound += y[s] * (high[level, 0, s] if y[s] > 0 else low[level, 0, s])
            if left[s]:
                bound += left[s] * (high[level, 1, s] if left[s] > 0 else low[level, 1, s])
        steps += 1
        if bound < slack:
            if level == top and settled:
                return NEVER, steps
            _step(y, out, left, move, push, level)
            ahead += 1 << level
            level = min(level + 1, top)
        elif level == 0:
            return ahead, steps
        elif level == top:  # not never; most crossings are near
            level = min(top - 1, _NEAR)
        else:
            level -= 1
    return ahead, steps


@_inner
def predict(n, t, c):  # type: ignore[no-untyped-def]
    """The tick in which neuron ``n`` may next reach its threshold; not earlier, maybe never."""
    if t.level[n] == np.inf:
        return NEVER
    g = t.group[n]
    start = max(c.done[n], c.free[n])
    current(n, start, t, c)
    margin = -t.level[n]
    for s in range(c.x.shape[1]):
        margin += t.normal[g, s] * c.rest[n, 0, s]
    slack = -1e-10 * max(1.0, abs(t.level[n]))
    ahead, steps = _first(
        margin, slack, c.work[0], c.work[2], c.rest[n, 1], t.move[g, 0], t.push[g, 0], t.high[g],
        t.low[g], t.top[g], t.settled[g],
    )  # fmt: skip
    c.counts[STEPS] += steps
    return NEVER if ahead == NEVER else start + ahead


@_inner
def _update(n, tick, slot, t, c):  # type: ignore[no-untyped-def]
    """Compute one tick of neuron ``n``; return whether it spikes."""
    g, size = t.group[n], c.x.shape[1]
    ready = tick >= c.free[n]
    current(n, tick, t, c)
    left, x = c.work[1], c.x[n]
    for s in range(size):
        left[s] = c.rest[n, 1, s]
    ports = c.ring.shape[1]
    for p in range(ports):
        arriving = c.ring[slot, p, n]
        if arriving:
            for s in range(size):
                left[s] += t.gain[n, p, s] * arriving
    which = 0 if ready else 1
    _step(c.work[0], c.work[2], left, t.move[g, which], t.push[g, which], 0)
    for s in range(size):
        x[s] = c.work[0, s] + c.rest[n, 0, s]
    for p in range(ports):
        arriving = c.ring[slot, p, n]
        if arriving:
            for s in range(size):
                if ready or not t.held[g, s]:
                    x[s] += t.jump[n, p, s] * arriving
            c.ring[slot, p, n] = 0.0
    spikes = False
    if ready:
        height = 0.0
        for s in range(size):
            height += t.normal[g, s] * x[s]
        spikes = height > t.level[n] if t.strict[g] else height >= t.level[n]
    if spikes:
        before = c.work[1]
        for s in range(size):
            before[s] = x[s]
        for s in range(size):
            x[s] = t.put[n, s]
            for r in range(size):
                x[s] += t.keep[g, s, r] * before[r]
        c.free[n] = tick + 1 + t.refractory[g]
    c.done[n] = tick + 1
    c.counts[UPDATES] += 1
    return spikes


@_inner
def _touch(slot, n, c):  # type: ignore[no-untyped-def]
    """List a neuron for a slot; return whether it is the slot's first."""
    if c.marked[slot, n]:
        return False
    c.marked[slot, n] = 1
    c.touched[slot, c.listed[slot]] = n
    c.listed[slot] += 1
    return c.listed[slot] == 1


@_inner
def _put(tick, start, end, words, singles, doubles, row, shared, fresh, c):  # type: ignore[no-untyped-def]
    """Put the synapses of one source where they lead; see `_serve`."""
    slots = c.ring.shape[0]
    kind, port, shift, column = row[4] & 0xFF, row[4] >> 8, row[5], row[7]
    for k in range(start, end):
        word, delay, weight = np.int64(words[k]), row[6], shared
        if shift:
            delay = (word >> shift) + 1
            word &= (1 << shift) - 1
        if kind == 4:
            weight = np.float64(singles[k])
        elif kind == 8:
            weight = doubles[k]
        slot = (tick + delay) % slots
        c.ring[slot, port, column + word] += weight
        if _touch(slot, column + word, c):
            c.fresh[fresh] = tick + delay
            fresh += 1
    c.counts[SERVED] += end - start
    return fresh


@_outer
def _serve(source, tick, fresh, t, c):  # type: ignore[no-untyped-def]
    """Put a spike where it arrives; return how many of ``c.fresh`` are now taken."""
    p = t.owner[source]
    at = source - t.first[p]
    for q in range(t.out[p], t.out[p + 1]):
        row = t.rows[q]
        start = carray(_pointer(row[2]), at + 1, np.int64)[at]
        end = carray(_pointer(row[3]), at + 1, np.int64)[at]
        words = carray(_pointer(row[0]), end, np.uint32)
        singles = carray(_pointer(row[1]), end, np.float32)
        doubles = carray(_pointer(row[1]), end, np.float64)
        fresh = _put(tick, start, end, words, singles, doubles, row, t.shared[q], fresh, c)
    return fresh


@_jit
def run(begin, end, when, what, who, value, given_tick, given, t, c, room):  # type: ignore[no-untyped-def]
    """Run from tick ``begin`` to before tick ``end``.

    Args:
        begin: first tick.
        end: after the last one.
        when: ``(E,)`` ascending ticks of what happens outside.
        what: ``(E,)`` held stimulus that takes ``value``, or −1 − input that receives it once.
        who: ``(E,)`` neuron.
        value: ``(E,)``.
        given_tick: ``(K,)`` ascending ticks of spikes from outside.
        given: ``(K,)`` their sources.
        t: a `Tables`.
        c: a `Cells`.
        room: for spikes.

    Returns:
        Room, and how many spikes ``(tick − begin)·2^32 + source`` are in it, in order.
    """
    slots = c.ring.shape[0]
    heap = [begin]
    heap.pop()  # empty, but of a known type
    for n in range(len(c.next)):
        if c.next[n] < end:
            heap.append((c.next[n] << 32) | n)
    for tick in range(begin, begin + slots):
        if c.listed[tick % slots]:
            heap.append((tick << 32) | _ARRIVALS)
    heapify(heap)
    count, e, k = 0, 0, 0
    while True:
        tick = heap[0] >> 32 if len(heap) else end
        if e < len(when):
            tick = min(tick, when[e])
        if k < len(given):
            tick = min(tick, given_tick[k])
        if tick >= end:
            break
        c.counts[TICKS] += 1
        slot = tick % slots
        while len(heap) and heap[0] >> 32 == tick:
            n = heappop(heap) & _LOW
            if n != _ARRIVALS and c.next[n] == tick:
                _touch(slot, n, c)
        while e < len(when) and when[e] == tick:
            n = who[e]
            if what[e] < 0:
                c.ring[slot, -1 - what[e], n] += value[e]
            else:
                current(n, tick, t, c)
                for s in range(c.x.shape[1]):
                    c.x[n, s] = c.work[0, s] + c.rest[n, 0, s]
                c.done[n] = tick
                c.drive[what[e], n] = value[e]
                settle(n, t, c)
            _touch(slot, n, c)
            e += 1
        at = count
        for j in range(c.listed[slot]):
            n = c.touched[slot, j]
            c.marked[slot, n] = 0
            if _update(n, tick, slot, t, c):
                if count == len(room):
                    room = np.concatenate((room, room))
                room[count] = ((tick - begin) << 32) | n
                count += 1
            c.next[n] = predict(n, t, c)
            if c.next[n] < end:
                heappush(heap, (c.next[n] << 32) | n)
        c.listed[slot] = 0
        room[at:count].sort()
        while k < len(given) and given_tick[k] == tick:
            if count == len(room):
                room = np.concatenate((room, room))
            room[count] = ((tick - begin) << 32) | given[k]
            count += 1
            k += 1
        fresh = 0
        for j in range(at, count):
            fresh = _serve(room[j] & _LOW, tick, fresh, t, c)
        for j in range(fresh):
            heappush(heap, (c.fresh[j] << 32) | _ARRIVALS)
    return room, count


@_jit
def start(t, c):  # type: ignore[no-untyped-def]
    """Before the first tick: where every neuron settles, and when it would spike."""
    for n in range(len(c.next)):
        settle(n, t, c)
        c.next[n] = predict(n, t, c)


@_jit
def states_at(tick, n0, n1, t, c, out):  # type: ignore[no-untyped-def]
    """``out[n − n0]`` becomes the states of neuron ``n`` when ``tick`` ticks are done."""
    for n in range(n0, n1):
        current(n, tick, t, c)
        for s in range(c.x.shape[1]):
            out[n - n0, s] = c.work[0, s] + c.rest[n, 0, s]
