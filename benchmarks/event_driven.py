"""Where the event-driven engine overtakes the clock-driven one as activity falls.

2000 cells with exponential currents, each with 50 of 500 sources and 20 of the cells; the sources
send irregular spikes of the rate given, for 2 s in ticks of 0.1 ms. Both engines run on one thread,
turn by turn, the best of three; their spikes are compared. The peer is our clock-driven engine,
whose cost is that of all cells in all ticks, whatever happens; the limit of the other is what the
update of one cell takes, which is printed. Results go to benchmarks/results/event_driven.json.

    python benchmarks/event_driven.py
"""

from __future__ import annotations

import time
from typing import Any, Literal

import numpy as np

from machine import processor, write_results
from sc_neurocore.network import (
    FixedIndegree,
    Network,
    Population,
    Projection,
    SpikeMonitor,
    SpikeSourceArray,
)

CELLS, SOURCES, SECONDS, DT, REPEATS = 2000, 500, 2.0, 1e-4, 3
RATES = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def timed(rate: float, engine: Literal["clock", "event"]) -> tuple[float, Any, Network]:
    """Seconds that a run takes without building, its spikes, and the network."""
    rng = np.random.default_rng(1)
    ticks = round(SECONDS / DT)
    count = rng.poisson(rate * SECONDS * SOURCES)
    net = Network(seed=1)
    sources = net.add(
        SpikeSourceArray(SOURCES, rng.integers(0, SOURCES, count), rng.integers(0, ticks, count))
    )
    cells = net.add(Population("iaf_psc_exp", CELLS))
    net.add(Projection(sources, cells, 1500.0, topology=FixedIndegree(50), delay=15, port="exc"))
    net.add(Projection(cells, cells, -50.0, topology=FixedIndegree(20), delay=15, port="inh"))
    monitor = net.add(SpikeMonitor(cells))
    net.build(DT, threads=1, engine=engine)
    start = time.perf_counter()
    net.run(SECONDS, threads=1)
    return time.perf_counter() - start, monitor.raster_data(), net


def main() -> None:
    """Measure and write."""
    for engine in ("clock", "event"):
        timed(1.0, engine)  # compiles
    found: list[dict[str, Any]] = []
    for rate in RATES:
        best = {"clock": np.inf, "event": np.inf}
        for _ in range(REPEATS):
            clock, expected, _ = timed(rate, "clock")
            event, spikes, net = timed(rate, "event")
            best = {"clock": min(best["clock"], clock), "event": min(best["event"], event)}
        same = all(np.array_equal(a, b) for a, b in zip(expected, spikes, strict=True))
        counts = net.counts()
        found.append({
            "source_rate_hz": rate, "cell_rate_hz": len(spikes[0]) / CELLS / SECONDS,
            "clock_s": best["clock"], "event_s": best["event"],
            "ratio": best["clock"] / best["event"], "updates": counts.updates,
            "steps": counts.steps, "deliveries": counts.deliveries,
            "ns_per_update": best["event"] / counts.updates * 1e9,
            "deliveries_per_s": counts.deliveries / best["event"], "same_spikes": same,
        })  # fmt: skip
        print(
            f"{rate:g} Hz, cells {found[-1]['cell_rate_hz']:.3g} Hz, clock {best['clock']:.3f} s, "
            f"event {best['event']:.4f} s, {found[-1]['ratio']:.3g} times faster, "
            f"{found[-1]['deliveries_per_s']:.3g} events/s, "
            f"{found[-1]['ns_per_update']:.0f} ns per update, same spikes: {same}"
        )
    ratios = np.log([f["ratio"] for f in found])
    order = np.argsort(ratios)
    crossover = float(np.exp(np.interp(0.0, ratios[order], np.log(RATES)[order])))
    inside = bool(ratios.min() < 0 < ratios.max())
    print(f"crossover at sources of {crossover:.2g} Hz" if inside else "no crossover in this range")
    document = {
        "machine": processor(), "threads": 1, "cells": CELLS,
        "sources": SOURCES, "seconds": SECONDS, "dt": DT, "runs": found,
        "crossover_source_rate_hz": crossover if inside else None,
    }  # fmt: skip
    write_results("event_driven", document)


if __name__ == "__main__":
    main()
