"""Run a model: N neurons by T ticks in float64 or float32."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics._errors import require_positive, suggest
from sc_neurocore.dynamics._kernel import DType
from sc_neurocore.dynamics._kernel_run import KernelRun
from sc_neurocore.dynamics._methods import linear_system
from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._simulation import Array, Simulation, Spikes, State
from sc_neurocore.exceptions import SCConfigError

#: Spikes are sorted as ``tick·2^32 + neuron`` in a signed 64-bit integer.
_MAX_COUNT = 2**31 - 1


def simulate(
    model: Model,
    current: ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    duration: float | None = None,
    ticks: int | None = None,
    neurons: int | None = None,
    dtype: str = "float64",
    seed: int = 0,
    record: Iterable[str] | None = None,
    parameters: Mapping[str, ArrayLike] | None = None,
    state: State | None = None,
    threads: int = 1,
    progress: Callable[[int, int], object] | None = None,
) -> Simulation:
    """Simulate ``neurons`` copies of a model.

    Args:
        model: the model.
        current: value of the input, or a mapping of input names to values: a number, ``(T,)``
            over ticks, ``(T, N)``, or ``(1, N)`` constant over time. Inputs not given keep their
            resting value.
        duration: length in ms, rounded to whole ticks; or give
        ticks: length in ticks. Neither is needed when an input has a time axis.
        neurons: N; taken from the arrays when omitted, else 1.
        dtype: ``"float64"`` or ``"float32"``.
        seed: seed of the random draws, 0 to 2**64 - 1.
        record: names of states to keep; ``None`` keeps none and needs no memory for them.
        parameters: values to use instead of the model's: numbers, or ``(N,)`` one per neuron.
        state: state to continue from (not changed); the initial state when omitted.
        threads: threads to use; the result does not depend on it.
        progress: called as ``progress(done, total)`` with ticks.

    Raises:
        SCConfigError: an argument does not fit, or a state became non-finite.
    """
    if dtype not in ("float64", "float32"):
        raise SCConfigError(f"dtype is '{dtype}'; allowed: 'float64', 'float32'")
    number: DType = "float64" if dtype == "float64" else "float32"
    if not 0 <= seed < 2**64:
        raise SCConfigError(f"seed is {seed}; it must be from 0 to 2**64 - 1")
    if threads < 1:
        raise SCConfigError(f"threads is {threads}; it must be 1 or more")
    model, own = _parameters(model, dict(parameters or {}))
    inputs = _inputs(model, current)
    counts = {f"parameter '{k}'": len(v) for k, v in own.items()}
    counts |= {f"input '{k}'": v.shape[1] for k, v in inputs.items() if v.shape[1] != 1}
    if state is not None:
        counts["state"] = state.values.shape[1]
    n = _agreed("neurons", neurons, counts, default=1)
    lengths = {f"input '{k}'": len(v) for k, v in inputs.items() if len(v) != 1}
    total = _agreed("ticks", _wanted_ticks(model, duration, ticks), lengths, default=None)
    start = State.initial(model, n, number) if state is None else state
    if start.values.shape != (len(model.states), n):
        raise SCConfigError(
            f"state holds {start.values.shape[0]} variables; "
            f"model '{model.name}' has {len(model.states)}"
        )
    names = _recorded(model, record)
    kept = _room(names, total, n, number)
    run = KernelRun.prepare(model, number, own, inputs, names, seed, start)
    found, final = run.advance(start, total, kept, threads, progress)
    keys = np.sort(np.concatenate(found)) if found else np.empty(0, np.int64)
    spikes = Spikes((keys >> 32) + start.tick, keys & 0xFFFFFFFF)
    states = {x: kept[:, i] for i, x in enumerate(names)}
    return Simulation(model, n, total, start.tick, states, spikes, final)


def fi_curve(
    model: Model,
    currents: ArrayLike,
    duration: float,
    *,
    discard: float = 0.0,
    name: str | None = None,
    **options: Any,
) -> NDArray[np.float64]:
    """Firing rate against constant input, all inputs in one run.

    Args:
        model: the model.
        currents: ``(K,)`` values of the input.
        duration: length of the run in ms.
        discard: leading part in ms that does not count.
        name: the input to vary, when the model has several.
        **options: passed to `simulate`.

    Returns:
        ``(K,)`` rates in Hz (for maps: spikes per 1000 iterations).
    """
    values = np.atleast_1d(np.asarray(currents, np.float64))[None, :]
    if not 0 <= discard < duration:
        raise SCConfigError(
            f"discard is {discard:g} ms; it must be from 0 to below the duration, {duration:g} ms"
        )
    result = simulate(
        model, {name: values} if name else values, duration=duration,
        neurons=values.shape[1], **options,
    )  # fmt: skip
    skipped = round(discard / model.dt)
    late = result.spikes.neuron[result.spikes.tick >= result.start + skipped]
    counted = (result.ticks - skipped) * model.dt
    counts = np.bincount(late, minlength=values.shape[1])
    return counts.astype(np.float64) * (1000.0 / counted)


def _parameters(model: Model, given: dict[str, Any]) -> tuple[Model, dict[str, Array]]:
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


def _inputs(model: Model, current: Any) -> dict[str, NDArray[np.float64]]:
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


def _agreed(what: str, wanted: int | None, found: Mapping[str, int], default: int | None) -> int:
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


def _wanted_ticks(model: Model, duration: float | None, ticks: int | None) -> int | None:
    if duration is None:
        return ticks
    if ticks is not None:
        raise SCConfigError("give duration or ticks, not both")
    return max(1, round(require_positive("duration", duration) / model.dt))


def _recorded(model: Model, record: Iterable[str] | None) -> tuple[str, ...]:
    names = (record,) if isinstance(record, str) else tuple(record or ())
    for name in names:
        if name not in model.state_names:
            hint = suggest(name, model.state_names)
            raise SCConfigError(f"record names '{name}', which is not a state{hint}")
    return names


def _room(names: tuple[str, ...], ticks: int, neurons: int, dtype: DType) -> Array:
    """``(T, R, N)`` for the recorded states."""
    size = ticks * len(names) * neurons * np.dtype(dtype).itemsize
    if hasattr(os, "sysconf") and size > os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"):
        raise SCConfigError(
            f"recording {len(names)} states of {neurons} neurons over {ticks} ticks needs "
            f"{size / 2**30:.1f} GiB, more than this machine has; record fewer or run in parts"
        )
    return np.empty((ticks, len(names), neurons), dtype)
