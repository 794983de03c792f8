"""The farm: jobs on Dask, results appended to a file as they come, and nothing run twice."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.farm._cluster import dask_client
from sc_neurocore.optimizer.farm._job import Job, Result
from sc_neurocore.optimizer.farm._run import run_job

Progress = Callable[[int, int, Result], None]


def read_results(path: Path) -> dict[str, Result]:
    """Results of a file by the keys of their jobs; of equal keys the last.

    A last line that was cut off in the writing is no result; its job is run again.

    Raises:
        SCConfigError: another line is damaged, or no line is a result.
    """
    found: dict[str, Result] = {}
    if not path.exists():
        return found
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SCConfigError(f"{path}: not a file of the farm's results, which is text") from None
    lines = text.split("\n")
    for number, line in enumerate(lines, 1):
        if not line:
            continue
        try:
            result = Result.from_json(json.loads(line))
        except (ValueError, TypeError, KeyError):
            if number == len(lines):
                break
            raise SCConfigError(
                f"{path}, line {number}: not a result of the farm; name a file that "
                "`cost-model collect` wrote, or repair that line"
            ) from None
        found[result.job.key] = result
    if text and not found:
        raise SCConfigError(f"{path}: holds no result of the farm; name another file, or remove it")
    return found


def collect(
    jobs: Iterable[Job],
    path: Path,
    *,
    store: Path | None = None,
    workers: int = 1,
    scheduler: str | None = None,
    timeout_s: float = 300.0,
    on_result: Progress | None = None,
) -> dict[str, Result]:
    """Run the jobs that a file of results does not hold yet, and append what comes.

    Args:
        jobs: the sweep.
        path: JSON lines, one result each; may exist.
        store: file of the evidence store; None for the user's. On a cluster each machine has its
            own.
        workers: processes of a local cluster.
        scheduler: address of a running Dask scheduler, which then takes the jobs instead.
        timeout_s: limit of each tool run.
        on_result: called with how many of how many jobs are done, and the last result.

    Returns:
        The results of all jobs, by key.

    Raises:
        SCDependencyError: Dask or a tool is not installed.
        SCConfigError: the file is damaged or its directory does not exist, or no scheduler
            answers.
    """
    listed = list({job.key: job for job in jobs}.values())
    known = read_results(path)
    waiting = [job for job in listed if job.key not in known]
    done = len(listed) - len(waiting)
    if waiting:
        if not path.parent.is_dir():
            raise SCConfigError(
                f"{path} cannot be written: there is no directory {path.parent}; create it first"
            )
        _end_line(path)
        with dask_client(workers, scheduler) as client, path.open("a", encoding="utf-8") as out:
            for result in _run_all(client, waiting, store, timeout_s):
                out.write(json.dumps(result.to_json(), sort_keys=True) + "\n")
                out.flush()
                known[result.job.key] = result
                done += 1
                if on_result is not None:
                    on_result(done, len(listed), result)
    return {job.key: known[job.key] for job in listed}


def _run_all(
    client: Any, jobs: Iterable[Job], store: Path | None, timeout_s: float
) -> Iterator[Result]:
    """Results as they come, with no more jobs on the cluster than keep it busy."""
    from distributed import as_completed

    waiting = iter(jobs)
    slots = max(1, sum(client.nthreads().values())) + 2

    def submit(job: Job) -> Any:
        return client.submit(run_job, job, store, timeout_s, key=f"job-{job.key}", pure=False)

    first = [submit(job) for _, job in zip(range(slots), waiting, strict=False)]
    running = as_completed(first)
    for future in running:
        result = future.result()
        future.release()
        yield result
        for job in waiting:
            running.add(submit(job))
            break


def _end_line(path: Path) -> None:
    """Drop a last line that was cut off, so that what follows stands on its own."""
    if not path.exists():
        return
    text = path.read_text(encoding="utf-8")
    if text and not text.endswith("\n"):
        path.write_text(text[: text.rfind("\n") + 1], encoding="utf-8")
