"""Manifests: what they say, and how they become JSON."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.compiler.adaptive_precision import (
    PrecisionManifest,
    SynapsePrecision,
    _text_kernel,
    assign_synapse_precisions,
    auto_tune_synapse_precisions,
    precision_plan_manifest,
    write_precision_manifest,
)
from sc_neurocore.exceptions import SCConfigError

RNG = np.random.default_rng(4)
WEIGHTS = [RNG.normal(size=(6, 5)), RNG.normal(size=9)]
PLAN = assign_synapse_precisions(WEIGHTS, target_error=0.6)


def test_the_documented_keys() -> None:
    manifest = precision_plan_manifest(PLAN)
    assert manifest["schema"] == "sc-neurocore.adaptive_precision_plan.v1"
    assert (manifest["granularity"], manifest["num_synapses"]) == ("synapse", 39)
    assert manifest["max_total_error_bound"] == max(r.total_error_bound for r in PLAN)
    costs = manifest["cost_summary"]
    by_hand = sum(r.bit_width * math.log2(r.bitstream_length) for r in PLAN)
    longest = max(r.bitstream_length for r in PLAN)
    uniform = sum(r.bit_width * math.log2(longest) for r in PLAN)
    assert costs["cost_metric"] == "sum(bit_width * log2(bitstream_length))"
    assert costs["estimated_lut_cost"] == pytest.approx(by_hand)
    assert costs["uniform_length_reference_cost"] == pytest.approx(uniform)
    assert costs["estimated_lut_savings_vs_uniform_length"] == pytest.approx(uniform - by_hand)
    assert "not LUTs" in costs["cost_kind"]
    assert isinstance(manifest, dict)


def test_the_rows_are_a_list_of_dictionaries() -> None:
    rows = precision_plan_manifest(PLAN)["assignments"]
    expected = [row.to_dict() for row in PLAN]
    assert rows == expected and list(rows) == expected and len(rows) == 39
    assert rows[3] == expected[3] and rows[-2:] == expected[-2:] and expected[5] in rows
    assert rows != expected[1:]


def test_json_holds_the_rows() -> None:
    manifest = precision_plan_manifest(PLAN)
    for options in ({}, {"indent": 1}):
        read = json.loads(json.dumps(manifest, **options))
        assert read["assignments"] == [row.to_dict() for row in PLAN]
        assert read["classes"] and read["target"]["verdict"] == PLAN.verdict


def test_rows_made_by_hand_have_the_same_manifest_less_the_claims() -> None:
    rows = list(PLAN)
    whole, part = precision_plan_manifest(PLAN), precision_plan_manifest(rows)
    for key, value in part.items():
        assert whole[key] == value, key
    assert "target" not in part
    assert precision_plan_manifest(iter(rows))["num_synapses"] == 39


def test_the_target_and_its_misses_are_counted() -> None:
    plan = assign_synapse_precisions(WEIGHTS, target_error=0.1)
    target = precision_plan_manifest(plan)["target"]
    assert target["synapses_above_target"] == plan.missed > 0
    assert target["target_met"] is False
    assert target["verdict"].startswith("infeasible: ")


def test_auto_tuning_states_its_target_both_ways() -> None:
    manifest = auto_tune_synapse_precisions(
        WEIGHTS, layer_names=["a", "b"], target_error_percent=60.0
    )
    said = manifest["api_surface"]
    assert said["action_id"] == "auto_tune_adaptive_precision"
    assert (said["target_error_percent"], said["target_error_fraction"]) == (60.0, 0.6)
    assert said["objective"] == "minimal_luts_under_error_target"
    for key in (
        "cost_metric", "estimated_lut_cost", "uniform_length_reference_cost",
        "estimated_lut_savings_vs_uniform_length",
    ):  # fmt: skip
        assert said[key] == manifest["cost_summary"][key]
    assert manifest["assignments"] == [
        row.to_dict() for row in assign_synapse_precisions(WEIGHTS, ["a", "b"], target_error=0.6)
    ]
    with pytest.raises(SCConfigError, match="target_error_percent is 0"):
        auto_tune_synapse_precisions(WEIGHTS, target_error_percent=0)


def test_no_rows_are_no_plan() -> None:
    with pytest.raises(SCConfigError, match=r"^assignments must not be empty$"):
        precision_plan_manifest([])
    with pytest.raises(SCConfigError, match="assignments\\[1\\] is str"):
        precision_plan_manifest([PLAN[0], "row"])  # type: ignore[list-item]


@pytest.mark.parametrize("columns", [9, 1 << 13], ids=["small", "large"])
def test_a_file_holds_the_same(columns: int, tmp_path: Path) -> None:
    names = ['odd "%d" näme', "b"]
    w = [RNG.normal(size=(2, columns)), np.array([0.0, 1.0, -0.25])]
    plan = assign_synapse_precisions(w, names, target_error=0.02)
    path = tmp_path / "plan.json"
    manifest = precision_plan_manifest(plan)
    write_precision_manifest(path, manifest)
    read = json.loads(path.read_text(encoding="utf-8"))
    assert read["assignments"] == list(manifest["assignments"])
    assert {k: v for k, v in read.items() if k != "assignments"} == json.loads(
        json.dumps({k: manifest[k] for k in manifest if k != "assignments"})
    )
    before = path.read_bytes()
    write_precision_manifest(path, manifest)
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["plan.json"]


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match="cannot be written"):
        write_precision_manifest(tmp_path / "no" / "plan.json", precision_plan_manifest(PLAN))
    with pytest.raises(SCConfigError, match="has no rows"):
        write_precision_manifest(tmp_path / "plan.json", PrecisionManifest())


def written(value: float) -> str:
    out = np.zeros(64, np.uint8)
    size = _text_kernel._put_float(out, 0, value, np.array([value]).view(np.uint64)[0])
    return bytes(out[:size]).decode()


@given(st.floats(min_value=0, allow_nan=False, allow_infinity=False))
def test_a_written_float_reads_back(value: float) -> None:
    assert json.loads(written(value)) == value


def test_floats_at_the_edges_read_back() -> None:
    powers = np.ldexp(1.0, np.arange(-1074, 1024))
    tens = np.array([float(f"1e{k}") for k in range(-323, 309)])
    for value in (*powers, *np.nextafter(powers, 0), *tens, *np.nextafter(tens, 0)):
        text = written(float(value))
        assert json.loads(text) == value, text
    assert [written(v) for v in (0.0, 0.5, 1.0, 100.0, 1e300)] == [
        "0.0", "0.5", "1.0", "100.0", "1.0000000000000001e300",
    ]  # fmt: skip


def test_rows_of_any_sequence(tmp_path: Path) -> None:
    row: Any = SynapsePrecision(0, "a", 0, 0, 8, 100, 1.0, 0.1, 0.2, 0.4)
    manifest = precision_plan_manifest((row, row))
    write_precision_manifest(tmp_path / "m.json", manifest)
    assert json.loads((tmp_path / "m.json").read_text())["assignments"] == [row.to_dict()] * 2
