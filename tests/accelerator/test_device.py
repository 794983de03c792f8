"""The device's RTL over its bus: it classifies, and exchanges weights exactly when it is told."""

from __future__ import annotations

import zlib
from dataclasses import replace

import numpy as np
import pytest

from sc_neurocore.accelerator import (
    DeviceRtl,
    Folding,
    IntegerNetwork,
    bank_words,
    bank_writes,
    cosimulate_network,
    simulate_network,
    simulate_swap,
    write_device,
)
from sc_neurocore.compiler.live_control import StagedWord
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.toolchain import lint

from .bus import Script
from .engines import network, samples
from .test_live import redrawn

DEVICES = {
    "axi_lite": (network((8, 16, 4)), [Folding(4, 2), Folding(2, 1)]),
    "wishbone": (network((6, 40, 4), recurrent=True), [Folding(8, 3), Folding(1, 3)]),
}
#: Clocks within which any inference of these is over.
LONG = 2500


def device(bus: str) -> tuple[IntegerNetwork, IntegerNetwork, DeviceRtl, list[StagedWord]]:
    """A network, the same with other weights, its device, and what makes one the other."""
    net, foldings = DEVICES[bus]
    new = redrawn(net)
    writes = bank_writes(bank_words(net, foldings), bank_words(new, foldings))
    words = [(bank, k, word) for bank, some in writes.items() for k, word in some.items()]
    return net, new, write_device(net, foldings, bus), words


@pytest.mark.parametrize("bus", DEVICES)
def test_it_classifies_and_counts(bus: str, store: EvidenceStore) -> None:
    net, _, made, _ = device(bus)
    given = samples(net, 4)
    script = Script(made).read("ID").read("DIGEST0").read("STATUS", "before")
    for i, sample in enumerate(given):
        script.write("PROBE_LAYER", i % 2).write("PROBE_TICK", i)
        script.infer(sample, LONG, f"class {i}").read("STATUS", f"status {i}")
        script.read("CLOCKS", f"clocks {i}")
        for k in range(2):
            script.read(f"SPIKES_{k}", f"spikes {i} {k}")
            script.write("PROBE_INDEX", k).read("PROBE_DATA", f"probe {i} {k}")
        script.read("INFERENCES")
    got = script.run(store)
    assert got["errors"] == 0
    assert (got["ID"], got["before"], got["INFERENCES"]) == (0x53434E43, 0, 4)
    assert got["DIGEST0"] == int(made.digest[:8], 16)
    run = simulate_network(net, given, spikes=True)
    assert run.spikes is not None
    for i in range(4):
        alone = cosimulate_network(net, DEVICES[bus][1], given[i : i + 1], store=store)
        assert got[f"class {i}"] == run.predictions[i]
        assert got[f"status {i}"] == 2
        assert got[f"clocks {i}"] == alone.cycles[0]
        counts = [alone.layer_spikes[layer.name] for layer in net.layers]
        assert [got[f"spikes {i} {k}"] for k in range(2)] == counts
        bits = got[f"probe {i} 0"] | got[f"probe {i} 1"] << 32
        wanted = run.spikes[i % 2][i, i]
        assert [bits >> n & 1 for n in range(64)] == [*wanted, *[0] * (64 - len(wanted))]


@pytest.mark.parametrize("bus", DEVICES)
def test_weights_change_between_inferences_and_back(bus: str, store: EvidenceStore) -> None:
    old, new, made, words = device(bus)
    given = samples(old, 8)
    before, after = (simulate_network(x, given).predictions for x in (old, new))
    i = int(np.flatnonzero(before != after)[0])
    script = Script(made).infer(given[i], LONG, "at first")
    script.stage(words).read("LOADED_COUNT").infer(given[i], LONG, "staged")
    script.do(made.update.build_apply_sequence(words)).wait(20)
    script.read("UPDATE_STATUS", "applied").infer(given[i], LONG, "exchanged")
    held = bank_words(new, DEVICES[bus][1])
    for bank, entries in held.items():
        for entry in range(0, len(entries), 7):
            script.do(made.update.build_readback_sequence(bank, entry)[:3]).wait(20)
            script.read("READ_LO", f"{bank} {entry} low").read("READ_HI", f"{bank} {entry} high")
    script.do(made.update.build_revert_sequence(), 20).infer(given[i], LONG, "reverted")
    script.do(made.update.build_rollback_sequence(), 4 * LONG).read("UPDATE_STATUS", "clean")
    script.read("GENERATION").read("TRAPS").infer(given[i], LONG, "dropped")
    got = script.run(store)
    assert got["errors"] == got["TRAPS"] == 0
    assert (got["LOADED_COUNT"], got["GENERATION"]) == (len(words), 2)
    assert got["applied"] & 0b1111 == 0b0100
    assert got["clean"] & 0b1111 == 0
    for moment in ("at first", "staged", "reverted", "dropped"):
        assert got[moment] == before[i]
    assert got["exchanged"] == after[i]
    for bank, entries in held.items():
        for entry in range(0, len(entries), 7):
            low, high = got[f"{bank} {entry} low"], got[f"{bank} {entry} high"]
            assert high << 32 | low == int(entries[entry])


