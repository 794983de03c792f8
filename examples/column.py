"""A thalamic pulse through the cortical microcircuit: which layer answers when.

    python examples/column.py --output column.png
    python examples/column.py --scale 0.3 --pulses 20 --json column.json

902 thalamic cells fire at 120 Hz for 10 ms, as in NEST's example of the model, and reach layers 4
and 6 (Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358, figure 10). The table has, for each
population, the rate before a pulse, the highest rate after one (in bins of 1 ms, as the mean over
the pulses), and when after the start of the pulse the response has half its height and when it
peaks. The thalamus shrinks with the column; as the correction of a scaled column keeps only what is
constant, its answer shrinks too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _shared import (
    BLUE,
    RED,
    options,
    run,
    shows_progress,
    write_figures,
    write_picture,
)

from sc_neurocore.network import Activity, CorticalColumn

SETTLED = 200.0
EVERY = 100.0
BEFORE, AFTER = 20, 50
DT = 0.1


def answer(activity: Activity, pulses: int) -> np.ndarray:
    """``(BEFORE + AFTER,)`` mean rate in Hz around a pulse, in bins of 1 ms."""
    rate = activity.rate_over_time(1.0)
    starts = (SETTLED + EVERY * np.arange(pulses)).astype(int)
    return np.asarray(np.mean([rate[t - BEFORE : t + AFTER] for t in starts], axis=0))


def figures_of(course: np.ndarray) -> dict[str, float]:
    """Rate before, highest rate, and when half of the rise and all of it are reached."""
    before, late = float(course[:BEFORE].mean()), course[BEFORE:]
    peak = int(np.argmax(late))
    half = before + (late[peak] - before) / 2
    first = int(np.argmax(late >= half))
    return {"before": before, "peak": float(late[peak]), "half_ms": first + 0.5,
            "peak_ms": peak + 0.5}  # fmt: skip


def picture(courses: dict[str, np.ndarray]) -> Any:
    """The mean rate around a pulse, a panel for each layer."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 6), layout="constrained")
    layers = ("L23", "L4", "L5", "L6")
    time = np.arange(-BEFORE, AFTER + 1)
    for ax, layer in zip(figure.subplots(len(layers), sharex=True), layers, strict=True):
        ax.axvspan(0, 10, color="#eeeeee")
        for kind, colour in (("E", BLUE), ("I", RED)):
            ax.stairs(courses[layer + kind], time, color=colour, baseline=None,
                      label=layer + kind)  # fmt: skip
        ax.set(ylabel="rate (Hz)", xlim=(-BEFORE, AFTER), ylim=(0, None))
        ax.legend(frameon=False, loc="upper right")
    ax.set_xlabel("time after the start of the pulse (ms)")
    return figure


def main() -> None:
    """Run, print the table, write what was asked for."""
    parser = options(__doc__ or "")
    parser.add_argument("--scale", type=float, default=0.2, help="share of cells (default 0.2)")
    parser.add_argument("--pulses", type=int, default=10, help="to average over (default 10)")
    chosen = parser.parse_args()
    if chosen.pulses < 1:
        parser.error("--pulses must be 1 or more")
    column = CorticalColumn(chosen.scale, seed=chosen.seed)
    column.add_thalamus([SETTLED + EVERY * k for k in range(chosen.pulses)], dt=DT)
    duration = SETTLED + EVERY * chosen.pulses
    rasters = column.simulate(duration, DT, progress=shows_progress())
    courses = {
        name: answer(Activity.of(found, column.populations[name].n, DT, duration), chosen.pulses)
        for name, found in rasters.items()
    }
    found = {name: figures_of(course) for name, course in courses.items()}
    print(f"{'':6}{'before (Hz)':>12}{'peak (Hz)':>11}{'half at (ms)':>14}{'peak at (ms)':>14}")
    for name, one in found.items():
        print(f"{name:6}{one['before']:>12.2f}{one['peak']:>11.2f}{one['half_ms']:>14.1f}"
              f"{one['peak_ms']:>14.1f}")  # fmt: skip
    if chosen.output:
        write_picture(picture(courses), chosen.output)
    if chosen.json:
        write_figures({"seed": chosen.seed, "scale": chosen.scale, "pulses": chosen.pulses,
                       "populations": found}, chosen.json)  # fmt: skip


if __name__ == "__main__":
    run(main)
