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
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.blocks._links_aer import packet_words
from sc_neurocore.ir import Crossing
from sc_neurocore.partition._chip_bench import TOP, ChipBench, write_bench
from sc_neurocore.partition._chip_rtl import (
    DEFAULT_LINK,
    ChipRtl,
    LinkOptions,
    write_chip,
)
from sc_neurocore.partition._chip_split import ChipNetwork, crossings_of, split_network
from sc_neurocore.partition._chip_trace import ChipRun, compare_runs, read_trace
from sc_neurocore.toolchain import simulate_rtl

#: Numbers in ``link_model.sv``.
_FAULTS = {"drop": 1, "repeat": 2, "corrupt": 3, "shorten": 4, "lengthen": 5}
#: Clocks that one run of the simulator may take, as far as they are guessed.
_RUN_CLOCKS = 1 << 20
#: Clocks that a link may take at most; a simulator moves as many words in every clock.
MAX_LATENCY = 4096
#: Words of a packet that a fault can mean, and packets that a link can be given a fault for.
_FAULT_WORDS, _FAULT_PACKETS = 1 << 12, 1 << 20
Bits = NDArray[np.uint8]


@dataclass(frozen=True)
class LinkFault:
    """Something that a link does to a packet.

    Attributes:
        link: index in `ChipNetwork.links`.
        packet: number of the packet on that link, over all samples.
        what: ``drop``, ``repeat``, ``corrupt`` (one bit of a word is inverted), ``shorten`` (one
            word is missing; without its last word a packet runs into the next one) or ``lengthen``
            (one word comes twice).
        word: of the packet, for the latter three, 0 to 4095. One that the packet does not have
            leaves it as it is.
    """

    link: int
    packet: int
    what: str
    word: int = 0


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
            SCConfigError: samples of the wrong shape or range, a fault that there is not, or the
                chips never come to rest.
            SCDependencyError: the simulator is not installed.
            ToolError: a tool failed.
        """
        whole = self.chips.whole
        entering = input_spikes(whole, samples)
        truth = simulate_network(whole, samples, spikes=True)
        assert truth.spikes is not None
        codes = _codes(faults, len(self.chips.links))
        packets = max([1, *(len(numbers) for numbers in codes.values())])
        # A run's trace is held in memory, so there are few samples in a run; faults count packets
        # over all of them.
        share = len(entering) if faults else max(1, _RUN_CLOCKS // self._clocks())
        runs = []
        for begin in range(0, len(entering), share):
            some = entering[begin : begin + share]
            feed = self._feed(some)
            bench = write_bench(
                self.chips, self.rtl, latency=self.latency, depth=self.options.depth,
                words=_room(len(feed)), packets=_room(packets),
            )  # fmt: skip
            memories = bench.memories(len(some), dict.fromkeys(bench.feeds, feed), codes)
            trace, key = self._simulate(bench, memories, simulator, store, len(some), timeout_s)
            runs.append(read_trace(self.chips, self.rtl, self.passport, bench, trace, key))
        return compare_runs(whole, truth.spikes, simulator, runs)

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
        clocks = samples * self._clocks() + self.options.patience
        most = 16 * clocks
        while True:
            record, trace, _ = simulate_rtl(
                simulator, {**bench.sources, **memories}, TOP, clock="clk", reset="rst_n",
                inputs={}, input_widths={}, output_widths=bench.observed, store=store,
                cycles=clocks, timeout_s=timeout_s,
            )  # fmt: skip
            if trace["finished"][-1]:
                return trace, record.key
            if clocks >= most:
                raise SCConfigError(
                    f"in {clocks} clocks the chips began {int(trace['started'].sum())} of "
                    f"{samples} samples and did not finish them; a tick that is lost is waited "
                    "for unless the links' patience is more than 0 clocks"
                )
            clocks *= 4

    def _clocks(self) -> int:
        """A guess of what a sample takes."""
        whole = self.chips.whole
        neurons = whole.input.size + sum(layer.size for layer in whole.layers)
        return whole.ticks * (6 * neurons + 4 * self.latency + 100)


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
        latency: clocks of a link, 1 to `MAX_LATENCY`.
        options: of the links' ends.

    Raises:
        PartitionError: something else than spikes would have to travel, a chip has no input, or
            chips wait for one another within a tick.
        SCConfigError: the foldings do not fit, or the latency is out of its range.
    """
    require_whole("latency", latency, 1, MAX_LATENCY)
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


def _codes(faults: Sequence[LinkFault], links: int) -> dict[int, list[int]]:
    """By link, what happens to each packet, as ``link_model.sv`` reads it."""
    found: dict[int, list[int]] = {}
    for fault in faults:
        if fault.what not in _FAULTS:
            raise SCConfigError(f"a link cannot '{fault.what}'; allowed: {', '.join(_FAULTS)}")
        require_whole("link of a fault", fault.link, 0, links - 1)
        require_whole("packet of a fault", fault.packet, 0, _FAULT_PACKETS - 1)
        require_whole("word of a fault", fault.word, 0, _FAULT_WORDS - 1)
        numbers = found.setdefault(fault.link, [])
        numbers += [0] * (fault.packet + 1 - len(numbers))
        if numbers[fault.packet]:
            raise SCConfigError(
                f"packet {fault.packet} of link {fault.link} has two faults; give it one"
            )
        numbers[fault.packet] = fault.word << 4 | _FAULTS[fault.what]
    return found
