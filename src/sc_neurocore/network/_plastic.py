"""Plastic projections: a synapse rule at work between two populations while a network runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._population import Population
from sc_neurocore.synapses import Events, PlasticState, Rule, load_rule

if TYPE_CHECKING:
    from sc_neurocore.network._projection import Projection

Array = NDArray[np.float64]
Keys = NDArray[np.int64]
State = Callable[[Population, str], Array]


@dataclass(frozen=True, eq=False)
class Plasticity:
    """What changes the weights of a projection.

    A presynaptic spike is at the synapse when it arrives: the delay of a projection is axonal. A
    rule's inputs that end in ``_pre`` or ``_post`` are states of the neurons on that side
    (``v_post`` is the target's ``v``), unless they are given here.

    Attributes:
        rule: the rule.
        inputs: modulators and other inputs of the rule: a number, or per tick of the network
            ``(T,)`` for a shared one and ``(T, cells)`` for others; after T ticks they rest.
            Cells are sources, targets, or synapses sorted by source, then target.
        init: initial values of the rule's states besides the weight: a number, or one per cell.
    """

    rule: Rule
    inputs: Mapping[str, ArrayLike] = field(default_factory=dict)
    init: Mapping[str, ArrayLike] = field(default_factory=dict)

    @staticmethod
    def of(given: object) -> Plasticity | None:
        """Take the name or file of a rule, a rule, or ``None`` for what they stand for.

        Raises:
            SCConfigError: it is none of these, or an input is none of the rule's.
        """
        if given is None:
            return None
        if isinstance(given, str | Path):
            given = load_rule(given)
        if isinstance(given, Rule):
            given = Plasticity(given)
        if not isinstance(given, Plasticity):
            raise SCConfigError(
                f"plasticity is {given!r}; give the name of a rule, a Rule or a Plasticity"
            )
        known = [q.name for q in given.rule.inputs]
        for name in given.inputs:
            if name not in known:
                raise SCConfigError(
                    f"rule '{given.rule.name}' has no input '{name}'{suggest(name, known)}"
                )
        if "w" not in [q.name for q in given.rule.states_at("synapse")]:
            raise SCConfigError(
                f"rule '{given.rule.name}' has no weight 'w'; a projection needs it"
            )
        return given


class PlasticProjection:
    """The plastic synapses of one projection while a network runs.

    The projection's weights become those of the rule: the same memory.

    Attributes:
        state: the synapses under their rule, sorted by source, delay, target.
    """

    def __init__(
        self, projection: Projection, plasticity: Plasticity, state: State, dt: float, seed: int
    ) -> None:
        """Lay out the synapses.

        Raises:
            SCConfigError: weights do not fit the rule, or an input is neither given nor a state.
        """
        synapses = projection.synapses
        source = np.repeat(np.arange(synapses.sources), np.diff(synapses.starts))
        delays, targets = synapses.delays, synapses.indices
        order = np.lexsort((targets, delays, source))
        source, delays = source[order], delays[order]
        # A terminal is all synapses of one source with one delay.
        new = np.ones(len(order), bool)
        new[1:] = (np.diff(source) != 0) | (np.diff(delays) != 0)
        first = np.flatnonzero(new)
        self._delay, self._source = delays[first], source[first]
        self._row = np.searchsorted(self._source, np.arange(synapses.sources + 1))
        rule = plasticity.rule
        # From cells as the user counts them to those of the rule.
        self._cells: dict[str, NDArray[np.int64]] = {"synapse": order, "pre": self._source}
        counts = {"synapse": len(order), "pre": synapses.sources, "post": synapses.targets}
        self._counts = counts
        init = {
            name: self._of_cells(name, rule.places.get(name, ""), given)
            for name, given in plasticity.init.items()
        }
        self.state = PlasticState.of(
            rule, [*first, len(order)], targets[order], synapses.targets, dt=dt, seed=seed,
            init={**init, "w": synapses.data[order]},
        )  # fmt: skip
        names = [q.name for q in rule.states_at("synapse")]
        projection.hold(
            replace(
                synapses,
                words=synapses.words[order],
                weights=self.state.values["synapse"][names.index("w")],
            )
        )
        self._due: list[list[NDArray[np.int64]]] = [[] for _ in range(synapses.longest + 1)]
        self._idle = rule.idles
        self._inputs = [
            (q.name, self._reader(q.name, q.value, plasticity, projection, state))
            for q in rule.inputs
        ]

    def arrive(self, tick: int, arrivals: Array) -> None:
        """Before the neurons compute ``tick``: add to ``(targets,)`` what arrives in it."""
        slot = tick % len(self._due)
        due, self._due[slot] = self._due[slot], []
        if self._idle and not due:
            return
        events = _events(np.sort(np.concatenate(due))) if due else None
        inputs = {name: read(tick) for name, read in self._inputs}
        out = arrivals[None, :]
        self.state.advance(tick, arrivals=events, inputs=inputs, phase="arrivals", out=out)

    def spike(self, tick: int, pre: Keys, post: Keys) -> None:
        """After it: sources that spiked in it set out, targets that spiked in it are learnt of."""
        if len(pre):
            a, b = self._row[pre], self._row[pre + 1]
            count = b - a
            terminals = np.repeat(a - np.cumsum(count) + count, count) + np.arange(count.sum())
            delays = self._delay[terminals]
            for delay in np.unique(delays):
                slot = (tick + int(delay)) % len(self._due)
                self._due[slot].append(terminals[delays == delay])
        if len(post) and self.state.rule.on_post:
            self.state.advance(tick, spikes=_events(post), phase="spikes")

    def _of_cells(self, name: str, place: str, given: ArrayLike) -> Array:
        """Values by the user's cells as values by the rule's; one number for all stays."""
        values = np.asarray(given, np.float64)
        if values.ndim == 0 or place not in self._counts:
            return values
        if values.shape[-1] != self._counts[place]:
            raise SCConfigError(
                f"'{name}' is given for {values.shape[-1]} cells at '{place}'; there are "
                f"{self._counts[place]}"
            )
        return values[..., self._cells[place]] if place in self._cells else values

    def _reader(
        self, name: str, rest: float, given: Plasticity, projection: Projection, state: State
    ) -> Callable[[int], ArrayLike]:
        """Where the value of an input in a tick comes from."""
        place = given.rule.places[name]
        if name in given.inputs:
            values = self._of_cells(name, place, given.inputs[name])
            if values.ndim == (1 if place == "shared" else 2):
                return lambda tick: values[tick] if tick < len(values) else rest
            return lambda tick: values
        if place == "shared":
            return lambda tick: rest
        ends = {"pre": projection.source, "post": projection.target}
        population = ends.get(place)
        variable = name.removesuffix(f"_{place}")
        if (
            not isinstance(population, Population)
            or variable == name
            or variable not in population.model.state_names
        ):
            raise SCConfigError(
                f"rule '{given.rule.name}' of projection {projection.name} reads '{name}', which "
                f"is no state of its {place}synaptic neurons; give it with "
                "Plasticity(rule, inputs={…})"
            )
        live = state(population, variable)
        if place == "post":
            return lambda tick: live
        source = self._source
        return lambda tick: live[source]


def _events(index: NDArray[np.int64]) -> Events:
    """Events of one tick."""
    return Events(np.array([0, len(index)], np.int64), index.astype(np.int32))
