"""Networks on virtual chips: every spike is that of the whole network, every fault is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from partition.chip_networks import DELAYED, RING, STREAMS, TRIANGLE, Edge, integers, spikes
from sc_neurocore.accelerator import Folding, InputCoding, Quantisation, write_accelerator
from sc_neurocore.datasets import load_digits
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import PartitionError, Partitions, Place, Places
from sc_neurocore.ir.passes import SliceAtWires
from sc_neurocore.nir_bridge import from_nir
from sc_neurocore.partition import LinkFault, LinkOptions, build_chips, chips_of, run_chips
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
        (RING, ("a", "b", "b")),
        pytest.param(RING, ("a", "b", "a"), marks=pytest.mark.exhaustive),
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


@pytest.mark.exhaustive
def test_streams_and_levels(store: EvidenceStore) -> None:
    """A stochastic network, whose unread inputs weigh zero; and levels that the host encodes."""
    network = integers(STREAMS, length=16)
    run = build_chips(network, ("a", "b", "b")).run(spikes(2), store=store)
    assert run.mismatches == 0 and run.compared > 100
    levels = np.random.default_rng(3).integers(0, 17, (3, 8))
    run = build_chips(integers(RING, coding="rate"), ("a", "b", "a")).run(levels, store=store)
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
    chips = build_chips(integers(RING), ("a", "b", "b"), passport=7, options=PATIENT)
    faults = [LinkFault(1, 2, "repeat"), LinkFault(1, 5, "repeat"), LinkFault(2, 3, "repeat")]
    run = chips.run(spikes(2), store=store, faults=faults)
    assert run.mismatches == 0
    assert (run.count("duplicate", 1), run.count("duplicate", 2)) == (2, 1)
    assert run.count("bad") == run.count("lost") == run.count("late") == 0


@pytest.mark.exhaustive
@pytest.mark.parametrize(("what", "bad"), [("drop", 0), ("corrupt", 1), ("shorten", 1)])
def test_what_a_link_breaks_is_lost_and_counted(what: str, bad: int, store: EvidenceStore) -> None:
    """Of a pipeline, so that nothing has to wait for what is lost but its own tick."""
    chips = build_chips(integers(STREAMS), ("a", "b", "b"), passport=7, options=PATIENT)
    to_b = next(i for i, link in enumerate(chips.chips.links) if link.source == "a")
    faults = [LinkFault(to_b, packet, what, 5) for packet in (1, 4, 5)]
    run = chips.run(spikes(2), store=store, faults=faults)
    assert (run.count("bad", to_b), run.count("lost", to_b)) == (3 * bad, 3)
    assert run.count("duplicate") == run.count("foreign") == 0
    assert np.array_equal(run.spikes["pop0"], run.expected["pop0"])
    assert run.mismatches > 0
    assert run.first is not None and run.first.layer in ("pop1", "pop2")


@pytest.mark.exhaustive
def test_without_patience_a_lost_end_is_said(store: EvidenceStore) -> None:
    chips = build_chips(integers(STREAMS), ("a", "b", "b"))
    packets = 60  # all of the first sample, its end among them
    faults = [LinkFault(0, packet, "drop") for packet in range(packets)]
    with pytest.raises(SCConfigError, match="began 1 of 1 samples and did not finish them"):
        chips.run(spikes(1), store=store, faults=faults)


@pytest.mark.exhaustive
def test_a_chip_is_clean_and_has_an_area(store: EvidenceStore) -> None:
    chips = build_chips(integers(RING), ("a", "b", "b"))
    for chip in chips.rtl:
        assert lint(chip.sources, chip.top, store=store).result["warnings"] == []
    top = chips.rtl[0]
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
    chips = build_chips(network, ("a", "b", "b"))
    with pytest.raises(SCConfigError, match="a link cannot 'melt'; allowed: drop, repeat, corr"):
        chips.run(spikes(1), store=EvidenceStore(), faults=[LinkFault(0, 0, "melt")])
