"""What the ranks of a test run: ``mpiexec -n 2 python rank_program.py WHAT``; the root prints."""

from __future__ import annotations

import json
import sys

import numpy as np
from mpi4py import MPI
from rank_networks import make

from sc_neurocore.partition import MPIDriver, run_on_ranks, spike_digest


def equal(driver: MPIDriver, sizes: tuple[int, int] = (40, 50)) -> None:
    """Run each network, in one process too."""
    size, ticks = sizes
    for kind in ("feed-forward", "recurrent", "delayed"):
        network = make(kind, size)
        inputs = (np.random.default_rng(1).random((ticks, 20)) < 0.4).astype(float)
        run = run_on_ranks(network, inputs, ticks, driver.comm)
        digests = driver.comm.allgather(run.digest)
        if driver.rank == 0:
            one = network.run(inputs, record=True)
            print(json.dumps({
                "kind": kind, "ranks": run.ranks, "digests": digests,
                "one": spike_digest(network, one.spikes), "spikes": sum(run.spikes.values()),
                "exchanges": run.exchanges, "lookahead": run.lookahead,
            }))  # fmt: skip


def share(driver: MPIDriver) -> None:
    """Scatter rows, gather their squares."""
    rows = np.arange(14).reshape(7, 2) if driver.rank == 0 else None
    mine = driver.scatter_workload(rows)
    driver.barrier()
    joined = driver.gather_results(mine**2)
    counts = driver.comm.allgather(len(mine))
    if joined is not None:
        print(json.dumps({"counts": counts, "joined": joined.tolist()}))


class Full(MPI.Intracomm):
    """All ranks, for one that has no memory left at the tenth exchange."""

    exchanges = 0

    def __new__(cls) -> Full:
        return super().__new__(cls, MPI.COMM_WORLD)

    def Allgatherv(self, sendbuf: object, recvbuf: object) -> None:
        self.exchanges += 1
        if self.exchanges == 10:
            raise MemoryError("no room")
        super().Allgatherv(sendbuf, recvbuf)


def fail(driver: MPIDriver) -> None:
    """The last rank runs out of memory in the middle of an endless run."""
    last = driver.rank == driver.size - 1
    run_on_ranks(make("delayed"), np.ones(20), 10**7, Full() if last else driver.comm)


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    if what == "equal" and arguments:
        equal(MPIDriver(), (int(arguments[0]), int(arguments[1])))
    else:
        {"equal": equal, "share": share, "fail": fail}[what](MPIDriver())