@pytest.mark.parametrize("bus", DEVICES)
@pytest.mark.parametrize("tick", [3, 9])
def test_weights_change_at_one_tick_of_an_inference(
    bus: str, tick: int, store: EvidenceStore
) -> None:
    """Every spike of two probed ticks, and all counts, are those of the model with an exchange."""
    old, new, _, words = device(bus)
    net, foldings = DEVICES[bus]
    made = write_device(net, foldings, bus, early_decision=False)
    given = samples(old, 3)
    run = simulate_swap(old, new, given, tick, spikes=True)
    assert run.spikes is not None
    answers = {}
    for layer in range(2):
        for probed in (tick - 1, tick):
            script = Script(made).stage(words)
            script.write("PROBE_LAYER", layer).write("PROBE_TICK", probed)
            apply = made.update.build_apply_sequence(words, tick)
            script.do(apply[:-1]).levels(given[0]).write("CONTROL", 1).do(apply[-1:])
            script.wait(8).read("UPDATE_STATUS", "pending").wait(LONG).read("CLASS")
            for k in range(2):
                script.read(f"SPIKES_{k}").write("PROBE_INDEX", k).read("PROBE_DATA", f"probe {k}")
            script.read("UPDATE_STATUS", "after").read("GENERATION")
            script.infer(given[1], LONG, "next")
            got = script.run(store)
            assert got["pending"] & 0b1100 == 0b1000
            assert got["after"] & 0b1111 == 0b0100
            assert got["GENERATION"] == 1
            bits = got["probe 0"] | got["probe 1"] << 32
            wanted = run.spikes[layer][0, probed]
            assert [bits >> n & 1 for n in range(len(wanted))] == wanted.tolist()
            assert got["next"] == simulate_network(new, given[1:2]).predictions[0]
            answers[layer, probed] = got
    for got in answers.values():
        assert got["CLASS"] == run.predictions[0]
        assert [got[f"SPIKES_{k}"] for k in range(2)] == run.layer_spikes[0].tolist()
    assert run.layer_spikes[0].tolist() != simulate_network(old, given).layer_spikes[0].tolist()


def test_an_exchange_that_comes_too_late_waits_for_the_end(store: EvidenceStore) -> None:
    old, new, made, words = device("axi_lite")
    given = samples(old, 3)
    script = Script(made).stage(words)
    apply = made.update.build_apply_sequence(words, 1)
    # Some ticks in, tick 1 has begun in the first layer and in the second.
    script.do(apply[:-1]).levels(given[0]).write("CONTROL", 1).wait(200).do(apply[-1:])
    script.wait(LONG).read("CLASS").read("SPIKES_0").read("SPIKES_1").read("UPDATE_STATUS")
    got = script.infer(given[0], LONG, "next").run(store)
    alone = cosimulate_network(old, DEVICES["axi_lite"][1], given[:1], store=store)
    assert got["CLASS"] == alone.predictions[0]
    assert [got["SPIKES_0"], got["SPIKES_1"]] == list(alone.layer_spikes.values())
    assert got["UPDATE_STATUS"] & 0b1111 == 0b0100
    assert got["next"] == simulate_network(new, given[:1]).predictions[0]


