"""Stop on SIGTERM as on Ctrl-C, also where Python would lose the interrupt."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

_RETRY_SECONDS = 0.05


@contextmanager
def interruptible() -> Iterator[None]:
    """Raise KeyboardInterrupt on SIGTERM, so that what is half-written is removed.

    A signal that arrives inside a finaliser or a callback of C code raises where Python can only
    report the exception and go on; it is then raised again a moment later.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    signal.signal(signal.SIGALRM, _interrupt)
    hook = sys.unraisablehook
    sys.unraisablehook = _retry
    try:
        yield
    finally:
        sys.unraisablehook = hook


def _interrupt(number: int, frame: Any) -> NoReturn:
    raise KeyboardInterrupt


def _retry(lost: Any) -> None:
    if issubclass(lost.exc_type, KeyboardInterrupt):
        signal.setitimer(signal.ITIMER_REAL, _RETRY_SECONDS)
    else:
        sys.__unraisablehook__(lost)
