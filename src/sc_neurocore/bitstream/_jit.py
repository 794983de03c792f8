"""Compilation of kernels; only modules that are imported when first used import this one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba

from sc_neurocore.bitstream._gufunc import kernel_cache

F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """Compile for integer work without the interpreter's lock; the result is kept on disk."""
    with kernel_cache() as writable:
        return cast(F, numba.njit(cache=writable, nogil=True, error_model="numpy")(function))
