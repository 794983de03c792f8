"""A spiking network as integers, and as a folded engine in hardware."""

from __future__ import annotations

from sc_neurocore.accelerator._bittrue import (
    Divergence,
    NetworkRun,
    first_divergence,
    simulate_network,
)
from sc_neurocore.accelerator._dequantise import quantised_graph
from sc_neurocore.accelerator._encode import encode_levels, input_spikes, rate_numbers
from sc_neurocore.accelerator._network import (
    INPUT,
    Backend,
    Coding,
    Folding,
    InputCoding,
    IntegerLayer,
    IntegerNetwork,
    IntegerProjection,
    Readout,
)
from sc_neurocore.accelerator._quantise import Quantisation, quantise
from sc_neurocore.accelerator._stochastic import stream_bits, tick_weights

__all__ = [
    "INPUT",
    "Backend",
    "Coding",
    "Divergence",
    "Folding",
    "InputCoding",
    "IntegerLayer",
    "IntegerNetwork",
    "IntegerProjection",
    "NetworkRun",
    "Quantisation",
    "Readout",
    "encode_levels",
    "first_divergence",
    "input_spikes",
    "quantise",
    "quantised_graph",
    "rate_numbers",
    "simulate_network",
    "stream_bits",
    "tick_weights",
]
