"""What executes the products of packed streams: compiled kernels, or NumPy alone.

All back ends give the same bits and counts. `"numpy"` is the plain statement of what they compute.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._encode import encode_thresholds
from sc_neurocore.bitstream._packed import Words, pack_bitstream
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import BackendUnavailableError, SCConfigError

#: Threads that are ever started beside the caller's.
_MOST_THREADS = 256
#: Bits of AND per thread below which another thread costs more than it brings (0.25 ms).
BITS_PER_THREAD = 2**28
#: Words that NumPy makes at a time.
_CHUNK = 2**16


@dataclass(frozen=True)
class Backend:
    """One way to execute the products.

    Attributes:
        name: as `get_backend` takes it.
        and_counts: ones in the AND of every pair of rows of two C-contiguous matrices of words,
            with at most so many threads.
        xor_counts: the same of their XOR.
        encode: thresholds ``(rows, inputs)``, length and one source per input to packed streams.
        small: kernel that encodes and multiplies in one call, if there is one.
    """

    name: str
    and_counts: Callable[[Words, Words, int | None], NDArray[np.int64]]
    xor_counts: Callable[[Words, Words, int | None], NDArray[np.int64]]
    encode: Callable[[Words, int, Sequence[Source]], Words]
    small: Callable[..., int] | None = None

    def sc_forward(
        self, weights_packed: Words, input_probs: ArrayLike, *, length: int, seed: int = 0xACE1
    ) -> NDArray[np.float64]:
        """`sc_neurocore.bitstream.sc_forward` on this back end."""
        from sc_neurocore.bitstream._forward import sc_forward

        return sc_forward(weights_packed, input_probs, length=length, backend=self, seed=seed)


def get_backend(name: str = "auto") -> Backend:
    """Return a back end.

    Args:
        name: ``"numba"``, ``"numpy"``, or ``"auto"`` for the first of them that is available.

    Raises:
        SCConfigError: an unknown name; it is a ValueError.
        BackendUnavailableError: the named back end cannot run here; it is a RuntimeError.
    """
    if name == "auto":
        return _fastest()
    if name not in _MAKERS:
        known = ", ".join(repr(n) for n in ("auto", *_MAKERS))
        raise SCConfigError(f"backend is {name!r}; it must be one of {known}")
    return _MAKERS[name]()


def available_backends() -> dict[str, bool]:
    """Which back ends can run here, fastest first; ``"numpy"`` always can."""
    return {name: _works(make) for name, make in _MAKERS.items()}


def backend_of(backend: str | Backend) -> Backend:
    """The back end, given itself or its name."""
    if isinstance(backend, Backend):
        return backend
    return get_backend(backend)


@functools.cache
def _fastest() -> Backend:
    return next(make() for make in _MAKERS.values() if _works(make))


def _works(make: Callable[[], Backend]) -> bool:
    try:
        make()
    except BackendUnavailableError:
        return False
    return True


@functools.cache
def _numba() -> Backend:
    try:
        from sc_neurocore.bitstream import _forward_kernel, _gemm_kernel
    except ImportError as error:
        raise BackendUnavailableError(
            f"backend 'numba' cannot run: {error}; install numba, or use 'numpy'"
        ) from None
    return Backend(
        "numba",
        functools.partial(_compiled_counts, _gemm_kernel, False),
        functools.partial(_compiled_counts, _gemm_kernel, True),
        encode_thresholds,
        _forward_kernel.forward,
    )


@functools.cache
def _numpy() -> Backend:
    return Backend(
        "numpy",
        functools.partial(_numpy_counts, np.bitwise_and),
        functools.partial(_numpy_counts, np.bitwise_xor),
        _numpy_encode,
    )


_MAKERS: dict[str, Callable[[], Backend]] = {"numba": _numba, "numpy": _numpy}


def _compiled_counts(
    kernel: ModuleType, xor: bool, a: Words, b: Words, threads: int | None
) -> NDArray[np.int64]:
    m, words = a.shape
    n = len(b)
    counts = np.empty((m, n), np.int64)
    share = _threads(threads, m * n * words * 64)
    # Too few words or rows to repay packing them for the tiles.
    if words < 2 * kernel.PAIR or min(m, n) < 2 * kernel.ROWS:
        if m < n:
            _split(n, 1, share, lambda i, j: kernel.direct(a, b, counts, 0, m, i, j, xor))
        else:
            _split(m, 1, share, lambda i, j: kernel.direct(a, b, counts, i, j, 0, n, xor))
        return counts
    # The fewer rows stay in the cache while the others pass by once.
    few, many = (b, a) if m > n else (a, b)

    def run(begin: int, end: int) -> None:
        kernel.blocked(few, many, counts, begin, end, m > n, xor)

    _split(len(many), kernel.COLUMNS, share, run)
    return counts


def _threads(most: int | None, bits: int) -> int:
    """Threads that the work repays, unless it says how many."""
    return most or max(1, min(_processors(), bits // BITS_PER_THREAD))


@functools.cache
def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _split(size: int, step: int, threads: int, run: Callable[[int, int], Any]) -> None:
    """``run`` on ``threads`` parts of a range, each but the last a multiple of ``step``."""
    if threads == 1 or size <= step:
        run(0, size)
        return
    part = -(-size // (threads * step)) * step
    first, *others = [(i, min(i + part, size)) for i in range(0, size, part)]
    waiting = [_pool().submit(run, *other) for other in others]
    run(*first)
    for other in waiting:
        other.result()


@functools.cache
def _pool() -> ThreadPoolExecutor:
    """Threads that stay: a new one pays for its memory at its first product."""
    os.register_at_fork(after_in_child=_pool.cache_clear)  # a child process has none of them
    return ThreadPoolExecutor(_MOST_THREADS, "sc-neurocore-products")


def _numpy_counts(gate: np.ufunc, a: Words, b: Words, threads: int | None) -> NDArray[np.int64]:
    counts = np.empty((len(a), len(b)), np.int64)
    step = max(1, _CHUNK // max(1, a.shape[1]))
    for j in range(0, len(b), step):
        for i, row in enumerate(a):
            counts[i, j : j + step] = _numpy_ones(gate(b[j : j + step], row))
    return counts


def _numpy_ones(rows: Words) -> NDArray[np.int64]:
    if hasattr(np, "bitwise_count"):
        counts: NDArray[np.int64] = np.bitwise_count(rows).sum(axis=-1, dtype=np.int64)
        return counts
    bits = np.unpackbits(np.ascontiguousarray(rows).view(np.uint8), axis=-1)
    counts = bits.sum(axis=-1, dtype=np.int64)
    return counts


def _numpy_encode(thresholds: Words, length: int, sources: Sequence[Source]) -> Words:
    streams = [
        pack_bitstream(source.values(length) < thresholds[:, i, None])
        for i, source in enumerate(sources)
    ]
    return np.ascontiguousarray(np.stack(streams, axis=1))
