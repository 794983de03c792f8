"""What a synapse rule is, as data: states at four places, equations between events, and events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

from sc_neurocore.dynamics import (
    Assignment,
    Equation,
    Expr,
    Quantity,
    affine,
    require_finite,
    suggest,
)
from sc_neurocore.exceptions import SCConfigError

#: Where a value lives: one per synapse, per presynaptic terminal, per postsynaptic neuron, or one.
Place = Literal["synapse", "pre", "post", "shared"]
PLACES: tuple[Place, ...] = ("shared", "pre", "post", "synapse")
#: What an arriving spike, or a tick of a graded synapse, hands to the postsynaptic neuron.
RELEASE = "release"


@dataclass(frozen=True)
class Rule:
    """A synapse rule.

    One tick means the same in every execution:

    1. **advance**: every state moves by ``dt`` along its differential equation, all at once, with
       the tick's inputs (the values of neurons are those at the start of the tick);
    2. **every_tick** runs, if the rule has it (for synapses: only where ``when`` holds);
    3. **on_pre** runs for every presynaptic spike that *arrives* in the tick;
    4. **on_post** runs for every spike of a postsynaptic neuron in the tick.

    Assignments run from top to bottom, each line sees the lines above it. So a presynaptic spike
    that arrives in the tick of a postsynaptic spike comes first. A line of ``on_pre`` may assign
    states of the terminal and of the synapse, a line of ``on_post`` those of the neuron and of the
    synapse. A terminal is all synapses of one source with one delay. An arriving spike hands
    ``release`` to the neuron; where ``on_pre`` does not assign it, that is ``w`` as ``on_pre``
    leaves it. ``every_tick`` assigns ``release`` in graded synapses.

    Attributes:
        name: rule name (an identifier).
        states: quantities in order; ``value`` is the initial value.
        parameters: numbers that all synapses share.
        inputs: values given per tick: modulators (``shared``) and variables of neurons.
        places: place of every state and input.
        equations: differential equations of states, and intermediate equations in order.
        on_pre: assignments at the arrival of a presynaptic spike.
        on_post: assignments at a postsynaptic spike.
        every_tick: assignments in every tick, ordered shared, pre, post, synapse.
        when: condition under which the lines of ``every_tick`` at synapses run; it reads shared
            and postsynaptic values only.
        description: what the rule is, in a sentence.
    """

    name: str
    states: tuple[Quantity, ...]
    parameters: tuple[Quantity, ...]
    inputs: tuple[Quantity, ...]
    places: Mapping[str, Place]
    equations: tuple[Equation, ...]
    on_pre: tuple[Assignment, ...]
    on_post: tuple[Assignment, ...]
    every_tick: tuple[Assignment, ...]
    when: Expr | None = None
    description: str = field(default="", compare=False)

    def states_at(self, place: Place) -> tuple[Quantity, ...]:
        """States of one place, in order."""
        return tuple(q for q in self.states if self.places[q.name] == place)

    @property
    def odes(self) -> dict[str, Expr]:
        """Right side of every differential equation, by state."""
        return {e.target: e.expr for e in self.equations if e.kind == "ode"}

    @property
    def parameter_values(self) -> dict[str, float]:
        """Parameter values by name."""
        return {q.name: q.value for q in self.parameters}

    @property
    def reads_neurons(self) -> frozenset[str]:
        """Inputs that are variables of the neurons on either side."""
        return frozenset(q.name for q in self.inputs if self.places[q.name] != "shared")

    @cached_property
    def ticked(self) -> frozenset[Place]:
        """Places whose states are advanced in every tick; at the others, only at events.

        A place can wait when each of its equations is linear in its own state alone with constant
        coefficients, and nothing needs its values between events: no ``every_tick`` line without
        ``when``, no equation of another place. Shared states never wait.
        """
        odes, found = self.odes, set[Place](("shared",))
        for name, expr in odes.items():
            place = self.places[name]
            if linear_flow(self, name) is None:
                found.add(place)
                found |= {self.places[x] for x in expr.names() if x in odes}
        for line in self.every_tick:
            names = {line.target, *line.expr.names()} & odes.keys()
            target = self.places.get(line.target, "synapse")
            for name in names:
                if target != "synapse" or self.when is None or self.places[name] == "shared":
                    found.add(self.places[name])
        if self.when is not None:
            found |= {self.places[x] for x in self.when.names() if x in odes}
        return frozenset(found)

    @cached_property
    def idles(self) -> bool:
        """Whether nothing happens in a tick without events, so that it can be left out."""
        moving = any(self.places[name] in self.ticked for name in self.odes)
        return not self.every_tick and not moving

    def with_parameters(self, overrides: Mapping[str, float]) -> Rule:
        """Return the rule with some parameter values replaced.

        Raises:
            SCConfigError: a name is not a parameter, or a value is outside its declared range.
        """
        return replace(
            self, parameters=_replaced(self.name, "parameter", self.parameters, overrides)
        )

    def with_initial(self, overrides: Mapping[str, float]) -> Rule:
        """Return the rule with some initial values of states replaced.

        Raises:
            SCConfigError: a name is not a state, or a value is outside its declared range.
        """
        return replace(self, states=_replaced(self.name, "state", self.states, overrides))


def linear_flow(rule: Rule, name: str) -> tuple[Expr, Expr] | None:
    """``a`` and ``b`` of ``d name/dt = a·name + b`` over parameters; ``None`` if it is not so."""
    form = affine(rule.odes[name], (name,))
    if form is None:
        return None
    a, b = form[0].get(name, Expr("num")), form[1]
    constants = {q.name for q in rule.parameters} | {"dt"}
    return (a, b) if (a.names() | b.names()) <= constants else None


def _replaced(
    rule: str, what: str, quantities: tuple[Quantity, ...], overrides: Mapping[str, float]
) -> tuple[Quantity, ...]:
    known = {q.name: q for q in quantities}
    for name, value in overrides.items():
        if name not in known:
            raise SCConfigError(f"rule '{rule}' has no {what} '{name}'{suggest(name, known)}")
        q = known[name]
        number = require_finite(f"{what} '{name}'", value)
        if not q.low <= number <= q.high:
            unit = f" {q.unit}" if q.unit else ""
            raise SCConfigError(
                f"{what} '{name}' of rule '{rule}' is {number:g}; "
                f"it must be {q.low:g} to {q.high:g}{unit}"
            )
    return tuple(
        replace(q, value=float(overrides[q.name])) if q.name in overrides else q for q in quantities
    )
