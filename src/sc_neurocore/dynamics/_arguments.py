"""Read the arguments of a run: sizes that agree, known names, finite numbers."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics._errors import require_positive, suggest
from sc_neurocore.dynamics._methods import linear_system
from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._sheet import DType
from sc_neurocore.dynamics._simulation import Array
from sc_neurocore.exceptions import SCConfigError

#: Spikes are sorted as ``tick·2^32 + neuron`` in a signed 64-bit integer.
_MAX_COUNT = 2**31 - 1


def read_parameters(model: Model, given: dict[str, Any]) -> tuple[Model, dict[str, Array]]:
    """Fold numbers into the model; return the parameters that differ between neurons."""
    arrays = {k: np.asarray(v) for k, v in given.items()}
    model = model.with_parameters({k: v.item() for k, v in arrays.items() if v.ndim == 0})
    own = {}
    for name, values in arrays.items():
        if values.ndim == 0:
            continue
        if values.ndim != 1 or not len(values):
            raise SCConfigError(
                f"parameter '{name}' has shape {values.shape}; give a number or one per neuron"
            )
        values = _numbers(f"parameter '{name}'", values)
        # Names, signs and ranges are checked once, on the extremes.
        model.with_parameters({name: float(values.min())}).with_parameters(
            {name: float(values.max())}
        )
        own[name] = values
    if own and model.method == "exact":
        system = linear_system(model)
        assert system is not None, "checked when the method was chosen"
        mixed = any(c.op != "num" or c.value for i, r in enumerate(system[0])
                    for j, c in enumerate(r) if i != j)  # fmt: skip
        baked = {x for row in system[0] for cell in row for x in cell.names()} & own.keys()
        if mixed and baked:
            raise SCConfigError(
                f"parameter '{min(baked)}' differs between neurons, but method 'exact' solves the "
                f"coupled states of '{model.name}' for one value; use method 'rk4'"
            )
    return model, own


def _numbers(what: str, values: Any) -> NDArray[np.float64]:
    try:
        array = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(f"{what} is not an array of numbers") from None
    if not np.isfinite(array).all():
        raise SCConfigError(f"{what} holds {array[~np.isfinite(array)][0]}; it must be finite")
    return array


def read_inputs(model: Model, current: Any) -> dict[str, NDArray[np.float64]]:
    """Every input as ``(T or 1, N or 1)``."""
    known = model.input_names
    if current is None:
        given = {}
    elif isinstance(current, Mapping):
        given = dict(current)
        for name in given:
            if name not in known:
                hint = suggest(str(name), known)
                raise SCConfigError(f"model '{model.name}' has no input '{name}'{hint}")
    elif len(known) == 1:
        given = {known[0]: current}
    elif not known and np.ndim(current) == 0 and current == 0:
        given = {}
    else:
        raise SCConfigError(
            f"model '{model.name}' has {len(known)} inputs; "
            + (f"name them: {', '.join(known)}" if known else "leave current out")
        )
    result = {}
    for q in model.inputs:
        values = _numbers(f"input '{q.name}'", given.get(q.name, q.value))
        if values.ndim > 2 or values.size == 0:
            raise SCConfigError(
                f"input '{q.name}' has shape {values.shape}; give a number, (T,), (T, N) or (1, N)"
            )
        result[q.name] = values.reshape(-1, 1) if values.ndim < 2 else values
    return result


def agreed(what: str, wanted: int | None, found: Mapping[str, int], default: int | None) -> int:
    """The one size that the caller and all arrays agree on."""
    value = wanted
    for source, size in found.items():
        if value is None:
            value = size
        elif size != value:
            raise SCConfigError(f"{source} has {size} {what}, but the run has {value}")
    if value is None:
        value = default
    if value is None:
        raise SCConfigError("the length of the run is missing; give duration (ms) or ticks")
    if not 1 <= value <= _MAX_COUNT:
        raise SCConfigError(f"{what} is {value}; it must be from 1 to {_MAX_COUNT}")
    return int(value)


def wanted_ticks(model: Model, duration: float | None, ticks: int | None) -> int | None:
    """Length in ticks that the caller asks for, if any."""
    if duration is None:
        return ticks
    if ticks is not None:
        raise SCConfigError("give duration or ticks, not both")
    return max(1, round(require_positive("duration", duration) / model.dt))


def recorded_names(model: Model, record: Iterable[str] | None) -> tuple[str, ...]:
    """The states to keep."""
    names = (record,) if isinstance(record, str) else tuple(record or ())
    for name in names:
        if name not in model.state_names:
            hint = suggest(name, model.state_names)
            raise SCConfigError(f"record names '{name}', which is not a state{hint}")
    return names


def room_for(names: tuple[str, ...], ticks: int, neurons: int, dtype: DType) -> Array:
    """``(T, R, N)`` for the recorded states."""
    size = ticks * len(names) * neurons * np.dtype(dtype).itemsize
    if hasattr(os, "sysconf") and size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise SCConfigError(
            f"recording {len(names)} states of {neurons} neurons over {ticks} ticks needs "
            f"{size / 2**30:.1f} GiB, more than this machine has; record fewer or run in parts"
        )
    return np.empty((ticks, len(names), neurons), dtype)
