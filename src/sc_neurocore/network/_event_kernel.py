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
#: Called by kernels only; what calls them from Python would take longest to compile.
_inner = numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
#: Of a neuron that would never spike.
NEVER = np.int64(2**62)
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
def _step(g, which, level, left, t, c):  # type: ignore[no-untyped-def]
    """Let the deviation at work flow for ``2^level`` ticks."""
    y, out, size = c.work[0], c.work[2], c.x.shape[1]
    for s in range(size):
        total = 0.0
        for r in range(size):
            total += t.move[g, which, level, s, r] * y[r]
            total += t.push[g, which, level, s, r] * left[r]
        out[s] = total
    for s in range(size):
        y[s] = out[s]


@_inner
def current(n, tick, t, c):  # type: ignore[no-untyped-def]
    """Put to work the deviation of neuron ``n`` when ``tick`` ticks are done."""
    g, y, left = t.group[n], c.work[0], c.rest[n, 1]
    for s in range(len(y)):
        y[s] = c.x[n, s] - c.rest[n, 0, s]
    middle = min(max(c.free[n], c.done[n]), tick)
    for part in range(2):  # the refractory ticks, then the free ones
        which, ticks = 1 - part, tick - middle if part else middle - c.done[n]
        level = 0
        while ticks:
            if ticks & 1:
                _step(g, which, level, left, t, c)
                c.counts[STEPS] += 1
            ticks >>= 1
            level += 1


@_inner
def predict(n, t, c):  # type: ignore[no-untyped-def]
    """The tick in which neuron ``n`` may next reach its threshold; it may not, but never earlier.

    From the present state, blocks of ticks whose bound lies below the threshold are skipped;
    their length doubles after a success and halves after a failure.
    """
    g, size = t.group[n], c.x.shape[1]
    if t.level[n] == np.inf:
        return NEVER
    start = max(c.done[n], c.free[n])
    y, left = c.work[0], c.rest[n, 1]
    current(n, start, t, c)
    margin = -t.level[n]
    for s in range(size):
        margin += t.normal[g, s] * c.rest[n, 0, s]
    slack = -1e-10 * max(1.0, abs(t.level[n]))
    top, ahead = t.top[g], 0
    level = top
    while ahead < (1 << top):
        bound = margin
        for s in range(size):
            bound += y[s] * (t.high[g, level, 0, s] if y[s] > 0 else t.low[g, level, 0, s])
            if left[s]:
                bound += left[s] * (
                    t.high[g, level, 1, s] if left[s] > 0 else t.low[g, level, 1, s]
                )
        c.counts[STEPS] += 1
        if bound < slack:
            if level == top and t.settled[g]:
                return NEVER
            _step(g, 0, level, left, t, c)
            ahead += 1 << level
            level = min(level + 1, top)
        elif level == 0:
            return start + ahead
        else:
            level -= 1
    return start + ahead


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
    _step(g, 0 if ready else 1, 0, left, t, c)
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
def _serve(source, tick, heap, t, c):  # type: ignore[no-untyped-def]
    """Put a spike where it arrives."""
    slots = c.ring.shape[0]
    p = t.owner[source]
    row = source - t.first[p]
    for q in range(t.out[p], t.out[p + 1]):
        start = carray(_pointer(t.rows[q, 2]), row + 1, np.int64)[row]
        end = carray(_pointer(t.rows[q, 3]), row + 1, np.int64)[row]
        kind, shift = t.rows[q, 4] & 0xFF, t.rows[q, 5]
        port, column = t.rows[q, 4] >> 8, t.rows[q, 7]
        words = carray(_pointer(t.rows[q, 0]), end, np.uint32)
        singles = carray(_pointer(t.rows[q, 1]), end, np.float32)
        doubles = carray(_pointer(t.rows[q, 1]), end, np.float64)
        for k in range(start, end):
            word = np.int64(words[k])
            delay = t.rows[q, 6]
            if shift:
                delay = (word >> shift) + 1
                word &= (1 << shift) - 1
            weight = t.shared[q]
            if kind == 4:
                weight = np.float64(singles[k])
            elif kind == 8:
                weight = doubles[k]
            slot = (tick + delay) % slots
            c.ring[slot, port, column + word] += weight
            if _touch(slot, column + word, c):
                heappush(heap, ((tick + delay) << 32) | _ARRIVALS)
        c.counts[SERVED] += end - start


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
            n = np.int64(c.touched[slot, j])
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
        for j in range(at, count):
            _serve(room[j] & _LOW, tick, heap, t, c)
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
