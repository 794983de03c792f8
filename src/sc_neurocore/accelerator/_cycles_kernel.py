"""The exact clock of every word in the engine; imported only when cycles are asked for.

The engine is a network of processes that pass words through bounded buffers, and nothing in it
depends on which of two events comes first: so the time of each word follows from those before it
and, if a buffer was full, from the word that left it. Each process here goes on until it needs a
time that is not known yet. Times are clock edges after the one that takes ``start``, which is 0.
"""

from __future__ import annotations

import numpy as np

from sc_neurocore._jit import jit_in

EVENT, PLANE, TICK = 0, 1, 2
#: Columns of the table of layers.
(
    FIRST_BUFFER, BUFFERS, GROUPS, PASSES, NEURONS, SIMD,
) = range(6)  # fmt: skip
#: Columns of the table of buffers.
SOURCE, TARGET, DEPTH, PRELOAD = range(4)
#: State of a layer: whose turn it is, where in a tick it is, and the clocks of its last doings.
(
    TURN, PHASE, NEURON, TICKS_DONE, WALKED, LAST_CURRENT, LAST_TAKEN, VISIT,
    SHOWN_1, SHOWN_2, SHOWN_3, PASSED_1, PASSED_2, PASSED_3, WORD_PASSED, WORDS, AVAILABLE, DRAINED,
    STATES,
) = range(19)  # fmt: skip
WAITING, SWEEPING, PUTTING_EVENT, PUTTING_TICK = range(4)
NEVER = 1 << 60


_jit = jit_in(__file__)


@_jit
def _fetch(b, buffers, put, fetched, puts, fetches, left, last_left):  # type: ignore[no-untyped-def]
    """Fetch a buffer's next word from its memory, if its clock is known."""
    n = fetches[b]
    if n < puts[b] and left[b] == n + buffers[b, PRELOAD]:
        fetched[b, n] = max(put[b, n] + 1, last_left[b])
        fetches[b] = n + 1


@_jit
def _pass(  # type: ignore[no-untyped-def]
    source, kind, available, buffers, put, fetched, kinds, puts, fetches, left, last_left,
    counter_source, counter,
):  # fmt: skip
    """Give a word to everyone who reads a source; -1 if a clock is not known yet.

    Returns the edge at which the last of them takes it. ``counter`` is the output counter: the
    edge from which it takes words, ticks so far, classes, the tick after which it is done, and the
    edge of that (0 before).
    """
    for b in range(len(buffers)):
        if buffers[b, SOURCE] == source and puts[b] - buffers[b, DEPTH] >= fetches[b]:
            return -1
    edge = available
    for b in range(len(buffers)):
        if buffers[b, SOURCE] == source:
            n = puts[b]
            taken = available
            if n >= buffers[b, DEPTH]:
                taken = max(taken, fetched[b, n - buffers[b, DEPTH]] + 1)
            put[b, n], kinds[b, n] = taken, kind
            puts[b] = n + 1
            _fetch(b, buffers, put, fetched, puts, fetches, left, last_left)
            edge = max(edge, taken)
    if source == counter_source:
        taken = max(available, counter[0])
        counter[0] = taken + 1
        if kind == TICK:
            counter[1] += 1
            counter[0] = taken + counter[2] + 2
            if counter[1] == counter[3]:
                counter[0], counter[4] = NEVER, taken + counter[2] + 1
        edge = max(edge, taken)
    return edge


@_jit
def _after(edge, s):  # type: ignore[no-untyped-def]
    """The sweep's next edge: it stands still while a spike waits at its end."""
    edge += 1
    if s[SHOWN_3] < edge < s[PASSED_3]:
        edge = s[PASSED_3]
    if s[SHOWN_2] < edge < s[PASSED_2]:
        edge = s[PASSED_2]
    if s[SHOWN_1] < edge < s[PASSED_1]:
        edge = s[PASSED_1]
    return edge


@_jit
def _take(k, s, layers, buffers, put, fetched, kinds, puts, fetches, left, last_left):  # type: ignore[no-untyped-def]
    """A layer takes the next word; False if its clock is not known yet."""
    b = layers[k, FIRST_BUFFER] + s[TURN]
    n = left[b] - buffers[b, PRELOAD]
    if n < 0:
        kind, edge = TICK, max(1, last_left[b] + 1)
    elif n < fetches[b]:
        kind, edge = kinds[b, n], fetched[b, n] + 1
    else:
        return False
    edge = max(edge, s[LAST_TAKEN] + 1)
    ends = kind == TICK
    if ends and s[TURN] < layers[k, BUFFERS] - 1:
        s[TURN] += 1
    else:
        edge = s[WALKED] if edge <= s[WALKED] else max(edge, s[LAST_CURRENT])
        first = max(edge + 1, s[LAST_CURRENT])
        if ends:
            s[TURN], s[PHASE], s[NEURON], s[VISIT] = 0, SWEEPING, 0, first
        else:
            passes = layers[k, PASSES] if kind == EVENT else 1
            s[WALKED] = first + layers[k, GROUPS] * passes - 1
    s[LAST_TAKEN] = edge
    left[b] += 1
    last_left[b] = edge
    _fetch(b, buffers, put, fetched, puts, fetches, left, last_left)
    return True


