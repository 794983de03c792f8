"""A slow, accurate run of a model with SciPy: what the kernels are measured against."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics._arguments import agreed, read_inputs, recorded_names, wanted_ticks
from sc_neurocore.dynamics._evaluate import evaluate
from sc_neurocore.dynamics._methods import continuous, inlined
from sc_neurocore.dynamics._model import Model
from sc_neurocore.dynamics._simulation import Simulation, Spikes, State
from sc_neurocore.dynamics._tree import num
from sc_neurocore.exceptions import SCConfigError

#: Ticks of one integration; the solution beyond a spike is thrown away.
_SPAN = 256
_RTOL, _ATOL = 1e-9, 1e-12

Vector = NDArray[np.float64]


def reference(
    model: Model,
    current: ArrayLike | Mapping[str, ArrayLike] | None = None,
    *,
    duration: float | None = None,
    ticks: int | None = None,
    record: Iterable[str] | None = None,
    solver: str = "LSODA",
) -> Simulation:
    """Integrate one neuron with `scipy.integrate.solve_ivp` at a relative tolerance of 1e-9.

    Time between ticks is continuous, events are not: as in `simulate`, inputs are held over a
    tick, and jumps, threshold, reset and refractoriness act at ticks. A solution that escapes to
    infinity within a tick counts as its last finite value.

    Args:
        model: a model of differential equations without random draws.
        current: value of the input: a number or ``(T,)``; or a mapping by input name.
        duration: length in ms; or give
        ticks: length in ticks.
        record: names of states to keep.
        solver: a method of `solve_ivp`.

    Raises:
        SCConfigError: the model is a map, draws random numbers, or an argument does not fit.
    """
    if any(e.kind == "map" for e in model.equations):
        raise SCConfigError(f"model '{model.name}' is a map; simulate() is already exact for it")
    if model.draws:
        raise SCConfigError(f"model '{model.name}' draws random numbers; a reference needs none")
    inputs = read_inputs(model, current)
    for name, values in inputs.items():
        if values.shape[1] != 1:
            raise SCConfigError(
                f"input '{name}' has {values.shape[1]} neurons; a reference has one"
            )
    lengths = {f"input '{k}'": len(v) for k, v in inputs.items() if len(v) != 1}
    total = agreed("ticks", wanted_ticks(model, duration, ticks), lengths, default=None)
    table = np.empty((total, len(inputs)))
    for i, values in enumerate(inputs.values()):
        table[:, i] = values[:, 0]
    names = recorded_names(model, record)
    run = _Reference(model, table, solver)
    trace, spikes = run.advance()
    where = [model.state_names.index(x) for x in names]
    states = {x: trace[:, i : i + 1] for x, i in zip(names, where, strict=True)}
    final = State(
        trace[-1][:, None].copy(), np.array([run.counter]), np.array([run.previous]), total
    )
    events = Spikes(np.array(spikes, np.int64), np.zeros(len(spikes), np.int64))
    return Simulation(model, 1, total, 0, states, events, final)


class _Reference:
    """State of a reference run."""

    def __init__(self, model: Model, table: Vector, solver: str) -> None:
        self.model, self.table, self.solver = model, table, solver
        rights = inlined(continuous(model))
        self.slopes = [rights.get(x, num(0)) for x in model.state_names]
        self.shifts = {e.target: e.expr for e in model.equations if e.kind == "shift"}
        self.currents = [i for i, q in enumerate(model.inputs) if q.kind == "current"]
        self.held = np.array([x in model.hold for x in model.state_names])
        self.counter, self.previous = 0, False

    def advance(self) -> tuple[Vector, list[int]]:
        """States at the end of every tick ``(T, S)``, and the ticks of the spikes."""
        total = len(self.table)
        trace = np.empty((total, len(self.model.states)))
        x = np.array([q.value for q in self.model.states])
        spikes: list[int] = []
        at = 0
        while at < total:
            ahead = self._flow(x, at)
            before = self._values(x, at)
            for x in ahead:
                for name, expr in self.shifts.items():
                    x[self.model.state_names.index(name)] = evaluate(expr, before)
                jumped = self._jump(x, at)
                spiked = self._event(x, at)
                trace[at] = x
                at += 1
                if spiked:
                    spikes.append(at - 1)
                if self.shifts or jumped or (spiked and (self.model.reset or self._frozen)):
                    break
        return trace, spikes

    @property
    def _frozen(self) -> bool:
        return self.counter > 0 and bool(self.held.any())

    def _values(self, x: Vector, tick: int) -> dict[str, float]:
        values = dict(self.model.parameter_values)
        values.update(zip(self.model.state_names, x.tolist(), strict=True))
        values.update(zip(self.model.input_names, self.table[tick].tolist(), strict=True))
        return values

    def _flow(self, x: Vector, tick: int) -> Vector:
        """States at the next ticks, as far as the input and the held states stay the same."""
        currents = self.table[:, self.currents]
        changes = np.any(currents[tick + 1 : tick + _SPAN] != currents[tick], axis=1)
        count = int(np.argmax(changes)) + 1 if changes.any() else len(changes) + 1
        frozen = self._frozen
        if self.counter:
            count = min(count, self.counter)
        values = self._values(x, tick)

        def slope(_: float, y: Vector) -> list[float]:
            values.update(zip(self.model.state_names, y.tolist(), strict=True))
            try:
                rates = [evaluate(f, values) for f in self.slopes]
            except (ArithmeticError, ValueError):
                return [np.nan] * len(y)
            return [0.0 if frozen and h else r for r, h in zip(rates, self.held, strict=True)]

        dense, last = self._solve(slope, x, 0.0, count * self.model.dt, self._onset(values))
        ends: Vector = np.arange(1.0, count + 1) * self.model.dt
        reached = int(np.searchsorted(ends, last.t[-1] * (1 + 1e-12), "right"))
        ahead = dense(ends[:reached]).T if reached else np.empty((0, len(x)))
        if reached == count:
            return ahead
        # The threshold was passed within a tick, or the solution escaped: go to the tick's end.
        y = last.y[:, -1]
        if last.status == 1:
            y = self._solve(slope, y, last.t[-1], ends[reached], None)[1].y[:, -1]
        return np.vstack([ahead, y])

    def _solve(
        self,
        slope: Callable[[float, Vector], list[float]],
        x: Vector,
        start: float,
        end: float,
        onset: Callable[..., float] | None,
    ) -> tuple[Callable[[Vector], Vector], Any]:
        from scipy.integrate import solve_ivp

        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            solution = solve_ivp(
                slope, (start, end), x, self.solver, dense_output=True, events=onset,
                rtol=_RTOL, atol=_ATOL,
            )  # fmt: skip
        return solution.sol, solution

    def _onset(self, values: dict[str, float]) -> Callable[..., float] | None:
        """A terminal event where the threshold turns true; none where it has no consequence."""
        threshold = self.model.threshold
        if threshold is None or self.counter or not (self.model.reset or self.model.hold):
            return None

        def onset(_: float, y: Vector) -> float:
            here = values | dict(zip(self.model.state_names, y.tolist(), strict=True))
            return 1.0 if evaluate(threshold, here) else -1.0

        onset.terminal, onset.direction = True, 1.0  # type: ignore[attr-defined]
        return onset

    def _jump(self, x: Vector, tick: int) -> bool:
        """Run the jumps of a tick on ``x`` in place; return whether they moved a state."""
        values, before = self._values(x, tick), x.copy()
        for line in self.model.jumps:
            values[line.target] = evaluate(line.expr, values)
        after = np.array([values[name] for name in self.model.state_names])
        x[:] = np.where(self.held, before, after) if self.counter else after
        return bool(np.any(x != before))

    def _event(self, x: Vector, tick: int) -> bool:
        """Threshold, reset and refractoriness at the end of a tick; ``x`` is changed in place."""
        model = self.model
        if model.threshold is None:
            return False
        values = self._values(x, tick)
        met = bool(evaluate(model.threshold, values))
        spike = met and not self.counter and not (model.edge == "rising" and self.previous)
        self.previous = met
        self.counter = model.refractory_ticks if spike else max(self.counter - 1, 0)
        if spike:
            for line in model.reset:
                values[line.target] = evaluate(line.expr, values)
            x[:] = [values[name] for name in model.state_names]
        return spike
