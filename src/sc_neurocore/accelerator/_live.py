"""Parameter banks of a live engine, and the exchange of one network's weights for another's."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator._bittrue import NetworkRun, check_network, run_exchanging
from sc_neurocore.accelerator._geometry import Geometry, current_range, geometry
from sc_neurocore.accelerator._memory import entries_of, weight_codes, weight_memory
from sc_neurocore.accelerator._network import Folding, IntegerLayer, IntegerNetwork
from sc_neurocore.accelerator._normal import RealLayer, real_network
from sc_neurocore.accelerator._population import in_units, population_model
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import Graph
from sc_neurocore.nir_bridge import SCNetwork, from_nir

#: Bits that the bus writes to a bank at a time.
ENTRY_BITS = 64


@dataclass(frozen=True)
class Bank:
    """A memory of parameters that a bus can write: ``entries`` of at most 64 bits.

    A word of the memory is ``slices`` entries, the lowest bits first.

    Attributes:
        name: of the bank, a Verilog identifier.
        layer: index of its layer.
        field: what it holds: ``weights``.
        entries: number of entries.
        entry_bits: width of an entry; of a word's last, what remains of the word.
        slices: entries of a word.
        word_bits: width of a word.
    """

    name: str
    layer: int
    field: str
    entries: int
    entry_bits: int
    slices: int
    word_bits: int

    @property
    def words(self) -> int:
        """Words of the memory."""
        return self.entries // self.slices


def live_banks(network: IntegerNetwork, foldings: Sequence[Folding]) -> tuple[Bank, ...]:
    """Banks of a live engine; a bank's index on the bus is its place.

    Raises:
        SCConfigError: the foldings do not fit the network.
    """
    return banks_of(network, geometry(network, foldings))


def banks_of(network: IntegerNetwork, shape: Geometry) -> tuple[Bank, ...]:
    """`live_banks` of a geometry."""
    found = []
    for k, (layer, sizes) in enumerate(zip(network.layers, shape.layers, strict=True)):
        words, word_bits = weight_memory(layer, sizes)
        slices = -(-word_bits // ENTRY_BITS)
        found.append(
            Bank(
                name=f"{layer.name}_weights",
                layer=k,
                field="weights",
                entries=words * slices,
                entry_bits=min(word_bits, ENTRY_BITS),
                slices=slices,
                word_bits=word_bits,
            )
        )
    return tuple(found)


def bank_words(
    network: IntegerNetwork, foldings: Sequence[Folding]
) -> dict[str, NDArray[np.uint64]]:
    """What a live engine's banks hold for a network: the entries of each, by name.

    Raises:
        SCConfigError: the foldings do not fit the network.
    """
    shape = geometry(network, foldings)
    return {
        bank.name: entries_of(*weight_codes(network.layers[bank.layer], shape.layers[bank.layer]))
        for bank in banks_of(network, shape)
    }


def bank_digest(words: Mapping[str, NDArray[np.uint64]]) -> str:
    """SHA-256 of what parameter banks hold: names, numbers of entries and entries, by name.

    Args:
        words: entries of each bank, as `bank_words` gives them and a device reads them back.
    """
    found = hashlib.sha256()
    for bank in sorted(words):
        entries = np.ascontiguousarray(words[bank], "<u8")
        found.update(f"{bank} {entries.size}\n".encode() + entries.tobytes())
    return found.hexdigest()


def with_weights(network: IntegerNetwork, source: SCNetwork | Graph | Path | str) -> IntegerNetwork:
    """The same integer network with another's weights, on the scales that it has.

    Args:
        network: the integers.
        source: a network, its graph or its NIR file, of the same neurons and connections.

    Raises:
        SCConfigError: it differs in more than weights, or a weight or current does not fit.
    """
    other = source if isinstance(source, SCNetwork) else from_nir(source)
    real = real_network(other.normal, other.assumptions)
    if (real.inputs, len(real.layers), real.output) != (
        network.input.size, len(network.layers), network.output,
    ):  # fmt: skip
        raise SCConfigError(
            f"network '{real.name}' has {real.inputs} inputs and {len(real.layers)} layers, "
            f"'{network.name}' {network.input.size} and {len(network.layers)}; only weights can be "
            "exchanged"
        )
    layers = tuple(
        _reweighted(layer, new, network.ticks)
        for layer, new in zip(network.layers, real.layers, strict=True)
    )
    found = replace(network, layers=layers)
    require_exchangeable(network, found)
    return found


def _reweighted(layer: IntegerLayer, new: RealLayer, ticks: int) -> IntegerLayer:
    where = f"layer '{layer.name}'"
    fraction = layer.datapath.states[-1].format.fraction
    if new.population.size != layer.size:
        raise SCConfigError(
            f"{where} has {layer.size} neurons, the new one {new.population.size}; only weights "
            "can be exchanged"
        )
    model, ports = population_model(in_units(new.population, layer.scale, fraction), layer.name)
    held = {
        p.name: layer.parameters[p.name] * 2.0**-p.format.fraction
        for p in layer.datapath.parameters
    }
    if model != layer.datapath.model or any(
        key not in held or not np.array_equal(values, held[key]) for key, values in ports.items()
    ):
        raise SCConfigError(
            f"the neurons of {where} differ in more than weights: leak, threshold, reset or drive "
            "are others; build the network anew"
        )
    wires = [(p.source, min(p.delay, ticks)) for p in new.projections]
    if wires != [(p.source, p.delay) for p in layer.projections]:
        raise SCConfigError(
            f"{where} is fed by other layers, or with other delays; build the network anew"
        )
    step = layer.scale
    if layer.backend == "stochastic":
        step *= layer.length / 2.0 ** (layer.bits - 1)
    half = 1 << (layer.bits - 1)
    projections = []
    for old, p in zip(layer.projections, new.projections, strict=True):
        units = np.rint(p.weight.T * new.population.gain / step)
        outside = int(((units < -half) | (units >= half)).sum())
        if outside:
            farthest = units.flat[int(np.abs(units).argmax())]
            raise SCConfigError(
                f"{outside} new weights of {where} do not fit {layer.bits} bits on its scale: they "
                f"reach {farthest:.0f}, and {-half} to {half - 1} fit; build the network anew, "
                "with more bits, or train it within the range"
            )
        projections.append(replace(old, weights=units.astype(np.int64)))
    return replace(layer, projections=tuple(projections))


def require_exchangeable(old: IntegerNetwork, new: IntegerNetwork) -> None:
    """Refuse weights that one engine cannot hold beside another's.

    Raises:
        SCConfigError: the networks differ in more than weights, or the new currents do not fit the
            neurons' inputs.
    """
    if _bare(old) != _bare(new):
        raise SCConfigError(
            f"networks '{old.name}' and '{new.name}' differ in more than weights; only weights can "
            "be exchanged"
        )
    check_network(new)
    for layer, other in zip(old.layers, new.layers, strict=True):
        if not all(
            np.array_equal(layer.parameters[p.name], other.parameters[p.name])
            for p in layer.datapath.parameters
        ):
            raise SCConfigError(f"the neurons of layer '{layer.name}' have other parameters")
        low, high = current_range(new, other)
        port = layer.datapath.inputs[0]
        if low < port.low or high > port.high:
            raise SCConfigError(
                f"the new currents of layer '{layer.name}' could reach from {low} to {high}, and "
                f"its neurons take {port.low} to {port.high}; build the network anew, as live"
            )


def _bare(network: IntegerNetwork) -> object:
    """All of a network but weights and values of parameters."""
    return (
        network.name, network.input, network.ticks, network.readout, network.output,
        [
            (x.name, x.size, x.datapath, x.bits, x.backend, x.length, x.scale,
             [(p.source, p.weights.shape, p.delay) for p in x.projections])
            for x in network.layers
        ],
    )  # fmt: skip


def simulate_swap(
    old: IntegerNetwork,
    new: IntegerNetwork,
    samples: ArrayLike,
    tick: int,
    *,
    spikes: bool = False,
) -> NetworkRun:
    """Run the bit-true model of inferences in the course of which the weights change.

    In every layer the ticks 0 to ``tick - 1`` have the old weights, those from ``tick`` on the
    new; with ``tick`` 0 an inference has the new ones only.

    Args:
        old: the network whose weights are active at first.
        new: the same network with other weights, see `with_weights`.
        samples: as for `simulate_network`; each is an inference of its own, with an exchange.
        tick: from 0 to the number of ticks.
        spikes: keep every spike of every layer.

    Raises:
        SCConfigError: a tick that the inference does not have, networks that differ in more than
            weights, or samples that do not fit.
    """
    if not 0 <= tick <= old.ticks:
        raise SCConfigError(f"tick is {tick}; an inference has ticks 0 to {old.ticks}")
    require_exchangeable(old, new)
    return run_exchanging(old, new, tick, samples, spikes=spikes)


def bank_writes(
    before: Mapping[str, NDArray[np.uint64]], after: Mapping[str, NDArray[np.uint64]]
) -> dict[str, dict[int, int]]:
    """The writes that make one content of the banks another: entry to word, by bank.

    Args:
        before: as `bank_words` gives them.
        after: likewise, of the same engine.
    """
    return {
        name: {int(k): int(after[name][k]) for k in np.flatnonzero(words != after[name])}
        for name, words in before.items()
    }
