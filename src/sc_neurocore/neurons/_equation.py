"""A neuron given by equations, run one tick at a time or many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import (
    Model,
    Quantity,
    Stepper,
    build_model,
    require_finite,
    simulate,
    suggest,
)
from sc_neurocore.exceptions import SCConfigError

BACK_ENDS = ("numba",)


class EquationNeuron:
    """One neuron of a `Model`.

    `step` and `simulate` run the same compiled kernel and agree bit for bit. A tick that would
    make a state non-finite raises and leaves the state as it was.

    Attributes:
        model: the model.
        seed: seed of the random draws; a tick's draws depend on the seed and the tick alone.
        equations: right-hand sides by name, as written in the language.
        parameters: parameter values by name, in their declared units.
        threshold: spike condition, ``None`` for a graded model.
        dt: tick in ms (maps: 1).
        method: integration method.
    """

    def __init__(self, model: Model, seed: int = 0) -> None:
        self.model = model
        self.seed = seed
        self.equations = {e.target: str(e.expr) for e in model.equations}
        self.parameters = model.parameter_values
        self.threshold = None if model.threshold is None else str(model.threshold)
        self.dt = model.dt
        self.method = model.method
        self._rest = {q.name: q.value for q in model.inputs}
        self._stepper = Stepper(model, seed)
        self._initial = self._stepper.state

    @property
    def state(self) -> dict[str, float]:
        """State values by name, in their declared units."""
        values = self._stepper.state.values[:, 0]
        return dict(zip(self.model.state_names, map(float, values), strict=True))

    @property
    def refractory(self) -> int:
        """Ticks left during which the neuron cannot spike."""
        return int(self._stepper.state.refractory[0])

    def step(self, I: float | None = None, **inputs: float) -> int:  # noqa: E741
        """Run one tick and return 1 if the neuron spikes, else 0.

        Args:
            I: value of the input ``I``; inputs that are not given have their resting value.
            **inputs: values of other inputs by name.

        Raises:
            SCConfigError: an unknown input, a value that is not finite, or a state that would
                become non-finite; nothing changes.
        """
        given = inputs if I is None else {"I": I, **inputs}
        values = self._rest
        if given:
            values = {**values, **given}
            if len(values) > len(self._rest):
                stray = next(name for name in given if name not in self._rest)
                raise SCConfigError(
                    f"model '{self.model.name}' has no input '{stray}'{suggest(stray, self._rest)}"
                )
            for name, value in given.items():
                require_finite(f"input '{name}'", value)
        return int(self._stepper.step(tuple(values.values())))

    def reset(self) -> None:
        """Return to the initial state and to tick 0, which also rewinds the random draws."""
        self._stepper.state = self._initial

    def get_state(self) -> dict[str, Any]:
        """State by name: numbers, or pint quantities when the units are strict."""
        if not self.model.strict_units:
            return dict(self.state)
        from sc_neurocore.dynamics import unit_registry

        make = unit_registry().Quantity
        values = self.state
        return {q.name: make(values[q.name], q.unit or "dimensionless") for q in self.model.states}

    def simulate(
        self, n_steps: int, current: ArrayLike | Mapping[str, ArrayLike] = 0.0,
        backend: str = "numba",
    ) -> tuple[NDArray[np.float64], NDArray[np.uint8]]:  # fmt: skip
        """Run ``n_steps`` ticks from the present state, as that many calls of `step` would.

        Args:
            n_steps: number of ticks.
            current: the input: a number, ``(n_steps,)``, or a mapping of such by input name.
            backend: what executes the ticks; only ``"numba"``.

        Returns:
            ``trace``, shape ``(n_steps, S)``: the states at the end of every tick, and
            ``spikes``, shape ``(n_steps,)``: 1 at the ticks that spiked.

        Raises:
            SCConfigError: an argument does not fit, or a state would become non-finite; nothing
                changes.
        """
        if backend not in BACK_ENDS:
            raise SCConfigError(f"backend is '{backend}'; allowed: {', '.join(BACK_ENDS)}")
        names = self.model.state_names
        start = self._stepper.state
        run = simulate(
            self.model, current, ticks=n_steps, seed=self.seed, record=names, state=start
        )
        self._stepper.state = run.final
        trace = np.column_stack([run.states[name][:, 0] for name in names])
        spikes = np.zeros(n_steps, np.uint8)
        spikes[run.spikes.tick - start.tick] = 1
        return trace, spikes

    def __repr__(self) -> str:
        left = {"ode": "d{}/dt", "map": "{}[n+1]", "let": "{}", "shift": "{}[n+1]"}
        lines = [f"{left[e.kind].format(e.target)} = {e.expr}" for e in self.model.equations]
        if self.threshold is not None:
            lines.append(f"spike: {self.threshold}")
        lines += [f"jump: {a.source}" for a in self.model.jumps]
        lines += [f"reset: {a.source}" for a in self.model.reset]
        body = "\n  ".join(lines)
        return f"EquationNeuron '{self.model.name}' ({self.method}, dt = {self.dt:g}):\n  {body}"


def from_equations(
    equations: str,
    threshold: str | None = None,
    reset: str | None = None,
    params: Mapping[str, Any] | None = None,
    init: Mapping[str, Any] | None = None,
    *,
    jumps: str | None = None,
    dt: Any = 0.1,
    method: str | None = None,
    refractory: Any = 0.0,
    units: str | None = None,
    input_unit: str = "",
    inputs: Iterable[Quantity] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    hold: Iterable[str] | None = None,
    integers: Iterable[str] = (),
    edge: str = "level",
    seed: int = 0,
    name: str = "neuron",
) -> EquationNeuron:
    """Build a neuron from Brian2-style equation strings.

    The arguments are those of `sc_neurocore.dynamics.build_model`; ``seed`` is the seed of the
    random draws.

    Raises:
        EquationError, UnitMismatchError, SCConfigError: one sentence each.

    Example:
        >>> neuron = from_equations(
        ...     "dv/dt = (-(v - E_L) + R*I)/tau_m", threshold="v > -50", reset="v = -65",
        ...     params=dict(E_L=-65, tau_m=10, R=10), init=dict(v=-65),
        ... )
        >>> sum(neuron.step(I=2.0) for _ in range(1000))
        7
    """
    model = build_model(
        equations,
        threshold=threshold,
        reset=reset,
        jumps=jumps,
        params=params,
        init=init,
        ranges=ranges,
        inputs=inputs,
        dt=dt,
        method=method,
        refractory=refractory,
        hold=hold,
        integers=integers,
        edge=edge,
        units=units,
        input_unit=input_unit,
        name=name,
    )
    return EquationNeuron(model, seed)
