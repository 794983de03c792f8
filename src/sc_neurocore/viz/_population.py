"""Many trains at once: rasters, rates, activity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.viz._axes import (
    COLOURS,
    SOFT,
    axes,
    block,
    colour_bar,
    figure_of,
    label,
    note,
    whole_ticks,
)
from sc_neurocore.viz._sources import SpikeInput, Spikes, positive, spikes_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: More marks than these make a vector file slow: they become pixels in it.
_VECTORS = 20_000
#: More rows than these are too low for lines: their marks are dots.
_ROWS = 150
#: Height of a figure at most, inches.
_TALLEST = 12.0


def raster_plot(
    spike_monitor: SpikeInput,
    ax: Axes | None = None,
    color: str = COLOURS[0],
    marker: str = "|",
    s: float | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """A mark per spike: time to the right, neurons upwards.

    Args:
        spike_monitor: a monitor with ``raster_data()``, a matrix of 0 and 1 (neurons, steps), or
            for each neuron the ticks of its spikes.
        ax: axes to draw into; new ones by default.
        color: of the marks.
        marker: of Matplotlib; a bar as tall as its row by default, or a dot if there are more than
            150 rows.
        s: size of the marks, points².
        dt: length of a tick, s; by default the monitor's. Without one, time is in ticks.
        steps: ticks of the run, if it went on after the last spike of a monitor or of lists.

    Returns:
        The axes.
    """
    spikes = spikes_of(spike_monitor, dt, steps)
    ax = axes(ax)
    time, pixels = spikes.ticks * spikes.scale, spikes.ticks.size > _VECTORS
    if marker == "|" and s is None and spikes.n <= _ROWS:
        low, high = spikes.neurons - 0.4, spikes.neurons + 0.4
        ax.vlines(time, low, high, color=color, lw=0.8, rasterized=pixels)
    else:
        kind = "." if marker == "|" and s is None else marker
        ax.scatter(time, spikes.neurons, s=2.0 if s is None else s, color=color, marker=kind,
                   linewidths=0.7 if kind == "|" else 0, rasterized=pixels)  # fmt: skip
    ax.set_xlim(0, spikes.steps * spikes.scale)
    ax.set_ylim(-0.7, spikes.n - 0.3)
    whole_ticks(ax.yaxis)
    return label(ax, f"Time ({spikes.unit})", "Neuron")


def firing_rate_plot(
    spike_monitor: SpikeInput,
    bin_ms: float = 5.0,
    ax: Axes | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """Mean rate of the neurons over time, in bins.

    Args:
        spike_monitor: as for `raster_plot`.
        bin_ms: bin width, ms, a multiple of ``dt``.
        ax: axes to draw into; new ones by default.
        dt: length of a tick, s; by default the monitor's. One is needed.
        steps: ticks of the run, if it went on after the last spike of a monitor or of lists.

    Returns:
        The axes. A bin that the run does not fill is not drawn.
    """
    spikes = spikes_of(spike_monitor, dt, steps)
    counts, edges = _binned(spikes, bin_ms)
    rate = counts.sum(axis=0) / (max(1, spikes.n) * 1e-3 * bin_ms)
    ax = axes(ax)
    ax.stairs(rate, edges, fill=True, color=COLOURS[0], alpha=0.85)
    mean = rate.mean()
    ax.axhline(mean, color=COLOURS[1], lw=1, ls=(0, (4, 2)))
    note(ax, f"mean {mean:.3g} Hz")
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(0, None if rate.any() else 1.0)
    return label(ax, "Time (ms)", "Rate per neuron (Hz)")


def population_activity(
    spike_monitor: SpikeInput,
    bin_ms: float = 5.0,
    ax: Axes | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """Spike counts of every neuron in bins, as a picture; arguments as for `firing_rate_plot`.

    Of more than 250 neurons or bins neighbours are summed, so that no spike is lost between pixels.
    """
    spikes = spikes_of(spike_monitor, dt, steps)
    counts, edges = _binned(spikes, bin_ms)
    ax = axes(ax)
    rows, bins = (block(n) for n in counts.shape)
    shown = np.add.reduceat(counts, np.arange(0, counts.shape[0], rows), axis=0)
    shown = np.add.reduceat(shown, np.arange(0, counts.shape[1], bins), axis=1)
    end = (shown.shape[0] * rows - 0.5, shown.shape[1] * bins * bin_ms)
    image = ax.imshow(
        shown, aspect="auto", origin="lower", cmap="Blues", interpolation="nearest", vmin=0,
        vmax=max(1, shown.max()), extent=(0, end[1], -0.5, end[0]),
    )  # fmt: skip
    of = "" if rows == 1 else f" of {rows} neurons"
    whole_ticks(colour_bar(ax, image, f"Spikes{of} per {bins * bin_ms:g} ms").yaxis)
    ax.set_xlim(edges[0], edges[-1])
    ax.set_ylim(-0.5, spikes.n - 0.5)
    whole_ticks(ax.yaxis)
    return label(ax, "Time (ms)", "Neuron")


def spike_train_comparison(
    trains: Sequence[ArrayLike],
    labels: Sequence[str] | None = None,
    ax: Axes | None = None,
    *,
    dt: float | None = None,
    steps: int | None = None,
) -> Axes:
    """Trains one above the other, for the eye to compare; the first is on top.

    Args:
        trains: for each train the ticks of its spikes.
        labels: a name for each.
        ax: axes to draw into; new ones by default.
        dt: length of a tick, s. Without one, time is in ticks.
        steps: ticks of the run, if it went on after the last spike of a monitor or of lists.

    Returns:
        The axes.
    """
    spikes = spikes_of(trains, dt, steps)
    names = [f"train {i}" for i in range(spikes.n)] if labels is None else list(labels)
    if len(names) != spikes.n or isinstance(labels, str):
        raise SCConfigError(
            f"there are {spikes.n} trains but {len(names)} labels; give one of each"
        )
    ax = axes(ax, (5.6, min(0.7 + 0.4 * spikes.n, _TALLEST)))
    for i in range(spikes.n):
        at = spikes.ticks[spikes.neurons == i] * spikes.scale
        ax.eventplot(at, lineoffsets=i, linelengths=0.7, linewidths=1.1,
                     colors=COLOURS[i % len(COLOURS)])  # fmt: skip
        ax.axhline(i + 0.35, color=SOFT, lw=0.3)
    # A name needs a sixth of an inch; where rows are lower, only some are named.
    height = ax.get_position().height * figure_of(ax).get_figheight()
    every = max(1, math.ceil(spikes.n / (6 * height)))
    ax.set_yticks(range(0, spikes.n, every), [str(name) for name in names[::every]])
    ax.set_ylim(spikes.n - 0.4, -0.6)
    ax.set_xlim(0, spikes.steps * spikes.scale)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return label(ax, f"Time ({spikes.unit})", "")


def _binned(spikes: Spikes, bin_ms: float) -> tuple[np.ndarray, np.ndarray]:
    """Counts (neurons, bins) and edges of the bins in ms."""
    step = spikes.seconds("bin_ms")
    size = positive(bin_ms, "bin_ms") / (1e3 * step)
    if abs(size - round(size)) > 1e-6 * size:
        raise SCConfigError(f"bin_ms of {bin_ms:g} ms is no multiple of dt, {1e3 * step:g} ms")
    bins = spikes.steps // round(size)
    if bins == 0:
        raise SCConfigError(
            f"bin_ms of {bin_ms:g} ms is longer than the run of {spikes.steps * 1e3 * step:g} ms"
        )
    place = spikes.ticks // round(size)
    kept = place < bins
    counts = np.zeros((spikes.n, bins), dtype=np.int64)
    np.add.at(counts, (spikes.neurons[kept], place[kept]), 1)
    return counts, np.arange(bins + 1) * bin_ms
