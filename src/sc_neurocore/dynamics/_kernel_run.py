"""Drive a kernel: number types, pieces of the run, threads, and the error of a failed state."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics._kernel import BLOCK, ROW, KernelSource, kernel_source
from sc_neurocore.dynamics._methods import program
from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._sheet import DType, Layout, Spread
from sc_neurocore.dynamics._simulation import Array, State
from sc_neurocore.exceptions import SCConfigError

#: What runs the ticks: a kernel of the model, or the interpreter, which all models share.
Engine = Literal["compiled", "interpreted"]
#: Neuron-ticks of one uninterrupted kernel call; bounds the wait after Ctrl-C.
_CALL = 200_000_000
#: Pieces per thread, so that threads finish together.
_PIECES = 4
#: Most spikes that the buffer a thread keeps has room for.
_KEPT = 2**22
_kept = threading.local()


@functools.lru_cache(maxsize=256)
def _source(model: Model, layout: Layout) -> KernelSource:
    return kernel_source(program(model), layout)


@functools.lru_cache(maxsize=256)
def _interpreter(model: Model, layout: Layout) -> Callable[..., Any]:
    from sc_neurocore.dynamics._interpreter import interpreter_of

    return interpreter_of(program(model), layout)


def loaded(
    model: Model, layout: Layout, own: Mapping[str, Array], engine: Engine = "compiled"
) -> tuple[Callable[..., Any], Array, Array]:
    """The kernel of a layout, compiled if need be, and the numbers it runs on.

    Returns:
        The kernel; literals, then the parameters that all neurons share; ``(Q, N)`` parameters
        that differ between neurons, as ``layout.varying`` lists them.

    Raises:
        SCConfigError: a number is beyond the range of the number type.
    """
    from sc_neurocore.dynamics._kernel_cache import load_kernel

    dtype, source = layout.dtype, _source(model, layout)
    shared = [q.value for q in model.parameters if q.name not in own]
    constants = _cast("a number of the model", np.array([*source.literals, *shared]), dtype)
    varying = [_cast(f"parameter '{k}'", own[k], dtype) for k in layout.varying]
    table = np.array(varying, dtype) if varying else np.empty((0, 1), dtype)
    kernel = load_kernel(source.text) if engine == "compiled" else _interpreter(model, layout)
    return kernel, constants, table


def rows_of(model: Model, record: Iterable[str]) -> NDArray[np.uint64]:
    """Offset in a kernel's block of each recorded state."""
    return np.array([ROW * model.state_names.index(x) for x in record], np.uint64)


