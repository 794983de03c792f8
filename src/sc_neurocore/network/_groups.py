"""Populations whose equations are the same, merged: one kernel advances them together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import Model, linear_system
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._population import Population, SpikeSourceArray, at_resolution
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._seeds import stream

Array = NDArray[np.float64]

#: A spike is one number of 64 bits, half of them for its source.
_MOST_SOURCES = 2**32 - 1


@dataclass(frozen=True, eq=False)
class Group:
    """Neurons that one kernel advances.

    Attributes:
        model: their equations; parameters that all share have their values here.
        populations: the populations, in order.
        offsets: first neuron of each population, and the number of neurons.
        own: ``(n,)`` parameters that differ between neurons.
        base: ``(n,)`` of every input, its value in a tick in which nothing arrives.
        values: ``(states, n)`` initial values.
        seed: of the model's draws.
    """

    model: Model
    populations: tuple[Population, ...]
    offsets: tuple[int, ...]
    own: dict[str, Array]
    base: dict[str, Array]
    values: Array
    seed: int

    @property
    def n(self) -> int:
        """Number of neurons."""
        return self.offsets[-1]

    def part(self, population: Population) -> slice:
        """Where the neurons of a population stand."""
        k = next(k for k, p in enumerate(self.populations) if p is population)
        return slice(self.offsets[k], self.offsets[k + 1])


@dataclass(frozen=True, eq=False)
class Sources:
    """All that spikes, counted through in the order of labels.

    Spikes of a tick are worked off in this order, so that sums depend neither on the order of
    addition nor on what else is in the network.

    Attributes:
        index: number of every population, by identity.
        first: first source of every population, by identity.
        starts: ``(populations + 1,)`` first sources, then the number of all.
        owner: ``(sources,)`` population of every source.
    """

    index: dict[int, int]
    first: dict[int, int]
    starts: NDArray[np.int64]
    owner: NDArray[np.int32]

    @staticmethod
    def of(groups: Sequence[Group], given: Sequence[SpikeSourceArray]) -> Sources:
        """Number the neurons of all groups, and sources of given spikes.

        Raises:
            SCConfigError: there are more than a spike has bits for.
        """
        members = [p for group in groups for p in group.populations]
        everyone: list[Population | SpikeSourceArray] = [*members, *given]
        everyone.sort(key=lambda p: p.label)
        starts = np.cumsum([0, *(p.n for p in everyone)]).astype(np.int64)
        if starts[-1] > _MOST_SOURCES:
            raise SCConfigError(
                f"the network has {starts[-1]} neurons and sources; at most {_MOST_SOURCES} fit"
            )
        return Sources(
            {id(p): k for k, p in enumerate(everyone)},
            {id(p): int(x) for p, x in zip(everyone, starts, strict=False)},
            starts,
            np.repeat(np.arange(len(everyone)), [p.n for p in everyone]).astype(np.int32),
        )

    def of_group(self, group: Group) -> NDArray[np.int64]:
        """``(n,)`` source that every neuron of a group is."""
        return np.concatenate([self.first[id(p)] + np.arange(p.n) for p in group.populations])

    def ordered(self, projections: Sequence[Projection]) -> list[Projection]:
        """Projections by their source, then target, then label."""

        def key(p: Projection) -> tuple[int, int, str]:
            return self.index[id(p.source)], self.index[id(p.target)], p.label

        return sorted(projections, key=key)

    def rows(self, ordered: Sequence[Projection]) -> NDArray[np.int64]:
        """``(populations + 1,)`` where the projections of every population stand in ``ordered``."""
        counts = np.bincount([self.index[id(p.source)] for p in ordered], minlength=len(self.index))
        return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


def merged(populations: Sequence[Population], dt: float, seed: int) -> list[Group]:
    """Group populations by their equations, in order of first appearance.

    Args:
        populations: labelled.
        dt: tick in ms.
        seed: of the network.

    Raises:
        SCConfigError: a parameter differs between neurons that the method needs as one number.
    """
    found: dict[Any, list[tuple[Population, Model]]] = {}
    for population in populations:
        model = at_resolution(population.model, dt)
        found.setdefault(_key(population, model), []).append((population, model))
    return [_group(members, seed) for members in found.values()]


def _key(population: Population, model: Model) -> Any:
    """What populations must agree on to share a kernel."""
    if model.draws:  # draws depend on the place in the group, so such a population stays alone
        return id(population)
    baked = _baked(model)
    for name in baked:
        if name in population.params and not isinstance(population.params[name], float):
            raise SCConfigError(
                f"parameter '{name}' differs between neurons of population '{population.label}', "
                f"but method 'exact' solves the coupled states of '{model.name}' for one value; "
                "use method 'rk4', or a population for each value"
            )
    return replace(
        model,
        name="",
        states=tuple(replace(q, value=0.0) for q in model.states),
        parameters=tuple(q if q.name in baked else replace(q, value=0.0) for q in model.parameters),
        inputs=tuple(replace(q, value=0.0) for q in model.inputs),
    )


def _baked(model: Model) -> set[str]:
    """Parameters that the exact solution of coupled states takes as numbers."""
    if model.method != "exact":
        return set()
    system = linear_system(model)
    assert system is not None, "checked when the method was chosen"
    rows = system[0]
    coupled = any(
        cell.op != "num" or cell.value
        for i, row in enumerate(rows)
        for j, cell in enumerate(row)
        if i != j
    )
    return {x for row in rows for cell in row for x in cell.names()} if coupled else set()


def _group(members: list[tuple[Population, Model]], seed: int) -> Group:
    first = members[0][1]
    sizes = [population.n for population, _ in members]
    offsets = tuple(int(x) for x in np.cumsum([0, *sizes]))
    drawn = [p.drawn(p.params, stream(seed, "parameters", p.label)) for p, _ in members]
    initial = [p.drawn(p.init, stream(seed, "states", p.label)) for p, _ in members]

    def joined(name: str, given: list[dict[str, Any]], values: list[float]) -> Array:
        out = np.empty(offsets[-1])
        for k, (own, value) in enumerate(zip(given, values, strict=True)):
            out[offsets[k] : offsets[k + 1]] = own.get(name, value)
        return out

    own, shared = {}, {}
    for i, q in enumerate(first.parameters):
        values = joined(q.name, drawn, [m.parameters[i].value for _, m in members])
        if (values == values[0]).all():
            shared[q.name] = float(values[0])
        else:
            own[q.name] = values
    model = first.with_parameters(shared)
    if own:  # names, signs and ranges are checked once, on the extremes
        for extreme in (np.min, np.max):
            model.with_parameters({name: float(extreme(v)) for name, v in own.items()})
    base = {
        q.name: joined(q.name, drawn, [m.inputs[i].value for _, m in members])
        for i, q in enumerate(first.inputs)
    }
    states = [
        joined(q.name, initial, [m.states[i].value for _, m in members])
        for i, q in enumerate(first.states)
    ]
    label = members[0][0].label
    return Group(
        model, tuple(p for p, _ in members), offsets, own, base,
        np.array(states).reshape(len(first.states), offsets[-1]), stream(seed, "draws", label),
    )  # fmt: skip
