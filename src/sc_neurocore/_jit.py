"""How kernels are compiled and kept."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
from numba.core import config

from sc_neurocore._cache import kernel_cache

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def jit_in(*files: str) -> Decorator:
    """Compile without the interpreter's lock; kept on disk under the hash of the kernels' files."""
    source = b"".join(Path(file).read_bytes() for file in files)
    digest = hashlib.sha256(source).hexdigest()[:16]

    def jit(function: Callable[..., Any]) -> Callable[..., Any]:
        with kernel_cache() as writable:
            config.CACHE_DIR = str(Path(config.CACHE_DIR) / digest)
            compiled: Callable[..., Any] = numba.njit(
                cache=writable, nogil=True, error_model="numpy"
            )(function)
            return compiled

    return jit
