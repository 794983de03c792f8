"""Who is connected with whom, as data; every rule is drawn by source and needs no pair list.

A multapse is a second synapse between the same two neurons, an autapse one of a neuron with
itself; both only exist where a rule says so, the second only within one population.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import require_finite
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._units import whole_number

#: Starts of the rows, one per source and one more, and the target of every synapse.
Rows = tuple[NDArray[np.int64], NDArray[np.uint32]]


@dataclass(frozen=True)
class AllToAll:
    """Every source with every target.

    Attributes:
        autapses: whether a neuron is also connected with itself.
    """

    autapses: bool = True

    def expected(self, sources: int, targets: int) -> float:
        """Mean number of synapses."""
        return sources * targets

    def rows(self, sources: int, targets: int, same: bool, seed: int, threads: int) -> Rows:
        """Draw the synapses."""
        every = np.tile(np.arange(targets, dtype=np.uint32), sources)
        if same and not self.autapses:
            every = np.delete(every, np.arange(sources) * (targets + 1))
        return np.arange(sources + 1, dtype=np.int64) * (len(every) // sources), every


@dataclass(frozen=True)
class OneToOne:
    """Source k with target k; both populations are equally large."""

    def expected(self, sources: int, targets: int) -> float:
        """Mean number of synapses."""
        return sources

    def rows(self, sources: int, targets: int, same: bool, seed: int, threads: int) -> Rows:
        """Draw the synapses."""
        if sources != targets:
            raise SCConfigError(
                f"one to one needs as many sources as targets, not {sources} and {targets}"
            )
        return np.arange(sources + 1, dtype=np.int64), np.arange(targets, dtype=np.uint32)


@dataclass(frozen=True)
class Bernoulli:
    """Each pair with a probability, independently (Erdős–Rényi).

    Attributes:
        p: the probability.
        autapses: whether a neuron may be connected with itself.
    """

    p: float
    autapses: bool = True

    def __post_init__(self) -> None:
        if not 0 <= require_finite("probability", self.p) <= 1:
            raise SCConfigError(f"probability is {self.p}; it must be from 0 to 1")

    def expected(self, sources: int, targets: int) -> float:
        """Mean number of synapses."""
        return sources * targets * self.p

    def rows(self, sources: int, targets: int, same: bool, seed: int, threads: int) -> Rows:
        """Draw the synapses."""
        from sc_neurocore.network import _connect_kernel as kernel

        if self.p == 1:
            return AllToAll(self.autapses).rows(sources, targets, same, seed, threads)
        counts = np.zeros(sources, np.int64)
        free = self.autapses or not same
        if self.p > 0:
            kernel.count_bernoulli(counts, targets, self.p, np.uint64(seed), free)
        starts = _starts(counts)
        words = np.empty(starts[-1], np.uint32)
        if self.p > 0:
            kernel.fill_bernoulli(words, starts, targets, self.p, np.uint64(seed), free)
        return starts, words


@dataclass(frozen=True)
class _FixedDegree:
    """Every neuron of one side draws ``k`` of the other."""

    k: int
    multapses: bool = True
    autapses: bool = True
    _what: ClassVar[str]

    def __post_init__(self) -> None:
        whole_number(self._what, self.k)

    def _drawable(self, available: int, same: bool) -> tuple[bool, bool]:
        """Whether all that a neuron draws differ, and whether it may draw itself."""
        free = self.autapses or not same
        most = available - (0 if free else 1)
        if (self.k > 0 and most == 0) or (not self.multapses and self.k > most):
            raise SCConfigError(
                f"{self._what} is {self.k}, but there are {most} neurons to draw from; "
                "give fewer, or allow multapses"
            )
        return not self.multapses, free


@dataclass(frozen=True)
class FixedIndegree(_FixedDegree):
    """Every target draws ``k`` sources.

    Attributes:
        k: synapses per target.
        multapses: whether a source may be drawn twice.
        autapses: whether a neuron may draw itself.
    """

    _what = "indegree"

    def expected(self, sources: int, targets: int) -> float:
        """Number of synapses."""
        return self.k * targets

    def rows(self, sources: int, targets: int, same: bool, seed: int, threads: int) -> Rows:
        """Draw the synapses."""
        from sc_neurocore.network import _connect_kernel as kernel

        rest = (sources, targets, self.k, np.uint64(seed), *self._drawable(sources, same))
        counts = np.zeros(sources, np.int64)
        kernel.count_indegree(counts, *rest)
        starts = _starts(counts)
        words = np.empty(starts[-1], np.uint32)
        kernel.fill_indegree(words, starts[:-1].copy(), *rest)
        return starts, words


@dataclass(frozen=True)
class FixedOutdegree(_FixedDegree):
    """Every source draws ``k`` targets.

    Attributes:
        k: synapses per source.
        multapses: whether a target may be drawn twice.
        autapses: whether a neuron may draw itself.
    """

    _what = "outdegree"

    def expected(self, sources: int, targets: int) -> float:
        """Number of synapses."""
        return self.k * sources

    def rows(self, sources: int, targets: int, same: bool, seed: int, threads: int) -> Rows:
        """Draw the synapses."""
        from sc_neurocore.network import _connect_kernel as kernel

        rest = (sources, targets, self.k, np.uint64(seed), *self._drawable(targets, same))
        words = np.empty(sources * self.k, np.uint32)

        def fill(first: int, end: int) -> None:
            kernel.fill_outdegree(words, first, end, *rest)

        _spread(fill, sources, threads)
        return np.arange(sources + 1, dtype=np.int64) * self.k, words


@dataclass(frozen=True)
class FixedTotal:
    """``n`` synapses, each between a source and a target drawn at random, multapses allowed.

    Attributes:
        n: synapses in all.
    """

    n: int

    def __post_init__(self) -> None:
        whole_number("the total number of synapses", self.n)

    def expected(self, sources: int, targets: int) -> float:
        """Number of synapses."""
        return self.n

    def rows(self, sources: int, targets: int, same: bool, seed: int, threads: int) -> Rows:
        """Draw the synapses: how many each source has, then their targets."""
        from sc_neurocore.network import _connect_kernel as kernel

        rng = np.random.Generator(np.random.Philox(seed))
        starts = _starts(rng.multinomial(self.n, np.full(sources, 1 / sources)))
        words = np.empty(self.n, np.uint32)

        def fill(first: int, end: int) -> None:
            kernel.fill_uniform(words, starts, first, end, targets, np.uint64(seed))

        _spread(fill, sources, threads)
        return starts, words


Rule = AllToAll | OneToOne | Bernoulli | FixedIndegree | FixedOutdegree | FixedTotal


def _starts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    starts = np.zeros(len(counts) + 1, np.int64)
    np.cumsum(counts, out=starts[1:])
    return starts


def _spread(fill: Any, rows: int, threads: int) -> None:
    """Call ``fill(first, end)`` for all rows, in parallel."""
    edges = [rows * i // (4 * threads) for i in range(4 * threads + 1)]
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(fill, edges[:-1], edges[1:]))
