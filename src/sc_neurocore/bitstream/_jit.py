"""Compilation of kernels; only modules that are imported when first used import this one."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
from numba.core import config, types
from numba.extending import intrinsic

from sc_neurocore._cache import kernel_cache

F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """Compile for integer work without the interpreter's lock; the result is kept on disk."""
    with kernel_cache() as writable:
        config.CACHE_DIR = str(Path(config.CACHE_DIR) / _kernels_digest())
        return cast(F, numba.njit(cache=writable, nogil=True, error_model="numpy")(function))


@functools.cache
def _kernels_digest() -> str:
    """Hash of all kernels: numba notices a change of a kernel's file, not of what it calls."""
    folder = Path(__file__).parent
    paths = [*sorted(folder.glob("*_kernel.py")), folder / "_gufunc.py", folder / "_jit.py"]
    return hashlib.sha256(b"\0".join(p.read_bytes() for p in paths)).hexdigest()[:16]


def inlined(function: F) -> F:
    """Compile as `jit` does, into each of its callers."""
    return cast(F, numba.njit(nogil=True, error_model="numpy", forceinline=True)(function))


def _emit_use_wide_vectors(context: Any) -> Any:
    def emit(ctx: Any, builder: Any, _: Any, __: Any) -> Any:
        # llvmlite lists only attributes without values; LLVM takes any.
        set.add(builder.function.attributes, '"prefer-vector-width"="512"')
        return ctx.get_dummy_value()

    return types.none(), emit


#: Lets the enclosing function use 512-bit vectors where the processor has them.
use_wide_vectors: Callable[[], None] = intrinsic(_emit_use_wide_vectors)
