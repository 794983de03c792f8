"""A spiking network as integers, and as a folded engine in hardware."""

from __future__ import annotations

from sc_neurocore.accelerator._bittrue import (
    Divergence,
    NetworkRun,
    check_network,
    first_divergence,
    simulate_network,
)
from sc_neurocore.accelerator._cosim import (
    NetworkCosimulation,
    NetworkMismatch,
    cosimulate_network,
)
from sc_neurocore.accelerator._cycles import CycleModel, Schedule, cycles
from sc_neurocore.accelerator._dequantise import quantised_graph
from sc_neurocore.accelerator._device import DeviceRtl, write_device
from sc_neurocore.accelerator._encode import encode_levels, input_spikes, rate_numbers, real_inputs
from sc_neurocore.accelerator._folding import (
    FoldingPlan,
    choose_foldings,
    layer_clocks,
    memory_blocks,
)
from sc_neurocore.accelerator._hybrid import Candidate, HybridChoice, choose_backends
from sc_neurocore.accelerator._ladder import float_predictions
from sc_neurocore.accelerator._live import (
    Bank,
    bank_digest,
    bank_words,
    bank_writes,
    live_banks,
    require_exchangeable,
    simulate_swap,
    with_weights,
)
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
from sc_neurocore.accelerator._rtl import AcceleratorRtl, write_accelerator
from sc_neurocore.accelerator._shape import engine_shape, shapes_by_simd
from sc_neurocore.accelerator._sharing import (
    CorrelationCheck,
    check_correlation,
    require_uncorrelated_network,
    sharing_plan,
)
from sc_neurocore.accelerator._stochastic import stream_bits, tick_weights

__all__ = [
    "INPUT",
    "AcceleratorRtl",
    "Backend",
    "Bank",
    "Candidate",
    "Coding",
    "CorrelationCheck",
    "CycleModel",
    "DeviceRtl",
    "Divergence",
    "Folding",
    "FoldingPlan",
    "HybridChoice",
    "InputCoding",
    "IntegerLayer",
    "IntegerNetwork",
    "IntegerProjection",
    "NetworkCosimulation",
    "NetworkMismatch",
    "NetworkRun",
    "Quantisation",
    "Readout",
    "Schedule",
    "bank_digest",
    "bank_words",
    "bank_writes",
    "check_correlation",
    "check_network",
    "choose_backends",
    "choose_foldings",
    "cosimulate_network",
    "cycles",
    "encode_levels",
    "engine_shape",
    "first_divergence",
    "float_predictions",
    "input_spikes",
    "layer_clocks",
    "live_banks",
    "memory_blocks",
    "quantise",
    "quantised_graph",
    "rate_numbers",
    "real_inputs",
    "require_exchangeable",
    "require_uncorrelated_network",
    "shapes_by_simd",
    "sharing_plan",
    "simulate_network",
    "simulate_swap",
    "stream_bits",
    "tick_weights",
    "with_weights",
    "write_accelerator",
    "write_device",
]
