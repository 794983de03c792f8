"""Pyramidal–interneuron gamma: what paces it, and what stops it.

    python examples/ping.py --output ping.png
    python examples/ping.py --drive 1.0 --json ping.json

200 excitatory (E) and 50 inhibitory (I) cells (Börgers 2017, chapter 30), whose E cells start
apart. The table has, for the circuit as published and for changes of it, the frequency of the E
cells' rhythm, how many ms the I cells come after them, the rates, and the mean correlation of the
counts of pairs of E cells in 5 ms: near 0 there is no rhythm, and neither frequency nor lag. Both
connections are needed; a longer decay of inhibition and a weaker drive make it slower.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from _shared import (
    BLUE,
    RED,
    options,
    raster,
    run,
    shows_progress,
    write_figures,
    write_picture,
)

from sc_neurocore.network import Activity, PINGCircuit

CHANGES: dict[str, dict[str, float]] = {
    "as published": {},
    "without I to E": {"w_IE": 0.0},
    "without E to I": {"w_EI": 0.0},
    "inhibition decays in 6 ms": {"tau_i": 6.0},
    "inhibition decays in 12 ms": {"tau_i": 12.0},
    "drive of 1 µA/cm²": {"i_drive_e_mean": 1.0},
}
SETTLED = 100.0
DT = 0.02
#: Correlation of E cells below which there is no rhythm to speak of.
RHYTHMIC = 0.1


def lag(first: Activity, second: Activity, bin_ms: float = 0.5, most_ms: float = 10.0) -> float:
    """Time in ms by which the second rate follows the first: the peak of their correlation."""
    a, b = (x.rate_over_time(bin_ms) for x in (first, second))
    shifts = np.arange(-round(most_ms / bin_ms), round(most_ms / bin_ms) + 1)
    match = [np.dot(a - a.mean(), np.roll(b - b.mean(), -k)) for k in shifts]
    return float(shifts[np.argmax(match)] * bin_ms)


def measured(circuit: PINGCircuit, duration: float) -> tuple[dict[str, Any], dict[str, Activity]]:
    """Figures of a circuit after it has settled, and its spikes from the start."""
    rasters = circuit.simulate(duration, DT, progress=shows_progress())
    sizes = {"E": circuit.n_e, "I": circuit.n_i}
    whole = {k: Activity.of(rasters[k], n, DT, duration) for k, n in sizes.items()}
    late = {k: Activity.of(rasters[k], n, DT, duration, SETTLED) for k, n in sizes.items()}
    together = late["E"].correlation(5.0, circuit.n_e)
    rhythm = together > RHYTHMIC
    found = {
        "frequency": late["E"].frequency(20.0, 100.0) if rhythm else None,
        "lag_ms": lag(late["E"], late["I"]) if rhythm else None,
        "rate_e": late["E"].rate(), "rate_i": late["I"].rate(), "correlation": together,
    }  # fmt: skip
    return found, whole


def picture(runs: dict[str, dict[str, Activity]]) -> Any:
    """Rasters of the circuit as published and without inhibition of the E cells."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 3.6), layout="constrained")
    shown = [*runs][:2]
    for ax, name in zip(figure.subplots(1, len(shown), squeeze=False)[0], shown, strict=True):
        layers = [
            (a.time, a.cell, a.n, label, BLUE if label == "E" else RED)
            for label, a in runs[name].items()
        ]
        raster(ax, layers, size=1.8)
        ax.set(title=name, xlim=(0, 200))
    return figure


def main() -> None:
    """Run, print the table, write what was asked for."""
    parser = options(__doc__ or "")
    parser.add_argument("--drive", type=float, help="of the circuit in µA/cm², the only one to run")
    parser.add_argument("--duration", type=float, default=400.0,
                        help="in ms, of which 100 settle (default 400)")  # fmt: skip
    chosen = parser.parse_args()
    if not chosen.duration >= 2 * SETTLED:
        parser.error(f"--duration must be at least {2 * SETTLED:g} ms")
    changes = CHANGES
    if chosen.drive is not None:
        changes = {f"drive of {chosen.drive:g} µA/cm²": {"i_drive_e_mean": chosen.drive}}
    print(f"{'':27}{'frequency':>10}{'lag (ms)':>10}{'E (Hz)':>8}{'I (Hz)':>8}{'correlation':>13}")
    figures: dict[str, Any] = {}
    runs: dict[str, dict[str, Activity]] = {}
    for name, change in changes.items():
        circuit = PINGCircuit(seed=chosen.seed, **change)  # type: ignore[arg-type]
        found, runs[name] = measured(circuit, chosen.duration)
        figures[name] = found
        frequency, late = (
            "–" if x is None else f"{x:.1f}" for x in (found["frequency"], found["lag_ms"])
        )
        print(f"{name:27}{frequency:>10}{late:>10}{found['rate_e']:>8.1f}{found['rate_i']:>8.1f}"
              f"{found['correlation']:>13.2f}", flush=True)  # fmt: skip
    if chosen.output:
        write_picture(picture(runs), chosen.output)
    if chosen.json:
        write_figures({"seed": chosen.seed, "duration_ms": chosen.duration, "circuits": figures},
                      chosen.json)  # fmt: skip


if __name__ == "__main__":
    run(main)
