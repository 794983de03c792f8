"""The cortical microcircuit of Potjans and Diesmann beside its published rates.

    python examples/microcircuit.py --scale 1 --duration 1000 --out microcircuit.png

At full scale it needs 2.6 GB of memory. The table has, for each population, the mean rate and the
mean CV of the intervals between spikes (of cells with at least three), and the rate that NEST's
example of the model records for the whole network. The picture is a raster of some cells.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from sc_neurocore.network import CorticalColumn

#: Rates in Hz of the full network in NEST's example (pynest/examples/Potjans_2014).
PUBLISHED = (0.971, 2.868, 4.746, 5.396, 8.142, 9.078, 0.991, 7.523)
BURN_IN = 200.0
DT = 0.1


def irregularity(tick: np.ndarray, cell: np.ndarray) -> float:
    """Mean CV of the intervals of cells with at least three spikes after the burn-in."""
    kept = tick >= BURN_IN / DT
    order = np.lexsort((tick[kept], cell[kept]))
    tick, cell = tick[kept][order], cell[kept][order]
    same = cell[1:] == cell[:-1]
    interval, owner = np.diff(tick)[same], cell[1:][same]
    n = np.bincount(owner)
    mean = np.bincount(owner, interval) / np.maximum(n, 1)
    square = np.bincount(owner, interval.astype(float) ** 2) / np.maximum(n, 1)
    cv = np.sqrt(np.maximum(square - mean**2, 0))[n >= 2] / mean[n >= 2]
    return float(cv.mean()) if len(cv) else float("nan")


def picture(column: CorticalColumn, rasters: dict[str, tuple[np.ndarray, np.ndarray]],
            rates: dict[str, float], path: Path) -> None:  # fmt: skip
    """Raster of every thirtieth cell over the last 400 ms, and rates as bars."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 1))
    end = column.network.time() * 1000
    base, step = 0, max(1, round(30 * column.scale))
    ticks, colours = [], ("#1f4e79", "#c0392b")
    for k, (name, (tick, cell)) in enumerate(reversed(rasters.items())):
        shown = (tick * DT > end - 400) & (cell % step == 0)
        left.plot(tick[shown] * DT, base + cell[shown] // step, ".", ms=1.2,
                  color=colours[(k + 1) % 2])  # fmt: skip
        size = column.populations[name].n // step
        ticks.append((base + size / 2, name))
        base += size + 20
    left.set_yticks([y for y, _ in ticks], [name for _, name in ticks])
    left.set(xlabel="time (ms)", xlim=(end - 400, end), ylim=(-10, base),
             title=f"One cell of {step}, scale {column.scale:g}")  # fmt: skip
    at = np.arange(len(rates))
    right.barh(at - 0.2, list(rates.values()), 0.4, color="#1f4e79", label="here")
    right.barh(at + 0.2, PUBLISHED, 0.4, color="#b0b0b0", label="published")
    right.set_yticks(at, list(rates))
    right.invert_yaxis()
    right.set(xlabel="mean rate (Hz)", title="Rates")
    right.legend(frameon=False)
    figure.savefig(path, dpi=110, metadata={"Software": None})


def main() -> None:
    """Run, print the table, write what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scale", type=float, default=0.1)
    parser.add_argument("--duration", type=float, default=1000.0, help="in ms, with 200 of burn-in")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="PNG or SVG to write")
    parser.add_argument("--json", type=Path, help="figures to write")
    chosen = parser.parse_args()
    column = CorticalColumn(chosen.scale, seed=chosen.seed)
    start = time.perf_counter()
    size = column.network.build(DT / 1000)
    built = time.perf_counter() - start
    start = time.perf_counter()
    rasters = column.simulate(chosen.duration, DT)
    spent = time.perf_counter() - start
    rates = column.population_rates(rasters, DT, BURN_IN)
    cvs = {name: irregularity(*raster) for name, raster in rasters.items()}
    print(f"{size.neurons} cells, {size.synapses} synapses, built in {built:.1f} s, "
          f"{chosen.duration:g} ms in {spent:.1f} s")  # fmt: skip
    print(f"{'':6}{'rate (Hz)':>10}{'published':>11}{'CV':>7}")
    for (name, rate), published in zip(rates.items(), PUBLISHED, strict=True):
        print(f"{name:6}{rate:>10.3f}{published:>11.3f}{cvs[name]:>7.2f}")
    if chosen.out:
        picture(column, rasters, rates, chosen.out)
    if chosen.json:
        found = {
            "scale": chosen.scale, "duration_ms": chosen.duration, "seed": chosen.seed,
            "cells": size.neurons, "synapses": size.synapses,
            "build_s": round(built, 2), "simulate_s": round(spent, 2),
            "rates": {k: round(v, 4) for k, v in rates.items()},
            "published": dict(zip(rates, PUBLISHED, strict=True)),
            "cv": {k: round(v, 4) for k, v in cvs.items()},
        }  # fmt: skip
        chosen.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
