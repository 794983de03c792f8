"""Ones in the AND, or the XNOR, of every pair of rows: the matrix product of packed streams."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._backend import Backend, backend_of
from sc_neurocore.bitstream._packed import Words, require_stream, require_tail, require_words
from sc_neurocore.bitstream._require import require_length, require_whole
from sc_neurocore.exceptions import SCConfigError

Counts = NDArray[np.int64]


def and_counts(
    a: Words, b: Words, *, backend: str | Backend = "auto", threads: int | None = None
) -> Counts:
    """Count the ones in ``a[i] AND b[j]`` for every i and j: the unipolar products, summed.

    Args:
        a: ``(m, ..., words)`` of ``uint64``, C-contiguous. A row is all streams of an ``a[i]``.
        b: ``(n, ..., words)``, equal to ``a`` in all axes but the first.
        backend: name, or a `Backend`; all give the same counts.
        threads: most threads to use; by default as many as there are processors and work for.

    Returns:
        ``(m, n)``.

    Raises:
        SCConfigError: wrong dtype, shapes that do not match, arrays that are not contiguous, or
            an unknown back end.
    """
    _require_rows("a", a)
    _require_rows("b", b)
    _require_match(a, b)
    return backend_of(backend).and_counts(_flat(a), _flat(b), require_threads(threads))


def xnor_counts(
    a: Words,
    b: Words,
    *,
    length: int,
    backend: str | Backend = "auto",
    threads: int | None = None,
) -> Counts:
    """Count the ones in ``a[i] XNOR b[j]`` for every i and j: the bipolar products, summed.

    Args:
        a: ``(m, ..., words)`` of ``uint64``, C-contiguous, ones up to ``length`` only.
        b: ``(n, ..., words)``, equal to ``a`` in all axes but the first.
        length: bits of every stream.
        backend: as for `and_counts`.
        threads: as for `and_counts`.

    Returns:
        ``(m, n)``; each of the ``length`` bits of all streams of a row counts.

    Raises:
        SCConfigError: as for `and_counts`; a length that does not fit the words, or ones past it.
    """
    length = require_length(length)
    for name, rows in (("a", a), ("b", b)):
        require_stream(name, rows, length)
        _require_rows(name, rows)
        require_tail(name, rows, length)
    _require_match(a, b)
    differing = backend_of(backend).xor_counts(_flat(a), _flat(b), require_threads(threads))
    return np.subtract(length * math.prod(a.shape[1:-1]), differing, out=differing)


def require_threads(threads: int | None) -> int | None:
    """Return a number of threads, None or at least 1."""
    return None if threads is None else require_whole("threads", threads, 1)


def require_contiguous(name: str, array: Words) -> None:
    """Refuse arrays that the kernels could not read where they are."""
    if not array.flags.c_contiguous:
        raise SCConfigError(
            f"{name} is not contiguous in memory; pass numpy.ascontiguousarray({name})"
        )


def _require_rows(name: str, rows: Words) -> None:
    require_words(name, rows)
    if rows.ndim < 2:
        raise SCConfigError(f"{name} has shape {rows.shape}; rows have shape (rows, ..., words)")
    require_contiguous(name, rows)


def _require_match(a: Words, b: Words) -> None:
    if a.shape[1:] != b.shape[1:]:
        raise SCConfigError(
            f"a has rows of shape {a.shape[1:]} and b of shape {b.shape[1:]}; they must be equal"
        )


def _flat(rows: Words) -> Words:
    return rows if rows.ndim == 2 else rows.reshape(len(rows), math.prod(rows.shape[1:]))
