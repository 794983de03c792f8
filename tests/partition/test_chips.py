"""Networks on virtual chips: every spike is that of the whole network, every fault is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from partition.chip_networks import (
    CROSSED,
    DELAYED,
    INPUTS,
    MUTUAL,
    RING,
    STREAMS,
    TICKS,
    TRIANGLE,
    Edge,
    integers,
    spikes,
)
from sc_neurocore.accelerator import (
    Folding,
    InputCoding,
    Quantisation,
    simulate_network,
    write_accelerator,
)
from sc_neurocore.datasets import load_digits
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.blocks._links_aer import checksum, packet_words
from sc_neurocore.ir import PartitionError, Partitions, Place, Places
from sc_neurocore.ir.passes import SliceAtWires
from sc_neurocore.nir_bridge import from_nir
from sc_neurocore.partition import LinkFault, LinkOptions, build_chips, chips_of, run_chips
from sc_neurocore.partition._chip_bench import write_bench
from sc_neurocore.partition._chip_rtl import COUNTERS
from sc_neurocore.partition._chips import VirtualChips
from sc_neurocore.toolchain import available_simulators, get_target, lint, synthesise

DIGITS = Path(__file__).parents[2] / "examples" / "digits" / "digits.nir"
PATIENT = LinkOptions(depth=4, patience=3000)


def digits() -> Partitions:
    """The hidden population on one chip, the answer on another."""
    graph = from_nir(DIGITS).flat
    answer = [n.id for n in graph.nodes.values() if n.id in ("lif2", "fc2", "output")]
    nodes = [
        replace(node, place="right" if node.id in answer else "left")
        for node in graph.nodes.values()
    ]
    places = Places({name: Place(name, kind="chip") for name in ("left", "right")})
    return SliceAtWires(places)(graph.replace(nodes={n.id: n for n in nodes}))


def test_digits_over_two_chips(store: EvidenceStore) -> None:
    data = load_digits()
    run = run_chips(
        digits(), data.test_x[:3], 16, store=store,
        options=Quantisation(bits=4, coding="rate", input_bits=4),
        assumptions=from_nir(DIGITS).assumptions,
    )  # fmt: skip
    assert (run.mismatches, run.first) == (0, None)
    assert set(run.spikes) == {"lif1", "lif2"}
    assert run.compared == sum(int(x.sum()) for x in run.spikes.values()) > 1000
    assert np.array_equal(run.spikes["lif2"], run.host["lif2"])
    assert run.count("good") > 0
    assert run.count("bad") == run.count("lost") == run.count("duplicate") == 0


@pytest.mark.exhaustive
def test_a_million_spikes_of_digits(store: EvidenceStore) -> None:
    """Every scan there is, once, and the first ones again until there are enough spikes."""
    data = load_digits()
    x = np.concatenate([data.test_x, data.train_x, data.test_x])[:2100]
    chips = chips_of(
        digits(), Quantisation(bits=4, coding="rate", input_bits=4, ticks=16),
        assumptions=from_nir(DIGITS).assumptions,
    )  # fmt: skip
    run = chips.run(x, store=store)
    assert (run.mismatches, run.first) == (0, None)
    assert run.compared > 1_000_000


@pytest.mark.parametrize(
    ("edges", "places"),
    [
        (CROSSED, ("a", "a", "b")),
        pytest.param(RING, ("a", "b", "b"), marks=pytest.mark.exhaustive),
        pytest.param(CROSSED, ("a", "b", "b"), marks=pytest.mark.exhaustive),
        pytest.param(MUTUAL, ("a", "b", "a"), marks=pytest.mark.exhaustive),
        pytest.param(DELAYED, ("a", "b", "a"), marks=pytest.mark.exhaustive),
        pytest.param(DELAYED, ("a", "a", "b"), marks=pytest.mark.exhaustive),
        pytest.param(TRIANGLE, ("a", "b", "c"), marks=pytest.mark.exhaustive),
    ],
)
def test_loops_and_delays(
    edges: Sequence[Edge], places: Sequence[str], store: EvidenceStore
) -> None:
    chips = build_chips(integers(edges), places, passport=7, options=PATIENT)
    run = chips.run(spikes(2), store=store)
    assert (run.mismatches, run.first) == (0, None)
    assert run.compared > 200
    assert set(run.spikes) == {"pop0", "pop1", "pop2"}
    assert run.count("expired") == 0  # nobody went on only because it had lost patience


@pytest.mark.exhaustive
@pytest.mark.parametrize(("latency", "depth"), [(1, 2), (700, 2), (4, 300)])
def test_any_latency_and_depth(latency: int, depth: int, store: EvidenceStore) -> None:
    options = LinkOptions(depth=depth)
    chips = build_chips(integers(MUTUAL), ("a", "b", "a"), latency=latency, options=options)
    run = chips.run(spikes(2), store=store)
    assert run.mismatches == 0 and run.compared > 200


@pytest.mark.exhaustive
def test_more_than_255_ticks(store: EvidenceStore) -> None:
    network = replace(integers(MUTUAL), ticks=300)
    entering = np.resize(spikes(7), (2, 300, INPUTS))
    run = build_chips(network, ("a", "b", "a")).run(entering, store=store)
    assert run.mismatches == 0 and run.compared > 10_000


@pytest.mark.exhaustive
def test_streams_and_levels(store: EvidenceStore) -> None:
    """A stochastic network, whose unread inputs weigh zero; and levels that the host encodes."""
    network = integers(STREAMS, length=16)
    run = build_chips(network, ("a", "b", "b")).run(spikes(2), store=store)
    assert run.mismatches == 0 and run.compared > 100
    levels = np.random.default_rng(3).integers(0, 17, (3, 8))
    run = build_chips(integers(RING, coding="rate"), ("a", "b", "b")).run(levels, store=store)
    assert run.mismatches == 0 and run.compared > 100


@pytest.mark.exhaustive
def test_simulators_agree_clock_for_clock(store: EvidenceStore) -> None:
    """Yosys needs minutes for these."""
    chips = build_chips(integers(RING), ("a", "b", "b"))
    runs = [
        chips.run(spikes(2), store=store, simulator=simulator)
        for simulator in available_simulators()
        if simulator != "yosys"
    ]
    for run in runs:
        assert np.array_equal(run.clocks, runs[0].clocks)
        assert run.mismatches == 0


def test_repeated_packets_are_counted_and_change_nothing(store: EvidenceStore) -> None:
    chips = build_chips(integers(CROSSED), ("a", "a", "b"), passport=7, options=PATIENT)
    faults = [LinkFault(1, 2, "repeat"), LinkFault(1, 5, "repeat"), LinkFault(2, 3, "repeat")]
    run = chips.run(spikes(2), store=store, faults=faults)
    assert run.mismatches == 0
    assert (run.count("duplicate", 1), run.count("duplicate", 2)) == (2, 1)
    assert run.count("bad") == run.count("lost") == run.count("late") == 0


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("what", "bad"), [("drop", 0), ("corrupt", 1), ("shorten", 1), ("lengthen", 1)]
)
def test_what_a_link_breaks_is_lost_and_counted(what: str, bad: int, store: EvidenceStore) -> None:
    """Every word of a packet. Of a pipeline, so that only the tick of what is lost is harmed."""
    options = LinkOptions(depth=3, patience=3000)
    chips = build_chips(integers(STREAMS), ("a", "b", "b"), passport=7, options=options)
    to_b = next(i for i, link in enumerate(chips.chips.links) if link.source == "a")
    faults = [LinkFault(to_b, 3 * word, what, word) for word in range(8)]
    run = chips.run(spikes(4), store=store, faults=faults)
    assert (run.count("bad", to_b), run.count("lost", to_b)) == (8 * bad, 8)
    assert run.count("duplicate") == run.count("foreign") == run.count("late") == 0
    assert np.array_equal(run.spikes["pop0"], run.expected["pop0"])
    assert run.first is not None and run.first.layer in ("pop1", "pop2")
    # Nothing of a sample is left in the next one.
    whole = run.counters[to_b][:, COUNTERS.index("lost")] == 0
    assert whole.any()
    for name, got in run.spikes.items():
        assert np.array_equal(got[whole], run.expected[name][whole])


class _Enemy(VirtualChips):
    """A host that sends something else before each of its packets."""

    def _feed(self, entering: np.ndarray) -> list[tuple[int, bool, bool]]:
        rng = np.random.default_rng(5)
        found: list[tuple[int, bool, bool]] = []
        packet: list[tuple[int, bool, bool]] = []
        for row in super()._feed(entering):
            packet.append(row)
            if row[1]:
                every = _hostile(packet[3][0], packet[5][0], rng)
                for words in (every[k] for k in rng.permutation(len(every))[:30]):
                    found += [(word, i == len(words) - 1, False) for i, word in enumerate(words)]
                found += packet
                packet = []
        return found


def _hostile(number: int, tick: int, rng: np.random.Generator) -> list[list[int]]:
    """Packets that are none of ours, or would be but for one thing; their CRC is mostly right."""

    def packet(
        addresses: Sequence[int] = (0, 1, 2), *, passport: int = 7, batch: int = 0, at: int = tick
    ) -> list[int]:
        return packet_words(passport, batch, number, at, addresses, last=True)

    def changed(place: int, value: int) -> list[int]:
        words = packet()
        words[place] = value
        return [*words[:-1], checksum(words[:-1])]

    good = packet()
    others = [packet(passport=8), packet(batch=1)]
    others += [changed(0, good[0] ^ 1 << bit) for bit in range(1, 32)]
    strange = [packet(a) for a in ((2, 1), (1, 1), (0, INPUTS), (0, 1 << 31), range(4), range(40))]
    strange += [packet(at=t) for t in (tick + 1, TICKS, 255, (1 << 32) - 1)]
    strange += [changed(2, count) for count in (0, 2, 4, 65535)] + [changed(4, 1)]
    broken = [good[:length] for length in range(1, len(good))] + [good + good]
    broken += [
        [word ^ (i == place) << int(rng.integers(32)) for i, word in enumerate(good)]
        for place in range(len(good))
    ]
    again = [packet_words(7, 0, (number - k) % 2**32, tick, (0, 1), last=True) for k in (1, 99)]
    return [*others, *strange, *broken, *again]


@pytest.mark.exhaustive
def test_no_hostile_packet_becomes_a_spike(store: EvidenceStore) -> None:
    options = LinkOptions(depth=3)
    chips = build_chips(integers(RING), ("a", "b", "b"), passport=7, options=options)
    kind = {field.name: getattr(chips, field.name) for field in fields(chips)}
    run = _Enemy(**kind).run(spikes(3), store=store)
    assert (run.mismatches, run.first) == (0, None)
    plain = chips.run(spikes(3), store=store)
    assert run.count("good") == plain.count("good")
    sent = 30 * plain.count("good", 0)
    assert run.count("bad") + run.count("foreign") + run.count("duplicate") == sent
    assert min(run.count(name) for name in ("bad", "foreign", "duplicate")) > 20
    assert run.count("lost") == run.count("late") == run.count("expired") == 0


@pytest.mark.exhaustive
def test_without_patience_a_lost_end_is_said(store: EvidenceStore) -> None:
    chips = build_chips(integers(STREAMS), ("a", "b", "b"))
    packets = 60  # all of the first sample, its end among them
    faults = [LinkFault(0, packet, "drop") for packet in range(packets)]
    with pytest.raises(SCConfigError, match="began 1 of 1 samples and did not finish them"):
        chips.run(spikes(1), store=store, faults=faults)


@pytest.mark.exhaustive
@pytest.mark.parametrize(
    ("edges", "places", "length"),
    [
        (CROSSED, ("a", "a", "b"), 1),
        (RING, ("a", "b", "b"), 1),
        (TRIANGLE, ("a", "b", "c"), 1),
        (STREAMS, ("a", "b", "b"), 16),
    ],
)
@pytest.mark.parametrize("patience", [0, 3000])
def test_chips_and_their_bench_are_clean(
    edges: Sequence[Edge], places: Sequence[str], length: int, patience: int, store: EvidenceStore
) -> None:
    options = LinkOptions(depth=4, patience=patience)
    chips = build_chips(integers(edges, length=length), places, options=options)
    for chip in chips.rtl:
        assert lint(chip.sources, chip.top, store=store).result["warnings"] == []
    bench = write_bench(chips.chips, chips.rtl, latency=4, depth=4, words=16, packets=16)
    sources = bench.sources | bench.memories(1, dict.fromkeys(bench.feeds, ()), {})
    assert lint(sources, "chips_bench", store=store).result["warnings"] == []


@pytest.mark.exhaustive
def test_a_chip_has_an_area(store: EvidenceStore) -> None:
    top = build_chips(integers(RING), ("a", "b", "b")).rtl[0]
    found = synthesise(top.sources, top.top, get_target("ecp5-25k"), store=store).result
    assert found["ffs"] > 200  # type: ignore[operator]


def test_an_engine_without_exports_is_as_it_was() -> None:
    """Exports change nothing else: the plain engine has its read-out, the other one none."""
    network = integers(RING)
    foldings = [Folding(4, 1)] * 3
    plain = write_accelerator(network, foldings)
    open_ = write_accelerator(network, foldings, exports=(1,))
    assert "class_index" in plain.outputs and "class_index" not in open_.outputs
    assert "sc_output_counter.sv" in plain.sources
    assert "sc_output_counter.sv" not in open_.sources
    assert (plain.exports, list(open_.exports)) == ({}, [1])
    same = set(plain.sources) & set(open_.sources) - {"ring.sv", "ring_engine.sv"}
    assert all(plain.sources[name] == open_.sources[name] for name in same)


def test_what_no_chips_can_be_is_refused() -> None:
    network = integers(RING)
    direct = replace(network, input=InputCoding(8, "direct", 4))
    with pytest.raises(PartitionError, match="only spikes travel to chips; use coding rate or ev"):
        build_chips(direct, ("a", "b", "b"))
    with pytest.raises(PartitionError, match="only spikes leave a chip"):
        build_chips(replace(network, readout="membrane"), ("a", "b", "b"))
    with pytest.raises(PartitionError, match="no crossing brings its spikes in time"):
        build_chips(network, ("a", "b", "b"), crossings=())
    with pytest.raises(SCConfigError, match="simd of a layer on chip 'a' is not 1"):
        build_chips(network, ("a", "b", "b"), foldings=[Folding(4, 2)] * 3)
    waiting = "chips a -> b -> a wait for one another within a tick; give a crossing between them"
    with pytest.raises(PartitionError, match=waiting):
        build_chips(network, ("a", "b", "a"))
    with pytest.raises(SCConfigError, match="latency is 0; it must be a whole number from 1 to"):
        build_chips(network, ("a", "b", "b"), latency=0)
    with pytest.raises(SCConfigError, match="depth is 1; it must be a whole number from 2 to"):
        LinkOptions(depth=1)
    with pytest.raises(SCConfigError, match="window is 3; it must be a power of two"):
        LinkOptions(window=3)
    with pytest.raises(SCConfigError, match="patience is -1; it must be a whole number from 0"):
        LinkOptions(patience=-1)
    chips = build_chips(network, ("a", "b", "b"))
    for fault, sentence in (
        (LinkFault(99, 0, "drop"), "link of a fault is 99; it must be a whole number from 0 to"),
        (LinkFault(0, -1, "drop"), "packet of a fault is -1; it must be a whole number from 0"),
        (LinkFault(0, 0, "drop", 4096), "word of a fault is 4096; it must be a whole number from"),
        (LinkFault(0, 7, "corrupt"), "packet 7 of link 0 has two faults; give it one"),
    ):
        with pytest.raises(SCConfigError, match=sentence):
            chips.run(spikes(1), store=EvidenceStore(), faults=[LinkFault(0, 7, "drop"), fault])
    with pytest.raises(SCConfigError, match="a link cannot 'melt'; allowed: drop, repeat, corr"):
        chips.run(spikes(1), store=EvidenceStore(), faults=[LinkFault(0, 0, "melt")])


def test_a_program_states_what_its_chips_compute() -> None:
    """Without options, the assumptions and widths are those of the network's file."""
    network = from_nir(DIGITS)
    program = SliceAtWires(digits().places)(digits().whole)
    x = np.random.default_rng(2).integers(0, 2, (3, 12, 64))
    whole = chips_of(program, ticks=12).chips.whole
    found = simulate_network(whole, x, spikes=True)
    assert network.assumptions.reset == "subtract" and found.spikes is not None
    assert np.array_equal(found.spikes[whole.output], network.run(x).output)
