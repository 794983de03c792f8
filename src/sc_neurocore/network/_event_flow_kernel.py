"""The state of an event-driven run as matrices, and one neuron's flow; inlined in `_event_kernel`.

Deviations from where a neuron settles flow in powers of two of ticks; see `_flow`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np

#: Called by kernels only. What calls them from Python would take longest to compile, and counting
#: references to all the arrays longer than the work: they allocate nothing, so they need not.
inner = numba.njit(
    nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False
)
_MAX = np.finfo(np.float64).max
#: From states up to the first, no flow leaves the doubles whose matrices stay below the second:
#: they are tabulated up to 2^31 ticks, so of one that grows some entries are large or no numbers.
LARGE_STATE, LARGE_FLOW = 1e100, 1e30
#: Of a neuron that would never spike.
NEVER = np.int64(2**62)
#: Level of the first block that is looked at closely: 32 ticks.
_NEAR = 5
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
    source: Any  # (N,) source that every neuron is
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
    large: Any  # (1,) whether a flow may leave the doubles
    work: Any  # (3, S) scratch: a deviation, what pushes it, the next one


@inner
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
    watch(c.rest[n, 0], c)
    watch(c.rest[n, 1], c)


@inner
def watch(values, c):  # type: ignore[no-untyped-def]
    """Note a value so large that its flow may leave the doubles."""
    for s in range(len(values)):
        if not (abs(values[s]) <= LARGE_STATE):
            c.large[0] = True


@inner
def step(y, out, left, move, push, level):  # type: ignore[no-untyped-def]
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


@inner
def _skip(ticks, y, out, left, move, push):  # type: ignore[no-untyped-def]
    """Let it flow for some ticks; return in how many steps."""
    level, steps = 0, 0
    while ticks:
        if ticks & 1:
            step(y, out, left, move, push, level)
            steps += 1
        ticks >>= 1
        level += 1
    return steps


@inner
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


@inner
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
            step(y, out, left, move, push, level)
            ahead += 1 << level
            level = min(level + 1, top)
        elif level == 0:
            return ahead, steps
        elif level == top:  # not never; most crossings are near
            level = min(top - 1, _NEAR)
        else:
            level -= 1
    return ahead, steps


@inner
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


@inner
def lost(x):  # type: ignore[no-untyped-def]
    """The first state that is not finite, or −1."""
    for s in range(len(x)):
        if not (abs(x[s]) <= _MAX):
            return s
    return -1


@inner
def lost_by(n, tick, t, c):  # type: ignore[no-untyped-def]
    """The first state of neuron ``n`` that is not finite when ``tick`` ticks are done, or −1."""
    steps = c.counts[STEPS]
    current(n, tick, t, c)
    c.counts[STEPS] = steps  # looking is no work of the run
    for s in range(c.x.shape[1]):
        c.work[0, s] += c.rest[n, 0, s]
    return lost(c.work[0])


@inner
def first_lost(end, t, c):  # type: ignore[no-untyped-def]
    """The first tick before ``end`` after which a silent neuron is not finite; who and which."""
    failed, who, state = -1, -1, -1
    for n in range(len(c.done)):
        if lost_by(n, end, t, c) < 0:
            continue
        low, high = c.done[n], end
        while high - low > 1:
            middle = (low + high) // 2
            if lost_by(n, middle, t, c) < 0:
                low = middle
            else:
                high = middle
        if failed < 0 or high - 1 < failed:
            failed, who, state = high - 1, n, lost_by(n, high, t, c)
            end = high
    return failed, who, state
