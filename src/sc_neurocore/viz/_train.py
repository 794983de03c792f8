"""One train or two: intervals, correlogram, spectrum, rate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from sc_neurocore import analysis
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.viz._axes import COLOURS, SOFT, axes, label, note, whole_ticks
from sc_neurocore.viz._sources import SpikeInput, spikes_of, whole

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def isi_histogram(
    spike_monitor: SpikeInput,
    neuron_id: int = 0,
    bins: int = 40,
    ax: Axes | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """Histogram of one neuron's intervals, with their mean and coefficient of variation.

    Args:
        spike_monitor: as for `raster_plot`.
        neuron_id: whose intervals.
        bins: bins at most, each of as many whole ticks.
        ax: axes to draw into; new ones by default.
        dt: length of a tick, s; by default the monitor's. Without one, time is in ticks.
        steps: ticks of the run, if it went on after the last spike of a monitor or of lists.

    Returns:
        The axes.

    Raises:
        SCConfigError: the neuron has fewer than two spikes.
    """
    spikes = spikes_of(spike_monitor, dt, steps)
    train = spikes.train(neuron_id)
    gaps = analysis.isi(train, 1.0)
    if whole(bins, "bins") < 1:
        raise SCConfigError(f"bins is {bins}, but must be 1 or more")
    if not gaps.size:
        raise SCConfigError(f"neuron {neuron_id} has fewer than two spikes, so it has no interval")
    ax = axes(ax)
    # Bins of as many whole ticks: any other width makes teeth.
    width = max(1, math.ceil((np.ptp(gaps) + 1) / bins))
    edges = np.arange(gaps.min() - 0.5, gaps.max() + 0.5 + width, width)
    ax.hist(gaps * spikes.scale, (edges * spikes.scale).tolist(), color=COLOURS[0], alpha=0.85)
    said = f"mean {gaps.mean() * spikes.scale:.3g} {spikes.unit}"
    if gaps.size > 1:
        said += f", CV {analysis.cv_isi(train):.2f}"
    note(ax, f"neuron {neuron_id}: {said}")
    whole_ticks(ax.yaxis)
    ax.set_xlim(0)
    return label(ax, f"Interval ({spikes.unit})", "Intervals")


def cross_correlogram(
    spike_monitor: SpikeInput,
    i: int,
    j: int,
    max_lag_ms: float = 50.0,
    ax: Axes | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """Correlation of two neurons by lag; at positive lags ``j`` follows ``i``.

    The coefficient is that of `sc_neurocore.analysis.cross_correlation`; beyond the dashed lines,
    ±1.96/√ticks, one in twenty lies by chance if the trains are independent.

    Args:
        spike_monitor: as for `raster_plot`.
        i: first neuron.
        j: second neuron.
        max_lag_ms: largest lag either way, ms.
        ax: axes to draw into; new ones by default.
        dt: length of a tick, s; by default the monitor's. One is needed.
        steps: ticks of the run, if it went on after the last spike of a monitor or of lists.

    Returns:
        The axes.
    """
    spikes = spikes_of(spike_monitor, dt, steps)
    found, lags = analysis.cross_correlation(
        spikes.train(i, "i"), spikes.train(j, "j"), max_lag_ms, spikes.seconds("max_lag_ms")
    )
    ax = axes(ax)
    edges = np.append(lags, lags[-1] + spikes.scale) - spikes.scale / 2
    ax.stairs(found, edges, fill=True, color=COLOURS[0], alpha=0.85)
    limit = 1.96 / np.sqrt(spikes.steps)
    for height in (-limit, limit):
        ax.axhline(height, color=SOFT, lw=0.8, ls=(0, (4, 2)))
    ax.axhline(0, color=SOFT, lw=0.5)
    ax.axvline(0, color=SOFT, lw=0.5)
    ax.set_xlim(edges[0], edges[-1])
    silent = [k for k in (i, j) if not (spikes.neurons == k).any()]
    note(ax, f"neuron {silent[0]} never spikes" if silent else "dashed: ±1.96/√ticks")
    return label(ax, f"Lag of neuron {j} after neuron {i} (ms)", "Correlation")


def psd_plot(
    spike_monitor: SpikeInput,
    neuron_id: int = 0,
    ax: Axes | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """Power spectral density of one neuron's train, by Welch's method.

    The dashed line is twice the rate: the spectrum of a Poisson train.

    Args:
        spike_monitor: as for `raster_plot`.
        neuron_id: whose spectrum.
        ax: axes to draw into; new ones by default.
        dt: length of a tick, s; by default the monitor's. One is needed.
        steps: ticks of the run, if it went on after the last spike of a monitor or of lists.

    Returns:
        The axes.

    Raises:
        SCConfigError: the neuron never spikes, or the run is shorter than 36 ticks.
    """
    spikes = spikes_of(spike_monitor, dt, steps)
    step = spikes.seconds("a spectrum")
    train = spikes.train(neuron_id)
    if not train.any():
        raise SCConfigError(f"neuron {neuron_id} never spikes, so it has no spectrum")
    density, freqs = analysis.power_spectrum(train, step)
    ax = axes(ax)
    from matplotlib.ticker import LogFormatter

    inner = slice(1, -1)  # the mean was taken out, and the last one has no twin
    ax.loglog(freqs[inner], density[inner], color=COLOURS[0], lw=1.1)
    ax.axhline(2 * analysis.firing_rate(train, step), color=COLOURS[1], lw=1, ls=(0, (4, 2)))
    note(ax, "dashed: Poisson train of the same rate")
    ax.set_xlim(freqs[1], freqs[-1])
    ax.tick_params(which="both", labelsize=8)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter("{x:g}")
        axis.set_minor_formatter(LogFormatter(minor_thresholds=(1.5, 0.5)))
    return label(ax, "Frequency (Hz)", "Power density (Hz²/Hz)")


def instantaneous_rate_plot(
    spike_monitor: SpikeInput,
    neuron_id: int = 0,
    sigma_ms: float = 20.0,
    ax: Axes | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """Rate of one neuron, smoothed with a Gaussian, below its spikes.

    Args:
        spike_monitor: as for `raster_plot`.
        neuron_id: whose rate.
        sigma_ms: standard deviation of the kernel, ms.
        ax: axes to draw into; new ones by default.
        dt: length of a tick, s; by default the monitor's. One is needed.
        steps: ticks of the run, if it went on after the last spike of a monitor or of lists.

    Returns:
        The axes.
    """
    spikes = spikes_of(spike_monitor, dt, steps)
    train = spikes.train(neuron_id)
    rate = analysis.instantaneous_rate(train, spikes.seconds("sigma_ms"), "gaussian", sigma_ms)
    ax = axes(ax)
    time = np.arange(spikes.steps) * spikes.scale
    ax.fill_between(time, rate, color=COLOURS[0], alpha=0.2, lw=0)
    ax.plot(time, rate, color=COLOURS[0], lw=1.3)
    ax.plot(time[train > 0], np.full(int(train.sum()), 0.95), "|", color=COLOURS[1], ms=6, mew=0.8,
            transform=ax.get_xaxis_transform(), clip_on=False)  # fmt: skip
    ax.set_xlim(0, spikes.steps * spikes.scale)
    ax.set_ylim(0, 1.15 * float(rate.max()) or 1.0)
    return label(ax, "Time (ms)", f"Rate of neuron {neuron_id} (Hz)")
