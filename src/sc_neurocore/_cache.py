"""Where everything is kept that can be made again."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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


_lock = threading.RLock()


@contextmanager
def kernel_cache() -> Iterator[bool]:
    """Within the block, ``cache=True`` keeps compiled code under ``$SC_NEUROCORE_CACHE/kernels``.

    Without that variable the folder is ``sc-neurocore/kernels`` in ``$XDG_CACHE_HOME`` or
    ``~/.cache``. numba checks the content of the source file before it uses a kernel from there.
    Yields False if the folder cannot be written; compile without cache then.
    """
    from numba.core import config

    folder = cache_dir() / "kernels"
    with _lock:
        before = config.CACHE_DIR
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            writable = os.access(folder, os.W_OK)
        except OSError:
            writable = False
        config.CACHE_DIR = str(folder)
        try:
            yield writable
        finally:
            config.CACHE_DIR = before
