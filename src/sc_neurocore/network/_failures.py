"""What an engine refuses, in a sentence: the same from both."""

from __future__ import annotations

import numpy as np

from sc_neurocore.dynamics import suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._groups import Group
from sc_neurocore.network._population import Population


def not_finite(group: Group, neuron: int, state: int, tick: int, dt: float) -> SCConfigError:
    """A state of a neuron, counted in its group, has left the finite numbers."""
    k = int(np.searchsorted(group.offsets, neuron, side="right")) - 1
    return SCConfigError(
        f"state '{group.model.state_names[state]}' of neuron {neuron - group.offsets[k]} of "
        f"population '{group.populations[k].label}' became non-finite at tick {tick}; take a dt "
        f"below {dt:g} ms or another method than '{group.model.method}', or check parameters and "
        "input"
    )


def no_state(population: Population, name: str) -> SCConfigError:
    """A population's neurons have no state of this name."""
    hint = suggest(str(name), population.model.state_names)
    return SCConfigError(f"population '{population.label}' has no state '{name}'{hint}")


def broken_off(tick: int) -> SCConfigError:
    """A network was stopped in the middle of a step."""
    return SCConfigError(
        f"the last run broke off at tick {tick} with a part of the network ahead of the rest, so "
        "it cannot go on; make the network again"
    )
