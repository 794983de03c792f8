"""A small network end to end: what the report holds, that it repeats, that a flipped bit shows."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore.build import Build, BundleError, load_bundle
from sc_neurocore.build.network import (
    RUNGS,
    NetworkOptions,
    build_network,
    compile_network_to_fpga,
    find_samples,
    holds_network,
    read_network,
    verify_network,
)
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "network-report.md"
Builder = Callable[..., Build]


@pytest.mark.parametrize("backend", ["fixed", "stochastic"])
def test_the_ladder_is_climbed(built: Builder, backend: str) -> None:
    report = built(backend).report
    assert built(backend).sound
    for rung in RUNGS[:3]:
        assert report["ladder"][rung] == "climbed", rung
    assert report["ladder"][RUNGS[5]] == "not run: place and route was switched off"
    accuracy = report["accuracy"]
    assert set(accuracy) == {"float", "quantised", "bit_true", "rtl_sample", "n"}
    assert accuracy["n"] == 120 and accuracy["rtl_sample"]["n"] == 6
    # The task is easy for it, so a wrong encoding or read-out would show.
    assert accuracy["float"]["share"] > 0.9 and accuracy["bit_true"]["share"] > 0.85
    for rung in ("float", "quantised", "bit_true"):
        found = accuracy[rung]
        assert found["low"] <= found["share"] <= found["high"] and found["word"] == "executed"
    (run,) = report["cosim"]
    assert run["samples"] == 6 and run["mismatches"] == 0
    assert run["cycle_exact"] and run["spike_counts_equal"]
    assert [row["layer"] for row in report["spikes"]] == ["hidden", "answer"]
    assert all(row["equal"] and row["rtl"] > 0 for row in report["spikes"])


def test_confusion_holds_every_sample(built: Builder) -> None:
    report = built("fixed").report
    matrix = np.array(report["confusion"])
    assert matrix.sum() == 120
    assert np.trace(matrix) == report["accuracy"]["bit_true"]["correct"]


def test_latency_is_that_of_the_rtl(built: Builder) -> None:
    report = built("fixed").report
    latency = report["latency"]
    assert 0 < latency["cycles"]["mean"] <= latency["cycles"]["worst"]
    whole = latency["without_early_decision"]["cycles"]
    assert latency["cycles"]["mean"] <= whole["mean"]
    # Six inferences were run in a simulator; none can be slower than the worst of them all.
    assert report["cosim"][0]["cycles"] <= 6 * latency["cycles"]["worst"]
    assert latency["us"] is None  # no clock without place and route


def test_energy_is_estimated_from_counted_toggles(built: Builder) -> None:
    energy = built("fixed").report["energy"]
    assert (energy["word"], energy["toggles_word"]) == ("estimated", "executed")
    assert energy["toggles"] > 0 and energy["joules"] > 0 and "V²/2" in energy["method"]


def test_longer_streams_and_unary_are_compared(built: Builder) -> None:
    report = built("stochastic").report
    lengths = [p["length"] for p in report["sweep"]["length"]]
    assert lengths == [1, 2, 4, 8, 16, 32]  # 32 is exact unary of 5 bits
    names = [row["name"] for row in report["comparison"]["rows"]]
    assert names[0] == "fixed point" and "exact unary, L = 32" in names
    assert [row["built"] for row in report["comparison"]["rows"]].count(True) == 1
    assert "wins" in report["comparison"]["verdict"]
    assert report["sweep"]["area"] == []


def test_without_data_no_accuracy_is_invented(files: Path, store: EvidenceStore) -> None:
    options = NetworkOptions(place_and_route=False, samples=3)
    report = build_network(read_network(files / "pairs.nir"), options, store=store).report
    for key in ("data", "accuracy", "confusion", "sweep", "comparison"):
        assert report[key] is None, key
    assert report["ladder"][RUNGS[0]] == "not run: no labelled data was given"
    assert report["cosim"][0]["mismatches"] == 0


@pytest.mark.exhaustive
def test_a_layer_that_never_spikes_is_named(built: Builder) -> None:
    assert not [n for n in built("fixed").report["notices"] if "no spike" in n]
    report = built("fixed", dt=1e-6).report
    assert [n.split(": ")[0] for n in report["notices"] if "no spike" in n] == [
        f"Layer '{name}' sent no spike in the co-simulated inferences"
        for name in ("hidden", "answer")
    ]


def test_a_repeat_is_cached_and_gives_the_same_bytes(built: Builder) -> None:
    first, second = built("fixed"), built("fixed", again=True)
    assert first.path and second.path and second.cached
    names = sorted(p.relative_to(first.path) for p in first.path.rglob("*") if p.is_file())
    assert names == sorted(
        p.relative_to(second.path) for p in second.path.rglob("*") if p.is_file()
    )
    for name in names:
        assert (first.path / name).read_bytes() == (second.path / name).read_bytes(), name


def test_the_manifest_names_no_place(built: Builder, files: Path) -> None:
    path = built("fixed").path
    assert path is not None and holds_network(path)
    text = (path / "manifest.json").read_text(encoding="utf-8")
    assert str(files) not in text and str(path) not in text
    assert load_bundle(path).manifest["kind"] == "network"


def test_the_page_of_the_reference_lists_every_key_and_place(built: Builder) -> None:
    done = built("fixed")
    files_part, keys_part = PAGE.read_text(encoding="utf-8").split("## `report.json`")
    listed = {
        key
        for row in re.findall(r"^\| (`.*?) \|", keys_part, re.MULTILINE)
        for key in re.findall(r"`(\w+)`", row)
    }
    assert listed == set(done.report)
    assert done.path is not None
    places = set(re.findall(r"`([\w]+)[./]", files_part))
    assert {p.name.split(".")[0] for p in done.path.iterdir()} <= places


def test_verify_finds_an_intact_bundle_sound(bundle: Path, store: EvidenceStore) -> None:
    found = verify_network(bundle, store=store)
    assert found.sound and found.changed == () and found.cached


def test_a_flipped_weight_bit_is_caught_and_located(bundle: Path, store: EvidenceStore) -> None:
    memory = bundle / "rtl" / "pairs_hidden_weights.hex"
    lines = memory.read_text(encoding="utf-8").splitlines()
    words = [i for i, line in enumerate(lines) if not line.startswith("//")]
    # The sign bit of one of the strongest weights: neuron 0 of a group, from source 0.
    at = words[0]
    width = 4 * len(lines[at])
    lines[at] = f"{int(lines[at], 16) ^ 1 << 4:0{width // 4}x}"
    memory.write_text("\n".join(lines) + "\n", encoding="utf-8")
    found = verify_network(bundle, store=store)
    assert found.changed == ("pairs_hidden_weights.hex",)
    assert not found.sound
    first = found.cosim[0]["first_mismatch"]
    where = r"sample \d+, layer 'hidden', tick \d+, neuron 0: (current|spike) expected"
    assert re.match(where, first), first


def test_verify_refuses_changes_elsewhere(bundle: Path, store: EvidenceStore) -> None:
    (bundle / "model" / "graph.txt").write_text("another", encoding="utf-8")
    with pytest.raises(BundleError, match=r"graph\.txt does not match its digest"):
        verify_network(bundle, store=store)


def test_verify_refuses_another_top_which_it_does_not_run(
    bundle: Path, store: EvidenceStore
) -> None:
    top = bundle / "rtl" / "pairs.sv"
    text = top.read_text(encoding="utf-8")
    top.write_text(text.replace(".level(level)", ".level(~level)"), encoding="utf-8")
    assert top.read_text(encoding="utf-8") != text
    with pytest.raises(BundleError, match=r"pairs\.sv does not match .* only runs pairs_engine"):
        verify_network(bundle, store=store)


def test_verify_refuses_a_manifest_without_options(bundle: Path, store: EvidenceStore) -> None:
    manifest = json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))
    manifest["foldings"][0]["pe"] = "two"
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match="does not hold the options of a build"):
        verify_network(bundle, store=store)
    del manifest["foldings"]
    (bundle / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    with pytest.raises(BundleError, match="does not hold the options of a build"):
        verify_network(bundle, store=store)


def test_made_up_levels_repeat_and_have_no_labels() -> None:
    from sc_neurocore.accelerator import InputCoding

    coding = InputCoding(5, "rate", 3)
    first, second = (find_samples(None, coding, 4, 3, seed) for seed in (7, 7))
    assert first.labels is None and first.as_dict(3) is None
    assert (first.inputs == second.inputs).all() and first.inputs.max() == 8


@pytest.mark.parametrize(
    ("file", "options"),
    [
        pytest.param(
            "snntorch_rleaky",
            {"reset": "subtract", "reset_when": "next_tick"},
            marks=pytest.mark.exhaustive,
        ),
        pytest.param("norse_lifbox", {"dt": 1e-6}, marks=pytest.mark.exhaustive),
    ],
)
def test_files_of_other_libraries_build_unchanged(
    file: str, options: dict[str, Any], store: EvidenceStore
) -> None:
    path = Path(__file__).resolve().parents[2] / "nir_bridge" / "files" / f"{file}.nir"
    chosen = NetworkOptions(place_and_route=False, samples=2, target="ecp5-25k", **options)
    done = build_network(read_network(path, chosen), chosen, store=store)
    assert done.sound
    assert done.report["ladder"][RUNGS[1]] == done.report["ladder"][RUNGS[2]] == "climbed"
    assert sum(row["rtl"] for row in done.report["spikes"]) > 0


@pytest.mark.exhaustive
def test_a_demand_that_is_missed_is_a_verdict_in_the_ladder(
    files: Path, store: EvidenceStore
) -> None:
    options = NetworkOptions(samples=1, clock_mhz=900.0)
    done = build_network(read_network(files / "pairs.nir"), options, store=store)
    assert not done.sound
    verdict = done.report["ladder"][RUNGS[5]]
    assert re.fullmatch(r"failed: \d+\.\d MHz after routing, 900 MHz asked for; .*", verdict)
    fmax, cycles = done.report["synthesis"]["fmax_mhz"], done.report["latency"]["cycles"]
    assert done.report["latency"]["us"]["mean"] == pytest.approx(cycles["mean"] / fmax)
    parts = {part["name"] for part in done.report["synthesis"]["parts"]}
    assert parts == {"whole core", "encoder", "counter", "core without encoder"}


def test_compile_network_to_fpga_keeps_its_name(files: Path) -> None:
    found = compile_network_to_fpga(files / "pairs.nir", "engine4", data_width=5)
    assert found.module_name == "engine4" and "module engine4 (" in found.top_module
    assert (found.total_neurons, found.total_synapses) == (20, 8 * 16 + 16 * 4)
    assert set(found.neuron_modules) == set(found.weight_rom) == {"hidden", "answer"}
    assert found.interconnect == "aer" and "engine4_hidden_weights.hex" in found.sources
    with pytest.raises(SCConfigError, match="bits of 'hidden' is 17"):
        compile_network_to_fpga(files / "pairs.nir", data_width=17)
