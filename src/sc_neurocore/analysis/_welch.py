"""The segments of Welch's method, the same for every spectrum of the room."""

from __future__ import annotations

from sc_neurocore.exceptions import SCConfigError

_LONGEST = 1024


def segment(steps: int) -> int:
    """Steps per segment: at most 1024, and so few that eight half-overlapping ones fit.

    Raises:
        SCConfigError: the recording has fewer than 36 steps.
    """
    if steps < 36:
        raise SCConfigError(f"a spectrum needs at least 36 steps, and there are {steps}")
    return min(_LONGEST, 2 * steps // 9)
