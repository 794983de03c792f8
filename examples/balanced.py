"""Brunel's balanced network in the four states of his figure 8, beside the theory and the paper.

    python examples/balanced.py --output balanced.png
    python examples/balanced.py --states AI "SI slow" --duration 2000 --json balanced.json

10 000 excitatory and 2500 inhibitory cells, 15.6 million synapses, 100 MB. The table has, for the
excitatory cells of each state, the mean rate, the mean CV of the intervals between spikes, the mean
correlation of the counts of pairs in 5 ms, and the frequency of the population's rhythm. Beside
them stand the rate and CV that mean-field theory gives, computed here, and what table 1 of Brunel
2000 (doi:10.1023/A:1008925309027) reports of simulations.

The theory takes a cell's input as white noise. Cells that fire regularly make it less variable than
that, which leaves the rate and lowers the CV (Dummer, Wieland & Lindner 2014,
doi:10.3389/fncom.2014.00104).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

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

from sc_neurocore.network import (
    Activity,
    SpikeMonitor,
    brunel_balanced_network,
    brunel_mean_field,
)


@dataclass(frozen=True)
class State:
    """A panel of figure 8: where it lies, how long to watch it in ms, what table 1 has of it."""

    g: float
    eta: float
    duration: float
    rate: float | None = None
    rhythm: float | None = None


STATES = {
    "SR": State(3.0, 2.0, 400.0),
    "SI fast": State(6.0, 4.0, 700.0, 60.7, 180.0),
    "AI": State(5.0, 2.0, 700.0, 37.7),
    "SI slow": State(4.5, 0.9, 2200.0, 5.5, 22.0),
}
SETTLED = 200.0
SHOWN = 150.0
DT = 0.1


def measured(state: State, seed: int, duration: float) -> tuple[dict[str, Any], Activity]:
    """Figures of a state, and its spikes after they have settled."""
    network = brunel_balanced_network(g=state.g, eta=state.eta, seed=seed)
    cells = network.populations[0]
    monitor = network.add(SpikeMonitor(cells))
    network.run(duration / 1000, DT / 1000, progress=shows_progress())
    activity = Activity.of(monitor.raster_data(), cells.n, DT, duration, SETTLED)
    rate, cv = brunel_mean_field(g=state.g, eta=state.eta)
    found = {
        "g": state.g, "eta": state.eta, "duration_ms": duration,
        "rate": activity.rate(), "rate_theory": rate, "rate_paper": state.rate,
        "cv": activity.irregularity(), "cv_theory": cv,
        "correlation": activity.correlation(),
        "rhythm": activity.frequency(high=500.0), "rhythm_paper": state.rhythm,
    }  # fmt: skip
    return found, activity


def picture(runs: dict[str, Activity]) -> Any:
    """A raster of fifty cells and the rate of all, for each state."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2.6 * len(runs) + 0.4, 4), layout="constrained")
    axes = figure.subplots(2, len(runs), sharex="col", squeeze=False, height_ratios=(3, 2))
    for (name, activity), (top, bottom) in zip(runs.items(), axes.T, strict=True):
        kept = (activity.time < SHOWN) & (activity.cell < 50)
        raster(top, [(activity.time[kept], activity.cell[kept], 50, "", BLUE)], size=3)
        top.set(title=f"{name}: g = {STATES[name].g:g}, η = {STATES[name].eta:g}", xlabel="")
        rate = activity.rate_over_time(1.0)[: round(SHOWN)]
        bottom.stairs(rate, range(len(rate) + 1), fill=True, color=RED)
        bottom.set(xlabel="time (ms)", xlim=(0, SHOWN), ylim=(0, None))
    axes[0][0].set_ylabel("50 cells")
    axes[1][0].set_ylabel("rate (Hz)")
    return figure


def main() -> None:
    """Run, print the table, write what was asked for."""
    parser = options(__doc__ or "")
    parser.add_argument("--states", nargs="+", choices=STATES, default=[*STATES], metavar="STATE",
                        help=f"which: {', '.join(STATES)} (default all)")  # fmt: skip
    parser.add_argument("--duration", type=float,
                        help="in ms, of which 200 settle (default 400 to 2200)")  # fmt: skip
    chosen = parser.parse_args()
    if chosen.duration is not None and not chosen.duration >= SETTLED + SHOWN:
        parser.error(f"--duration must be at least {SETTLED + SHOWN:g} ms")
    print(f"{'':8}{'rate (Hz)':>10}{'theory':>8}{'paper':>7}{'CV':>7}{'theory':>8}"
          f"{'correlation':>13}{'rhythm (Hz)':>13}{'paper':>7}")  # fmt: skip
    figures: dict[str, Any] = {}
    runs: dict[str, Activity] = {}
    for name in chosen.states:
        state = STATES[name]
        found, runs[name] = measured(state, chosen.seed, chosen.duration or state.duration)
        figures[name] = found
        print(f"{name:8}{found['rate']:>10.1f}{found['rate_theory']:>8.1f}{state.rate or '–':>7}"
              f"{found['cv']:>7.2f}{found['cv_theory']:>8.2f}{found['correlation']:>13.3f}"
              f"{found['rhythm']:>13.0f}{state.rhythm or '–':>7}", flush=True)  # fmt: skip
    if chosen.output:
        write_picture(picture(runs), chosen.output)
    if chosen.json:
        write_figures({"seed": chosen.seed, "states": figures}, chosen.json)


if __name__ == "__main__":
    run(main)
