"""A rule at work on a sparse set of synapses: the arrays, and moving them on."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.dynamics import evaluate, require_positive, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._arguments import check_rows, indices, initial, input_tables, whole_array
from sc_neurocore.synapses._events import Events, event_rows
from sc_neurocore.synapses._interpreted import interpreted
from sc_neurocore.synapses._kernel import COARSE, FINE, KernelSource, kernel_source
from sc_neurocore.synapses._rule import Place, Rule, linear_flow

Array = NDArray[np.float64]
#: Part of a tick: up to the arrivals, the postsynaptic spikes, or both.
Phase = Literal["arrivals", "spikes", "both"]
_PHASES: Mapping[Phase, int] = {"arrivals": 1, "spikes": 2, "both": 3}
#: How ticks are run.
Engine = Literal["compiled", "interpreted"]


def _compiled(source: KernelSource) -> Any:
    from sc_neurocore.dynamics import load_kernel

    return load_kernel(source.text)


_ENGINES: Mapping[Engine, Callable[[KernelSource], Any]] = {
    "compiled": _compiled,
    "interpreted": lambda source: interpreted(source.plain),
}


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
        clock: ``(1,)`` the tick that follows all that have passed, −1 before the first call.
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
    clock: NDArray[np.int64]
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
                state or holds values outside its range, ``dt`` is not positive, or a state would
                grow by itself.
        """
        if engine not in tuple(_ENGINES):
            raise SCConfigError(f"engine is {engine!r}; it must be one of {', '.join(_ENGINES)}")
        if not isinstance(rule, Rule):
            raise SCConfigError(
                f"rule is {rule!r:.60}; give a Rule, such as load_rule('stdp_pair')"
            )
        dt, neurons = require_positive("dt", dt), require_whole("neurons", neurons, 0, 2**31 - 1)
        if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**64:
            raise SCConfigError(f"seed is {seed!r}; it must be a whole number from 0 to 2**64 - 1")
        starts, targets = whole_array("indptr", indptr), indices("target", target)
        check_rows(starts, targets, neurons)
        cells: dict[Place, int] = {
            "synapse": len(targets), "pre": len(starts) - 1, "post": neurons, "shared": 1,
        }  # fmt: skip
        if not isinstance(init or {}, Mapping):
            raise SCConfigError(f"init is {init!r:.60}; give values by the name of a state")
        given = dict(init or {})
        values: dict[Place, Array] = {}
        for place, count in cells.items():
            rows = [
                initial(rule, q, given.pop(q.name, q.value), count) for q in rule.states_at(place)
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
            clock=np.full(1, -1, np.int64),
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
            start: absolute number of the first tick; it continues where the last call ended. Where
                nothing happens between events (`Rule.idles`), ticks without any may be left out.
            ticks: how many.
            arrivals: presynaptic spikes arriving at terminals.
            spikes: postsynaptic spikes.
            inputs: by name, ``(cells,)`` for all ticks or ``(ticks, cells)``; one number for all.
                They lie in the input's range.
            phase: which part of the ticks.
            out: ``(ticks, neurons)`` to add what neurons are handed to; new if not given.

        Returns:
            ``out``.

        Raises:
            SCConfigError: an event or an input does not fit, the ticks have passed already, or a
                state became non-finite (the arrays are then of no use).
        """
        neurons = len(self.transpose[0]) - 1
        start, ticks = require_whole("start", start, 0), require_whole("ticks", ticks, 0)
        if phase not in tuple(_PHASES):
            raise SCConfigError(f"phase is {phase!r}; it must be one of {', '.join(_PHASES)}")
        now = int(self.clock[0]) - (phase == "spikes")
        if int(self.clock[0]) >= 0 and (start < now or (start > now and not self.rule.idles)):
            raise SCConfigError(f"start is {start}; the run is at tick {now}, continue there")
        if out is None:
            out = np.zeros((ticks, neurons))
        if not _fits(out, (ticks, neurons)):
            raise SCConfigError(
                f"out must be an array ({ticks}, {neurons}) of float64 in C order, to write to"
            )
        terminals, synapses = len(self.indptr) - 1, len(self.target)
        cells: dict[Place, int] = {
            "synapse": synapses, "pre": terminals, "post": neurons, "shared": 1
        }  # fmt: skip
        arriving = event_rows("arrivals", arrivals, ticks, terminals)
        spiking = event_rows("spikes", spikes, ticks, neurons)
        given = input_tables(self.rule, inputs or {}, ticks, cells)
        self.clock[0] = start + ticks
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
            SCConfigError: the rule has no such state, or the tick is before its last event.
        """
        names = [q.name for q in self.rule.states]
        if name not in names:
            raise SCConfigError(
                f"rule '{self.rule.name}' has no state '{name}'{suggest(str(name), names)}"
            )
        place = self.rule.places[name]
        row = [q.name for q in self.rule.states_at(place)].index(name)
        values: Array = self.values[place][row].copy()
        if tick is None or name not in self.rule.odes or place in self.rule.ticked:
            return values
        rate, rest, _ = _flow(self.rule, name, self.dt)
        gone = require_whole("tick", tick, -1) - self.last[place]
        if gone.size and gone.min() < 0:
            raise SCConfigError(
                f"tick is {tick}; a cell had an event at tick {self.last[place].max()}"
            )
        if rate == 0:
            return np.asarray(values + rest * gone)
        return np.asarray(rest + (values - rest) * np.exp(rate * gone))


def _constants(rule: Rule, source: KernelSource, dt: float) -> Array:
    numbers = [*source.literals, *(q.value for q in rule.parameters), dt]
    for name in source.flows:
        rate, rest, factor = _flow(rule, name, dt)
        numbers += [rate, rest, factor]
    return np.array(numbers)


def _decays(rule: Rule, source: KernelSource, dt: float) -> Array:
    ticks = [*range(FINE), *(FINE * n for n in range(COARSE))]
    rates = [_flow(rule, name, dt)[0] for name in source.flows]
    rows = [[math.exp(rate * n) for n in ticks] for rate in rates]
    return np.array(rows).reshape(len(rows), len(ticks))


def _flow(rule: Rule, name: str, dt: float) -> tuple[float, float, float]:
    """Rate per tick; value at rest, or slope per tick when the rate is 0; factor of one tick."""
    flow = linear_flow(rule, name)
    assert flow is not None
    try:
        a, b = (evaluate(e, {**rule.parameter_values, "dt": dt}) for e in flow)
    except ZeroDivisionError:
        a = b = math.nan
    if not (a <= 0 and math.isfinite(a) and math.isfinite(b)):
        raise SCConfigError(
            f"d{name}/dt of rule '{rule.name}' has the rate {a:g} per ms; between events a state "
            "decays or rests, so time constants are above 0"
        )
    return (a * dt, -b / a, math.exp(a * dt)) if a else (0.0, b * dt, 1.0)


def _fits(out: object, shape: tuple[int, int]) -> bool:
    """Whether a kernel can add to it."""
    return (
        isinstance(out, np.ndarray)
        and out.shape == shape
        and out.dtype == np.float64
        and out.flags.c_contiguous
        and out.flags.writeable
    )
