"""States of neurons: traces over time, and one variable against another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.viz._axes import COLOURS, axes, label, note
from sc_neurocore.viz._sources import TraceSource, trace_of

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Traces that are drawn if none are named.
_FEW = 5
#: Of lines when the colours begin again.
_STYLES = ("-", "--", ":")


def voltage_trace(
    state_monitor: TraceSource | Mapping[str, ArrayLike],
    neuron_ids: Sequence[int] | None = None,
    ax: Axes | None = None,
    *,
    variable: str = "v",
    unit: str | None = None,
    dt: float | None = None,
) -> Axes:
    """A state over time, by default the membrane voltage.

    Args:
        state_monitor: a monitor with ``traces()`` and ``t()``, or arrays (steps,) or
            (steps, neurons) by name.
        neuron_ids: columns to draw; by default the first five.
        ax: axes to draw into; new ones by default.
        variable: which state.
        unit: of that state; by default mV of ``v``, and none of others.
        dt: length of a tick, s; by default the monitor's. Without one, time is in ticks.

    Returns:
        The axes. Values that are not finite are gaps, and a note says so.
    """
    trace = trace_of(state_monitor, variable, dt)
    chosen = list(range(min(_FEW, trace.values.shape[1])) if neuron_ids is None else neuron_ids)
    shown = [trace.of(neuron) for neuron in chosen]
    if not shown:
        raise SCConfigError("neuron_ids is empty, so there is no trace to draw")
    ax = axes(ax)
    mark = "." if trace.time.size == 1 else None
    for k, (neuron, values) in enumerate(zip(chosen, shown, strict=True)):
        ax.plot(trace.time, np.where(np.isfinite(values), values, np.nan), lw=1, marker=mark,
                color=COLOURS[k % len(COLOURS)], ls=_STYLES[k // len(COLOURS) % len(_STYLES)],
                label=f"neuron {neuron}")  # fmt: skip
    lost = sum(int((~np.isfinite(values)).sum()) for values in shown)
    if lost:
        note(ax, f"{lost} of {sum(map(len, shown))} values are not finite")
    if len(chosen) > 1:
        ax.legend(fontsize=8, frameon=False, loc="center left", bbox_to_anchor=(1, 0.5))
    if trace.time.size > 1:
        ax.set_xlim(trace.time[0], trace.time[-1])
    name = "Membrane voltage" if variable == "v" else variable
    shown_unit = ("mV" if variable == "v" else "") if unit is None else unit
    return label(ax, f"Time ({trace.unit})", _named(name, shown_unit))


def phase_portrait(
    state_monitor: TraceSource | Mapping[str, ArrayLike],
    var_x: str,
    var_y: str,
    neuron_id: int = 0,
    ax: Axes | None = None,
    *,
    units: tuple[str, str] = ("", ""),
) -> Axes:
    """One variable of a neuron against another, with arrows in the direction of time.

    Args:
        state_monitor: as for `voltage_trace`.
        var_x: variable to the right.
        var_y: variable upwards.
        neuron_id: column.
        ax: axes to draw into; new ones by default.
        units: of the two variables.

    Returns:
        The axes; the dot is the start. Steps at which one of the two is not finite are left out.

    Raises:
        SCConfigError: a variable was not recorded, the two differ in length, or no step is left.
    """
    x, y = (trace_of(state_monitor, name, None).of(neuron_id) for name in (var_x, var_y))
    if x.size != y.size:
        raise SCConfigError(f"{var_x} has {x.size} steps and {var_y} has {y.size}")
    finite = np.isfinite(x) & np.isfinite(y)
    if not finite.any():
        raise SCConfigError(f"{var_x} and {var_y} are never finite together, so there is no path")
    x, y = x[finite], y[finite]
    ax = axes(ax, (4.0, 3.4))
    ax.plot(x, y, color=COLOURS[0], lw=1)
    ax.plot(x[0], y[0], "o", color=COLOURS[1], ms=5)
    # Arrows evenly spaced along the path, as it is seen: in spans of the axes.
    steps = np.hypot(np.diff(x) / (np.ptp(x) or 1), np.diff(y) / (np.ptp(y) or 1))
    path = np.cumsum(steps)
    if path.size and path[-1] > 0:
        for part in (0.2, 0.4, 0.6, 0.8):
            k = int(np.searchsorted(path, part * path[-1]))
            ax.annotate("", (x[k + 1], y[k + 1]), (x[k], y[k]),
                        arrowprops={"arrowstyle": "-|>", "color": COLOURS[0], "lw": 0,
                                    "mutation_scale": 12})  # fmt: skip
    return label(ax, _named(var_x, units[0]), _named(var_y, units[1]))


def _named(name: str, unit: str) -> str:
    return f"{name} ({unit})" if unit else name
