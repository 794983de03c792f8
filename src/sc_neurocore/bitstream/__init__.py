"""Stochastic computing: streams of bits whose density of ones is a number."""

from __future__ import annotations

from sc_neurocore.bitstream._arithmetic import (
    saturating_add_machine,
    sc_divide,
    sc_divide_history,
    sc_maximum,
    sc_minimum,
    sc_saturating_add,
    sc_scaled_add,
    sc_sqrt,
    sc_subtract,
    subtract_machine,
)
from sc_neurocore.bitstream._backend import Backend, available_backends, get_backend
from sc_neurocore.bitstream._coding import (
    BIPOLAR,
    CODINGS,
    SIGN_MAGNITUDE,
    SPLIT_UNIPOLAR,
    UNIPOLAR,
    Coding,
    Range,
    unipolar_prob_to_value,
    value_to_bipolar_prob,
    value_to_unipolar_prob,
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
from sc_neurocore.bitstream._counter import Counter
from sc_neurocore.bitstream._decorrelate import isolate, regenerate, shuffle_buffer, track
from sc_neurocore.bitstream._encode import encode, encode_thresholds, threshold
from sc_neurocore.bitstream._entropy import NumpyRandom, OsEntropy
from sc_neurocore.bitstream._forward import sc_conv2d, sc_dense, sc_forward
from sc_neurocore.bitstream._fsm import exp_machine, gain_machine, relu_machine, tanh_machine
from sc_neurocore.bitstream._gemm import and_counts, xnor_counts
from sc_neurocore.bitstream._halton import Halton
from sc_neurocore.bitstream._lfsr import Lfsr, feedback_exponents
from sc_neurocore.bitstream._machine import Machine
from sc_neurocore.bitstream._packed import (
    pack_bitstream,
    popcount,
    sc_and,
    sc_mux,
    sc_not,
    sc_or,
    sc_sub,
    sc_xnor,
    sc_xor,
    unpack_bitstream,
)
from sc_neurocore.bitstream._placement import pulse_train, thermometer
from sc_neurocore.bitstream._rank_counts import rank_counts
from sc_neurocore.bitstream._sharing import (
    Sharing,
    lfsr_phases,
    one_pair,
    own_dimensions,
    register_phases,
    shifted_pair,
)
from sc_neurocore.bitstream._sobol import SOBOL_DIMENSIONS, Sobol
from sc_neurocore.bitstream._source import Source
from sc_neurocore.bitstream._source_text import SOURCES, source_of
from sc_neurocore.bitstream._synchroniser import desynchroniser, synchroniser
from sc_neurocore.bitstream._to_binary import (
    binary_to_stochastic,
    parallel_count,
    saturating_counter,
    stochastic_to_binary,
)
from sc_neurocore.bitstream._unpacked import (
    BitstreamAverager,
    BitstreamEncoder,
    bipolar_to_value,
    bitstream_to_probability,
    generate_bernoulli_bitstream,
    generate_bipolar_bitstream,
    generate_sobol_bitstream,
)

__all__ = [
    "BIPOLAR",
    "CODINGS",
    "SIGN_MAGNITUDE",
    "SOBOL_DIMENSIONS",
    "SOURCES",
    "SPLIT_UNIPOLAR",
    "UNIPOLAR",
    "Backend",
    "BitstreamAverager",
    "BitstreamEncoder",
    "Coding",
    "Counter",
    "Halton",
    "Lfsr",
    "Machine",
    "NumpyRandom",
    "OsEntropy",
    "Range",
    "RunLengths",
    "Sharing",
    "Sobol",
    "Source",
    "and_counts",
    "autocorrelation",
    "available_backends",
    "binary_to_stochastic",
    "bipolar_to_value",
    "bitstream_to_probability",
    "desynchroniser",
    "encode",
    "encode_thresholds",
    "exp_machine",
    "feedback_exponents",
    "gain_machine",
    "generate_bernoulli_bitstream",
    "generate_bipolar_bitstream",
    "generate_sobol_bitstream",
    "get_backend",
    "isolate",
    "lfsr_phases",
    "one_pair",
    "own_dimensions",
    "pack_bitstream",
    "parallel_count",
    "popcount",
    "product_error",
    "pulse_train",
    "rank_counts",
    "regenerate",
    "register_phases",
    "relu_machine",
    "require_uncorrelated",
    "run_lengths",
    "saturating_add_machine",
    "saturating_counter",
    "sc_and",
    "sc_conv2d",
    "sc_dense",
    "sc_divide",
    "sc_divide_history",
    "sc_forward",
    "sc_maximum",
    "sc_minimum",
    "sc_mux",
    "sc_not",
    "sc_or",
    "sc_saturating_add",
    "sc_scaled_add",
    "sc_sqrt",
    "sc_sub",
    "sc_subtract",
    "sc_xnor",
    "sc_xor",
    "scc",
    "scc_matrix",
    "shifted_pair",
    "shuffle_buffer",
    "source_of",
    "stochastic_to_binary",
    "subtract_machine",
    "synchroniser",
    "tanh_machine",
    "thermometer",
    "threshold",
    "track",
    "unipolar_prob_to_value",
    "unpack_bitstream",
    "value_to_bipolar_prob",
    "value_to_unipolar_prob",
    "xnor_counts",
]
