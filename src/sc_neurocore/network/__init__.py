"""Networks of populations and projections: clock-driven and event-driven, watched by monitors."""

from __future__ import annotations

from sc_neurocore.network._distributions import Normal, Uniform
from sc_neurocore.network._monitors import SpikeMonitor
from sc_neurocore.network._network import Network, Size
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._rules import (
    AllToAll,
    Bernoulli,
    FixedIndegree,
    FixedOutdegree,
    FixedTotal,
    OneToOne,
)
from sc_neurocore.network._stimuli import PoissonInput, StepCurrent, TimedArray
from sc_neurocore.network._synapses import Synapses

__all__ = [
    "AllToAll",
    "Bernoulli",
    "FixedIndegree",
    "FixedOutdegree",
    "FixedTotal",
    "Network",
    "Normal",
    "OneToOne",
    "PoissonInput",
    "Population",
    "Projection",
    "Size",
    "SpikeMonitor",
    "SpikeSourceArray",
    "StepCurrent",
    "Synapses",
    "TimedArray",
    "Uniform",
]
