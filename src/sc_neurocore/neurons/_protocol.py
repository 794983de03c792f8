"""The default stimulus of a model: a current step, and the amplitudes of its f–I curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons._model import inputs_of

#: Longest run of a protocol, of a build or of `simulate` on the command line.
MAX_TICKS = 20_000_000


def ticks_of(duration: float, dt: float) -> int:
    """Number of ticks of length ``dt`` in a run of ``duration``, both in ms.

    Raises:
        SCConfigError: more than `MAX_TICKS`.
    """
    if not duration / dt <= MAX_TICKS:
        raise SCConfigError(
            f"a run of {duration:g} ms has {duration / dt:.3g} ticks of {dt:g} ms; "
            f"at most {MAX_TICKS} are run"
        )
    return round(duration / dt)


@dataclass(frozen=True)
class Protocol:
    """A step of one input that lasts until the end of the run; of an event input, a train.

    Attributes:
        input: name of the driven input; the others keep their resting value.
        amplitude: height of the step, or weight of every event, in the input's unit.
        rest: value of the input before the step.
        onset: start of the step, or first event, in ms (maps: iterations).
        duration: end of the run in ms (maps: iterations).
        amplitudes: steps of the f–I curve; empty when the model declares none.
        period: ms from one event to the next; ``None`` for a step.
    """

    input: str
    amplitude: float
    rest: float
    onset: float
    duration: float
    amplitudes: tuple[float, ...]
    period: float | None = None

    def ticks(self, dt: float) -> int:
        """Number of ticks of length ``dt`` in the run.

        Raises:
            SCConfigError: as `ticks_of`.
        """
        return ticks_of(self.duration, dt)

    def current(self, dt: float, amplitude: float | None = None) -> NDArray[np.float64]:
        """The driven input at every tick, shape ``(ticks,)``.

        Args:
            dt: tick in ms.
            amplitude: height of the step instead of the default one.
        """
        height = self.amplitude if amplitude is None else amplitude
        return stimulus(self.ticks(dt), dt, self.rest, height, self.onset, self.period)


def stimulus(
    ticks: int, dt: float, rest: float, height: float, onset: float, period: float | None
) -> NDArray[np.float64]:
    """A step from ``rest`` to ``height`` at ``onset``, or events of that height every ``period``.

    Args:
        ticks: length.
        dt: tick in ms.
        rest: value before the step, and between events.
        height: value after the step, or weight of an event.
        onset: start of the step, or time of the first event, in ms.
        period: ms from one event to the next; ``None`` for a step.
    """
    first = round(onset / dt)
    if period is None:
        return np.where(np.arange(ticks) < first, float(rest), float(height))
    found = np.full(ticks, float(rest))
    count = max(0, math.ceil((ticks - first) * dt / period))
    events = np.rint((onset + period * np.arange(count)) / dt).astype(int)
    found[events[events < ticks]] = height
    return found


def protocol_of(document: Mapping[str, Any]) -> Protocol:
    """The default stimulus of a model document.

    Raises:
        SCConfigError: the document has no ``[protocol]`` table.
    """
    if "protocol" not in document:
        name = document["model"]["name"]
        raise SCConfigError(
            f"model '{name}' has no [protocol] table; add one with input, amplitude, onset, "
            "duration"
        )
    table = document["protocol"]
    sweep = table.get("sweep")
    amplitudes = np.linspace(sweep["low"], sweep["high"], sweep["points"]) if sweep else ()
    return Protocol(
        input=table["input"],
        amplitude=float(table["amplitude"]),
        rest=float(inputs_of(document)[table["input"]].get("value", 0.0)),
        onset=float(table["onset"]),
        duration=float(table["duration"]),
        amplitudes=tuple(float(a) for a in amplitudes),
        period=float(table["period"]) if "period" in table else None,
    )
