"""Between which numbers the states of a population stay, whatever it is sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator._population import Population

Reals = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: Least and most of each neuron.
_Span = tuple[Reals, Reals]


def state_bounds(
    p: Population, low: Reals, high: Reals, ticks: int, step: float
) -> dict[str, tuple[float, float]]:
    """Bounds of every state over an inference, before and after a reset, in units of current.

    Intervals are carried through ``ticks`` updates, so a population without leak has bounds too.

    Args:
        p: in units of current.
        low: smallest current of each neuron.
        high: largest.
        ticks: of an inference.
        step: what rounding moves a stored state at most.
    """
    zeros = np.zeros(p.size)
    result: dict[str, tuple[float, float]] = {}
    leak = zeros if p.leak is None else p.leak
    drive = zeros if p.drive is None else p.drive
    spans = [(low, high)] * ticks
    if p.leak_syn is not None:
        add = zeros if p.drive_syn is None else p.drive_syn
        now, reached, spans = (zeros, zeros), (zeros, zeros), []
        for _ in range(ticks):
            before = now
            now = _plus(_decay(now, p.leak_syn), low + add - step, high + add + step)
            reached = _hull(reached, now)
            spans.append(now if p.rules.cuba_order == "current_first" else before)
        result["j"] = (float(reached[0].min()), float(reached[1].max()))
    late = p.rules.reset_when == "next_tick" and p.threshold is not None
    now, reached = (zeros, zeros), (zeros, zeros)
    for down, up in spans:
        if p.kind == "threshold":
            now = (down + drive, up + drive)
            reached = _hull(reached, now)
            continue
        least, most = down + drive - step, up + drive + step
        now = (
            _resets_late(p, now, least, most)
            if late
            else _plus(_decay(_after_reset(p, now), leak), least, most)
        )
        reached = _hull(reached, now)
    if not late:
        reached = _hull(reached, _after_reset(p, reached))
    if p.threshold is not None and p.kind != "threshold":
        # Also of a neuron that never fires: the register holds what its reset is written with.
        needed = p.threshold if p.rules.reset == "subtract" else p.reset_to
        assert needed is not None
        reached = _hull(reached, (needed, needed))
    result["v"] = (float(reached[0].min()), float(reached[1].max()))
    return result


def _decay(span: _Span, leak: Reals) -> _Span:
    a, b = span[0] * (1 - leak), span[1] * (1 - leak)
    return np.minimum(a, b), np.maximum(a, b)


def _plus(span: _Span, low: Reals, high: Reals) -> _Span:
    return span[0] + low, span[1] + high


def _hull(a: _Span, b: _Span) -> _Span:
    return np.minimum(a[0], b[0]), np.maximum(a[1], b[1])


def _split(span: _Span, threshold: Reals) -> tuple[_Span, _Span]:
    """The parts of a span up to the threshold and above it, its ends moved to where they lie."""
    low, high = span
    return (
        (np.minimum(low, threshold), np.minimum(high, threshold)),
        (np.maximum(low, threshold), np.maximum(high, threshold)),
    )


def _where(fires: Bools, a: _Span, b: _Span) -> _Span:
    return np.where(fires, a[0], b[0]), np.where(fires, a[1], b[1])


def _after_reset(p: Population, span: _Span) -> _Span:
    """Where a span lies after its part above the threshold was reset in the same tick."""
    if p.threshold is None or p.kind == "threshold":
        return span
    quiet, loud = _split(span, p.threshold)
    moved = _plus(loud, -p.threshold, -p.threshold)
    if p.rules.reset == "reset":
        assert p.reset_to is not None
        moved = (p.reset_to, p.reset_to)
    return _where(span[1] > p.threshold, _hull(quiet, moved), span)


def _resets_late(p: Population, span: _Span, low: Reals, high: Reals) -> _Span:
    """Where a span lies after a tick that leaks, adds, and resets what the last tick's spikes ask.

    Args:
        p: with a threshold.
        span: after the last tick.
        low: least that the tick adds.
        high: most.
    """
    assert p.threshold is not None and p.leak is not None
    quiet, loud = _split(span, p.threshold)
    moved = _plus(_decay(loud, p.leak), low - p.threshold, high - p.threshold)
    if p.rules.reset == "reset":
        assert p.reset_to is not None
        moved = (p.reset_to, p.reset_to)
    rest = _plus(_decay(quiet, p.leak), low, high)
    return _where(span[1] > p.threshold, _hull(rest, moved), rest)
