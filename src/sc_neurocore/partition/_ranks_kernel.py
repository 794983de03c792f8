"""The kernel that delivers spikes to the neurons of one rank; imported only when a network runs."""

from __future__ import annotations

from sc_neurocore._jit import jit_in

_jit = jit_in(__file__)


@_jit
def deliver(current, starts, targets, weights, sources):  # type: ignore[no-untyped-def]
    """Add the weights of the sources that spiked, in their order, to the targets' currents."""
    for i in range(sources.size):
        source = sources[i]
        for k in range(starts[source], starts[source + 1]):
            current[targets[k]] += weights[k]


@_jit
def deliver_values(current, starts, targets, weights, sources, values):  # type: ignore[no-untyped-def]
    """The same for sources that send numbers."""
    for i in range(sources.size):
        source, value = sources[i], values[i]
        for k in range(starts[source], starts[source + 1]):
            current[targets[k]] += weights[k] * value
