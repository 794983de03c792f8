"""A whole build, end to end, with the real tools."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sc_neurocore.build import (
    RUNGS,
    Build,
    BuildOptions,
    build,
    document_of_equations,
    load_bundle,
    source_of,
    verify_bundle,
)
from sc_neurocore.build._bundle import BundleError, writing
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.neurons import load_schema


def test_every_rung_is_climbed(lif: Build) -> None:
    assert dict(lif.report["ladder"]) == dict.fromkeys(RUNGS, "climbed")
    assert lif.sound


def test_the_report_holds_what_is_promised(lif: Build) -> None:
    report = lif.report
    assert report["model"]["name"] == "lif"
    assert report["target"] == "ice40-hx8k"
    assert report["format"] == "Q8.8"
    names = {run["simulator"] for run in report["cosim"]}
    assert {"verilator", "yosys"} <= names
    assert all(run["mismatches"] == 0 and run["cycles"] >= 4_000 for run in report["cosim"])
    formal = report["formal"]
    assert formal["proven"] == formal["assertions"] > 10
    assert formal["refuted"] == 0
    assert formal["mutant_refuted"] is True
    assert report["equivalence"]["status"] == "equivalent"
    assert report["fidelity"]["spikes_float"] == report["fidelity"]["spikes_fixed"] == 28
    assert report["reference"]["max_spike_time_error_ms"] == 0


def test_the_goals_of_the_lif_are_met(lif: Build) -> None:
    assert lif.report["synthesis"]["logic_cells"] <= 150
    assert lif.report["synthesis"]["fmax_mhz"] >= 60


def test_the_bundle_is_complete_and_names_no_place_or_time(lif: Build, bundle: Path) -> None:
    opened = load_bundle(bundle)
    assert {"rtl/lif.sv", "model/model.toml", "synthesis/lif.bin"} <= set(opened.manifest["files"])
    assert json.loads((bundle / "report.json").read_text()) == json.loads(json.dumps(lif.report))
    text = (bundle / "manifest.json").read_text()
    assert str(bundle.parent) not in text
    assert "/tmp" not in text
    assert "<svg" in (bundle / "report.html").read_text()


def test_the_same_build_is_byte_identical(lif: Build, tmp_path: Path, store: EvidenceStore) -> None:
    again = build(
        source_of(load_schema("lif")), BuildOptions(cycles=20_000), tmp_path / "again", store=store
    )
    assert again.cached
    assert lif.path is not None
    assert again.path is not None
    for name in ("manifest.json", "rtl/lif.sv"):
        assert (lif.path / name).read_bytes() == (again.path / name).read_bytes()


def test_a_changed_file_fails_closed(bundle: Path) -> None:
    (bundle / "model/model.toml").write_text("# nothing\n")
    with pytest.raises(BundleError, match=r"model/model.toml does not match its digest"):
        load_bundle(bundle)
    with pytest.raises(BundleError, match=r"model/model.toml does not match its digest"):
        verify_bundle(bundle)


def test_a_missing_and_a_stray_file_are_named(bundle: Path) -> None:
    (bundle / "rtl/extra.v").write_text("")
    with pytest.raises(BundleError, match=r"rtl/extra.v is not listed in manifest.json"):
        load_bundle(bundle)
    (bundle / "rtl/extra.v").unlink()
    (bundle / "rtl/lif.sv").unlink()
    with pytest.raises(BundleError, match=r"lacks rtl/lif.sv"):
        load_bundle(bundle)
    with pytest.raises(BundleError, match=r"is not a bundle: it has no manifest.json"):
        load_bundle(bundle.parent)


def test_broken_rtl_is_found_by_simulation_and_by_proof(bundle: Path, store: EvidenceStore) -> None:
    file = bundle / "rtl/lif.sv"
    text = file.read_text()
    broken = text.replace("if (fire) v <= -16'sd16640;", "if (fire) v <= -16'sd16384;")
    assert broken != text
    file.write_text(broken)
    found = verify_bundle(bundle, store=store)
    assert found.changed == ("lif.sv",)
    assert not found.sound
    for run in found.cosim:
        assert run.first is not None
        assert (run.first.signal, run.first.expected, run.first.got) == ("v_out", -16640, -16384)
        assert run.first.vcd is not None
        assert run.first.vcd.startswith(b"$")
    assert found.proof.rung.startswith("failed: property 'after_spike_0' of lif is refuted")


def test_an_unbroken_bundle_verifies(bundle: Path, store: EvidenceStore) -> None:
    found = verify_bundle(bundle, store=store)
    assert found.sound
    assert found.changed == ()


def test_an_unreachable_clock_is_a_verdict_and_leaves_nothing(
    tmp_path: Path, store: EvidenceStore
) -> None:
    options = BuildOptions(clock_mhz=900.0)
    with pytest.raises(SCCompilerError, match=r"^infeasible: 900 MHz on ice40-hx8k; the best ach"):
        build(source_of(load_schema("lif")), options, tmp_path / "out", store=store)
    assert list(tmp_path.iterdir()) == []


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), writing(tmp_path / "out") as scratch:
        (scratch / "half").write_text("written")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_an_output_directory_with_content_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("data")
    message = (
        f"output directory '{tmp_path}' is not empty, and not an unchanged bundle that could be "
        "replaced; choose another or remove it first"
    )
    with pytest.raises(SCConfigError, match=message), writing(tmp_path):
        pass
    assert (tmp_path / "precious").read_text() == "data"


@pytest.mark.exhaustive  # the tutorial of the own model does the same
def test_an_equation_string_is_built(tmp_path: Path, store: EvidenceStore) -> None:
    document = document_of_equations(
        "dv/dt = (-v + I)/tau; du/dt = -u/50",
        threshold="v + u > 50",
        reset="u = u + 8*v; v = 0",
        params={"tau": 10.0},
        ranges={"v": (-200.0, 200.0), "u": (-2000.0, 8000.0), "I": (0.0, 120.0)},
        dt=0.1,
    )
    done = build(source_of(document), BuildOptions(cycles=5_000), tmp_path / "out", store=store)
    assert done.sound
    assert done.report["fidelity"]["spikes_fixed"] == done.report["fidelity"]["spikes_float"] > 0
    assert (tmp_path / "out/rtl/neuron.sv").is_file()
