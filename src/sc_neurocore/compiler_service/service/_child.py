"""The process that one job runs in: isolated first, then told what to do.

It imports what jobs need and waits, so that a job need not. Lines of JSON go both ways: one with
the job comes in, progress and the end of it go out.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

from sc_neurocore._orphans import end_with_parent
from sc_neurocore.compiler_service.service._isolation import (
    enter_namespaces,
    limit,
    restrict_files,
)


def main() -> None:
    """Run one job in the working directory, whose ``out`` takes the files that it makes."""
    end_with_parent()
    isolation = enter_namespaces()
    # What a task or a library prints must not be taken for the protocol.
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as channel:
        os.dup2(2, 1)
        scratch = Path.cwd()
        cache = [Path(os.environ[name]) for name in ("SC_NEUROCORE_CACHE", "YOWASP_CACHE_DIR")]
        isolation["files"] = restrict_files([scratch, *cache], [])

        from sc_neurocore.compiler_service.service._tasks import TASKS

        _say(channel, {"ready": isolation})
        line = sys.stdin.readline()
        if not line:
            return
        job: Mapping[str, Any] = json.loads(line)
        limit(job["limits"])
        _say(channel, _run(TASKS[job["kind"]], job, scratch, channel))


def _run(task: Any, job: Mapping[str, Any], scratch: Path, channel: TextIO) -> dict[str, Any]:
    from sc_neurocore.exceptions import SCNeuroError

    try:
        value = task(
            job["arguments"],
            scratch / "in",
            scratch / "out",
            lambda stage: _say(channel, {"stage": stage}),
        )
    except SCNeuroError as error:
        return _refusal(type(error).__name__, str(error), scratch)
    except MemoryError:
        return _refusal("MemoryError", "the job needs more memory than it may use", scratch)
    except OSError as error:
        return _refusal("OSError", f"the job was refused by the system: {error.strerror}", scratch)
    except Exception as error:  # a hostile file may break any library in any way
        name = type(error).__name__
        return _refusal(name, f"the job's input cannot be processed ({name})", scratch)
    return {"value": value}


def _refusal(kind: str, sentence: str, scratch: Path) -> dict[str, Any]:
    """An error as one sentence that names no directory of this machine."""
    for prefix in (f"{scratch / 'in'}/", f"{scratch / 'out'}/", f"{scratch}/"):
        sentence = sentence.replace(prefix, "")
    return {"refused": kind, "detail": " ".join(sentence.split())[:1000]}


def _say(channel: TextIO, message: Mapping[str, Any]) -> None:
    channel.write(json.dumps(message, allow_nan=False) + "\n")
    channel.flush()


if __name__ == "__main__":
    main()
