"""The processes that share one network: MPI's ranks, or this process alone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError, SCDependencyError, SCNeuroError

T = TypeVar("T")

# Set in the processes that the launchers of MPICH, Intel MPI, Open MPI and Slurm start.
_LAUNCHED = ("PMI_SIZE", "PMI_RANK", "PMIX_RANK", "OMPI_COMM_WORLD_SIZE")


class Ranks(Protocol):
    """What `run_on_ranks` needs of a communicator; `mpi4py.MPI.Comm` has it."""

    rank: int
    size: int

    def allgather(self, sendobj: Any) -> list[Any]:
        """Everybody's object, by rank."""
        ...

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        """Everybody's numbers, into one array, by rank."""
        ...


class Alone:
    """The only rank: what MPI would do for one process, without MPI."""

    rank, size = 0, 1

    def allgather(self, sendobj: Any) -> list[Any]:
        """The object itself."""
        return [sendobj]

    def Allgatherv(self, sendbuf: Any, recvbuf: Any) -> None:
        """A copy."""
        recvbuf[0][: len(sendbuf)] = sendbuf


def mpi_world() -> Ranks:
    """All ranks that ``mpiexec`` started, or this process alone where there are none.

    Raises:
        SCDependencyError: ``mpiexec`` started this process, but mpi4py is not installed.
    """
    try:
        from mpi4py import MPI
    except ImportError:
        if any(name in os.environ for name in _LAUNCHED):
            raise SCDependencyError(
                "running on MPI ranks needs mpi4py; run: pip install 'sc-neurocore[mpi]'"
            ) from None
        return Alone()
    world: Ranks = MPI.COMM_WORLD
    return world


def together(comm: Ranks, make: Callable[[], T]) -> T:
    """See `MPIDriver.together`."""
    failure: SCNeuroError | None = None
    try:
        made = make()
    except SCNeuroError as error:
        failure = error
    said = comm.allgather(failure and (type(failure), str(failure)))
    if failure is not None:
        raise failure
    for rank, refused in enumerate(said):
        if refused is not None:
            kind, sentence = refused
            raise kind(f"Rank {rank}: {sentence}")
    return made


@contextmanager
def all_or_none(comm: Ranks) -> Iterator[None]:
    """End all ranks when this one fails within the block, where the others wait for it in vain.

    The failure is then one line on standard error, and the exit code that of its family; a rank
    that is alone raises it.
    """
    try:
        yield
    except BaseException as error:
        if comm.size == 1:
            raise
        code = 130 if isinstance(error, KeyboardInterrupt) else getattr(error, "exit_code", 1)
        said = str(error) if isinstance(error, SCNeuroError) else f"{type(error).__name__}: {error}"
        sys.stderr.write(f"Error: rank {comm.rank} ended every rank: {said}\n")
        sys.stderr.flush()
        comm.Abort(code)  # type: ignore[attr-defined]


class MPIDriver:
    """Shares out the first axis of an array over the ranks and collects what they made of it.

    Every rank calls every method, in the same order.

    Attributes:
        comm: the ranks.
        rank: number of this one, from 0, the root.
        size: how many there are.
    """

    def __init__(self, comm: Ranks | None = None) -> None:
        """Join the ranks.

        Args:
            comm: an MPI communicator; None for all ranks that ``mpiexec`` started, which is this
                process alone without it.

        Raises:
            SCDependencyError: see `mpi_world`.
        """
        self.comm: Ranks = mpi_world() if comm is None else comm
        self.rank, self.size = self.comm.rank, self.comm.size

    def scatter_workload(self, global_inputs: ArrayLike | None) -> NDArray[Any]:
        """This rank's share of the root's array: contiguous rows, as equal in number as can be.

        Args:
            global_inputs: (N, …) at the root; ignored elsewhere.

        Raises:
            SCConfigError: the root's array has no first axis or does not hold numbers; every rank
                raises it.
        """
        given = np.asarray(global_inputs) if self.rank == 0 else np.zeros(1)
        wrong = given.ndim == 0 or given.dtype.kind not in "biufc"
        if any(self.comm.allgather(wrong)):
            raise SCConfigError("The workload of the root must be an array of numbers with rows.")
        if self.size == 1:
            return given
        pieces = None
        if self.rank == 0:
            pieces = [given[piece] for piece in (share(len(given), r, self.size)
                                                 for r in range(self.size))]  # fmt: skip
        mine: NDArray[Any] = self.comm.scatter(pieces)  # type: ignore[attr-defined]
        return mine

    def gather_results(self, local_results: ArrayLike) -> NDArray[Any] | None:
        """All ranks' results, joined along the first axis in the order of the ranks.

        Args:
            local_results: (n, …); every axis but the first alike on all ranks.

        Returns:
            The joined array at the root, None elsewhere.

        Raises:
            SCConfigError: the axes differ; every rank raises it.
        """
        mine = np.asarray(local_results)
        known = self.comm.allgather((mine.shape[1:], mine.ndim))
        if mine.ndim == 0 or any(other != known[0] for other in known):
            listed = ", ".join(f"rank {r}: {shape}" for r, (shape, _) in enumerate(known))
            raise SCConfigError(f"Results must be alike but for their rows ({listed}).")
        if self.size == 1:
            return mine
        pieces: Sequence[NDArray[Any]] | None = self.comm.gather(mine)  # type: ignore[attr-defined]
        return None if pieces is None else np.concatenate(pieces)

    def together(self, make: Callable[[], T]) -> T:
        """Call a function on every rank, and go on only if it worked on all of them.

        Raises:
            SCNeuroError: it raised one on this rank, or else on another, which is then named;
                every rank raises.
        """
        return together(self.comm, make)

    def barrier(self) -> None:
        """Wait until every rank is here."""
        self.comm.allgather(None)


def share(count: int, rank: int, size: int) -> slice:
    """The contiguous part of ``count`` things that is a rank's."""
    return slice(count * rank // size, count * (rank + 1) // size)
