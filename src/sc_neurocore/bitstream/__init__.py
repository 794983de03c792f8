"""Stochastic computing: streams of bits whose density of ones is a number."""

from __future__ import annotations

from sc_neurocore.bitstream._arithmetic import (
    saturating_add_machine,
    sc_divide,
    sc_maximum,
    sc_minimum,
    sc_saturating_add,
    sc_scaled_add,
    sc_sqrt,
    sc_subtract,
    subtract_machine,
)
from sc_neurocore.bitstream._correlation import (
    RunLengths,
    autocorrelation,
    product_error,
    require_uncorrelated,
    run_lengths,
    scc,
    scc_matrix,
)
from sc_neurocore.bitstream._decorrelate import isolate, regenerate, shuffle_buffer, track
from sc_neurocore.bitstream._fsm import exp_machine, gain_machine, relu_machine, tanh_machine
from sc_neurocore.bitstream._machine import Machine
from sc_neurocore.bitstream._packed import (
    pack_bitstream,
    popcount,
    sc_and,
    sc_mux,
    sc_not,
    sc_or,
    sc_xnor,
    sc_xor,
    unpack_bitstream,
)
from sc_neurocore.bitstream._synchroniser import desynchroniser, synchroniser
from sc_neurocore.bitstream._to_binary import (
    binary_to_stochastic,
    parallel_count,
    saturating_counter,
    stochastic_to_binary,
)

__all__ = [
    "Machine",
    "RunLengths",
    "autocorrelation",
    "binary_to_stochastic",
    "desynchroniser",
    "exp_machine",
    "gain_machine",
    "isolate",
    "pack_bitstream",
    "parallel_count",
    "popcount",
    "product_error",
    "regenerate",
    "relu_machine",
    "require_uncorrelated",
    "run_lengths",
    "saturating_add_machine",
    "saturating_counter",
    "sc_and",
    "sc_divide",
    "sc_maximum",
    "sc_minimum",
    "sc_mux",
    "sc_not",
    "sc_or",
    "sc_saturating_add",
    "sc_scaled_add",
    "sc_sqrt",
    "sc_subtract",
    "sc_xnor",
    "sc_xor",
    "scc",
    "scc_matrix",
    "shuffle_buffer",
    "stochastic_to_binary",
    "subtract_machine",
    "synchroniser",
    "tanh_machine",
    "track",
    "unpack_bitstream",
]
