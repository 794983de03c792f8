"""The command ``plan-precision``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sc_neurocore.cli import main

DIGITS = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits.nir"


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    rng = np.random.default_rng(1)
    path = tmp_path / "weights.npz"
    np.savez(path, fc1=rng.normal(size=(4, 6)), fc2=rng.random(5))
    return path


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["plan-precision", *map(str, args)])


def test_a_target_that_is_met(weights: Path) -> None:
    result = run(weights, "--target-error", 2)
    assert result.exit_code == 0, result.stderr
    assert "target 0.371 met by all 29 synapses at 95 % each" in result.stdout
    assert "fc1" in result.stdout and "4 × 6" in result.stdout and "not LUTs" in result.stdout
    assert "Streams: independent random bits, weights in sign-magnitude coding." in result.stdout


def test_a_target_that_is_missed_exits_with_3(weights: Path, tmp_path: Path) -> None:
    out = tmp_path / "plan.json"
    result = run(weights, "--target-error", 0.01, "--out", out)
    assert result.exit_code == 3
    assert "infeasible: " in result.stdout and "needs L≥" in result.stdout
    plan = json.loads(out.read_text(encoding="utf-8"))
    assert len(plan["assignments"]) == plan["num_synapses"] == 29
    assert plan["target"]["target_met"] is False


def test_json_is_the_manifest_without_its_rows(weights: Path) -> None:
    result = run(weights, "--target-error", 2, "--json", "--source", "sobol:1", "--layer", "fc2")
    found = json.loads(result.stdout)
    assert found["schema"] == "sc-neurocore.adaptive_precision_plan.v1"
    assert "assignments" not in found and found["num_synapses"] == 5
    assert found["streams"]["source"] == "sobol" and found["streams"]["row_confidence"] is None
    assert [x["name"] for x in found["layers"]] == ["fc2"]


def test_errors_that_all_count_alike_bound_the_outputs(weights: Path) -> None:
    found = json.loads(run(weights, "--target-error", 2, "--weigh", "none", "--json").stdout)
    weighed = json.loads(run(weights, "--target-error", 2, "--json").stdout)
    for a, b in zip(found["layers"], weighed["layers"], strict=True):
        assert a["max_output_error_bound"] > b["max_output_error_bound"]


def test_layers_of_a_network(tmp_path: Path) -> None:
    arguments = (DIGITS, "--granularity", "layer", "--max-length", 4096, "--source", "sobol:1")
    out = tmp_path / "plan.json"
    result = run(*arguments, "--out", out)
    assert result.exit_code == 0, result.stderr
    assert "target met in every layer" in result.stdout
    plan = json.loads(out.read_text(encoding="utf-8"))
    assert plan == json.loads(run(*arguments, "--json").stdout)
    assert [x["name"] for x in plan["layers"]] == ["fc1", "fc2"]
    missed = run(DIGITS, "--granularity", "layer")
    assert missed.exit_code == 3
    assert "'fc2': needs L≥2 360 883, max is 1024" in missed.stdout


def test_a_picture_and_a_proof(
    weights: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SC_NEUROCORE_CACHE", str(tmp_path / "cache"))
    plot, folder = tmp_path / "plan.svg", tmp_path / "proof"
    result = run(weights, "--target-error", 2, "--plot", plot, "--formal", folder, "--execute")
    assert result.exit_code == 0, result.stderr
    assert "proven: 19 of 19 claims (k-induction" in result.stdout
    assert ElementTree.parse(plot).getroot().tag.endswith("svg")
    manifest = json.loads((folder / "adaptive_precision_plan_formal_manifest.json").read_text())
    assert manifest["formal_claim"]["formal_proof_passed"]
    only = run(weights, "--target-error", 2, "--formal", tmp_path / "other")
    assert "generated, 19 claims, not proven" in only.stdout


def test_convolutions_are_planned_by_filter(tmp_path: Path) -> None:
    from sc_neurocore.cli._plan_precision import _read_nir

    mnist = DIGITS.parents[1] / "mnist" / "mnist.nir"
    shapes = {name: a.shape for name, a in _read_nir(mnist).items()}
    assert all(len(shape) == 2 for shape in shapes.values()) and shapes


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--target-error", "0"], "target_error is 0"),
        (["--max-length", "1000"], "max_length is 1000; it must be a power of two"),
        (["--source", "dice"], "source is 'dice'"),
        (["--granularity", "layer", "--method", "luck"], "method is 'luck'"),
        (["--granularity", "layer", "--plot", "a.svg"], "--plot needs a plan by synapse"),
        (["--granularity", "layer", "--formal", "a"], "--formal needs a plan by synapse"),
        (["--granularity", "layer", "--max-bits", "16"], "--max-bits needs a plan by synapse"),
        (["--granularity", "layer", "--weigh", "none"], "--weigh needs a plan by synapse"),
        (["--method", "luck"], "--method needs a plan by layer: --granularity layer"),
        (["--total-budget", "5"], "--total-budget needs a plan by layer"),
        (["--max-length", "0"], "max_length is 0"),
        (["--granularity", "layer", "--max-length", "0"], "max_length is 0"),
        (["--execute"], "name its directory: --formal"),
        (["--plot", "a.png"], "must end in .svg"),
        (["--layer", "fc9"], "there is no layer 'fc9' (layers: fc1, fc2)"),
        (["--coding", "unipolar"], "there are negative weights"),
        (["--out", "/nowhere/plan.json"], "/nowhere/plan.json cannot be written"),
    ],
)  # fmt: skip
def test_bad_input_exits_with_2(arguments: list[str], message: str, weights: Path) -> None:
    result = run(weights, *arguments)
    assert result.exit_code == 2
    assert message in result.stderr and "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1


def test_bad_files_exit_with_2(tmp_path: Path) -> None:
    cube = tmp_path / "cube.npz"
    np.savez(cube, a=np.ones((2, 2, 2)))
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, a=np.array([{}], dtype=object))
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "empty.npz")
    (tmp_path / "weights.csv").write_text("1,2")
    for name, message in (
        ("cube.npz", "has 3 dimensions"),
        ("pickled.npz", "cannot be read as .npz"),
        ("text.npz", "cannot be read as .npz"),
        ("empty.npz", "holds no array"),
        ("weights.csv", "the name says neither"),
        ("missing.npz", "No such file"),
        ("missing.nir", "missing.nir"),
    ):
        result = run(tmp_path / name)
        text: Any = result.stderr
        assert (result.exit_code, message in text) == (2, True), text
