"""A rule at work on a sparse set of synapses: the arrays, and moving them on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import Quantity, evaluate, require_positive, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._interpreted import interpreted
from sc_neurocore.synapses._kernel import COARSE, FINE, KernelSource, kernel_source
from sc_neurocore.synapses._rule import Place, Rule, linear_flow

Array = NDArray[np.float64]
#: Part of a tick: up to the arrivals, the postsynaptic spikes, or both.
Phase = Literal["arrivals", "spikes", "both"]
_PHASES: Mapping[Phase, int] = {"arrivals": 1, "spikes": 2, "both": 3}
#: How ticks are run.
Engine = Literal["compiled", "interpreted"]
_NONE = np.empty(0, np.int32)


def _compiled(source: KernelSource) -> Any:
    from sc_neurocore.dynamics import load_kernel

    return load_kernel(source.text)


_ENGINES: Mapping[Engine, Callable[[KernelSource], Any]] = {
    "compiled": _compiled,
    "interpreted": lambda source: interpreted(source.plain),
}


@dataclass(frozen=True, eq=False)
class Events:
    """Which of a number of places have an event in each of a run of ticks.

    Attributes:
        start: ``(T + 1,)`` the events of tick ``t`` are ``index[start[t]:start[t + 1]]``.
        index: terminals, or neurons, in the order in which they are worked off.
    """

    start: NDArray[np.int64]
    index: NDArray[np.int32]

    @staticmethod
    def of(ticks: int, at: ArrayLike, index: ArrayLike) -> Events:
        """Sort events ``(tick, index)`` by tick, then by index; ticks are 0 to ``ticks − 1``.

        Raises:
            SCConfigError: a tick is outside the run, or the two lists differ in length.
        """
        when, who = _whole("ticks of events", at).ravel(), _whole("events", index).ravel()
        if when.shape != who.shape:
            raise SCConfigError(
                f"{len(when)} ticks are given for {len(who)} events; give one tick per event"
            )
        if len(when) and not 0 <= when.min() <= when.max() < ticks:
            raise SCConfigError(
                f"events happen at ticks {when.min()} to {when.max()}; "
                f"the run has ticks 0 to {ticks - 1}"
            )
        order = np.lexsort((who, when))
        start = np.searchsorted(when[order], np.arange(ticks + 1))
        return Events(start.astype(np.int64), who[order].astype(np.int32))


@dataclass(frozen=True, eq=False)
class PlasticState:
    """Synapses under a rule; the arrays change as ticks pass.

    Synapses are sorted by terminal: those of terminal ``i`` are ``indptr[i]`` to
    ``indptr[i + 1] − 1``, and ``target`` names their neurons. A terminal is all synapses of one
    source neuron with one delay; its events are the *arrivals* of the source's spikes, so delays
    are applied by whoever calls `advance`. Results do not depend on how a run is cut into calls.

    Attributes:
        rule: the rule.
        dt: tick in ms.
        seed: seed of the rule's random draws.
        indptr: ``(terminals + 1,)``.
        target: ``(synapses,)``.
        transpose: for synapses sorted by neuron: ``(neurons + 1,)`` starts, then the synapse and
            the terminal of each.
        values: by place, ``(states, cells)``; a state that waits holds its value of tick ``last``.
        last: by place, the tick that the waiting states of each cell were advanced to.
        kernel: the compiled rule.
        constants: numbers of the rule that the kernel reads.
        decays: for every linear state its decay over few and over many ticks.
    """

    rule: Rule
    dt: float
    seed: int
    indptr: NDArray[np.int64]
    target: NDArray[np.int32]
    transpose: tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int32]]
    values: Mapping[Place, Array]
    last: Mapping[Place, NDArray[np.int64]]
    kernel: Any
    constants: Array
    decays: Array

    @staticmethod
    def of(
        rule: Rule,
        indptr: ArrayLike,
        target: ArrayLike,
        neurons: int,
        *,
        dt: float,
        init: Mapping[str, ArrayLike] | None = None,
        seed: int = 0,
        engine: Engine = "compiled",
    ) -> PlasticState:
        """Lay out synapses and compile the rule, if this process or the cache has not yet.

        Args:
            rule: the rule.
            indptr: ``(terminals + 1,)`` first synapse of each terminal.
            target: ``(synapses,)`` neuron of each synapse.
            neurons: number of postsynaptic neurons.
            dt: tick in ms.
            init: initial values of states, one number or one per cell; else the rule's. They lie
                in the state's range, and within parameters ``NAME_min`` and ``NAME_max``.
            seed: seed of the random draws.
            engine: ``"interpreted"`` compiles nothing, which takes about a second per rule, and
                has Python run the same operations: for few synapses. Results are equal bit for bit.

        Raises:
            SCConfigError: the rows or targets are not those of a sparse matrix, ``init`` names no
                state or holds values outside its range, or ``dt`` is not positive.
        """
        if engine not in _ENGINES:
            raise SCConfigError(f"engine is {engine!r}; it must be one of {', '.join(_ENGINES)}")
        dt = require_positive("dt", dt)
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise SCConfigError(f"seed is {seed!r}; it must be a whole number from 0 to 2**64 - 1")
        starts, targets = _whole("indptr", indptr), _whole("target", target).astype(np.int32)
        _check_rows(starts, targets, neurons)
        cells: dict[Place, int] = {
            "synapse": len(targets), "pre": len(starts) - 1, "post": neurons, "shared": 1,
        }  # fmt: skip
        given = dict(init or {})
        values: dict[Place, Array] = {}
        for place, count in cells.items():
            rows = [
                _initial(rule, q, given.pop(q.name, q.value), count) for q in rule.states_at(place)
            ]
            values[place] = np.array(rows).reshape(len(rows), count)
        if given:
            names = [q.name for q in rule.states]
            wrong = next(iter(given))
            raise SCConfigError(
                f"init names '{wrong}', which is not a state of rule '{rule.name}'"
                f"{suggest(wrong, names)}"
            )
        order = np.argsort(targets, kind="stable").astype(np.int32)
        terminal = np.repeat(np.arange(len(starts) - 1, dtype=np.int32), np.diff(starts))
        first = np.searchsorted(targets[order], np.arange(neurons + 1)).astype(np.int64)
        source = kernel_source(rule)
        return PlasticState(
            rule=rule,
            dt=dt,
            seed=seed,
            indptr=starts,
            target=targets,
            transpose=(first, order, terminal[order]),
            values=values,
            last={p: np.full(n, -1, np.int64) for p, n in cells.items()},
            kernel=_ENGINES[engine](source),
            constants=_constants(rule, source, dt),
            decays=_decays(rule, source, dt),
        )

    def advance(
        self,
        start: int,
        ticks: int = 1,
        *,
        arrivals: Events | None = None,
        spikes: Events | None = None,
        inputs: Mapping[str, ArrayLike] | None = None,
        phase: Phase = "both",
        out: Array | None = None,
    ) -> Array:
        """Advance ticks ``start`` to ``start + ticks − 1``.

        A simulator that learns of the spikes of a tick only after it has handed over the arrivals
        calls twice per tick: ``phase="arrivals"``, then ``phase="spikes"``.

        Args:
            start: absolute number of the first tick; it continues where the last call ended.
            ticks: how many.
            arrivals: presynaptic spikes arriving at terminals.
            spikes: postsynaptic spikes.
            inputs: by name, ``(cells,)`` for all ticks or ``(ticks, cells)``; one number for all.
            phase: which part of the ticks.
            out: ``(ticks, neurons)`` to add what neurons are handed to; new if not given.

        Returns:
            ``out``.

        Raises:
            SCConfigError: an event or an input does not fit, or a state became non-finite (the
                arrays are then of no use).
        """
        neurons = len(self.transpose[0]) - 1
        if ticks < 0 or start < 0 or phase not in _PHASES:
            raise SCConfigError(
                f"start is {start}, ticks {ticks} and phase {phase!r}; the first two are 0 or "
                f"more, the last is one of {', '.join(_PHASES)}"
            )
        if out is None:
            out = np.zeros((ticks, neurons))
        if out.shape != (ticks, neurons) or out.dtype != np.float64:
            raise SCConfigError(
                f"out has shape {out.shape} of {out.dtype}; it must be ({ticks}, {neurons}) of "
                "float64"
            )
        arriving = _events("arrivals", arrivals, ticks, len(self.indptr) - 1)
        spiking = _events("spikes", spikes, ticks, neurons)
        given = self._inputs(inputs or {}, ticks)
        v, last = self.values, self.last
        places = (
            v["synapse"], last["synapse"], v["pre"], last["pre"], v["post"], last["post"],
            v["shared"].reshape(-1),
        )  # fmt: skip
        rows = (self.indptr, self.target, *self.transpose)
        bad, who, which = self.kernel(
            self.constants, self.decays, *places, *rows, *given, *arriving, *spiking, out, start,
            ticks, _PHASES[phase], np.uint64(self.seed),
        )  # fmt: skip
        if bad >= 0:
            name = self.rule.states_at("synapse")[which].name
            raise SCConfigError(
                f"state '{name}' of synapse {who} became non-finite at tick {bad} "
                f"({(bad + 1) * self.dt:g} ms) under rule '{self.rule.name}'; "
                "check its parameters and inputs"
            )
        return out

    def get(self, name: str, tick: int | None = None) -> Array:
        """Values of a state: one per synapse, terminal or neuron, or one.

        Args:
            name: a state.
            tick: number of the last tick advanced; a state that waits between events is brought up
                to it. Without it, such a state is as it was at its cell's last event.

        Raises:
            SCConfigError: the rule has no such state.
        """
        names = [q.name for q in self.rule.states]
        if name not in names:
            raise SCConfigError(
                f"rule '{self.rule.name}' has no state '{name}'{suggest(name, names)}"
            )
        place = self.rule.places[name]
        row = [q.name for q in self.rule.states_at(place)].index(name)
        values: Array = self.values[place][row].copy()
        if tick is None or name not in self.rule.odes or place in self.rule.ticked:
            return values
        rate, rest, _ = _flow(self.rule, name, self.dt)
        gone = tick - self.last[place]
        if rate == 0:
            return np.asarray(values + rest * gone)
        return np.asarray(rest + (values - rest) * np.exp(rate * gone))

    def _inputs(self, given: Mapping[str, ArrayLike], ticks: int) -> list[Array]:
        known = {q.name: q for q in self.rule.inputs}
        for name in given:
            if name not in known:
                raise SCConfigError(
                    f"rule '{self.rule.name}' has no input '{name}'{suggest(name, known)}"
                )
        result = []
        for name, q in known.items():
            cells = {
                "synapse": len(self.target), "pre": len(self.indptr) - 1,
                "post": len(self.transpose[0]) - 1, "shared": 1,
            }[self.rule.places[name]]  # fmt: skip
            values = np.asarray(given.get(name, q.value), np.float64)
            if self.rule.places[name] == "shared" and values.ndim == 1 and len(values) == ticks:
                values = values[:, None]
            table = np.atleast_2d(values)
            try:
                table = np.array(np.broadcast_to(table, (len(table), cells)))
                if len(table) not in (1, ticks):
                    raise ValueError
            except ValueError:
                raise SCConfigError(
                    f"input '{name}' has shape {values.shape}; allowed: one number, ({cells},) or "
                    f"({ticks}, {cells})"
                ) from None
            result.append(table)
        return result


def _constants(rule: Rule, source: KernelSource, dt: float) -> Array:
    numbers = [*source.literals, *(q.value for q in rule.parameters), dt]
    for name in source.flows:
        rate, rest, factor = _flow(rule, name, dt)
        numbers += [rate, rest, factor]
    return np.array(numbers)


def _decays(rule: Rule, source: KernelSource, dt: float) -> Array:
    ticks = [*range(FINE), *(FINE * n for n in range(COARSE))]
    rates = [_flow(rule, name, dt)[0] for name in source.flows]
    # A state that grows is cut at e^709, the largest number; the rule's check then speaks.
    rows = [[math.exp(min(rate * n, 709.0)) for n in ticks] for rate in rates]
    return np.array(rows).reshape(len(rows), len(ticks))


def _flow(rule: Rule, name: str, dt: float) -> tuple[float, float, float]:
    """Rate per tick; value at rest, or slope per tick when the rate is 0; factor of one tick."""
    flow = linear_flow(rule, name)
    assert flow is not None
    a, b = (evaluate(e, {**rule.parameter_values, "dt": dt}) for e in flow)
    return (a * dt, -b / a, math.exp(a * dt)) if a else (0.0, b * dt, 1.0)


def _whole(what: str, given: ArrayLike) -> NDArray[np.int64]:
    """Numbers as integers; fractions, NaN and text are refused."""
    numbers = np.asarray(given)
    kind = numbers.dtype.kind
    if numbers.size and not (kind in "iu" or (kind == "f" and (numbers == np.rint(numbers)).all())):
        raise SCConfigError(f"{what} hold {numbers.dtype} numbers; they must be whole")
    return numbers.astype(np.int64)


def _check_rows(indptr: NDArray[np.int64], target: NDArray[np.int32], neurons: int) -> None:
    wrong = indptr.ndim != 1 or target.ndim != 1 or len(indptr) < 1
    if wrong or indptr[0] != 0 or indptr[-1] != len(target) or (np.diff(indptr) < 0).any():
        raise SCConfigError(
            f"the rows are not those of a sparse matrix: indptr must rise from 0 to the number of "
            f"synapses, {target.size}"
        )
    if len(target) and not 0 <= target.min() <= target.max() < neurons:
        raise SCConfigError(
            f"targets are {target.min()} to {target.max()}; there are neurons 0 to {neurons - 1}"
        )


def _initial(rule: Rule, q: Quantity, value: ArrayLike, cells: int) -> Array:
    try:
        given = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        raise SCConfigError(f"init of '{q.name}' is {value!r}; give numbers") from None
    if given.shape not in ((), (cells,)):
        raise SCConfigError(
            f"init of '{q.name}' has shape {given.shape}; give one number or ({cells},)"
        )
    bounds = rule.parameter_values
    low = max(q.low, bounds.get(f"{q.name}_min", q.low))
    high = min(q.high, bounds.get(f"{q.name}_max", q.high))
    if given.size and not (np.isfinite(given).all() and low <= given.min() <= given.max() <= high):
        raise SCConfigError(
            f"init of '{q.name}' of rule '{rule.name}' is {given.min():g} to {given.max():g}; "
            f"it must be {low:g} to {high:g}"
        )
    return np.broadcast_to(given, cells).astype(np.float64)


def _events(
    what: str, given: Events | None, ticks: int, cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    if given is None:
        return np.zeros(ticks + 1, np.int64), _NONE
    if len(given.start) != ticks + 1:
        raise SCConfigError(
            f"{what} are given for {len(given.start) - 1} ticks; the call advances {ticks}"
        )
    if len(given.index) and not 0 <= given.index.min() <= given.index.max() < cells:
        raise SCConfigError(
            f"{what} name {given.index.min()} to {given.index.max()}; allowed: 0 to {cells - 1}"
        )
    return given.start, given.index
