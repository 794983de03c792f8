"""A network on virtual chips: their RTL, joined by modelled links, against the whole network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator import (
    Folding,
    IntegerNetwork,
    input_spikes,
    simulate_network,
)
from sc_neurocore.accelerator._geometry import EVENT, TICK, Stream
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.blocks._links_aer import packet_words
from sc_neurocore.ir import Crossing
from sc_neurocore.partition._chip_bench import TOP, ChipBench, write_bench
from sc_neurocore.partition._chip_rtl import (
    COUNTERS,
    DEFAULT_LINK,
    ChipRtl,
    LinkOptions,
    write_chip,
)
from sc_neurocore.partition._chip_split import ChipNetwork, crossings_of, split_network
from sc_neurocore.toolchain import simulate_rtl

#: Numbers in ``link_model.sv``.
_FAULTS = {"drop": 1, "repeat": 2, "corrupt": 3, "shorten": 4}
#: Most clocks that one run of the simulator takes.
_MOST_CLOCKS = 1 << 22
Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class LinkFault:
    """Something that a link does to a packet.

    Attributes:
        link: index in `ChipNetwork.links`.
        packet: number of the packet on that link, over all samples.
        what: ``drop``, ``repeat``, ``corrupt`` (one bit of a word is inverted) or ``shorten`` (one
            word is missing).
        word: of the packet, for the latter two.
    """

    link: int
    packet: int
    what: str
    word: int = 0


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
class VirtualChips:
    """Chips and their links, ready to be simulated.

    Attributes:
        chips: who computes what.
        rtl: of the parts.
        passport: that all packets carry.
        latency: clocks of a link.
        options: of the links' ends.
    """

    chips: ChipNetwork
    rtl: tuple[ChipRtl, ...]
    passport: int
    latency: int
    options: LinkOptions

    def run(
        self,
        samples: ArrayLike,
        *,
        store: EvidenceStore,
        simulator: str = "verilator",
        faults: Sequence[LinkFault] = (),
        timeout_s: float = 600.0,
    ) -> ChipRun:
        """Run samples through the chips and compare every spike with the whole network.

        Args:
            samples: as for `simulate_network` of the whole network.
            store: evidence store.
            simulator: ``verilator``, ``yosys`` or ``icarus``.
            faults: of the links.
            timeout_s: wall time allowed to a tool.

        Raises:
            SCConfigError: samples of the wrong shape or range, or the chips never come to rest.
            SCDependencyError: the simulator is not installed.
            ToolError: a tool failed.
        """
        whole = self.chips.whole
        entering = input_spikes(whole, samples)
        truth = simulate_network(whole, samples, spikes=True)
        assert truth.spikes is not None
        feed = self._feed(entering)
        codes = _codes(faults)
        packets = max([1, *(len(numbers) for numbers in codes.values())])
        bench = write_bench(
            self.chips, self.rtl, latency=self.latency, words=_room(len(feed)),
            packets=_room(packets),
        )  # fmt: skip
        memories = bench.memories(len(entering), dict.fromkeys(bench.feeds, feed), codes)
        trace, key = self._simulate(bench, memories, simulator, store, len(entering), timeout_s)
        return self._read(bench, trace, truth.spikes, simulator, key)

    def _feed(self, entering: Bits) -> list[tuple[int, bool, bool]]:
        """The host's packets: word, last of its packet, last of its sample."""
        rows = []
        for sample in entering:
            number = 0
            for tick, spikes in enumerate(sample):
                addresses = np.flatnonzero(spikes).tolist()
                depth = self.options.depth
                cuts = range(0, max(len(addresses), 1), depth)
                for at in cuts:
                    last = at + depth >= len(addresses)
                    words = packet_words(
                        self.passport, 0, number, tick, addresses[at : at + depth], last=last
                    )
                    number += 1
                    rows += [(w, i == len(words) - 1, False) for i, w in enumerate(words)]
            rows[-1] = (*rows[-1][:2], True)
        return rows

    def _simulate(
        self,
        bench: ChipBench,
        memories: Mapping[str, str],
        simulator: str,
        store: EvidenceStore,
        samples: int,
        timeout_s: float,
    ) -> tuple[dict[str, NDArray[np.uint64]], str]:
        clocks = samples * self._clocks()
        while True:
            record, trace, _ = simulate_rtl(
                simulator, {**bench.sources, **memories}, TOP, clock="clk", reset="rst_n",
                inputs={}, input_widths={}, output_widths=bench.observed, store=store,
                cycles=clocks, timeout_s=timeout_s,
            )  # fmt: skip
            if trace["finished"][-1]:
                return trace, record.key
            if clocks >= _MOST_CLOCKS:
                raise SCConfigError(
                    f"after {clocks} clocks the chips have finished {int(trace['started'].sum())} "
                    f"of {samples} samples at most; a tick that was lost is waited for unless the "
                    "links' patience is more than 0, or give fewer samples"
                )
            clocks *= 2

    def _clocks(self) -> int:
        """A guess of what a sample takes."""
        whole = self.chips.whole
        neurons = whole.input.size + sum(layer.size for layer in whole.layers)
        return whole.ticks * (6 * neurons + 4 * self.latency + 100)

    def _read(
        self,
        bench: ChipBench,
        trace: Mapping[str, NDArray[np.uint64]],
        truth: Sequence[Bits],
        simulator: str,
        key: str,
    ) -> ChipRun:
        whole, parts = self.chips.whole, self.chips.parts
        starts = np.flatnonzero(trace["started"])
        reports = trace["report"].astype(np.int64)
        rows = np.flatnonzero(reports >> 32)
        per_sample = len(COUNTERS) * len(bench.reported)
        table = (reports[rows] & 0xFFFFFFFF).reshape(len(starts), len(bench.reported), -1)
        counters = {link: table[:, i] for i, link in enumerate(bench.reported)}
        clocks = rows[::per_sample] - starts
        spikes = {}
        for part, chip in zip(parts, self.rtl, strict=True):
            for local, index in enumerate(part.layers):
                if index in bench.spikes:
                    stream = chip.engine.streams[local]
                    column = trace[bench.spikes[index]].astype(np.int64)
                    spikes[index] = _spikes(column, stream, starts, whole.ticks)
        host = self._at_host(bench, trace, starts)
        expected = {k: truth[k] for k in sorted(spikes)}
        found = []
        wrong = 0
        for got in (spikes, host):
            for k, bits in got.items():
                different = bits != truth[k]
                wrong += int(different.sum())
                if different.any():
                    sample, tick, neuron = np.unravel_index(int(different.argmax()), bits.shape)
                    found.append((int(sample), int(tick), k, int(neuron)))
        first = None
        if found:
            sample, tick, k, neuron = min(found)
            value = int(truth[k][sample, tick, neuron])
            first = SpikeMismatch(sample, tick, whole.layers[k].name, neuron, value)
        named = lambda by: {whole.layers[k].name: by[k] for k in sorted(by)}  # noqa: E731
        return ChipRun(
            simulator=simulator,
            spikes=named(spikes),
            expected=named(expected),
            host=named(host),
            counters=counters,
            predictions=host[whole.output].sum(axis=1, dtype=np.int64).argmax(axis=1),
            clocks=clocks,
            mismatches=wrong,
            first=first,
            evidence=(key,),
        )

    def _at_host(
        self, bench: ChipBench, trace: Mapping[str, NDArray[np.uint64]], starts: NDArray[np.int64]
    ) -> dict[int, Bits]:
        """Spikes in the packets that reached the host."""
        whole, found = self.chips.whole, {}
        for i, port in bench.host.items():
            link = self.chips.links[i]
            column = trace[port].astype(np.int64)
            rows = np.flatnonzero(column >> 33)
            bits = np.zeros((len(starts), whole.ticks, link.size), np.uint8)
            packet: list[int] = []
            for row, word in zip(rows.tolist(), column[rows].tolist(), strict=True):
                packet.append(word & 0xFFFFFFFF)
                if not word >> 32 & 1:
                    continue
                sample = int(np.searchsorted(starts, row, "right")) - 1
                head = (self.passport, link.batch, packet[3], packet[5], packet[6:-1])
                if packet == packet_words(*head, last=bool(packet[0] & 1)):
                    bits[sample, packet[5], packet[6:-1]] = 1
                packet = []
            for k, at, size in zip(link.layers, link.offsets, link.sizes, strict=True):
                found[k] = bits[:, :, at : at + size]
        return found


