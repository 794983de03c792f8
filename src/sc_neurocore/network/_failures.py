"""What stops a run, in a sentence: the same from both engines."""

from __future__ import annotations

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._groups import Group


def not_finite(group: Group, neuron: int, state: int, tick: int, dt: float) -> SCConfigError:
    """A state of a neuron, counted in its group, has left the finite numbers."""
    k = int(np.searchsorted(group.offsets, neuron, side="right")) - 1
    return SCConfigError(
        f"state '{group.model.state_names[state]}' of neuron {neuron - group.offsets[k]} of "
        f"population '{group.populations[k].label}' became non-finite at tick {tick}; take a dt "
        f"below {dt:g} ms or another method than '{group.model.method}', or check parameters and "
        "input"
    )


def broken_off(tick: int) -> SCConfigError:
    """A network was stopped in the middle of a step."""
    return SCConfigError(
        f"the last run broke off at tick {tick} with a part of the network ahead of the rest, so "
        "it cannot go on; make the network again"
    )
