"""The event-driven kernel: one for all models, for it knows them as matrices only.

A neuron is touched in a tick when something arrives, a stimulus changes, or it was predicted to
reach its threshold. It is then brought up to date, computes that tick as the clock-driven engine
does, and is told when it would next reach the threshold if nothing more happened.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

import numba
import numpy as np
from numba import carray

from sc_neurocore._jit import jit_in
from sc_neurocore.network import _event_flow_kernel
from sc_neurocore.network._delivery_kernel import _pointer
from sc_neurocore.network._event_flow_kernel import (
    SERVED,
    STEPS,
    TICKS,
    UPDATES,
    current,
    first_lost,
    inner,
    lost,
    predict,
    settle,
    step,
    watch,
)

_jit = jit_in(__file__, _event_flow_kernel.__file__)
_outer = numba.njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True)
#: What stands for the neuron in the agenda's entry of arriving events.
_ARRIVALS = np.int64(0xFFFFFFFF)
_LOW = np.int64(0xFFFFFFFF)


@inner
def _update(n, tick, slot, t, c):  # type: ignore[no-untyped-def]
    """Compute one tick of neuron ``n``; return whether it spikes, and a lost state or −1."""
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
    step(c.work[0], c.work[2], left, t.move[g, which], t.push[g, which], 0)
    for s in range(size):
        x[s] = c.work[0, s] + c.rest[n, 0, s]
    for p in range(ports):
        arriving = c.ring[slot, p, n]
        if arriving:
            for s in range(size):
                if ready or not t.held[g, s]:
                    x[s] += t.jump[n, p, s] * arriving
            c.ring[slot, p, n] = 0.0
    spikes, bad = False, lost(x)
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
        if bad < 0:
            bad = lost(x)
    watch(x, c)
    c.done[n] = tick + 1
    c.counts[UPDATES] += 1
    return spikes, bad


@inner
def _touch(slot, n, c):  # type: ignore[no-untyped-def]
    """List a neuron for a slot; return whether it is the slot's first."""
    if c.marked[slot, n]:
        return False
    c.marked[slot, n] = 1
    c.touched[slot, c.listed[slot]] = n
    c.listed[slot] += 1
    return c.listed[slot] == 1


@inner
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
        Room; how many spikes ``(tick − begin)·2^32 + source`` are in it, in order; and the tick,
        neuron and state of the first value that is not finite (−1 if there is none), up to which
        the spikes are.
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
        # An entry of the agenda that a later prediction has replaced is nothing that happens.
        if c.listed[slot] or (k < len(given) and given_tick[k] == tick):
            c.counts[TICKS] += 1
        at = count
        worst, state = -1, -1
        for j in range(c.listed[slot]):
            n = c.touched[slot, j]
            c.marked[slot, n] = 0
            spikes, bad = _update(n, tick, slot, t, c)
            if bad >= 0 and (worst < 0 or n < worst):
                worst, state = n, bad
            if spikes:
                if count == len(room):
                    room = np.concatenate((room, room))
                room[count] = ((tick - begin) << 32) | t.source[n]
                count += 1
            c.next[n] = predict(n, t, c)
            if c.next[n] < end:
                heappush(heap, (c.next[n] << 32) | n)
        c.listed[slot] = 0
        if worst >= 0:
            return room, at, tick, worst, state
        while k < len(given) and given_tick[k] == tick:
            if count == len(room):
                room = np.concatenate((room, room))
            room[count] = ((tick - begin) << 32) | given[k]
            count += 1
            k += 1
        room[at:count].sort()
        fresh = 0
        for j in range(at, count):
            fresh = _serve(room[j] & _LOW, tick, fresh, t, c)
        for j in range(fresh):
            heappush(heap, (c.fresh[j] << 32) | _ARRIVALS)
    if not c.large[0]:
        return room, count, -1, -1, -1
    failed, worst, state = first_lost(end, t, c)
    while failed >= 0 and count and room[count - 1] >> 32 >= failed - begin:
        count -= 1
    return room, count, failed, worst, state


@_jit
def start(t, c):  # type: ignore[no-untyped-def]
    """Before the first tick: where every neuron settles, and when it would spike."""
    for n in range(len(c.next)):
        watch(c.x[n], c)
        settle(n, t, c)
        c.next[n] = predict(n, t, c)


@_jit
def states_at(tick, n0, n1, t, c, out):  # type: ignore[no-untyped-def]
    """``out[n − n0]`` becomes the states of neuron ``n`` when ``tick`` ticks are done."""
    steps = c.counts[STEPS]
    for n in range(n0, n1):
        current(n, tick, t, c)
        for s in range(c.x.shape[1]):
            out[n - n0, s] = c.work[0, s] + c.rest[n, 0, s]
    c.counts[STEPS] = steps  # looking is no work of the run
