"""What decides the cost of a design, as plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class LayerShape:
    """One layer of a folded engine.

    Attributes:
        size: neurons.
        fan_in: sources of all projections together.
        bits: width of a weight.
        pe: neurons whose accumulators share a word.
        simd: neighbouring sources that an event carries.
        backend: ``fixed`` or ``stochastic``.
        length: stream clocks per tick; 1 for ``fixed``.
        current_bits: width of an accumulator.
        state_bits: widths of a neuron's states together.
        lane_bits: adder and comparator bits of one neuron's tick.
        projections: number of projections that arrive.
        delay: longest delay of them, in ticks.
        lane_choices: bits of the tick's multiplexers.
        lane_products: bits of the tick's products of two variables, as width times width.
        lane_depth: longest chain of the tick, an operation of w bits counting 1 + w/20.
        parameter_bits: width of what is stored of each neuron besides its states.
        doubling: whether bit planes of a direct input arrive.
        out_simd: neurons in an event that leaves; 0 if the layer's spikes are not used.
        buffers: width and depth of the FIFO before each projection; empty stands for the shallow
            one of a chain of layers.
        silent: whether no neuron ever spikes and no state is read out, so that synthesis leaves
            out synapses, states and lanes.
    """

    size: int
    fan_in: int
    bits: int
    pe: int
    simd: int
    backend: str
    length: int
    current_bits: int
    state_bits: int
    lane_bits: float
    projections: int = 1
    delay: int = 0
    lane_choices: float = 0.0
    lane_products: float = 0.0
    lane_depth: float = 0.0
    parameter_bits: int = 0
    doubling: bool = False
    out_simd: int = 1
    buffers: tuple[tuple[int, int], ...] = ()
    silent: bool = False


@dataclass(frozen=True)
class EngineShape:
    """A folded engine.

    Attributes:
        layers: in the order of the network.
        coding: of the input: ``rate``, ``direct`` or ``events``.
        inputs: values per sample.
        input_bits: levels are 0 to 2**input_bits.
        ticks: of one inference.
        readout: ``count`` or ``membrane``.
    """

    layers: tuple[LayerShape, ...]
    coding: str
    inputs: int
    input_bits: int
    ticks: int
    readout: str


@dataclass(frozen=True)
class BlockShape:
    """A module of the library with its parameters.

    Attributes:
        kind: what is synthesised, such as ``sc_lfsr_galois`` or ``sc_layer``.
        parameters: what it is synthesised with.
    """

    kind: str
    parameters: Mapping[str, int | str]
