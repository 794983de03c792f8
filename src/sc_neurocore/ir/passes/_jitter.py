"""Seeds of back-off."""

from __future__ import annotations

from typing import Literal

from sc_neurocore.ir._places import Crossing, Partitions

#: States of the 16-bit register that jitter comes from: all but zero.
_STATES = (1 << 16) - 1


def jitter_seed(partitions: Partitions, crossing: Crossing, end: Literal["send", "receive"]) -> int:
    """Seed of a gate's jitter, the same in every compilation.

    Each end of each crossing has another, so that peers do not retry in step.
    """
    number = partitions.places.seed + 2 * crossing.stream + (end == "receive")
    return 1 + number % _STATES
