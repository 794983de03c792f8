"""What a neuron is, as data: states, parameters, inputs, equations and events."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from sc_neurocore.dynamics._tree import Expr
from sc_neurocore.exceptions import SCConfigError

Method = Literal["euler", "heun", "rk4", "exponential_euler", "exact", "rosenbrock", "map"]
METHODS: tuple[Method, ...] = (
    "euler", "heun", "rk4", "exponential_euler", "exact", "rosenbrock", "map",
)  # fmt: skip
Edge = Literal["level", "rising"]
Kind = Literal["current", "event"]


@dataclass(frozen=True)
class Quantity:
    """A named number with its unit, declared range and meaning.

    Attributes:
        name: identifier used in the equations.
        value: initial value (state), value (parameter) or resting value (input), in ``unit``.
        unit: pint unit text, ``""`` when dimensionless or units are off.
        low: smallest value the quantity is declared to take, in ``unit``.
        high: largest such value.
        meaning: what it is, in a few words.
        kind: of an input: ``"current"`` holds over the tick and drives the equations, ``"event"``
            is the sum of the weights of the events that arrive in the tick and drives the jumps.
        integer: of a state: whether it is a whole number in every execution.
    """

    name: str
    value: float
    unit: str = ""
    low: float = -math.inf
    high: float = math.inf
    meaning: str = ""
    kind: Kind = "current"
    integer: bool = False


@dataclass(frozen=True)
class Equation:
    """``target``'s derivative (``ode``), next value (``map``) or definition (``let``).

    A ``shift`` is the next value of a register of a delay: what ``expr`` names is in it a tick
    later, in models of either kind.
    """

    kind: Literal["ode", "map", "let", "shift"]
    target: str
    expr: Expr
    source: str


@dataclass(frozen=True)
class Assignment:
    """``target := expr``, executed in every tick (a jump) or when the neuron spikes (a reset)."""

    target: str
    expr: Expr
    source: str


@dataclass(frozen=True)
class Model:
    """A complete neuron model.

    One tick of length ``dt`` means the same in every execution; see
    ``docs/explanation/semantics.md``:

    1. every state not held by refractoriness advances at once from the old states and the
       tick's inputs; then the ``jumps`` run top to bottom on the advanced states;
    2. ``threshold`` is evaluated on the new states;
    3. outside refractoriness a true threshold (or, with ``edge="rising"``, one that was false at
       the tick before) is a spike: ``reset`` runs top to bottom, each line seeing the lines above;
    4. the refractory counter is loaded by a spike, else counts down.

    Attributes:
        name: model name (an identifier).
        states: the state variables in order; ``value`` is the initial value.
        parameters: constants of the model.
        inputs: what a tick receives from outside, usually ``I``.
        equations: one ``ode`` or ``map`` per state and any number of ``let``, in dependency order.
        threshold: condition over states, parameters and currents; ``None`` for a graded model.
        reset: assignments at a spike.
        edge: ``level`` spikes whenever the condition holds, ``rising`` on its onset.
        refractory: absolute refractory period in ms.
        hold: states frozen during refractoriness.
        dt: tick in ms (for maps: 1 per iteration, without unit).
        method: integration method.
        strict_units: whether units were checked and converted.
        jumps: assignments of every tick; the only readers of event inputs.
        description: what the model is, in a sentence.
        threshold_source: the threshold as it was written.
    """

    name: str
    states: tuple[Quantity, ...]
    parameters: tuple[Quantity, ...]
    inputs: tuple[Quantity, ...]
    equations: tuple[Equation, ...]
    threshold: Expr | None
    reset: tuple[Assignment, ...]
    edge: Edge
    refractory: float
    hold: tuple[str, ...]
    dt: float
    method: Method
    strict_units: bool = False
    jumps: tuple[Assignment, ...] = ()
    description: str = field(default="", compare=False)
    threshold_source: str = field(default="", compare=False)

    @property
    def threshold_text(self) -> str:
        """The threshold as it was written."""
        return self.threshold_source or str(self.threshold)

    @property
    def state_names(self) -> tuple[str, ...]:
        """State names in order."""
        return tuple(q.name for q in self.states)

    @property
    def input_names(self) -> tuple[str, ...]:
        """Input names in order."""
        return tuple(q.name for q in self.inputs)

    @property
    def event_inputs(self) -> tuple[str, ...]:
        """Names of the inputs of kind ``event``, in order."""
        return tuple(q.name for q in self.inputs if q.kind == "event")

    @property
    def parameter_values(self) -> dict[str, float]:
        """Parameter values by name, in their declared units."""
        return {q.name: q.value for q in self.parameters}

    @property
    def refractory_ticks(self) -> int:
        """Ticks after a spike during which no spike can occur: ``ceil(refractory / dt)``."""
        return math.ceil(self.refractory / self.dt - 1e-9)

    @property
    def draws(self) -> tuple[Expr, ...]:
        """The random draws of one tick, by ordinal."""
        exprs = [e.expr for e in self.equations]
        exprs += [a.expr for a in (*self.jumps, *self.reset)]
        if self.threshold is not None:
            exprs.append(self.threshold)
        found = {int(n.value): n for x in exprs for n in x.walk() if n.op in ("rand", "randn")}
        return tuple(found[k] for k in sorted(found))

    def equation_of(self, target: str) -> Equation:
        """The equation that defines ``target``."""
        return next(e for e in self.equations if e.target == target)

    def with_parameters(self, overrides: Mapping[str, float]) -> Model:
        """Return the model with some parameter values replaced.

        Raises:
            SCConfigError: a name is not a parameter, or a value is not finite.
        """
        from sc_neurocore.dynamics._errors import require_finite, require_positive, suggest

        known = {q.name: q for q in self.parameters}
        for name, value in overrides.items():
            if name not in known:
                hint = suggest(name, known)
                raise SCConfigError(f"model '{self.name}' has no parameter '{name}'{hint}")
            require = require_positive if name.startswith("tau") else require_finite
            require(f"parameter '{name}'", value)
        parameters = tuple(
            replace(q, value=float(overrides[q.name])) if q.name in overrides else q
            for q in self.parameters
        )
        return replace(self, parameters=parameters)
