"""Small random networks on both engines against a plain loop over ticks and synapses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sc_neurocore.network import (
    Network,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
    StepCurrent,
)

#: Weights whose sums are exact, so that their order does not matter.
WEIGHTS = (-8.0, -0.5, 0.0, 0.0, 0.5, 4.0, 16.0)
DELAYS = (1, 1, 2, 7, 63, 64, 65, 100)
NEVER_LINKED, TICKS = 2, 160


@dataclass(frozen=True)
class Small:
    """Two populations, sources, and an unconnected population; ends 0 and 1 are populations."""

    sizes: tuple[int, int]
    drive: tuple[float, float]
    step: tuple[int, int, float]
    given: tuple[tuple[int, int], ...]
    synapses: tuple[tuple[int, int, int, int, float, int], ...]  # ends, neurons, weight, delay
    shared: bool
    single: bool
    pieces: tuple[int, ...]


@st.composite
def networks(draw: Any) -> Small:
    sizes = draw(st.tuples(st.sampled_from([1, 3]), st.sampled_from([1, 4])))
    counts = (*sizes, 2)
    shared = draw(st.booleans())
    delay = draw(st.sampled_from(DELAYS))
    synapses = []
    for _ in range(draw(st.integers(0, 14))):
        s, t = draw(st.integers(0, 2)), draw(st.integers(0, 1))
        i, j = draw(st.integers(0, counts[s] - 1)), draw(st.integers(0, sizes[t] - 1))
        d = delay if shared else draw(st.sampled_from(DELAYS))
        synapses.append((s, t, i, j, draw(st.sampled_from(WEIGHTS)), d))
    spike = st.tuples(st.integers(0, 1), st.integers(0, TICKS + 20))
    return Small(
        sizes,
        draw(st.tuples(*[st.sampled_from([0.0, 360.0, 450.0, 700.0])] * 2)),
        draw(st.tuples(st.integers(0, 40), st.integers(0, 200), st.sampled_from([-300.0, 250.0]))),
        tuple(draw(st.lists(spike, max_size=20))),
        tuple(synapses),
        shared,
        draw(st.booleans()),
        tuple(draw(st.lists(st.integers(1, 70), max_size=3))),
    )


def run(small: Small, engine: Literal["clock", "event"]) -> list[tuple[list[int], list[int]]]:
    network = Network()
    onset, length, amplitude = small.step
    cells = [network.add(Population("iaf_psc_delta", n, {"I": drive}, label))
             for n, drive, label in zip(small.sizes, small.drive, "ab", strict=True)]  # fmt: skip
    network.add(Population("iaf_psc_delta", NEVER_LINKED, label="lonely"))
    who, when = zip(*small.given, strict=True) if small.given else ((), ())
    source = network.add(SpikeSourceArray(2, list(who), list(when), "s"))
    ends = [*cells, source]
    for s in range(3):
        for t in range(2):
            found = sorted(x[2:] for x in small.synapses if x[:2] == (s, t))
            rows = np.bincount([x[0] for x in found], minlength=ends[s].n)
            indptr = np.append(0, np.cumsum(rows))
            data = np.array([x[2] for x in found], np.float32 if small.single else np.float64)
            delay: Any = np.array([x[3] for x in found], int)
            if small.shared:
                delay = int(delay[0]) if len(found) else 1
            csr = (indptr, np.array([x[1] for x in found], int), data)
            network.add(Projection(ends[s], cells[t], topology=csr, delay=delay, port="spikes"))
    network.add(StepCurrent(onset, onset + length, amplitude), to=cells[0], port="I")
    monitors = [network.add(SpikeMonitor(p)) for p in cells]
    done = 0
    for piece in [*small.pieces, TICKS]:
        piece = min(piece, TICKS - done)
        if piece:
            network.run(f"{piece / 10} ms", engine=engine)
            done += piece
    return [(m.raster_data()[0].tolist(), m.raster_data()[1].tolist()) for m in monitors]


def plain(small: Small) -> list[tuple[list[int], list[int]]]:
    """iaf_psc_delta by its formula: 10 ms, 250 pF, −70 and −55 mV, 20 ticks refractory."""
    onset, length, amplitude = small.step
    arriving = [np.zeros((TICKS + 128, n)) for n in small.sizes]
    v = [np.full(n, -70.0) for n in small.sizes]
    free = [np.zeros(n, int) for n in small.sizes]
    out: list[list[tuple[int, int]]] = [[], []]
    decay = np.exp(-0.1 / 10)
    for k in range(TICKS):
        fired: list[list[int]] = []
        for p in range(2):
            current = small.drive[p]
            if p == 0 and onset <= k < onset + length:
                current += amplitude
            moved = -70 + (v[p] + 70) * decay + current / 250 * 10 * (1 - decay) + arriving[p][k]
            ready = free[p] <= k
            v[p] = np.where(ready, moved, v[p])
            spikes = ready & (v[p] >= -55)
            v[p][spikes], free[p][spikes] = -70, k + 21
            fired.append([int(i) for i in np.flatnonzero(spikes)])
            out[p] += [(k, i) for i in fired[p]]
        fired.append([who for who, when in small.given if when == k])
        for s, t, i, j, weight, delay in small.synapses:
            arriving[t][k + delay, j] += weight * fired[s].count(i)
    return [([k for k, _ in x], [i for _, i in x]) for x in out]


def check(small: Small) -> None:
    expected = plain(small)
    assert run(small, "clock") == expected
    assert run(small, "event") == expected


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small=networks())
def test_a_small_network_is_that_of_a_plain_loop(small: Small) -> None:
    check(small)


@pytest.mark.exhaustive
@settings(max_examples=2000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(small=networks())
def test_many_small_networks_are_those_of_a_plain_loop(small: Small) -> None:
    check(small)
