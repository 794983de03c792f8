"""The cortical microcircuit of Potjans and Diesmann beside its published rates.

    python examples/microcircuit.py --output microcircuit.png
    python examples/microcircuit.py --scale 1 --duration 1000 --json microcircuit.json

At full scale it needs 2.6 GB of memory. The table has, for each population, the mean rate and the
mean CV of the intervals between spikes (of cells with at least three), beside those published of
the whole network (doi:10.1093/cercor/bhs358): the rates that NEST's example of the model records,
and the CV over 60 s of Romaro et al. 2021 (doi:10.1162/neco_a_01400). In a short run only short
intervals count, and the CV comes out too low: give it 30 s. The picture is a raster of some cells.
"""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from _shared import (
    BLUE,
    GREY,
    RED,
    options,
    raster,
    run,
    shows_progress,
    write_figures,
    write_picture,
)

from sc_neurocore.network import Activity, CorticalColumn

SETTLED = 200.0
SHOWN = 400.0
DT = 0.1


def picture(column: CorticalColumn, activities: dict[str, Activity]) -> Any:
    """Raster of one cell of so many over the last 400 ms, and rates as bars."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 5), layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(3, 1))
    every, layers = max(1, round(30 * column.scale)), []
    for name, a in activities.items():
        start = a.duration - SHOWN
        shown = a.time >= start
        colour = BLUE if name.endswith("E") else RED
        layers.append((a.time[shown] - start, a.cell[shown], a.n, name, colour))
    raster(left, layers, every, size=2.2)
    left.set(xlim=(0, SHOWN), title=f"One cell of {every}, scale {column.scale:g}")
    at = np.arange(len(activities))
    found = [a.rate() for a in activities.values()]
    right.barh(at - 0.2, found, 0.4, color=BLUE, label="here")
    published = list(column.published_rates().values())
    right.barh(at + 0.2, published, 0.4, color=GREY, label="published")
    right.set_yticks(at, list(activities))
    right.invert_yaxis()
    right.set(xlabel="mean rate (Hz)", title="Rates")
    right.legend(frameon=False)
    return figure


def main() -> None:
    """Run, print the table, write what was asked for."""
    parser = options(__doc__ or "")
    parser.add_argument("--scale", type=float, default=0.1, help="share of cells (default 0.1)")
    parser.add_argument("--duration", type=float, default=1000.0,
                        help="in ms, of which 200 settle (default 1000)")  # fmt: skip
    chosen = parser.parse_args()
    if not chosen.duration >= SETTLED + SHOWN:
        parser.error(f"--duration must be at least {SETTLED + SHOWN:g} ms")
    column = CorticalColumn(chosen.scale, seed=chosen.seed)
    start = time.perf_counter()
    size = column.network.build(DT / 1000)
    built = time.perf_counter() - start
    start = time.perf_counter()
    rasters = column.simulate(chosen.duration, DT, progress=shows_progress())
    spent = time.perf_counter() - start
    activities = {
        name: Activity.of(raster, column.populations[name].n, DT, chosen.duration, SETTLED)
        for name, raster in rasters.items()
    }
    rates, cvs = column.published_rates(), column.published_irregularity()
    print(f"{size.neurons} cells, {size.synapses} synapses, built in {built:.1f} s, "
          f"{chosen.duration:g} ms in {spent:.1f} s")  # fmt: skip
    print(f"{'':6}{'rate (Hz)':>10}{'published':>11}{'CV':>7}{'published':>11}")
    found = {k: (a.rate(), a.irregularity()) for k, a in activities.items()}
    for name, (rate, cv) in found.items():
        print(f"{name:6}{rate:>10.3f}{rates[name]:>11.3f}{cv:>7.2f}{cvs[name]:>11.2f}")
    if chosen.output:
        write_picture(picture(column, activities), chosen.output)
    if chosen.json:
        write_figures({
            "scale": chosen.scale, "duration_ms": chosen.duration, "seed": chosen.seed,
            "cells": size.neurons, "synapses": size.synapses,
            "build_s": round(built, 2), "simulate_s": round(spent, 2),
            "rates": {k: round(rate, 4) for k, (rate, _) in found.items()},
            "published": rates,
            "cv": {k: round(cv, 4) for k, (_, cv) in found.items()},
            "cv_published": cvs,
        }, chosen.json)  # fmt: skip


if __name__ == "__main__":
    run(main)
