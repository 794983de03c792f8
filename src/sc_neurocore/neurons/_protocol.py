"""The default stimulus of a model: a current step, and the amplitudes of its f–I curve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True)
class Protocol:
    """A step of one input that lasts until the end of the run.

    Attributes:
        input: name of the driven input; the others keep their resting value.
        amplitude: height of the step, in the input's unit.
        rest: value of the input before the step.
        onset: start of the step in ms (maps: iterations).
        duration: end of the run in ms (maps: iterations).
        amplitudes: steps of the f–I curve; empty when the model declares none.
    """

    input: str
    amplitude: float
    rest: float
    onset: float
    duration: float
    amplitudes: tuple[float, ...]

    def ticks(self, dt: float) -> int:
        """Number of ticks of length ``dt`` in the run."""
        return round(self.duration / dt)

    def current(self, dt: float, amplitude: float | None = None) -> NDArray[np.float64]:
        """The driven input at every tick, shape ``(ticks,)``.

        Args:
            dt: tick in ms.
            amplitude: height of the step instead of the default one.
        """
        height = self.amplitude if amplitude is None else amplitude
        current = np.full(self.ticks(dt), height)
        current[: round(self.onset / dt)] = self.rest
        return current


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
        rest=float(document["inputs"][table["input"]].get("value", 0.0)),
        onset=float(table["onset"]),
        duration=float(table["duration"]),
        amplitudes=tuple(float(a) for a in amplitudes),
    )
