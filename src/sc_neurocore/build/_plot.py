"""Line plots as SVG text: traces over time and the f–I curve, light enough to sit in one page."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore._svg import LEFT, RIGHT, WIDTH, Scale, bottom_axis, frame, path, svg

Array = NDArray[Any]

_STATE, _STRIP, _RATE = 148, 48, 250
_ROW, _GAP, _FOOT = 14, 14, 36
#: Room above a strip for its name, which is too long to stand beside it.
_CAPTION = 14


@dataclass(frozen=True, eq=False)
class StateTrace:
    """One state over time, in floating point and, where it ran, in fixed point.

    Attributes:
        unit: unit of the values; ``""`` when dimensionless.
        floating: ``(T,)`` values of the float simulation.
        fixed: ``(T,)`` values of the bit-true simulation, or ``None`` when it did not run.
    """

    unit: str
    floating: Array
    fixed: Array | None = None


@dataclass(frozen=True, eq=False)
class Traces:
    """What the plots show: one neuron over T ticks, and K points of the f–I curve.

    Attributes:
        time_ms: ``(T,)`` end of every tick.
        stimulus: ``(T,)`` the driven input.
        states: state traces by name.
        spikes_float_ms: spike times of the float simulation.
        spikes_fixed_ms: spike times of the bit-true simulation, or ``None``.
        fi_current: ``(K,)`` inputs of the f–I curve; empty when it was not run.
        fi_rate_float: ``(K,)`` rates of the float simulation.
        fi_rate_fixed: ``(K,)`` rates of the bit-true simulation; empty when it was not run.
        stimulus_name: name of the driven input; ``""`` when there is none.
        stimulus_unit: its unit.
        time_unit: ``ms``, or ``iterations`` for a map.
        rate_unit: ``Hz``, or ``per 1000 iterations`` for a map.
    """

    time_ms: Array
    stimulus: Array
    states: Mapping[str, StateTrace]
    spikes_float_ms: Array
    spikes_fixed_ms: Array | None = None
    fi_current: Array = field(default_factory=lambda: np.empty(0))
    fi_rate_float: Array = field(default_factory=lambda: np.empty(0))
    fi_rate_fixed: Array = field(default_factory=lambda: np.empty(0))
    stimulus_name: str = "I"
    stimulus_unit: str = ""
    time_unit: str = "ms"
    rate_unit: str = "Hz"

    def to_bytes(self) -> bytes:
        """The traces as one ``.npz`` file."""
        arrays = {key: value for key, value in vars(self).items() if isinstance(value, np.ndarray)}
        for i, state in enumerate(self.states.values()):
            arrays[f"floating_{i}"] = state.floating
            if state.fixed is not None:
                arrays[f"fixed_{i}"] = state.fixed
        arrays["names"] = np.array([[name, s.unit] for name, s in self.states.items()], dtype=str)
        texts = {key: value for key, value in vars(self).items() if isinstance(value, str)}
        arrays["texts"] = np.array(list(texts.items()), dtype=str)
        buffer = io.BytesIO()
        np.savez_compressed(buffer, allow_pickle=False, **arrays)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes) -> Traces:
        """Read what `to_bytes` wrote."""
        with np.load(io.BytesIO(data), allow_pickle=False) as file:
            arrays = dict(file)
        states = {
            str(name): StateTrace(
                str(unit), arrays.pop(f"floating_{i}"), arrays.pop(f"fixed_{i}", None)
            )
            for i, (name, unit) in enumerate(arrays.pop("names"))
        }
        rest: dict[str, Any] = {str(key): str(value) for key, value in arrays.pop("texts")}
        return cls(states=states, **arrays, **rest)


def trace_plot(traces: Traces, window: tuple[float, float] | None = None) -> str:
    """Stack of panels over time: spikes, each state, its error, the stimulus.

    Args:
        traces: what to show.
        window: part of the time axis to show; default all of it.

    Returns:
        One ``<svg>`` element; wrap it with `standalone` to make a file.
    """
    start, end = window or (0.0, float(traces.time_ms[-1]))
    shown = (traces.time_ms >= start) & (traces.time_ms <= end)
    time = traces.time_ms[shown]
    across = Scale(start, end, LEFT, WIDTH - RIGHT)
    parts: list[str] = []
    y = 6.0
    rows = {"float": traces.spikes_float_ms, "fixed": traces.spikes_fixed_ms}
    for kind, times in rows.items():
        if times is not None:
            parts.append(_raster(kind, times, across, y))
            y += _ROW
    y += _GAP / 2
    for name, state in traces.states.items():
        lines = {"float": state.floating[shown]}
        if state.fixed is not None:
            # The wide fixed-point line goes below, so that both stay visible where they agree.
            lines = {"fixed": state.fixed[shown], **lines}
        parts.append(_panel(lines, time, across, y, _STATE, name, state.unit))
        y += _STATE + _GAP
        if state.fixed is not None:
            error = (state.fixed - state.floating)[shown]
            most = f"{float(np.abs(error).max()):.3g} {state.unit}".rstrip()
            y += _CAPTION
            parts.append(
                _panel(
                    {"error": error}, time, across, y, _STRIP,
                    f"{name}, fixed − float: at most {most}", "",
                )
            )  # fmt: skip
            y += _STRIP + _GAP
    if traces.stimulus_name:
        y += _CAPTION
        stimulus = {"stimulus": traces.stimulus[shown]}
        parts.append(
            _panel(stimulus, time, across, y, _STRIP, traces.stimulus_name, traces.stimulus_unit)
        )
        y += _STRIP
    parts.append(bottom_axis(across, y, f"time ({traces.time_unit})"))
    fixed = "" if traces.spikes_fixed_ms is None else ", fixed point (wide line) below it"
    title = f"States over time: floating point (thin line){fixed}"
    return svg(y + _FOOT, title, parts)


def rate_plot(traces: Traces) -> str:
    """f–I curve: open circles floating point, filled dots fixed point.

    Returns:
        One ``<svg>`` element.
    """
    x = traces.fi_current
    across = Scale(float(x.min()), float(x.max()), LEFT, WIDTH - RIGHT)
    rates = {"fixed": traces.fi_rate_fixed, "float": traces.fi_rate_float}
    rates = {kind: values for kind, values in rates.items() if len(values)}
    top = max(1.0, *(float(v.max()) for v in rates.values()))
    down = Scale(0.0, 1.06 * top, 8 + _RATE, 8)
    parts = [frame(across, 8, _RATE, down, "rate", traces.rate_unit)]
    for kind, values in rates.items():
        radius = 4.5 if kind == "fixed" else 3.2
        parts += [
            f'<circle class="dot {kind}" cx="{across(a):.1f}" cy="{down(b):.1f}" r="{radius}">'
            f"<title>{kind}: {a:g} {escape(traces.stimulus_unit)}, {b:.4g} "
            f"{escape(traces.rate_unit)}</title></circle>"
            for a, b in zip(x, values, strict=True)
        ]
    unit = f" ({traces.stimulus_unit})" if traces.stimulus_unit else ""
    parts.append(bottom_axis(across, 8 + _RATE, f"{traces.stimulus_name}{unit}"))
    title = "Firing rate against input: open circles floating point, filled dots fixed point"
    return svg(8 + _RATE + _FOOT, title, parts)


def _panel(
    lines: Mapping[str, Array],
    time: Array,
    across: Scale,
    y: float,
    height: float,
    name: str,
    unit: str,
) -> str:
    zero = [0.0] if "error" in lines else []
    low = min([*zero, *(float(v.min()) for v in lines.values())])
    high = max([*zero, *(float(v.max()) for v in lines.values())])
    margin = 0.06 * (high - low)
    down = Scale(low - margin, high + margin, y + height, y)
    paths = [
        f'<path class="{kind}" d="{path(across(time), down(values))}"/>'
        for kind, values in lines.items()
    ]
    return frame(across, y, height, down, name, unit) + "".join(paths)


def _raster(kind: str, times: Array, across: Scale, y: float) -> str:
    """One row of spikes; marks that would fall on one pixel are drawn once."""
    inside = times[(times >= across.low) & (times <= across.high)]
    pixels = np.unique(np.round(across(inside), 1))
    marks = "".join(f"M{x:g} {y:g}v{_ROW - 4}" for x in pixels)
    return (
        f'<text class="name" x="{across.start - 6}" y="{y + 9:g}" text-anchor="end">{kind}</text>'
        f'<path class="spike {kind}" d="{marks}"><title>{len(inside)} spikes, {kind}</title></path>'
    )