@dataclass(frozen=True, eq=False)
class KernelRun:
    """A kernel and the numbers it runs on.

    Attributes:
        model: what runs.
        dtype: number type.
        kernel: the compiled function.
        constants: literals, then the parameters that all neurons share.
        own: ``(Q, N)`` parameters that differ between neurons.
        inputs: name, spread and values ``(T or 1, N or 1)`` of every input.
        rows: offset in the block of each recorded state.
        seed: seed of the draws.
    """

    model: Model
    dtype: DType
    kernel: Callable[..., Any]
    constants: Array
    own: Array
    inputs: tuple[tuple[str, Spread, NDArray[np.float64]], ...]
    rows: NDArray[np.uint64]
    seed: int

    @staticmethod
    def prepare(
        model: Model,
        dtype: DType,
        own: Mapping[str, Array],
        inputs: Mapping[str, NDArray[np.float64]],
        record: tuple[str, ...],
        seed: int,
        start: State,
        engine: Engine = "compiled",
    ) -> KernelRun:
        """Choose, and if need be compile, the kernel; convert the numbers to its type."""
        spread: dict[str, Spread] = {
            k: "tick" if v.shape[1] == 1 else "neuron" if len(v) == 1 else "both"
            for k, v in inputs.items()
        }
        layout = Layout(
            dtype,
            tuple(q.name for q in model.parameters if q.name in own),
            tuple(spread[k] for k in model.input_names),
            model.refractory_ticks > 0 or bool(start.refractory.any()),
        )
        kernel, constants, table = loaded(model, layout, own, engine)
        listed = tuple((k, spread[k], inputs[k]) for k in model.input_names)
        return KernelRun(
            model, dtype, kernel, constants, table, listed, rows_of(model, record), seed
        )

    def advance(
        self,
        start: State,
        ticks: int,
        kept: Array,
        threads: int,
        progress: Callable[[int, int], object] | None,
    ) -> tuple[list[NDArray[np.int64]], State]:
        """Run in calls of bounded length, filling ``kept``; a spike is ``tick·2^32 + neuron``."""
        neurons = start.values.shape[1]
        step = max(1, min(ticks, _CALL // neurons))
        if progress is not None:
            step = min(step, -(-ticks // 100))
        parts = _parts(neurons, threads)
        state = State(
            np.array(start.values, self.dtype, order="C"), start.refractory, start.previous, 0
        )
        found: list[NDArray[np.int64]] = []
        with ThreadPoolExecutor(max_workers=min(threads, len(parts))) as pool:
            apply = map if len(parts) == 1 else pool.map
            for at in range(0, ticks, step):
                size = min(step, ticks - at)
                after = replace(
                    state,
                    values=state.values.copy(),
                    refractory=np.array(state.refractory, np.int64),
                    previous=np.array(state.previous, np.uint8),
                )
                call = functools.partial(
                    self._call, after, kept[at : at + size], at, size, start.tick + at
                )
                results = list(apply(call, parts))
                failed = [r[1:] for r in results if r[1] >= 0]
                if failed:
                    raise self._failure(state, at, start.tick + at, *min(failed))
                found += [r[0] for r in results if len(r[0])]
                state = after
                if progress is not None:
                    progress(at + size, ticks)
        return found, replace(
            state, previous=state.previous.astype(np.bool_), tick=start.tick + ticks
        )

    def _call(
        self, state: State, kept: Array, at: int, size: int, now: int, part: tuple[int, int]
    ) -> tuple[NDArray[np.int64], int, int, int]:
        inputs = [
            self._piece(name, spread, values, at, size) for name, spread, values in self.inputs
        ]
        # Fresh memory costs more than the spikes written to it, so each thread keeps its own.
        room: Any = getattr(_kept, "room", None)
        if room is None:
            room = np.empty(1024, np.int64)
        found, count, failed, who, index = self.kernel(
            self.constants, self.own, *inputs, state.values, state.refractory, state.previous,
            kept, self.rows, *part, size, np.uint64(now), self.model.refractory_ticks,
            np.uint64(self.seed), room,
        )  # fmt: skip
        if len(found) <= _KEPT:
            _kept.room = found
        return found[:count] + (at << 32), failed, who, index

    def _piece(
        self, name: str, spread: Spread, values: NDArray[np.float64], at: int, size: int
    ) -> Array:
        """The part of an input that one call reads."""
        what = f"input '{name}'"
        if spread == "neuron":
            return _cast(what, values[0], self.dtype)
        part = values if len(values) == 1 else values[at : at + size]
        if spread == "tick":
            return np.broadcast_to(_cast(what, part[:, 0], self.dtype), size).copy()
        return _cast(what, part, self.dtype)

    def _failure(
        self, state: State, at: int, now: int, tick: int, neuron: int, index: int
    ) -> SCConfigError:
        """Run the neuron again up to the tick before, to name its last finite value."""
        before = replace(
            state,
            values=state.values.copy(),
            refractory=np.array(state.refractory, np.int64),
            previous=np.array(state.previous, np.uint8),
        )
        if tick:
            none = np.empty((tick, len(self.rows), state.values.shape[1]), self.dtype)
            self._call(before, none, at, tick, now, (neuron, neuron + 1))
        name, model = self.model.state_names[index], self.model
        return SCConfigError(
            f"state '{name}' of neuron {neuron} became non-finite at tick {now + tick} "
            f"({(now + tick + 1) * model.dt:g} ms); its last finite value is "
            f"{before.values[index, neuron]:g}; take a dt below {model.dt:g} or another method "
            f"than '{model.method}', or check the parameters and the input"
        )


def _parts(neurons: int, threads: int) -> list[tuple[int, int]]:
    """Ranges of whole blocks, a few per thread."""
    blocks = -(-neurons // BLOCK)
    count = 1 if threads == 1 else min(blocks, _PIECES * threads)
    edges = [min(neurons, BLOCK * (blocks * i // count)) for i in range(count + 1)]
    return list(itertools.pairwise(edges))


def _cast(what: str, values: NDArray[np.float64], dtype: DType) -> Array:
    """Round to the number type; a value beyond its range is refused, not turned into inf."""
    with np.errstate(over="ignore"):
        result = np.ascontiguousarray(values, dtype)
    if dtype == "float32" and not np.isfinite(result).all():
        worst = values[~np.isfinite(result)].flat[0]
        raise SCConfigError(f"{what} is {worst:g}, beyond the range of float32; use float64")
    return result
