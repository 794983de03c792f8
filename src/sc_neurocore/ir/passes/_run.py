"""Running passes one after another."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
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


def pass_name(step: object) -> str:
    """What messages call a pass: a function by its own name, anything else by its class's."""
    return str(getattr(step, "__name__", type(step).__name__))


def run_pass(step: Callable[[Given], Made], subject: Given) -> Made:
    """Apply one pass and verify what it gives: the seam between two passes.

    Raises:
        GraphError: a rule of graphs is broken; the message names the pass.
        PartitionError: a rule of partitions is broken, or the network cannot be spread as asked;
            the message names the pass.
    """
    try:
        with uncollected():
            made = step(subject)
            _check(made)
    except (GraphError, PartitionError) as error:
        raise type(error)(f"{pass_name(step)}: {error}") from None
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


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the collector of cycles, which would visit a graph again and again as it grows."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def _check(made: Any) -> None:
    if isinstance(made, Partitions):
        verify_partitions(made)
    elif isinstance(made, Graph):
        verify(made)
    else:
        raise GraphError(
            f"gave a value of type {type(made).__name__}; a pass returns a Graph or Partitions."
        )