@_jit
def _sweep(k, s, layers, some):  # type: ignore[no-untyped-def]
    """One neuron goes through the sweep, to the packer if there is one."""
    current = _after(s[VISIT], s)
    current = max(current, s[DRAINED] + 1)
    shown = _after(_after(current, s), s)
    passed = max(shown + 1, s[WORD_PASSED])
    s[SHOWN_3], s[PASSED_3] = s[SHOWN_2], s[PASSED_2]
    s[SHOWN_2], s[PASSED_2] = s[SHOWN_1], s[PASSED_1]
    s[SHOWN_1], s[PASSED_1] = shown, passed
    n, neurons, simd = s[NEURON], layers[k, NEURONS], layers[k, SIMD]
    last = n == neurons - 1
    if last:
        s[WALKED], s[LAST_CURRENT], s[DRAINED] = s[VISIT], current, passed
    s[VISIT] = current
    s[NEURON] = n + 1
    if simd > 0 and (last or n % simd == simd - 1):
        s[AVAILABLE] = passed + 1
        if some[s[TICKS_DONE], n // simd]:
            s[PHASE] = PUTTING_EVENT
            return
        if last:
            s[PHASE] = PUTTING_TICK
            return
    if last:
        s[PHASE] = WAITING
        s[TICKS_DONE] += 1


@_jit
def run_sample(  # type: ignore[no-untyped-def]
    layers, buffers, slots, encoded, some, ticks, output, counter_source, counter, edges, whole
):  # fmt: skip
    """Clocks of one inference.

    Args:
        layers: table of layers.
        buffers: table of buffers, in the order of layers; sources and targets count from 0, and
            source 0 is the input.
        slots: the encoder's slots: kind of the word, or -1 for none; without gaps for events.
        encoded: whether the words come from an encoder.
        some: per layer (T, addresses), whether any of the neurons of an address spikes.
        ticks: T.
        output: layer that is read.
        counter_source: source whose spikes are counted; -1 for a membrane read-out.
        counter: see `_pass`.
        edges: filled: per source, the edge at which each of its words is passed.
        whole: fill in all edges up to done, not only those that done follows from.

    Returns:
        The edge after which done is high; -1 if the engine comes to a standstill.
    """
    number = len(buffers)
    most = edges.shape[1]
    put = np.zeros((number, most), np.int64)
    fetched = np.zeros((number, most), np.int64)
    kinds = np.zeros((number, most), np.int8)
    puts, fetches = np.zeros(number, np.int64), np.zeros(number, np.int64)
    left, last_left = np.zeros(number, np.int64), np.zeros(number, np.int64)
    state = np.zeros((len(layers), STATES), np.int64)
    state[:, WALKED] = layers[:, GROUPS]
    slot, word, loaded = 0, 0, 2 if encoded else 0
    moved = True
    while moved:
        moved = False
        while slot < len(slots):
            if slots[slot] < 0:
                loaded += 1
                slot += 1
                continue
            edge = _pass(
                0, slots[slot], loaded + 1, buffers, put, fetched, kinds, puts, fetches, left,
                last_left, counter_source, counter,
            )  # fmt: skip
            if edge < 0:
                break
            edges[0, word] = edge
            loaded = edge
            word += 1
            slot += 1
            moved = True
        for k in range(len(layers)):
            s = state[k]
            while True:
                if s[PHASE] == WAITING:
                    if s[TICKS_DONE] == ticks or not _take(
                        k, s, layers, buffers, put, fetched, kinds, puts, fetches, left, last_left
                    ):
                        break
                elif s[PHASE] == SWEEPING:
                    _sweep(k, s, layers, some[k])
                    ended = s[TICKS_DONE] + (s[PHASE] != WAITING)
                    whole_tick = s[NEURON] == layers[k, NEURONS]
                    if counter_source < 0 and k == output and whole_tick and ended == ticks:
                        counter[4] = s[DRAINED]
                else:
                    kind = EVENT if s[PHASE] == PUTTING_EVENT else TICK
                    edge = _pass(
                        k + 1, kind, s[AVAILABLE], buffers, put, fetched, kinds, puts, fetches,
                        left, last_left, counter_source, counter,
                    )  # fmt: skip
                    if edge < 0:
                        break
                    edges[k + 1, s[WORDS]] = edge
                    s[WORDS] += 1
                    s[WORD_PASSED] = edge
                    if kind == TICK:
                        s[PHASE] = WAITING
                        s[TICKS_DONE] += 1
                    elif s[NEURON] == layers[k, NEURONS]:
                        s[PHASE], s[AVAILABLE] = PUTTING_TICK, edge + 1
                    else:
                        s[PHASE] = SWEEPING
                moved = True
        if counter[4] > 0 and not whole:
            return counter[4]
    return counter[4] if counter[4] > 0 else -1
