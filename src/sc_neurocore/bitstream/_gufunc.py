"""Kernels over packed rows as NumPy generalised ufuncs, compiled when first called."""

from __future__ import annotations

import fcntl
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore._cache import kernel_cache


@contextmanager
def _alone(writable: bool) -> Iterator[None]:
    """Keep other processes from compiling into the same folder.

    numba keeps a gufunc in two files, a kernel and its wrapper, which names the kernel by a symbol
    that differs from process to process: a pair made by two processes crashes when it is called.
    """
    if not writable:
        yield
        return
    from numba.core import config

    with (Path(config.CACHE_DIR) / "gufunc.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def ones(word: Any) -> Any:
    """Ones of a 64-bit word; kernels call it, and LLVM makes it one instruction."""
    word = word - ((word >> np.uint64(1)) & np.uint64(0x5555555555555555))
    pairs = (word >> np.uint64(2)) & np.uint64(0x3333333333333333)
    word = (word & np.uint64(0x3333333333333333)) + pairs
    word = (word + (word >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return np.int64((word * np.uint64(0x0101010101010101)) >> np.uint64(56))


@functools.cache
def _register_ones() -> None:
    from numba.extending import register_jitable

    register_jitable(ones)


class GUFunc:
    """A generalised ufunc that is compiled, or loaded from the cache, at its first call.

    NumPy broadcasts the leading axes and hands strided rows to the kernel, so nothing is copied.
    """

    def __init__(self, function: Callable[..., None], types: str, shape: str) -> None:
        self._function, self._types, self._shape = function, types, shape
        self._compiled: Any = None

    def __call__(self, *arguments: Any) -> Any:
        """Apply the kernel to every row."""
        call = self._compiled
        return call(*arguments) if call is not None else self._compile()(*arguments)

    def _compile(self) -> Any:
        from numba import guvectorize

        _register_ones()
        with kernel_cache() as writable, _alone(writable):
            if self._compiled is None:
                types = f"void({self._types})"
                build = guvectorize([types], self._shape, nopython=True, cache=writable)
                self._compiled = build(self._function).ufunc
        return self._compiled


def gufunc(types: str, shape: str) -> Callable[[Callable[..., None]], GUFunc]:
    """Make a `GUFunc` of a kernel: ``types`` of its arguments, ``shape`` as NumPy writes it."""
    return lambda function: GUFunc(function, types, shape)
