"""``cost-model``: what it prints is what the model says; refusals in one sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from sc_neurocore.cli import main

DIGITS = Path(__file__).parents[2] / "examples" / "digits" / "digits.nir"


def run(*args: str, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["cost-model", *args])
    assert result.exit_code == code, result.output
    return result.output


def test_show_states_held_out_errors() -> None:
    text = run("show")
    assert "Errors are of the latter" in text and "ecp5" in text and "yosys: " in text
    shown = json.loads(run("show", "--json"))
    assert {"training", "held_out", "figures", "blocks", "jobs"} <= set(shown)


def test_predict_says_estimated_with_interval_and_error() -> None:
    shown = json.loads(run("predict", str(DIGITS), "--target", "ecp5-85k", "--pe", "4", "--simd",
                           "2", "--json"))  # fmt: skip
    assert shown["word"] == "estimated" and shown["foldings"] == [{"pe": 4, "simd": 2}] * 2
    assert set(shown["figures"]) == {"luts", "ffs", "brams", "dsps", "fmax_mhz"}
    luts = shown["figures"]["luts"]
    assert luts["low"] < luts["value"] < luts["high"] and 0 < luts["median_error"] < 0.1
    text = run("predict", str(DIGITS), "--target", "ecp5-85k", "--pe", "4", "--simd", "2")
    assert "Folding: 4 x 2, 4 x 2" in text and "90 % interval" in text and "median error" in text


def test_validate_recomputes_and_draws(tmp_path: Path) -> None:
    page = tmp_path / "v.html"
    shown = json.loads(run("validate", "--html", str(page), "--json"))
    assert all(f["recomputed"] for f in shown["figures"])
    assert page.read_text().count("<svg") == 9


def test_a_page_that_cannot_be_written_is_refused_before_anything_is_printed(
    tmp_path: Path,
) -> None:
    for page, message in ((tmp_path, "is a directory"), (tmp_path / "none" / "v.html", "No such")):
        printed = run("validate", "--html", str(page), code=2)
        assert message in printed and "median error" not in printed


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("fit", "nowhere.jsonl", "--out", "m"), "nowhere.jsonl: no such file"),
        (("predict", "nowhere.nir"), "no such file"),
        (("predict", str(DIGITS), "--target", "gowin-gw1n9"), "of family 'gowin'"),
        (("show", "--files", "nowhere"), "cannot be read"),
        (("collect",), "--out"),
        (("collcet",), "did you mean 'collect'"),
    ],
)
def test_refusals(args: tuple[str, ...], message: str) -> None:
    assert message in run(*args, code=2)
