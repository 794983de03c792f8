"""Networks of populations and projections: clock-driven and event-driven, watched by monitors."""

from __future__ import annotations

from sc_neurocore.network._activity import Activity
from sc_neurocore.network._balanced import brunel_balanced_network, brunel_mean_field
from sc_neurocore.network._distributions import Normal, Uniform
from sc_neurocore.network._microcircuit import CorticalColumn
from sc_neurocore.network._monitors import RateMonitor, SpikeMonitor, StateMonitor, WeightMonitor
from sc_neurocore.network._network import Network, Size
from sc_neurocore.network._ping import PINGCircuit
from sc_neurocore.network._plastic import Plasticity
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
from sc_neurocore.network._topology import (
    all_to_all,
    grid_topology,
    random_connectivity,
    ring_topology,
    scale_free,
    small_world,
)
from sc_neurocore.network._units import in_unit

__all__ = [
    "Activity",
    "AllToAll",
    "Bernoulli",
    "CorticalColumn",
    "FixedIndegree",
    "FixedOutdegree",
    "FixedTotal",
    "Network",
    "Normal",
    "OneToOne",
    "PINGCircuit",
    "Plasticity",
    "PoissonInput",
    "Population",
    "Projection",
    "RateMonitor",
    "Size",
    "SpikeMonitor",
    "SpikeSourceArray",
    "StateMonitor",
    "StepCurrent",
    "Synapses",
    "TimedArray",
    "Uniform",
    "WeightMonitor",
    "all_to_all",
    "brunel_balanced_network",
    "brunel_mean_field",
    "grid_topology",
    "in_unit",
    "random_connectivity",
    "ring_topology",
    "scale_free",
    "small_world",
]
