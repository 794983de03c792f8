"""What goes into a network, tick by tick and sample by sample."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph, Receive, output_shapes

Inputs = ArrayLike | Mapping[str, ArrayLike]
Array = NDArray[np.float64]


@dataclass(frozen=True)
class Series:
    """One input.

    Attributes:
        values: (samples or 1, ticks or 1, *shape).
    """

    values: Array

    def at(self, sample: int, tick: int) -> Array:
        """Of one tick of a sample."""
        samples, ticks = self.values.shape[:2]
        return np.asarray(self.values[sample if samples > 1 else 0, tick if ticks > 1 else 0])


def series_of(graph: Graph, inputs: Inputs, ticks: int) -> tuple[dict[str, Series], int | None]:
    """The inputs of a graph by name, and the number of samples, None without that axis.

    Args:
        graph: its `Receive` nodes are no inputs.
        inputs: (M,) for a constant, (ticks, M), or (samples, ticks, M), where M may also be the
            Input's own axes; by name when there are several.
        ticks: of a sample.

    Raises:
        SCConfigError: names or shapes do not fit, or a number is not finite.
    """
    names = [node.id for node in graph.inputs if not isinstance(node.op, Receive)]
    if ticks < 1:
        raise SCConfigError(f"ticks are {ticks}; there must be at least one")
    if not isinstance(inputs, Mapping):
        if len(names) != 1:
            raise SCConfigError(f"give each of the inputs {', '.join(names)} by name")
        inputs = {names[0]: inputs}
    if set(inputs) != set(names):
        raise SCConfigError(f"the inputs are {', '.join(names)}, not {', '.join(inputs)}")
    shapes = output_shapes(graph)
    found: dict[str, Series] = {}
    counts: dict[str, int] = {}
    for name in names:
        try:
            values = np.asarray(inputs[name], np.float64)
        except (TypeError, ValueError):
            raise SCConfigError(f"input {name!r} must hold numbers") from None
        if not np.all(np.isfinite(values)):
            raise SCConfigError(f"input {name!r} holds a number that is not finite")
        lead = _lead(name, values, shapes[name], ticks)
        if len(lead) == 2:
            counts[name] = lead[0]
        axes = (1,) * (2 - len(lead)) + lead + shapes[name]
        found[name] = Series(values.reshape(axes))
    if len(set(counts.values())) > 1 or 0 in counts.values():
        listed = ", ".join(f"{name}: {count}" for name, count in counts.items())
        raise SCConfigError(f"the inputs must have one positive number of samples ({listed})")
    return found, next(iter(counts.values()), None)


def _lead(name: str, values: Array, shape: tuple[int, ...], ticks: int) -> tuple[int, ...]:
    """The axes of samples and ticks that an array has."""
    size = int(np.prod(shape))
    for own in (shape, (size,)):
        axes = values.ndim - len(own)
        if 0 <= axes <= 2 and values.shape[axes:] == own:
            lead = values.shape[:axes]
            if not lead or lead[-1] == ticks:
                return lead
    raise SCConfigError(
        f"input {name!r} has shape {values.shape}; expected is ({size},), ({ticks}, {size}) or "
        f"(samples, {ticks}, {size})"
    )
