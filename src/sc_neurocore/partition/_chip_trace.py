"""What chips did, read from a simulator's trace and compared with the whole network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import IntegerNetwork
from sc_neurocore.accelerator._geometry import EVENT, TICK, Stream
from sc_neurocore.hdl.blocks._links_aer import packet_words
from sc_neurocore.partition._chip_bench import ChipBench
from sc_neurocore.partition._chip_rtl import COUNTERS, ChipRtl
from sc_neurocore.partition._chip_split import ChipNetwork

Bits = NDArray[np.uint8]
Integers = NDArray[np.int64]


@dataclass(frozen=True)
class SpikeMismatch:
    """The first spike that differs, in the order of samples, ticks and layers.

    Attributes:
        sample: index among the samples.
        tick: of the inference.
        layer: name of the layer.
        neuron: index in the layer.
        expected: 0 or 1, of the whole network.
    """

    sample: int
    tick: int
    layer: str
    neuron: int
    expected: int


@dataclass(frozen=True, eq=False)
class ChipRun:
    """What the chips did, and whether the whole network does the same.

    Attributes:
        simulator: that ran the RTL.
        spikes: by layer that has a stream, zeros and ones, (S, T, N).
        expected: the same of the whole network, by the bit-true model.
        host: what arrived at the host, by layer, likewise.
        counters: by link that ends at a chip, what its receiver counted in each sample: (S,
            len(`COUNTERS`)).
        predictions: class of each sample, by what arrived at the host.
        clocks: of each sample, from its start until all links are quiet.
        mismatches: spikes that differ, those at the host included.
        first: the first of them.
        evidence: keys of the simulator's records.
    """

    simulator: str
    spikes: Mapping[str, Bits]
    expected: Mapping[str, Bits]
    host: Mapping[str, Bits]
    counters: Mapping[int, NDArray[np.int64]]
    predictions: NDArray[np.int64]
    clocks: NDArray[np.int64]
    mismatches: int
    first: SpikeMismatch | None
    evidence: tuple[str, ...]

    @property
    def compared(self) -> int:
        """Spikes of the whole network that were compared."""
        return sum(int(x.sum()) for x in self.expected.values())

    def count(self, counter: str, link: int | None = None) -> int:
        """What receivers counted over all samples; of one link, or of all."""
        column = COUNTERS.index(counter)
        chosen = self.counters.values() if link is None else (self.counters[link],)
        return sum(int(rows[:, column].sum()) for rows in chosen)


@dataclass(frozen=True, eq=False)
class TraceRun:
    """Some samples, as one run of a simulator shows them.

    Attributes:
        spikes: by layer that has a stream, (S, T, N).
        host: by layer, what arrived at the host.
        counters: by link, (S, len(`COUNTERS`)).
        clocks: of each sample.
        evidence: key of the simulator's record.
    """

    spikes: Mapping[int, Bits]
    host: Mapping[int, Bits]
    counters: Mapping[int, Integers]
    clocks: Integers
    evidence: str


def read_trace(
    chips: ChipNetwork,
    rtl: Sequence[ChipRtl],
    passport: int,
    bench: ChipBench,
    trace: Mapping[str, NDArray[np.uint64]],
    evidence: str,
) -> TraceRun:
    """Read a trace.

    Args:
        chips: who computes what.
        rtl: of the parts.
        passport: that packets carry.
        bench: what was simulated.
        trace: its outputs.
        evidence: key of the record.
    """
    ticks = chips.whole.ticks
    starts = np.flatnonzero(trace["started"])
    reports = trace["report"].astype(np.int64)
    rows = np.flatnonzero(reports >> 32)
    table = (reports[rows] & 0xFFFFFFFF).reshape(len(starts), len(bench.reported), -1)
    spikes = {}
    for part, chip in zip(chips.parts, rtl, strict=True):
        for local, layer in enumerate(part.layers):
            if layer in bench.spikes:
                column = trace[bench.spikes[layer]].astype(np.int64)
                spikes[layer] = _spikes(column, chip.engine.streams[local], starts, ticks)
    return TraceRun(
        spikes=spikes,
        host=_at_host(chips, passport, bench, trace, starts),
        counters={link: table[:, i] for i, link in enumerate(bench.reported)},
        clocks=rows[:: len(COUNTERS) * len(bench.reported)] - starts,
        evidence=evidence,
    )


def compare_runs(
    whole: IntegerNetwork, truth: Sequence[Bits], simulator: str, runs: Sequence[TraceRun]
) -> ChipRun:
    """Put runs together and compare them.

    Args:
        whole: the network.
        truth: its spikes by layer, (S, T, N), of all runs.
        simulator: that ran the RTL.
        runs: in the order of the samples.
    """

    def joined(get: str) -> dict[int, NDArray[np.int64]]:
        tables = [getattr(run, get) for run in runs]
        return {k: np.concatenate([table[k] for table in tables]) for k in sorted(tables[0])}

    spikes, host = joined("spikes"), joined("host")
    found, wrong = [], 0
    for got in (spikes, host):
        for k, bits in got.items():
            different = bits != truth[k]
            wrong += int(different.sum())
            if different.any():
                place = np.unravel_index(int(different.argmax()), bits.shape)
                sample, tick, neuron = (int(i) for i in place)
                found.append((sample, tick, k, neuron))
    first = None
    if found:
        sample, tick, k, neuron = min(found)
        value = int(truth[k][sample, tick, neuron])
        first = SpikeMismatch(sample, tick, whole.layers[k].name, neuron, value)
    return ChipRun(
        simulator=simulator,
        spikes={whole.layers[k].name: bits.astype(np.uint8) for k, bits in spikes.items()},
        expected={whole.layers[k].name: truth[k] for k in spikes},
        host={whole.layers[k].name: bits.astype(np.uint8) for k, bits in host.items()},
        counters=joined("counters"),
        predictions=host[whole.output].sum(axis=1, dtype=np.int64).argmax(axis=1),
        clocks=np.concatenate([run.clocks for run in runs]),
        mismatches=wrong,
        first=first,
        evidence=tuple(run.evidence for run in runs),
    )


def _at_host(
    chips: ChipNetwork,
    passport: int,
    bench: ChipBench,
    trace: Mapping[str, NDArray[np.uint64]],
    starts: Integers,
) -> dict[int, Bits]:
    """Spikes in the packets that reached the host."""
    found = {}
    for i, port in bench.host.items():
        link = chips.links[i]
        column = trace[port].astype(np.int64)
        rows = np.flatnonzero(column >> 33)
        bits = np.zeros((len(starts), chips.whole.ticks, link.size), np.uint8)
        packet: list[int] = []
        for row, word in zip(rows.tolist(), column[rows].tolist(), strict=True):
            packet.append(word & 0xFFFFFFFF)
            if not word >> 32 & 1:
                continue
            sample = int(np.searchsorted(starts, row, "right")) - 1
            if _is_packet(packet, passport, link.batch, chips.whole.ticks, link.size):
                bits[sample, packet[5], packet[6:-1]] = 1
            packet = []
        for k, at, size in zip(link.layers, link.offsets, link.sizes, strict=True):
            found[k] = bits[:, :, at : at + size]
    return found


def _is_packet(words: list[int], passport: int, batch: int, ticks: int, size: int) -> bool:
    """Whether words are one of our packets, from its head to its checksum."""
    if len(words) < 7 or words[5] >= ticks or any(a >= size for a in words[6:-1]):
        return False
    again = packet_words(passport, batch, words[3], words[5], words[6:-1], last=bool(words[0] & 1))
    return words == again


def _spikes(
    column: NDArray[np.int64], stream: Stream, starts: NDArray[np.int64], ticks: int
) -> Bits:
    """Words that pass, as spikes of (samples, ticks, neurons)."""
    rows = np.flatnonzero(column >> stream.width)
    words = column[rows] & ((1 << stream.width) - 1)
    kinds = words >> (stream.width - 2)
    sample = np.searchsorted(starts, rows, "right") - 1
    ended = np.cumsum(kinds == TICK)
    before = np.concatenate(([0], ended))[np.searchsorted(rows, starts)]
    tick = ended - before[sample]
    found = np.zeros((len(starts), ticks, stream.addresses * stream.simd), np.uint8)
    chosen = (kinds == EVENT) & (tick < ticks)
    address = words[chosen] >> stream.simd & ((1 << stream.address_bits) - 1)
    for lane in range(stream.simd):
        spike = words[chosen] >> lane & 1
        found[sample[chosen], tick[chosen], address * stream.simd + lane] |= spike.astype(np.uint8)
    return found[:, :, : stream.size]
