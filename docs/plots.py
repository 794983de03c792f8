"""Draw ``docs/assets/plots.png``, the plots of `sc_neurocore.viz` on one sheet.

Run ``python docs/plots.py`` after a change of a plot, and look at what it made.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
from matplotlib.figure import Figure

from sc_neurocore import analysis, viz
from sc_neurocore.dynamics import simulate
from sc_neurocore.neurons import load_model

SHEET = Path(__file__).resolve().parent / "assets" / "plots.png"
DT = 0.001


def population() -> np.ndarray:
    """Forty Poisson neurons under one rhythm of 4 Hz, shape (neurons, steps)."""
    rows = [analysis.inhomogeneous_poisson(lambda t: 12 + 11 * np.sin(8 * np.pi * t), 2.0, seed=k)
            for k in range(40)]  # fmt: skip
    return np.array(rows)


def pair() -> np.ndarray:
    """A regular neuron, and one that follows a third of its spikes after 5 ms."""
    first, second = (analysis.gamma_process(25, 4, 60, seed=k) for k in (1, 2))
    follows = np.roll(first, 5) * (np.random.default_rng(0).random(first.size) < 0.3)
    return np.array([first, second | follows])


def microcircuit() -> SimpleNamespace:
    """Populations and projections, as `network_graph` reads them."""
    e, i, x = (SimpleNamespace(label=k, n=n) for k, n in (("E", 800), ("I", 200), ("input", 100)))
    links = [(x, e, 1), (x, i, 1), (e, e, 1), (e, i, 1), (i, e, -4), (i, i, -4)]
    return SimpleNamespace(
        populations=[x, i, e],
        projections=[SimpleNamespace(source=a, target=b, weight=w) for a, b, w in links],
    )


def draw() -> None:
    """Write the sheet."""
    sheet = Figure(figsize=(11, 11.5), layout="constrained")
    at = iter(sheet.subplots(4, 3).ravel())
    spikes, two = population(), pair()
    fhn = simulate(load_model("fitzhugh_nagumo"), 0.5, duration=120.0,
                   record=["v", "w"])  # fmt: skip
    adex = simulate(load_model("adex"), 700.0, duration=200.0, record=["v"])
    weights = np.random.default_rng(4).normal(1, 0.3, (60, 80))
    weights[45:] *= -2
    weights[np.random.default_rng(5).random(weights.shape) > 0.15] = 0
    shift = [np.flatnonzero(spikes[0])[:14] + k for k in (0, 0, 0, 2)]

    viz.raster_plot(spikes, next(at), dt=DT)
    viz.firing_rate_plot(spikes, 25.0, next(at), dt=DT)
    viz.population_activity(spikes, 25.0, next(at), dt=DT)
    viz.voltage_trace(adex.states, ax=next(at), dt=5e-5)
    viz.phase_portrait(fhn.states, "v", "w", ax=next(at))
    viz.instantaneous_rate_plot(spikes, 1, 40.0, next(at), dt=DT)
    viz.isi_histogram(two, 0, ax=next(at), dt=DT)
    viz.cross_correlogram(two, 0, 1, 40.0, next(at), dt=DT)
    viz.psd_plot(two, 0, next(at), dt=DT)
    viz.weight_matrix(weights, next(at))
    viz.network_graph(microcircuit(), next(at))
    viz.spike_train_comparison(shift, ["float", "fixed", "RTL", "board"], next(at), dt=DT)
    sheet.savefig(SHEET, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    draw()
