"""Sliding windows: convolution and pooling as PyTorch and NIR define them, on batches of arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[np.float64]
Pairs = tuple[tuple[int, int], ...]

#: Numbers in one padded input, 2 GiB of float64.
PADDED_LIMIT = 2**28


def padding_pairs(
    padding: Sequence[int] | str, kernel: Sequence[int], dilation: Sequence[int]
) -> Pairs:
    """Zeros before and after each axis; ``same`` puts the odd one after, as PyTorch does."""
    if padding == "valid":
        return tuple((0, 0) for _ in kernel)
    if padding == "same":
        totals = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
        return tuple((total // 2, total - total // 2) for total in totals)
    return tuple((int(p), int(p)) for p in padding)


def window_counts(
    shape: Sequence[int],
    kernel: Sequence[int],
    stride: Sequence[int],
    pairs: Pairs,
    dilation: Sequence[int],
) -> tuple[int, ...]:
    """Windows that fit along each axis.

    Raises:
        ValueError: no window fits, or the padding is out of all proportion.
    """
    padded = [n + before + after for n, (before, after) in zip(shape, pairs, strict=True)]
    if math.prod(padded) > PADDED_LIMIT:
        raise ValueError(f"pads its input to {padded}, more than {PADDED_LIMIT} numbers")
    counts = tuple(
        (n + before + after - d * (k - 1) - 1) // s + 1
        for n, k, s, (before, after), d in zip(shape, kernel, stride, pairs, dilation, strict=True)
    )
    if min(counts) < 1:
        raise ValueError(
            f"has a kernel {tuple(kernel)} (dilation {tuple(dilation)}) "
            f"larger than its padded input {tuple(shape)}"
        )
    return counts


def _windows(
    x: Array, kernel: Sequence[int], stride: Sequence[int], pairs: Pairs, dilation: Sequence[int]
) -> Array:
    """(batch, C, *counts, *kernel)."""
    rank = len(kernel)
    padded = np.pad(x, ((0, 0), (0, 0), *pairs))
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    view = sliding_window_view(padded, spans, axis=tuple(range(2, 2 + rank)))
    steps = (*(slice(None, None, s) for s in stride), *(slice(None, None, d) for d in dilation))
    return view[(slice(None), slice(None), *steps)]


def convolve(
    x: Array,
    weight: Array,
    stride: Sequence[int],
    pairs: Pairs,
    dilation: Sequence[int],
    groups: int,
) -> Array:
    """Cross-correlation of (batch, C_in, *spatial) with (C_out, C_in / groups, *kernel)."""
    kernel = weight.shape[2:]
    rank = len(kernel)
    windows = _windows(x, kernel, stride, pairs, dilation)
    inner, outer = weight.shape[1], weight.shape[0] // groups
    axes = [1, *range(2 + rank, 2 + 2 * rank)]
    parts = [
        np.tensordot(
            windows[:, g * inner : (g + 1) * inner],
            weight[g * outer : (g + 1) * outer],
            axes=(axes, list(range(1, 2 + rank))),
        )
        for g in range(groups)
    ]
    return np.ascontiguousarray(np.moveaxis(np.concatenate(parts, axis=-1), -1, 1))


def pool(x: Array, kernel: Sequence[int], stride: Sequence[int], pairs: Pairs) -> Array:
    """Sums over windows of (batch, C, H, W)."""
    windows = _windows(x, kernel, stride, pairs, (1,) * len(kernel))
    return np.asarray(windows.sum(axis=tuple(range(-len(kernel), 0))))
