"""Layers of stochastic arithmetic: encode, multiply bit by bit, count."""

from __future__ import annotations

import functools
import math
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._backend import Backend, backend_of
from sc_neurocore.bitstream._coding import BIPOLAR, UNIPOLAR, Coding
from sc_neurocore.bitstream._encode import threshold
from sc_neurocore.bitstream._gemm import (
    and_counts,
    require_contiguous,
    require_threads,
    xnor_counts,
)
from sc_neurocore.bitstream._packed import Words, require_words, word_count
from sc_neurocore.bitstream._rank_counts import count_pairs, joint_period
from sc_neurocore.bitstream._require import require_length, require_probability, require_whole
from sc_neurocore.bitstream._sharing import Sharing, lfsr_phases, shifted_pair
from sc_neurocore.bitstream._source import Source
from sc_neurocore.exceptions import SCConfigError

Method = Literal["auto", "bits", "ranks"]
#: Words of the encoded inputs that are held at a time (64 MiB).
_HELD = 2**23
#: Most numbers of the inputs' sources that small calls keep from one to the next (1 MiB).
_KEPT = 2**18
#: Word products below which a call is small.
_SMALL = 2**12


def sc_forward(
    weights_packed: Words,
    input_probs: ArrayLike,
    *,
    length: int,
    backend: str | Backend = "auto",
    seed: int = 0xACE1,
    threads: int | None = None,
) -> NDArray[np.float64]:
    """Multiply packed unipolar weights with encoded inputs, and sum.

    Input i is compared with the 16-bit Fibonacci register that starts at ``seed``,
    ``i * 40504 mod 65535`` ticks ahead (`lfsr_phases`); the reference leaves the derivation open.
    All samples of a batch and all outputs share the inputs' streams. The weights' streams are
    yours: independent of these registers, or the products are wrong.

    Args:
        weights_packed: ``(outputs, inputs, ceil(length/64))`` of ``uint64``, contiguous.
        input_probs: ``(inputs,)`` or ``(batch, inputs)``, 0 to 1.
        length: bits of a stream.
        backend: ``"auto"``, a name as `get_backend` takes it, or a `Backend`.
        seed: state of the register at its first tick, 1 to 65535.
        threads: most threads to use; by default as many as there are processors and work for.

    Returns:
        ``(outputs,)`` or ``(batch, outputs)``: ones in ``weights AND inputs``, summed over the
        inputs, over ``length``. The same bits for the same seed on every back end.

    Raises:
        SCConfigError: a probability outside 0 … 1 or NaN, shapes that do not match, a wrong dtype,
            weights that are not contiguous, or a length or seed out of range.
        BackendUnavailableError: the back end cannot run here.
    """
    engine = backend_of(backend)
    require_whole("seed", seed, 1, 65535)
    outputs, inputs, words = _weights_shape(weights_packed, length)
    probabilities = np.asarray(input_probs)
    if probabilities.dtype != np.float64:
        probabilities = require_probability(probabilities, "input_probs")
    if probabilities.ndim not in (1, 2) or probabilities.shape[-1] != inputs:
        raise SCConfigError(
            f"input_probs has shape {probabilities.shape}; for these weights it must be "
            f"({inputs},) or (batch, {inputs})"
        )
    samples = probabilities.reshape(-1, inputs)
    if (
        engine.small
        and len(samples) * outputs * inputs * words <= _SMALL
        and inputs * length <= _KEPT
    ):
        require_threads(threads)
        out = np.empty((len(samples), outputs))
        numbers = _numbers(inputs, length, seed)
        if engine.small(weights_packed, samples, numbers, 65536.0, length, out) >= 0:
            require_probability(probabilities, "input_probs")
    else:
        require_probability(probabilities, "input_probs")
        out = np.empty((len(samples), outputs))
        sources = lfsr_phases(inputs, seed)
        flat = weights_packed.reshape(outputs, inputs * words)
        step = max(1, _HELD // max(1, inputs * words))
        for s in range(0, len(samples), step):
            streams = engine.encode(threshold(samples[s : s + step], 16), length, sources)
            counts = and_counts(
                streams.reshape(len(streams), -1), flat, backend=engine, threads=threads
            )
            np.divide(counts, length, out=out[s : s + step])
    return out[0] if probabilities.ndim == 1 else out


def _weights_shape(weights: Words, length: int) -> tuple[int, int, int]:
    require_words("weights_packed", weights)
    require_length(length)
    words = word_count(length)
    if weights.ndim != 3 or weights.shape[2] != words:
        raise SCConfigError(
            f"weights_packed has shape {weights.shape}; for {length} bits it must be "
            f"(outputs, inputs, {words})"
        )
    require_contiguous("weights_packed", weights)
    outputs, inputs, _ = weights.shape
    if not (outputs and inputs):
        raise SCConfigError(
            f"weights_packed has shape {weights.shape}; it needs at least one output and one input"
        )
    return outputs, inputs, words


@functools.lru_cache(maxsize=32)
def _numbers(inputs: int, length: int, seed: int) -> NDArray[np.uint32]:
    numbers = np.array([source.values(length) for source in lfsr_phases(inputs, seed)])
    numbers.flags.writeable = False
    return numbers


def sc_dense(
    weights: ArrayLike,
    inputs: ArrayLike,
    *,
    length: int,
    coding: Coding = UNIPOLAR,
    sharing: Sharing | None = None,
    method: Method = "auto",
    backend: str | Backend = "auto",
    threads: int | None = None,
) -> NDArray[np.float64]:
    """A dense layer in stochastic arithmetic: estimate ``inputs @ weights.T``.

    Args:
        weights: ``(outputs, inputs)``, values of the coding.
        inputs: ``(..., inputs)``, values of the coding.
        length: bits of a stream.
        coding: `UNIPOLAR` (AND) or `BIPOLAR` (XNOR).
        sharing: which streams share which numbers; by default `shifted_pair`.
        method: ``"bits"`` encodes and counts, ``"ranks"`` counts without bits (`rank_counts`),
            ``"auto"`` takes what is expected to be faster. All give the same result.
        backend: for ``"bits"``, as for `sc_forward`.
        threads: for ``"bits"``, as for `sc_forward`.

    Returns:
        ``(..., outputs)``.

    Raises:
        SCConfigError: values outside the coding's range, another coding, shapes that do not match,
            an unknown method or back end, or a length out of range.
    """
    length = require_length(length)
    if coding not in (UNIPOLAR, BIPOLAR):
        raise SCConfigError(
            f"coding is {coding.name}; a product needs unipolar (AND) or bipolar (XNOR) streams"
        )
    if method not in ("auto", "bits", "ranks"):
        raise SCConfigError(f"method is {method!r}; it must be 'auto', 'bits' or 'ranks'")
    w, x = coding.probabilities(weights), coding.probabilities(inputs)
    if w.ndim != 2 or not w.size or x.ndim == 0 or x.shape[-1] != w.shape[1]:
        raise SCConfigError(
            f"weights have shape {w.shape} and inputs {x.shape}; they must be (outputs, inputs) "
            "and (..., inputs)"
        )
    engine = backend_of(backend)
    plan = sharing or shifted_pair(w.shape[1])
    rows = np.ascontiguousarray(x.reshape(-1, w.shape[1]))
    if method == "auto":
        method = "ranks" if _ranks_win(len(rows), w, plan, length) else "bits"
    if method == "ranks":
        ones = _by_ranks(rows, w, plan, length, coding is BIPOLAR)
    else:
        ones = _by_bits(rows, w, plan, length, coding is BIPOLAR, engine, threads)
    result = ones / length
    if coding is BIPOLAR:
        result = 2 * result - w.shape[1]
    return result.reshape(*x.shape[:-1], len(w))


def _by_bits(
    x: NDArray[np.float64],
    w: NDArray[np.float64],
    plan: Sharing,
    length: int,
    bipolar: bool,
    engine: Backend,
    threads: int | None,
) -> NDArray[np.int64]:
    outputs, inputs = w.shape
    rows = len(plan.weights)
    weights = np.empty((outputs, inputs, word_count(length)), np.uint64)
    for first in range(min(rows, outputs)):
        sources = plan.weight_sources(first, inputs)
        weights[first::rows] = engine.encode(_thresholds(w[first::rows], sources), length, sources)
    sources = plan.input_sources(inputs)
    step = max(1, _HELD // (inputs * weights.shape[2]))
    ones = np.empty((len(x), outputs), np.int64)
    for s in range(0, len(x), step):
        streams = engine.encode(_thresholds(x[s : s + step], sources), length, sources)
        options: Any = {"backend": engine, "threads": threads}
        ones[s : s + step] = (
            xnor_counts(streams, weights, length=length, **options)
            if bipolar
            else and_counts(streams, weights, **options)
        )
    return ones


def _thresholds(p: NDArray[np.float64], sources: tuple[Source, ...]) -> Words:
    widths = np.array([s.width for s in sources])
    nearest: Words = np.rint(np.ldexp(p, widths)).astype(np.uint64)
    return nearest


def _by_ranks(
    x: NDArray[np.float64], w: NDArray[np.float64], plan: Sharing, length: int, bipolar: bool
) -> NDArray[np.int64]:
    outputs, inputs = w.shape
    rows = len(plan.weights)
    ones = np.zeros((len(x), outputs), np.int64)
    x_sources = plan.input_sources(inputs)
    numbers = functools.lru_cache(maxsize=64)(lambda source, count: source.values(count))
    for i, x_source in enumerate(x_sources):
        x_thresholds = threshold(x[:, i], x_source.width)
        for first in range(min(rows, outputs)):
            y_source = plan.weight_sources(first, inputs)[i]
            y_thresholds = threshold(w[first::rows, i], y_source.width)
            if bipolar:
                # A stream of ones, whose AND with another is the other.
                x_thresholds = np.append(x_thresholds, np.uint64(1 << x_source.width))
                y_thresholds = np.append(y_thresholds, np.uint64(1 << y_source.width))
            ticks = min(length, joint_period(x_source, y_source) or length)
            both = count_pairs(
                x_thresholds,
                y_thresholds,
                x_source.width,
                y_source.width,
                numbers(x_source, ticks),
                numbers(y_source, ticks),
                length,
            )
            if bipolar:
                both = length - both[:-1, -1:] - both[-1:, :-1] + 2 * both[:-1, :-1]
                x_thresholds = x_thresholds[:-1]
            ones[:, first::rows] += both
    return ones


def _ranks_win(samples: int, w: NDArray[np.float64], plan: Sharing, length: int) -> bool:
    """Whether counting by ranks is expected to be faster, from the parts measured on one core."""
    outputs = len(w)
    rows = min(len(plan.weights), outputs)
    ticks = min(length, joint_period(plan.inputs[0], plan.weights[0][0]) or length)
    by_bits = samples * outputs * length / 9e11 + (samples + outputs) * length / 3e10
    by_ranks = rows * (2e-4 + ticks * 6e-9) + samples * outputs * 2e-8
    return bool(by_ranks < by_bits)


def sc_conv2d(
    weights: ArrayLike,
    images: ArrayLike,
    *,
    length: int,
    stride: int = 1,
    padding: int = 0,
    coding: Coding = UNIPOLAR,
    sharing: Sharing | None = None,
    method: Method = "auto",
    backend: str | Backend = "auto",
    threads: int | None = None,
) -> NDArray[np.float64]:
    """A two-dimensional convolution (cross-correlation) in stochastic arithmetic.

    Every place of a patch, channel by channel and row by row, is an input of a dense layer: its
    encoder belongs to the place, as in an engine that slides over the image, and a pixel is encoded
    anew wherever it lies in the patch.

    Args:
        weights: ``(filters, channels, height, width)``, values of the coding.
        images: ``(..., channels, rows, columns)``, values of the coding.
        length: bits of a stream.
        stride: pixels from one patch to the next.
        padding: pixels of value 0 around the image.
        coding: as for `sc_dense`.
        sharing: as for `sc_dense`.
        method: as for `sc_dense`.
        backend: as for `sc_dense`.
        threads: as for `sc_dense`.

    Returns:
        ``(..., filters, rows', columns')``.

    Raises:
        SCConfigError: as for `sc_dense`; a stride or padding out of range, or patches that are
            larger than the padded image.
    """
    stride = require_whole("stride", stride, 1)
    padding = require_whole("padding", padding, 0)
    w = coding.range.numbers(weights)
    x = coding.range.numbers(images)
    if w.ndim != 4 or not w.size or x.ndim < 3 or x.shape[-3] != w.shape[1]:
        raise SCConfigError(
            f"weights have shape {w.shape} and images {x.shape}; they must be "
            "(filters, channels, height, width) and (..., channels, rows, columns)"
        )
    if padding:
        around = [(0, 0)] * (x.ndim - 2) + [(padding, padding)] * 2
        x = np.pad(x, around)
    filters, channels, height, width = w.shape
    if x.shape[-2] < height or x.shape[-1] < width:
        raise SCConfigError(
            f"patches of {height} by {width} do not fit an image of {x.shape[-2]} by "
            f"{x.shape[-1]}, padding included"
        )
    patches = np.lib.stride_tricks.sliding_window_view(x, (height, width), axis=(-2, -1))
    patches = patches[..., ::stride, ::stride, :, :]
    patches = np.moveaxis(patches, -5, -3)
    lines = patches.reshape(*patches.shape[:-3], channels * math.prod(w.shape[2:]))
    found = sc_dense(
        w.reshape(filters, -1),
        lines,
        length=length,
        coding=coding,
        sharing=sharing,
        method=method,
        backend=backend,
        threads=threads,
    )
    return np.moveaxis(found, -1, -3)
