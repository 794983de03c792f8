"""What a file says and a reader leaves aside is reported, never dropped."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path


class UnreadWarning(UserWarning):
    """A file holds what does not change what was read of it, and was not read."""


def report_unread(path: str | Path, what: Sequence[str]) -> None:
    """Warn of the parts of a file that are not read, if there are any."""
    if what:
        listed = ", ".join(what[:8]) + (f" and {len(what) - 8} more" if len(what) > 8 else "")
        warnings.warn(f"{path}: not read: {listed}", UnreadWarning, stacklevel=3)
