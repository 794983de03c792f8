"""A Dask cluster: of this machine, or one that is running."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sc_neurocore.exceptions import SCConfigError, SCDependencyError

#: Seconds in which a scheduler must answer.
_PATIENCE = "10 s"


@contextmanager
def dask_client(workers: int = 1, scheduler: str | None = None) -> Iterator[Any]:
    """A client of a running scheduler, else of a cluster of processes on this machine.

    Args:
        workers: processes on this machine.
        scheduler: address of a running scheduler, such as ``tcp://farm:8786``.

    Raises:
        SCDependencyError: Dask is not installed.
        SCConfigError: no scheduler answers at the address.
    """
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise SCDependencyError(
            "the job farm needs Dask; run: pip install 'sc-neurocore[optimizer]'"
        ) from None
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise SCConfigError(
                f"no Dask scheduler answers at '{scheduler}' ({error}); start one with "
                "`dask scheduler`, or leave --scheduler out"
            ) from None
        with client:
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address=":0", memory_limit=0
        ) as cluster,
        Client(cluster) as client,
    ):
        yield client
