"""Running passes one after another."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from sc_neurocore.ir._graph import Graph, GraphError
from sc_neurocore.ir._verify import verify


class Pass(Protocol):
    """A step from graph to graph; its fields are its options."""

    def __call__(self, graph: Graph) -> Graph:
        """The changed graph."""
        ...


def run_passes(graph: Graph, passes: Iterable[Pass]) -> Graph:
    """Apply passes in order, verifying the graph before the first and after each.

    Raises:
        GraphError: a rule is broken; the message names the pass.
    """
    verify(graph)
    for step in passes:
        try:
            graph = step(graph)
            verify(graph)
        except GraphError as error:
            raise GraphError(f"{type(step).__name__}: {error}") from None
    return graph
