"""Running passes one after another."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from sc_neurocore.ir._graph import Graph, GraphError
from sc_neurocore.ir._places import PartitionError, Partitions
from sc_neurocore.ir._verify import verify
from sc_neurocore.ir._verify_partitions import verify_partitions

Subject = TypeVar("Subject", Graph, Partitions)
Given = TypeVar("Given", Graph, Partitions)
Made = TypeVar("Made", Graph, Partitions)


class Pass(Protocol):
    """A step from graph to graph; its fields are its options."""

    def __call__(self, graph: Graph) -> Graph:
        """The changed graph."""
        ...


class PartitionsPass(Protocol):
    """A step from partitions to partitions; its fields are its options."""

    def __call__(self, partitions: Partitions) -> Partitions:
        """The changed partitions."""
        ...


def run_pass(step: Callable[[Given], Made], subject: Given) -> Made:
    """Apply one pass and verify what it gives: the seam between two passes.

    Raises:
        GraphError: a rule of graphs is broken; the message names the pass.
        PartitionError: a rule of partitions is broken, or the network cannot be spread as asked;
            the message names the pass.
    """
    try:
        made = step(subject)
        _check(made)
    except (GraphError, PartitionError) as error:
        raise type(error)(f"{type(step).__name__}: {error}") from None
    return made


def run_passes(subject: Subject, passes: Iterable[Callable[[Subject], Subject]]) -> Subject:
    """Apply passes in order, verifying what is given before the first and after each.

    A graph is verified by `verify`, partitions by `verify_partitions`. The one pass that turns the
    former into the latter, `SliceAtWires`, is applied by `run_pass`.

    Raises:
        GraphError: see `run_pass`.
        PartitionError: see `run_pass`.
    """
    _check(subject)
    for step in passes:
        subject = run_pass(step, subject)
    return subject


def _check(made: Any) -> None:
    if isinstance(made, Partitions):
        verify_partitions(made)
    else:
        verify(made)
