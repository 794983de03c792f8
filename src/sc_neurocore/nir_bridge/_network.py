"""The float reference of a network: every tick computed in float64, as the graph states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    Assumptions,
    BreakCycles,
    Delay,
    FoldLinear,
    Graph,
    InferShapes,
    InlineSubgraphs,
    Input,
    LinearOp,
    Neurons,
    Output,
    Projection,
    Threshold,
    latency,
    output_shapes,
    rest_values,
    run_passes,
    tick_order,
)
from sc_neurocore.nir_bridge._errors import NIRError
from sc_neurocore.nir_bridge._inputs import named_arrays
from sc_neurocore.nir_bridge._line import Line
from sc_neurocore.nir_bridge._neurons import Population

Array = NDArray[np.float64]
Inputs = ArrayLike | Mapping[str, ArrayLike]


@dataclass(frozen=True)
class Run:
    """What a network did.

    Attributes:
        outputs: per Output node, (batch, steps, *shape); the batch axis is missing when no input
            had one.
        spikes: per population, of the same axes, bool; empty unless recorded.
        membranes: per population with a membrane, after the reset; empty unless recorded.
    """

    outputs: Mapping[str, Array]
    spikes: Mapping[str, NDArray[np.bool_]]
    membranes: Mapping[str, Array]

    @property
    def output(self) -> Array:
        """The only output.

        Raises:
            SCConfigError: there are several.
        """
        if len(self.outputs) != 1:
            names = ", ".join(self.outputs)
            raise SCConfigError(f"The network has several outputs ({names}); name one of them.")
        return next(iter(self.outputs.values()))


class SCNetwork:
    """A network that runs in float64.

    Attributes:
        graph: the graph as it was given.
        flat: the graph that runs: no nested graphs, all shapes known, cycles delayed.
        assumptions: how its equations become ticks.
        assumed: names of the assumptions that neither the file nor the caller states.
    """

    def __init__(
        self, graph: Graph, assumptions: Assumptions | None = None, assumed: tuple[str, ...] = ()
    ) -> None:
        """Prepare a network and reset it.

        Args:
            graph: any valid graph.
            assumptions: how equations become ticks; the graph's dt and the defaults if None.
            assumed: see the attribute.

        Raises:
            GraphError: a shape cannot be inferred, or a cycle has no delay.
            NIRError: there is no input, no output or no population, and not every node has a place;
                the part of a place may lack any of them.
        """
        self.assumptions = assumptions or Assumptions(dt=graph.dt)
        self.graph = graph
        self.assumed = assumed
        given = graph.replace(dt=self.assumptions.dt)
        inlined = run_passes(given, (InlineSubgraphs(), InferShapes()))
        self.flat = run_passes(inlined, (BreakCycles(self.assumptions),))
        self._recurrent = tuple(
            f"{after.source} -> {after.target}"
            for before, after in zip(inlined.edges, self.flat.edges, strict=True)
            if before != after
        )
        part = all(node.place for node in self.flat.nodes.values())
        for role, nodes in (
            ("input", self.flat.inputs),
            ("output", self.flat.outputs),
            ("population", self.flat.nodes_of(Neurons, Threshold)),
        ):
            if not nodes and not part:
                raise NIRError(f"Network {graph.name!r} has no {role}; it needs at least one.")
        self._order = tick_order(self.flat, self.assumptions)
        self._shapes = output_shapes(self.flat)
        self.reset()

    @classmethod
    def from_nir(cls, source: Any, **options: Any) -> SCNetwork:
        """See the function `from_nir`."""
        from sc_neurocore.nir_bridge._bridge import from_nir

        return from_nir(source, **options)

    @cached_property
    def normal(self) -> Graph:
        """The normal form: Input, Projection, Neurons and Output nodes only.

        Raises:
            GraphError: see `FoldLinear`.
        """
        return run_passes(self.flat, (FoldLinear(self.assumptions),))

    @property
    def topo_order(self) -> tuple[str, ...]:
        """Ids of the flat graph's nodes in the order in which a tick computes them."""
        return self._order

    def describe(self) -> tuple[str, ...]:
        """The assumptions as sentences, the edges given a tick, and what nobody stated."""
        sentences = self.assumptions.describe()
        if self._recurrent:
            edges = ", ".join(self._recurrent)
            sentences = (*sentences, f"Each cycle without a delay is given one tick, at {edges}.")
        if not self.assumed:
            return sentences
        names = ", ".join(self.assumed)
        return (*sentences, f"Neither the file nor the caller states: {names}.")

    def summary(self) -> str:
        """Populations, projections and assumptions, as text."""
        lines = [f"network {self.graph.name!r}"]
        for node in self.normal.nodes.values():
            if isinstance(node.op, Neurons):
                lines.append(f"  {node.id}: {node.op.count} {node.op.kind}")
            elif isinstance(node.op, Projection):
                rows, columns = node.op.weight.shape
                late = f", {node.op.delay} tick(s) late" if node.op.delay else ""
                lines.append(f"  {node.id}: {columns} x {rows} synapses{late}")
        return "\n".join([*lines, *(f"  {text}" for text in self.describe())]) + "\n"

    def reset(self, batch: int = 1) -> None:
        """Return to rest: states zero, delay lines full of what silence gives.

        Args:
            batch: samples computed together.
        """
        self._batch = batch
        rest = rest_values(self.flat)
        self._populations = {
            node.id: Population(node.op, self.assumptions, batch)
            for node in self.flat.nodes_of(Neurons)
            if isinstance(node.op, Neurons)
        }
        self._spikes: dict[str, Array] = {}
        self._lines: dict[str, Line] = {}
        for name in self._order:
            op = self.flat.nodes[name].op
            if isinstance(op, Delay):
                ticks = np.broadcast_to(self.assumptions.ticks(op.delay), rest[name].shape)
            elif isinstance(op, Projection) and op.delay:
                ticks = np.full(rest[name].shape, op.delay)
            else:
                continue
            self._lines[name] = Line(ticks, rest[name], batch)
        # Lines that give something only later can be read before anything else in a tick.
        self._waiting = [
            name for name in self._lines if latency(self.flat.nodes[name].op, self.assumptions)
        ]
        self._incoming: dict[str, list[tuple[str, Line | None]]] = {n: [] for n in self._order}
        self._late: list[tuple[str, Line]] = []
        for edge in self.flat.edges:
            line = None
            if edge.delay:
                start = rest[edge.source]
                line = Line(np.full(start.shape, edge.delay), start, batch)
                self._late.append((edge.source, line))
            self._incoming[edge.target].append((edge.source, line))

    @property
    def spikes(self) -> Mapping[str, Array]:
        """Spikes of the last tick, 0 or 1, (batch, *shape) per population; empty before it."""
        return MappingProxyType(self._spikes)

    def checkpoint(self) -> dict[str, Array]:
        """All states between two ticks, by name; `restore` goes on from them."""
        states = {
            f"population.{name}.{key}": value
            for name, cells in self._populations.items()
            for key, value in cells.checkpoint().items()
        }
        for name, line in self._named_lines():
            states[name] = line.checkpoint()
        return states

    def restore(self, states: Mapping[str, Array]) -> None:
        """Go on from a `checkpoint` of the same network.

        Raises:
            SCConfigError: it is another network's.
        """
        expected = self.checkpoint()
        if {k: v.shape[1:] for k, v in states.items()} != {
            k: v.shape[1:] for k, v in expected.items()
        }:
            raise SCConfigError(f"The checkpoint is not of the network {self.graph.name!r}.")
        self.reset(max((len(states[k]) for k in states if k.startswith("population.")), default=1))
        for name, cells in self._populations.items():
            prefix = f"population.{name}."
            cells.restore({k: states[prefix + k] for k in cells.checkpoint()})
        for name, line in self._named_lines():
            line.restore(states[name])

    def _named_lines(self) -> list[tuple[str, Line]]:
        late = [(f"edge.{i}", line) for i, (_, line) in enumerate(self._late)]
        return [*((f"node.{name}", line) for name, line in self._lines.items()), *late]

    def step(self, inputs: Inputs) -> dict[str, Array]:
        """Compute one tick.

        Args:
            inputs: spikes or currents, of the Input's shape (or flat), with or without a leading
                axis of the batch; by the name of the Input when there are several.

        Returns:
            Per Output node, (batch, *shape).

        Raises:
            SCConfigError: names or shapes do not fit, or a number is not finite.
        """
        given = {}
        for name, value in named_arrays([node.id for node in self.flat.inputs], inputs).items():
            shape = self._shapes[name]
            flat = (int(np.prod(shape)),)
            if value.shape not in (shape, flat, (self._batch, *shape), (self._batch, *flat)):
                raise SCConfigError(
                    f"Input {name!r} of one tick has shape {value.shape}; "
                    f"{shape} is expected, or {(self._batch, *shape)}."
                )
            given[name] = np.broadcast_to(value.reshape(-1, *shape), (self._batch, *shape))
        return self._tick(given)

    def run(self, inputs: Inputs, steps: int | None = None, record: bool = False) -> Run:
        """Run from rest.

        Args:
            inputs: spikes or currents: (steps, M), (batch, steps, M), or (M,) for a constant, where
                M may also be the Input's own axes; by the name of the Input when there are several.
            steps: ticks; needed when every input is constant.
            record: keep every population's spikes and membranes.

        Raises:
            SCConfigError: names, shapes or counts do not fit, or a number is not finite.
        """
        series = {
            name: self._series(name, value)
            for name, value in named_arrays([node.id for node in self.flat.inputs], inputs).items()
        }
        batch = _common("samples", {n: s.batch for n, s in series.items()}, None)
        ticks = _common("ticks", {n: s.steps for n, s in series.items()}, steps)
        if ticks is None:
            raise SCConfigError("A constant input needs the number of steps.")
        self.reset(batch or 1)
        outputs: dict[str, list[Array]] = {node.id: [] for node in self.flat.outputs}
        spikes: dict[str, list[NDArray[np.bool_]]] = {}
        membranes: dict[str, list[Array]] = {}
        for t in range(ticks):
            for name, value in self._tick({n: s.at(t) for n, s in series.items()}).items():
                outputs[name].append(value)
            if not record:
                continue
            for name, spiked in self._spikes.items():
                spikes.setdefault(name, []).append(spiked > 0)
            for name, cells in self._populations.items():
                if cells.membrane is not None:
                    membranes.setdefault(name, []).append(cells.membrane)

        def joined(lists: Mapping[str, list[Any]]) -> dict[str, Any]:
            stacked = {name: np.stack(values, axis=1) for name, values in lists.items()}
            return stacked if batch is not None else {k: v[0] for k, v in stacked.items()}

        return Run(joined(outputs), joined(spikes), joined(membranes))

    def _tick(self, given: Mapping[str, Array]) -> dict[str, Array]:
        values = {name: self._lines[name].read(pushed=False) for name in self._waiting}
        outputs: dict[str, Array] = {}
        for name in self._order:
            if name in values:
                continue
            op = self.flat.nodes[name].op
            if isinstance(op, Input):
                values[name] = np.broadcast_to(given[name], (self._batch, *self._shapes[name]))
                continue
            x = self._sum(name, values)
            if isinstance(op, Neurons):
                values[name] = self._populations[name].advance(x)
                if op.spiking:
                    self._spikes[name] = values[name]
            elif isinstance(op, Threshold):
                values[name] = self._spikes[name] = (x > op.threshold).astype(np.float64)
            elif isinstance(op, LinearOp):
                values[name] = op.apply(x)
            elif isinstance(op, Delay):
                self._lines[name].push(x)
                values[name] = self._lines[name].read(pushed=True)
            elif isinstance(op, Output):
                outputs[name] = x
        for name in self._waiting:
            op = self.flat.nodes[name].op
            x = self._sum(name, values)
            self._lines[name].push(op.apply(x) if isinstance(op, LinearOp) else x)
        for source, line in self._late:
            line.push(values[source])
        return outputs

    def _sum(self, name: str, values: Mapping[str, Array]) -> Array:
        """What arrives at a node, added in the order of the edges."""
        first, *others = (
            values[source] if line is None else line.read(pushed=False)
            for source, line in self._incoming[name]
        )
        for value in others:
            first = first + value
        return first

    def _series(self, name: str, value: Array) -> _Series:
        shape = self._shapes[name]
        flat = (int(np.prod(shape)),)
        for own in (shape, flat):
            lead = value.ndim - len(own)
            if 0 <= lead <= 2 and value.shape[lead:] == own:
                return _Series(
                    value.reshape((1,) * (2 - lead) + value.shape[:lead] + shape),
                    value.shape[0] if lead == 2 else None,
                    value.shape[lead - 1] if lead else None,
                )
        raise SCConfigError(
            f"Input {name!r} has shape {value.shape}; expected is {flat}, "
            f"(steps, {flat[0]}) or (batch, steps, {flat[0]})."
        )


@dataclass(frozen=True)
class _Series:
    """An input over time, (batch or 1, steps or 1, *shape)."""

    values: Array
    batch: int | None
    steps: int | None

    def at(self, tick: int) -> Array:
        return self.values[:, 0 if self.steps is None else tick]


def _common(what: str, counts: Mapping[str, int | None], asked: int | None) -> int | None:
    """The number that all inputs which have one agree on."""
    given = {count for count in counts.values() if count is not None}
    if asked is not None:
        given.add(asked)
    if len(given) > 1 or any(count < 1 for count in given):
        listed = ", ".join(f"{name}: {count}" for name, count in counts.items())
        also = "" if asked is None else f"; {asked} are asked for"
        raise SCConfigError(f"The inputs must have one positive number of {what} ({listed}{also}).")
    return given.pop() if given else None
