"""The formal bundle: what is proven, and what must be refuted."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sc_neurocore.compiler.adaptive_precision import (
    SynapsePlan,
    assign_synapse_precisions,
    prove_precision_formal_evidence_bundle,
    write_precision_formal_evidence_bundle,
)
from sc_neurocore.evidence import EvidenceStore, digest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.formal import ProofError
from sc_neurocore.toolchain import lint, simulate_rtl

NAME = "adaptive_precision_plan"
TOP = 2.0**40


def plan(**options: Any) -> SynapsePlan:
    w = np.random.default_rng(5).normal(size=(16, 16))
    return assign_synapse_precisions([w], **{"target_error": 1.5, "max_length": 1024, **options})


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    write_precision_formal_evidence_bundle(tmp_path, plan())
    return tmp_path


def sources(folder: Path) -> dict[str, str]:
    return {n: (folder / n).read_text() for n in (f"{NAME}.sv", f"{NAME}_sva.sv")}


def edit(folder: Path, pattern: str, change: Callable[[re.Match[str]], str]) -> None:
    path = folder / f"{NAME}.sv"
    text, count = re.subn(pattern, change, path.read_text(), count=1)
    assert count == 1
    path.write_text(text)


def test_every_file_it_lists_is_written(bundle: Path) -> None:
    manifest = json.loads((bundle / f"{NAME}_formal_manifest.json").read_text())
    assert manifest["schema"] == "sc-neurocore.adaptive-precision-formal-bundle.v1"
    assert manifest["evidence_classification"] == "generated"
    assert sorted(manifest["artifacts"].values()) == sorted(p.name for p in bundle.iterdir())
    assert set(manifest["artifacts"]) == {"rtl", "sva", "sby", "report", "manifest"}
    for name, found in manifest["sha256"].items():
        assert digest((bundle / name).read_bytes()) == found
    claim, rows = manifest["formal_claim"], plan()
    assert claim["symbiyosys_executed"] is claim["formal_proof_passed"] is False
    assert claim["hardware_measurement_claimed"] is False
    assert claim["max_bit_width"] == rows.bit_widths.max()
    assert claim["max_bitstream_length"] == rows.bitstream_lengths.max()
    greatest = float(rows.total_error_bounds.max())
    assert greatest <= claim["max_total_error_bound"] <= greatest + 3 / TOP
    assert claim["num_synapses"] == 256
    assert {c["status"] for c in manifest["claims"]} == {"not run"}
    assert "nothing was proven" in (bundle / f"{NAME}_formal_report.md").read_text()


def test_equal_plans_give_equal_files(bundle: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    write_precision_formal_evidence_bundle(other, plan())
    for path in other.iterdir():
        assert path.read_bytes() == (bundle / path.name).read_bytes()


def test_the_table_bounds_every_row() -> None:
    from sc_neurocore.compiler.adaptive_precision._formal_table import formal_table

    rows = plan()
    table = {(r.bit_width, r.bitstream_length): r for r in formal_table(rows).rows}
    for row in rows:
        of = table[row.bit_width, row.bitstream_length]
        assert row.quantization_error_bound * TOP <= of.quantization
        assert row.stochastic_error_bound * TOP <= of.stochastic
        assert row.total_error_bound * TOP <= of.total
        assert of.quantization + of.stochastic <= of.total


@pytest.mark.parametrize(("coding", "gain"), [("sign-magnitude", 1), ("bipolar", 2)])
def test_the_claimed_radius_is_hoeffdings_to_four_digits(coding: str, gain: int) -> None:
    from sc_neurocore.compiler.adaptive_precision._formal_table import formal_table

    odds = formal_table(plan(coding=coding, target_error=4.0)).odds
    assert odds is not None
    exact = math.log(2 / 0.05) * gain**2
    assert exact * (1 - 1e-4) < odds / 2**16 < exact


@pytest.mark.parametrize(
    "options",
    [{}, {"source": "sobol:1", "target_error": 0.05}, {"coding": "bipolar", "target_error": 4.0}],
    ids=["random", "sobol", "bipolar"],
)
def test_every_claim_is_proven(options: Any, tmp_path: Path, store: EvidenceStore) -> None:
    manifest = write_precision_formal_evidence_bundle(
        tmp_path, plan(**options), execute=True, store=store
    )
    assert manifest == json.loads((tmp_path / f"{NAME}_formal_manifest.json").read_text())
    claim = manifest["formal_claim"]
    assert manifest["evidence_classification"] == "proven" and claim["formal_proof_passed"]
    assert claim["symbiyosys_executed"] is False
    assert {c["status"] for c in manifest["claims"]} == {"proven"}
    proof = manifest["proof"]
    assert proof["assertions"] == proof["proven"] == claim["assertions"] >= 15
    assert proof["method"].startswith("k-induction, k=") and "yosys" in proof["tools"]
    assert ("radius" in {c["name"] for c in manifest["claims"]}) == ("source" not in options)
    assert "claims are proven" in (tmp_path / f"{NAME}_formal_report.md").read_text()
    for top in (NAME, f"{NAME}_sva"):
        assert lint(sources(tmp_path), top, store=store).result["warnings"] == []
    alone = {f"{NAME}.sv": sources(tmp_path)[f"{NAME}.sv"]}
    assert lint(alone, NAME, store=store).result["warnings"] == []


def test_rows_made_by_hand_claim_no_formula(tmp_path: Path, store: EvidenceStore) -> None:
    rows = list(plan()[:40])
    manifest = write_precision_formal_evidence_bundle(tmp_path, rows, execute=True, store=store)
    assert manifest["formal_claim"]["formal_proof_passed"]
    assert not {"radius", "rounding"} & {c["name"] for c in manifest["claims"]}


def test_one_row_makes_a_bundle(tmp_path: Path, store: EvidenceStore) -> None:
    one = assign_synapse_precisions([[1.0]], min_length=1, max_length=1, target_error=9.0)
    manifest = write_precision_formal_evidence_bundle(tmp_path, one, execute=True, store=store)
    assert manifest["formal_claim"]["formal_proof_passed"]


#: A row of the table: width, length, sensitivity, rounding, stream, total.
ROW = r"= \{(\d+'d)(\d+), (\d+'d)(\d+), (\d+'d)(\d+), (\d+'d)(\d+), (\d+'d)(\d+), (\d+'d)(\d+)\};"


def changed(field: int, value: Callable[[list[int]], int]) -> Callable[[re.Match[str]], str]:
    def change(match: re.Match[str]) -> str:
        widths, numbers = match.groups()[::2], [int(n) for n in match.groups()[1::2]]
        numbers[field] = value(numbers)
        return "= {" + ", ".join(w + str(n) for w, n in zip(widths, numbers, strict=True)) + "};"

    return change


@pytest.mark.parametrize(
    ("claim", "change"),
    [
        pytest.param("parts", changed(5, lambda n: n[3] + n[4] - 1), id="total below its parts"),
        pytest.param("table", changed(5, lambda n: n[5] + 1), id="total of another plan"),
        pytest.param("table", changed(0, lambda n: n[0] - 1), id="narrower weights"),
        pytest.param("total", changed(5, lambda n: 2**38), id="total above the plan's"),
        pytest.param("length", changed(1, lambda n: 1025), id="stream too long"),
        pytest.param("rounding", changed(3, lambda n: n[3] - 2), id="a hair less than half a step"),
        pytest.param(
            "radius",
            changed(4, lambda n: math.ceil(n[2] * 0.5 / math.sqrt(n[1]))),
            id="one standard deviation as a bound",
        ),
    ],
)  # fmt: skip
def test_a_bound_violated_on_purpose_is_refuted(
    claim: str, change: Callable[[re.Match[str]], str], bundle: Path, store: EvidenceStore
) -> None:
    edit(bundle, ROW, change)
    manifest = prove_precision_formal_evidence_bundle(bundle, store=store)
    assert claim in {c["name"] for c in manifest["claims"] if c["status"] == "refuted"}
    assert not manifest["formal_claim"]["formal_proof_passed"]
    assert manifest["evidence_classification"] == "executed"
    assert claim in manifest["proof"]["violated_in_clock"]
    assert not manifest["proof"]["sources_as_written"]
    assert "NOT proven" in (bundle / f"{NAME}_formal_report.md").read_text()


@pytest.mark.parametrize(
    ("right", "wrong", "claim"),
    [
        ("ticks + 1'b1 == held_length", "ticks == held_length", "within"),
        ("if (stream) ones", "ones", "one"),
        ("held_code   <= code & mask", "held_code   <= code", "code"),
        ("ones        <= ", "ones        <= ones + ", "started"),
        ("(number & held_mask) < held_code", "(number & held_mask) <= held_code", "below"),
        ("(number & held_mask) < held_code", "held_code != 0", "below"),
        ("<< magnitude)", "<< (magnitude + 1))", "started"),
        ("ticks <= ticks", "held_length <= 1024; ticks <= ticks", "kept"),
        ("ticks <= ticks", "held_code <= held_mask; ticks <= ticks", "kept"),
        ("running <= 1'b0;\n                done    <= 1'b1;", "running <= 1'b0;", "one"),
        ("end else if (running) begin", "end else if (done) done <= 0; else if (running) begin",
         "ended"),
        ("end else if (running) begin", "end else if (!running && !done) done <= 1; "
         "else if (running) begin", "idle"),
        ("done        <= 1'b0;\n            ticks", "done        <= done;\n            ticks",
         "either"),
    ],
)  # fmt: skip
def test_a_broken_module_is_refuted(
    right: str, wrong: str, claim: str, bundle: Path, store: EvidenceStore
) -> None:
    path = bundle / f"{NAME}.sv"
    text = path.read_text()
    assert right in text
    head, _, tail = text.rpartition(right)
    path.write_text(head + wrong + tail)
    manifest = prove_precision_formal_evidence_bundle(bundle, store=store)
    assert claim in {c["name"] for c in manifest["claims"] if c["status"] == "refuted"}


def test_missing_assertions_are_no_proof(bundle: Path, store: EvidenceStore) -> None:
    edit(bundle, r"(?s)`ifdef FORMAL.*`endif", lambda match: "")
    with pytest.raises(ProofError, match="elaborates to 0 assertions where 19 were written"):
        prove_precision_formal_evidence_bundle(bundle, store=store)


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        (r"assert \(!live \|\| .*\);", "assert (1'b1);"),
        (r"total_bound <= (\d+)'d\d+", r"total_bound <= {\1{1'b1}}"),
        (r"formal_claim_total: assert.*", ""),
    ],
)  # fmt: skip
def test_other_claims_than_were_written_are_not_tried(
    pattern: str, wrong: str, bundle: Path, store: EvidenceStore
) -> None:
    path = bundle / f"{NAME}_sva.sv"
    path.write_text(re.sub(pattern, wrong, path.read_text()))
    before = (bundle / f"{NAME}_formal_manifest.json").read_bytes()
    with pytest.raises(SCConfigError, match="was edited"):
        prove_precision_formal_evidence_bundle(bundle, store=store)
    assert (bundle / f"{NAME}_formal_manifest.json").read_bytes() == before


@pytest.mark.parametrize(
    ("pattern", "wrong"),
    [
        (r"\.rst_n\(rst_n\)", ".rst_n(1'b1)"),
        (r"( +1'd0: entry = .*\n)", "`ifdef FORMAL\n\\1`else\n1'd0: entry = 0;\n`endif\n"),
    ],
    ids=["claims that are never live", "another table outside of proofs"],
)
def test_claims_that_hold_of_an_edited_module_prove_no_plan(
    pattern: str, wrong: str, bundle: Path, store: EvidenceStore
) -> None:
    edit(bundle, pattern.replace("1'd", r"\d+'d"), lambda match: match.expand(wrong))
    for _ in range(2):  # recording the first result must not make the edit good
        manifest = prove_precision_formal_evidence_bundle(bundle, store=store)
        assert {c["status"] for c in manifest["claims"]} == {"proven"}
        assert not manifest["proof"]["sources_as_written"]
        assert not manifest["formal_claim"]["formal_proof_passed"]
        assert manifest["evidence_classification"] == "executed"
    report = (bundle / f"{NAME}_formal_report.md").read_text()
    assert "NOT proven" in report and "not the plan's" in report


def test_a_bundle_as_written_is_proven_later(bundle: Path, store: EvidenceStore) -> None:
    manifest = prove_precision_formal_evidence_bundle(bundle, store=store)
    assert manifest["formal_claim"]["formal_proof_passed"]
    assert manifest["evidence_classification"] == "proven"
    other = bundle / "at once"
    assert manifest == write_precision_formal_evidence_bundle(
        other, plan(), execute=True, store=store
    )
    for path in other.iterdir():
        assert path.read_bytes() == (bundle / path.name).read_bytes()


def golden(
    classes: list[tuple[int, int]], start: Any, select: Any, code: Any, number: Any
) -> dict[str, NDArray[np.uint64]]:
    """The module, clock by clock, from its description. ``classes``: magnitude bits, length."""
    running = done = False
    ticks = ones = length = held = mask = 0
    seen: dict[str, list[int]] = {n: [] for n in ("running", "done", "stream", "ticks", "ones")}
    for t in range(len(start)):
        bit = running and (int(number[t]) & mask) < held
        if start[t] and select[t] < len(classes):
            bits, length = classes[select[t]]
            mask = (1 << bits) - 1
            running, done, ticks, ones, held = True, False, 0, 0, int(code[t]) & mask
        elif running:
            ticks, ones = ticks + 1, ones + bit
            running, done = ticks < length, ticks == length
        # Outputs are seen after the edge, with this clock's inputs.
        now = running and (int(number[t]) & mask) < held
        for name, value in zip(seen, (running, done, now, ticks, ones), strict=True):
            seen[name].append(int(value))
    return {name: np.array(values, np.uint64) for name, values in seen.items()}


@pytest.mark.parametrize(
    "simulator", ["yosys", pytest.param("verilator", marks=pytest.mark.exhaustive)]
)
def test_the_module_follows_its_golden_model(
    simulator: str, bundle: Path, store: EvidenceStore
) -> None:
    from sc_neurocore.compiler.adaptive_precision._formal_rtl import Widths
    from sc_neurocore.compiler.adaptive_precision._formal_table import formal_table

    table = formal_table(plan())
    w, rng, clocks = Widths.of(table), np.random.default_rng(6), 3000
    inputs = {
        "start": (rng.random(clocks) < 0.01).astype(np.uint64),
        "select": rng.integers(0, 1 << w.index, clocks, dtype=np.uint64),
        "code": rng.integers(0, 1 << w.magnitude, clocks, dtype=np.uint64),
        "number": rng.integers(0, 1 << w.magnitude, clocks, dtype=np.uint64),
    }
    widths = {"start": 1, "select": w.index, "code": w.magnitude, "number": w.magnitude}
    outputs = {"running": 1, "done": 1, "stream": 1, "ticks": w.count, "ones": w.count}
    alone = {f"{NAME}.sv": sources(bundle)[f"{NAME}.sv"]}
    _, found, _ = simulate_rtl(
        simulator, alone, NAME, clock="clk", reset="rst_n", inputs=inputs, input_widths=widths,
        output_widths=outputs, store=store,
    )  # fmt: skip
    classes = [(row.bit_width - 1, row.bitstream_length) for row in table.rows]
    expected = golden(classes, **inputs)
    for name, values in expected.items():
        assert np.array_equal(found[name], values), name
    assert expected["done"].any() and expected["ones"].max() > 20


def test_bad_input_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match=r"^assignments must not be empty$"):
        write_precision_formal_evidence_bundle(tmp_path / "b", [])
    for name in ("module", "9lives", "a b", ""):
        with pytest.raises(SCConfigError, match="module name"):
            write_precision_formal_evidence_bundle(tmp_path / "b", plan(), module_name=name)
    huge = assign_synapse_precisions([[1.0]], sensitivity_maps=[[1e30]])
    with pytest.raises(SCConfigError, match="a sensitivity or bound of 1e"):
        write_precision_formal_evidence_bundle(tmp_path / "b", huge)
    assert not (tmp_path / "b").exists()
    (tmp_path / "file").write_text("")
    with pytest.raises(SCConfigError, match="cannot be written"):
        write_precision_formal_evidence_bundle(tmp_path / "file", plan())
    with pytest.raises(SCConfigError, match="cannot be read"):
        prove_precision_formal_evidence_bundle(tmp_path)
    (tmp_path / f"{NAME}_formal_manifest.json").write_text("{}")
    with pytest.raises(SCConfigError, match="is no manifest"):
        prove_precision_formal_evidence_bundle(tmp_path)


def test_a_claim_under_another_name_is_missing(bundle: Path, store: EvidenceStore) -> None:
    path = bundle / f"{NAME}_formal_manifest.json"
    path.write_text(path.read_text().replace('"name": "radius"', '"name": "exactness"'))
    manifest = prove_precision_formal_evidence_bundle(bundle, store=store)
    assert not manifest["formal_claim"]["formal_proof_passed"]
    (other,) = (c for c in manifest["claims"] if c["name"] == "exactness")
    assert other["status"] == "missing"
