"""Threads that stay: handing out a piece of work costs microseconds, not a new thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from types import TracebackType
from typing import Any

Task = Callable[[int], None]


class Workers:
    """``count`` threads, the caller's among them, that carry out one task after another."""

    def __init__(self, count: int) -> None:
        """Start them."""
        self.count = count
        self._tasks: list[SimpleQueue[Task | None]] = [SimpleQueue() for _ in range(count - 1)]
        self._done: SimpleQueue[BaseException | None] = SimpleQueue()
        for index, tasks in enumerate(self._tasks):
            args: tuple[Any, ...] = (index + 1, tasks)
            threading.Thread(target=self._work, args=args, daemon=True).start()

    def __enter__(self) -> Workers:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for tasks in self._tasks:
            tasks.put(None)

    def run(self, task: Task) -> None:
        """Call ``task(0)`` … ``task(count − 1)``, each in its thread, and wait for all."""
        for tasks in self._tasks:
            tasks.put(task)
        failed: BaseException | None = None
        try:
            task(0)
        finally:
            for _ in self._tasks:
                failed = self._done.get() or failed
        if failed is not None:
            raise failed

    def _work(self, index: int, tasks: SimpleQueue[Task | None]) -> None:
        while (task := tasks.get()) is not None:
            try:
                task(index)
            except BaseException as error:
                self._done.put(error)
            else:
                self._done.put(None)
