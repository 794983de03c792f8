"""Where everything is kept that can be made again."""

from __future__ import annotations

import os
from pathlib import Path


def cache_dir() -> Path:
    """Return the directory for everything that can be made again.

    ``$SC_NEUROCORE_CACHE`` if set, else ``sc-neurocore`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.
    """
    override = os.environ.get("SC_NEUROCORE_CACHE")
    if override:
        return Path(override)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "sc-neurocore"