def test_a_wrong_guard_or_a_lost_word_changes_nothing(store: EvidenceStore) -> None:
    old, _, made, words = device("wishbone")
    given = samples(old, 2)
    load = made.update.build_update_sequence(*words[0])
    guard = [replace(w, value=w.value ^ 4) if w.register == "GUARD" else w for w in load]
    script = Script(made).do(guard).wait(20).read("TRAPS", "guard").read("LOADED_COUNT", "none")
    script.write("TRAPS", 1).read("TRAPS", "cleared")
    script.stage(words[1:3]).do(made.update.build_apply_sequence(words[:3])).wait(20)
    script.read("TRAPS", "transaction").read("UPDATE_STATUS").read("GENERATION")
    got = script.infer(given[0], LONG, "class").run(store)
    assert (got["guard"], got["none"], got["cleared"], got["transaction"]) == (1, 0, 0, 4)
    assert (got["UPDATE_STATUS"] & 0b1111, got["GENERATION"]) == (2, 0)
    assert got["class"] == simulate_network(old, given[:1]).predictions[0]


def test_a_level_during_an_inference_is_lost_and_trapped(store: EvidenceStore) -> None:
    old, _, made, _ = device("axi_lite")
    given = samples(old, 2)
    script = Script(made).levels(given[0]).write("CONTROL", 1).write("LEVEL", 0).wait(LONG)
    got = script.read("CLASS").read("TRAPS").read("STATUS").run(store)
    assert got["CLASS"] == simulate_network(old, given[:1]).predictions[0]
    assert (got["TRAPS"], got["STATUS"]) == (1 << 8, 0b110)


@pytest.mark.parametrize("bus", DEVICES)
def test_the_input_that_was_taken_is_counted_and_summed(bus: str, store: EvidenceStore) -> None:
    """Of the words as written, until a start or a reset; not of those that came too late."""
    net, _, made, _ = device(bus)
    first, second = samples(net, 2)
    script = Script(made).levels(first[:3]).write("LEVEL", 0x89ABCD01)
    script.read("INPUT_COUNT", "count").read("INPUT_CRC", "sum")
    script.write("CONTROL", 2).read("INPUT_COUNT", "count after reset")
    script.read("INPUT_CRC", "sum after reset")
    # Two samples, of which the second is used; a start with a reset is neither.
    script.levels(first).levels(second).write("CONTROL", 3)
    script.wait(8).read("STATUS", "not started").read("INPUT_COUNT", "two")
    script.write("CONTROL", 1).write("LEVEL", 5).read("INPUT_COUNT", "count after start")
    script.read("INPUT_CRC", "sum after start").wait(LONG).read("CLASS")
    got = script.run(store)
    data = b"".join(int(x).to_bytes(4, "little") for x in first[:3]) + bytes.fromhex("01cdab89")
    assert (got["count"], got["sum"]) == (4, zlib.crc32(data))
    assert (got["not started"], got["two"]) == (0, 2 * len(first))
    for moment in ("reset", "start"):
        assert (got[f"count after {moment}"], got[f"sum after {moment}"]) == (0, 0)
    assert got["CLASS"] == simulate_network(net, np.array([second])).predictions[0]


def test_events_come_over_the_bus(store: EvidenceStore) -> None:
    net = network((5, 6, 3), coding="events", ticks=8)
    foldings = [Folding(2, 1), Folding(3, 1)]
    made = write_device(net, foldings, "axi_lite")
    given = samples(net, 2)
    script = Script(made)
    for i, sample in enumerate(given):
        script.write("CONTROL", 1)
        for spikes in sample:
            for j in np.flatnonzero(spikes):
                script.write("LEVEL", int(j) << 1 | 1).wait(20)
            script.write("LEVEL", 2 << 4).wait(20)
        script.wait(400).read("CLASS", f"class {i}").read("INPUT_COUNT", f"words {i}")
    got = script.read("TRAPS").run(store)
    assert got["TRAPS"] == 0
    assert [got[f"words {i}"] for i in range(2)] == [int(s.sum()) + len(s) for s in given]
    wanted = simulate_network(net, given).predictions
    assert [got["class 0"], got["class 1"]] == wanted.tolist()


@pytest.mark.parametrize(
    ("net", "pairs", "bus"),
    [
        (network(), [(1, 1), (1, 1)], "axi_lite"),
        (network((8, 5), coding="events"), [(3, 2)], "wishbone"),
        (network(readout="membrane", coding="direct", input_bits=4), [(16, 4), (2, 1)], "axi_lite"),
        (network(backend="stochastic", length=16, ports=True), [(5, 4), (2, 1)], "wishbone"),
    ],
)
def test_no_tool_has_anything_to_say(net, pairs, bus: str, store: EvidenceStore) -> None:
    made = write_device(net, [Folding(*pair) for pair in pairs], bus)
    assert lint(made.sources, made.top, store=store).result["warnings"] == []