def build_chips(
    network: IntegerNetwork,
    places: Sequence[str],
    *,
    crossings: Sequence[Crossing] | None = None,
    ids: Mapping[str, int] | None = None,
    foldings: Sequence[Folding] | None = None,
    passport: int = 0,
    latency: int = 4,
    options: LinkOptions = DEFAULT_LINK,
) -> VirtualChips:
    """Write the chips of an integer network.

    Args:
        network: the whole.
        places: of each layer.
        crossings: what travels; None for one of each population to each chip that reads it.
        ids: layer by the name that crossings call it; None for the layers' own names.
        foldings: one per layer; None takes four neurons at a time.
        passport: first 32 bits of the program's digest.
        latency: clocks of a link, at least 1.
        options: of the links' ends.

    Raises:
        PartitionError: something else than spikes would have to travel, or a chip has no input.
        SCConfigError: the foldings do not fit.
    """
    if crossings is None:
        crossings, ids = crossings_of(network, places), None
    chips = split_network(network, places, crossings, ids)
    given = foldings or [Folding(min(4, layer.size), 1) for layer in network.layers]
    rtl = tuple(
        write_chip(part, chips.links, [given[k] for k in part.layers], passport, options)
        for part in chips.parts
    )
    return VirtualChips(chips, rtl, passport, latency, options)


def _room(count: int) -> int:
    """The power of two that holds so many, so that few different benches are compiled."""
    return 1 << max(4, (count - 1).bit_length())


def _codes(faults: Sequence[LinkFault]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for fault in faults:
        if fault.what not in _FAULTS:
            raise SCConfigError(f"a link cannot '{fault.what}'; allowed: {', '.join(_FAULTS)}")
        numbers = found.setdefault(fault.link, [])
        numbers += [0] * (fault.packet + 1 - len(numbers))
        numbers[fault.packet] = fault.word << 4 | _FAULTS[fault.what]
    return found


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
