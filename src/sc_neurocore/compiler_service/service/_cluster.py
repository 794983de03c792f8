"""A job on a machine of a Dask cluster, followed and ended from here."""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from sc_neurocore.compiler_service.service._queue import CancelledError
from sc_neurocore.compiler_service.service._sandbox import Finished, RefusedError, Sandbox
from sc_neurocore.compiler_service.service._settings import JobLimits
from sc_neurocore.exceptions import ToolError

Event = tuple[str, Mapping[str, Any]]

_POLL_SECONDS, _ASK_SECONDS = 0.1, 1.0


def run_on_cluster(
    scheduler: str,
    work: tuple[str, Mapping[str, Any], Mapping[str, bytes], JobLimits],
    on_event: Callable[[str, Mapping[str, Any]], None],
    heartbeat: Callable[[], None],
) -> Finished:
    """Run a job on the cluster to its end.

    Args:
        scheduler: address of Dask's scheduler.
        work: kind, arguments, files and limits of the job.
        on_event: told ``isolated`` and every ``stage`` as they come.
        heartbeat: called several times a second; an exception from it ends the job there too.

    Raises:
        RefusedError: the job failed or passed a limit.
        SCConfigError: no scheduler answers.
        ToolError: the cluster lost the job.
    """
    from distributed import Event as Flag

    from sc_neurocore.optimizer.farm import dask_client

    topic = f"sc-neurocore-{uuid.uuid4().hex}"
    came: queue.SimpleQueue[Event] = queue.SimpleQueue()
    told = 0
    with dask_client(scheduler=scheduler) as client:
        # The handler is called on Dask's own thread; events are passed on from this one.
        client.subscribe_topic(topic, lambda event: came.put(tuple(event[1])))
        future = client.submit(_run_there, topic, work, pure=False)
        try:
            while not future.done():
                heartbeat()
                told += _pass_on(came, on_event)
                time.sleep(_POLL_SECONDS)
        except BaseException:
            with contextlib.suppress(Exception):
                Flag(topic, client=client).set()
                future.cancel()
            raise
        try:
            found = future.result()
        except Exception as error:
            raise ToolError(
                f"the Dask cluster at '{scheduler}' lost the job ({type(error).__name__}); the "
                "log of its workers may say why"
            ) from None
        told += _pass_on(came, on_event)
    for event in found["events"][told:]:
        on_event(*event)
    if "refused" in found:
        raise RefusedError(*found["refused"])
    return Finished(found["value"], found["outputs"])


def _pass_on(
    came: queue.SimpleQueue[Event], on_event: Callable[[str, Mapping[str, Any]], None]
) -> int:
    count = 0
    with contextlib.suppress(queue.Empty):
        while True:
            on_event(*came.get_nowait())
            count += 1
    return count


def _run_there(
    topic: str, work: tuple[str, Mapping[str, Any], Mapping[str, bytes], JobLimits]
) -> dict[str, Any]:
    """On the worker: as here, in a process of its own, within the job's limits."""
    import tempfile
    from pathlib import Path

    from distributed import Event as Flag
    from distributed import get_worker

    from sc_neurocore.evidence import cache_dir

    worker, stop = get_worker(), Flag(topic)
    events: list[Event] = []
    asked = time.monotonic()

    def on_event(kind: str, data: Mapping[str, Any]) -> None:
        events.append((kind, data))
        worker.log_event(topic, (kind, dict(data)))

    def keep_going() -> None:
        nonlocal asked
        if time.monotonic() > asked + _ASK_SECONDS:
            asked = time.monotonic()
            if stop.is_set():
                raise CancelledError

    cache = cache_dir()
    cache.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="sc-neurocore-") as scratch,
        Sandbox(Path(scratch), cache) as sandbox,
    ):
        try:
            done = sandbox.run(*work, on_event, keep_going)
        except RefusedError as error:
            return {"events": events, "refused": (error.kind, str(error))}
        except CancelledError:
            return {"events": events, "refused": ("Cancelled", "it was cancelled")}
    return {"events": events, "value": done.value, "outputs": done.outputs}
