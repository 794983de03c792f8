"""Run a model: N neurons by T ticks in float64 or float32."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics._arguments import (
    agreed,
    read_inputs,
    read_parameters,
    recorded_names,
    room_for,
    wanted_ticks,
)
from sc_neurocore.dynamics._kernel_run import Engine, KernelRun
from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._sheet import DType
from sc_neurocore.dynamics._simulation import Simulation, Spikes, State
from sc_neurocore.exceptions import SCConfigError


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
    engine: Engine = "compiled",
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
        engine: ``"compiled"`` makes a kernel of the model, once, in a second or more;
            ``"interpreted"`` starts at once, takes several times as long per tick, and gives the
            same bits. The interpreter has float64 only.

    Raises:
        SCConfigError: an argument does not fit, or a state became non-finite.
    """
    if dtype not in ("float64", "float32"):
        raise SCConfigError(f"dtype is '{dtype}'; allowed: 'float64', 'float32'")
    number: DType = "float64" if dtype == "float64" else "float32"
    if engine not in ("compiled", "interpreted"):
        raise SCConfigError(f"engine is '{engine}'; allowed: 'compiled', 'interpreted'")
    if engine == "interpreted" and number != "float64":
        raise SCConfigError("the interpreter runs in float64; leave dtype out, or compile")
    if not 0 <= seed < 2**64:
        raise SCConfigError(f"seed is {seed}; it must be from 0 to 2**64 - 1")
    if threads < 1:
        raise SCConfigError(f"threads is {threads}; it must be 1 or more")
    model, own = read_parameters(model, dict(parameters or {}))
    inputs = read_inputs(model, current)
    counts = {f"parameter '{k}'": len(v) for k, v in own.items()}
    counts |= {f"input '{k}'": v.shape[1] for k, v in inputs.items() if v.shape[1] != 1}
    if state is not None:
        counts["state"] = state.values.shape[1]
    n = agreed("neurons", neurons, counts, default=1)
    lengths = {f"input '{k}'": len(v) for k, v in inputs.items() if len(v) != 1}
    total = agreed("ticks", wanted_ticks(model, duration, ticks), lengths, default=None)
    start = State.initial(model, n, number) if state is None else state
    if start.values.shape != (len(model.states), n):
        raise SCConfigError(
            f"state holds {start.values.shape[0]} variables; "
            f"model '{model.name}' has {len(model.states)}"
        )
    names = recorded_names(model, record)
    kept = room_for(names, total, n, number)
    run = KernelRun.prepare(model, number, own, inputs, names, seed, start, engine)
    found, final = run.advance(start, total, kept, threads, progress)
    keys = np.concatenate(found) if len(found) > 1 else found[0] if found else np.empty(0, np.int64)
    keys.sort()
    tick = keys >> 32
    tick += start.tick
    keys &= 0xFFFFFFFF
    spikes = Spikes(tick, keys)
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
