"""Generated networks: every primitive, recurrent edges, delays, nested graphs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from hypothesis import strategies as st

from sc_neurocore.ir import (
    KINDS,
    Affine,
    AvgPool2d,
    Conv1d,
    Conv2d,
    Delay,
    Edge,
    Flatten,
    Graph,
    Input,
    Neurons,
    Node,
    Op,
    Output,
    Scale,
    Subgraph,
    SumPool2d,
    Threshold,
)

DT = 1e-3


@dataclass
class _Chain:
    """A chain of nodes under construction."""

    draw: st.DrawFn
    rng: np.random.Generator
    nodes: list[Node] = field(default_factory=list)
    edges: list[Edge] = field(default_factory=list)
    last: str = ""
    shape: tuple[int, ...] = ()

    def choose(self, *options: object) -> object:
        return self.draw(st.sampled_from(options))

    def add(self, op: Op, *, after: str | None = None) -> str:
        name = f"n{len(self.nodes):02d}_{type(op).__name__.lower()}"
        self.nodes.append(Node(name, op))
        source = self.last if after is None else after
        if source:
            self.edges.append(Edge(source, name))
        if after is None:
            self.last = name
            self.shape = op.gives(self.shape)
        return name

    def population(self, kinds: tuple[str, ...] = tuple(KINDS)) -> None:
        kind = self.choose(*kinds)
        sized = self.draw(st.booleans())
        shape = self.shape if sized else ()
        if kind == "threshold":
            self.add(Threshold(self.rng.normal(0, 1, shape)))
            return
        values = {
            "tau": self.rng.uniform(2, 9, shape) * DT,
            "tau_mem": self.rng.uniform(2, 9, shape) * DT,
            "tau_syn": self.rng.uniform(2, 9, shape) * DT,
            "r": self.rng.uniform(0.5, 2, shape) / (DT if kind in ("if", "i") else 1),
            "v_leak": self.rng.normal(0, 0.2, shape),
            "v_threshold": self.rng.uniform(0.2, 0.8, shape),
            "v_reset": self.rng.normal(-0.2, 0.1, shape),
            "w_in": self.rng.uniform(0.5, 2, shape),
        }
        names = list(KINDS[str(kind)])
        for optional in ("v_reset", "w_in"):
            if optional in names and self.draw(st.booleans()):
                names.remove(optional)
        self.add(Neurons(kind, {n: values[n] for n in names}))  # type: ignore[arg-type]

    def linear(self) -> None:
        options = ["affine", "scale", "delay", "delays"]
        if len(self.shape) > 1:
            options = ["scale", "delay", "flatten", "flatten", "conv", "conv"]
        if len(self.shape) == 3:
            options += ["pool", "pool"]
        choice = self.choose(*options)
        if choice == "affine":
            size = self.draw(st.integers(1, 5))
            weight = self.rng.normal(0, 1.5, (size, self.shape[-1]))
            bias = self.rng.normal(0, 0.5, size) if self.draw(st.booleans()) else None
            self.add(Affine(weight, bias))
        elif choice == "scale":
            shape = self.choose((), self.shape)
            self.add(Scale(self.rng.normal(0, 1.5, shape)))  # type: ignore[call-overload]
        elif choice == "delay":
            self.add(Delay(np.array(self.draw(st.integers(0, 3)) * DT)))
        elif choice == "delays":
            self.add(Delay(self.rng.integers(0, 3, self.shape) * DT))
        elif choice == "flatten":
            start = self.draw(st.integers(0, len(self.shape) - 1))
            self.add(Flatten(start, -1, self.choose(None, self.shape)))  # type: ignore[arg-type]
        elif choice == "pool":
            self.pool()
        else:
            self.conv()

    def pool(self) -> None:
        pool = self.choose(SumPool2d, AvgPool2d)
        kernel = tuple(self.draw(st.integers(1, min(2, size))) for size in self.shape[1:])
        self.add(pool(kernel, self.choose(1, 2, (1, 2)), self.choose(0, 1)))  # type: ignore[operator]

    def conv(self) -> None:
        rank = len(self.shape) - 1
        groups = self.choose(1, self.shape[0])
        assert isinstance(groups, int)
        kernel = [self.draw(st.integers(1, 3)) for _ in range(rank)]
        dilation = self.choose(1, 2)
        assert isinstance(dilation, int)
        weight = self.rng.normal(0, 1, (2 * groups, self.shape[0] // groups, *kernel))
        fits = all(n >= dilation * (k - 1) + 1 for n, k in zip(self.shape[1:], kernel, strict=True))
        padding = self.choose("same", "valid", 1, 0) if fits else "same"
        stride = 1 if padding == "same" else self.choose(1, 2)
        bias = self.rng.normal(0, 0.5, 2 * groups)
        known = self.choose(None, self.shape[1:])
        op = (Conv1d if rank == 1 else Conv2d)(
            weight,
            bias,
            stride,  # type: ignore[arg-type]
            padding,  # type: ignore[arg-type]
            (dilation,),
            groups,
            known,  # type: ignore[arg-type]
        )
        self.add(op)

    def recurrence(self) -> None:
        """A loop around the last node, which must be a population of one axis."""
        target, size = self.last, self.shape[0]
        bias = self.rng.normal(0, 0.3, size) if self.draw(st.booleans()) else None
        loop = self.add(Affine(self.rng.normal(0, 1, (size, size)), bias), after=target)
        if self.draw(st.booleans()):
            ticks = self.draw(st.integers(1, 2))
            loop = self.add(Delay(np.array(ticks * DT)), after=loop)
        self.edges.append(Edge(loop, target))

    def nest(self) -> None:
        """A nested chain, or a nested graph with two inputs and two outputs."""
        if len(self.shape) == 1 and self.draw(st.booleans()):
            self._nest_two_ports()
            return
        inner = _Chain(self.draw, self.rng)
        inner.shape = self.shape
        inner.add(Input(self.choose(None, self.shape)))  # type: ignore[arg-type]
        inner.linear()
        inner.population()
        inner.add(Output(None))
        name = f"n{len(self.nodes):02d}_nested"
        graph = Graph.of(name, inner.nodes, inner.edges, DT)
        self.nodes.append(Node(name, Subgraph(graph)))
        self.edges.append(Edge(self.last, name))
        self.last, self.shape = name, inner.shape

    def _nest_two_ports(self) -> None:
        name = f"n{len(self.nodes):02d}_ports"
        size = self.shape[0]
        weight = self.rng.normal(0, 1, (size, size))
        graph = Graph.of(
            name,
            [
                Node("in_a", Input(self.shape)),
                Node("in_b", Input(self.shape)),
                Node("a", Affine(weight)),
                Node("cells", Neurons("li", {"tau": np.array(4 * DT), "r": 1.0, "v_leak": 0.0})),
                Node("out_a", Output(self.shape)),
                Node("out_b", Output(self.shape)),
            ],
            [
                ("in_a", "a"),
                ("a", "cells"),
                ("in_b", "cells"),
                ("cells", "out_a"),
                ("in_b", "out_b"),
            ],
            DT,
        )
        self.nodes.append(Node(name, Subgraph(graph)))
        self.edges += [Edge(self.last, name, "", "in_a"), Edge(self.last, name, "", "in_b")]
        join = f"n{len(self.nodes):02d}_join"
        self.nodes.append(Node(join, Scale(np.array(1.5))))
        self.edges += [Edge(name, join, "out_a"), Edge(name, join, "out_b")]
        self.last = join


@st.composite
def networks(draw: st.DrawFn) -> Graph:
    """A network with an input, populations between linear nodes, and an output."""
    chain = _Chain(draw, np.random.default_rng(draw(st.integers(0, 2**32 - 1))))
    chain.shape = draw(st.sampled_from([(3,), (2, 4), (2, 4, 5), (1, 3, 3)]))
    chain.add(Input(chain.shape))
    for _ in range(draw(st.integers(1, 3))):
        for _ in range(draw(st.integers(0, 2))):
            chain.linear()
        if draw(st.integers(0, 3)) == 0:
            chain.nest()
        chain.population()
        if len(chain.shape) == 1 and draw(st.booleans()):
            chain.recurrence()
    if draw(st.booleans()):
        chain.linear()
    chain.add(Output(draw(st.sampled_from([None, chain.shape]))))
    return Graph.of("generated", chain.nodes, chain.edges, DT)
