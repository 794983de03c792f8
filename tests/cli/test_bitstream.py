"""The commands ``bitstream audit`` and ``bitstream error-curve``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sc_neurocore.bitstream import FAMILIES, Sobol, encode, unpack_bitstream
from sc_neurocore.cli import main

SHORT = ["--max-length", "64", "--trials", "100"]


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["bitstream", *args])


def read_json(*args: str, code: int = 0) -> Any:
    result = run(*args, "--json")
    assert result.exit_code == code, result.stderr
    return json.loads(result.stdout)


def test_sound_streams_pass() -> None:
    result = run("audit", "sobol:1@0.5", "sobol:2@0.25", "--multiply")
    assert result.exit_code == 0, result.stdout
    assert "Nothing found." in result.stdout
    assert "sobol:1@0.5   512   0.5000  +0.0000  2/2" in result.stdout
    assert "MULTIPLIER sobol:1@0.5 × sobol:2@0.25: sobol × sobol:2: sound: " in result.stdout


def test_streams_that_do_not_multiply_fail_with_6() -> None:
    result = run("audit", "sobol:1@0.5", "sobol:1:16:0x8000@0.5")
    assert result.exit_code == 6
    assert "SCC of -1.000; AND is off by -0.2500 of their product." in result.stdout
    # A value at which the dependence does not show still fails as a multiplier.
    calm = ["audit", "sobol:1@1", "sobol:1:16:0x8000@0.5"]
    assert run(*calm).exit_code == 0
    found = read_json(*calm, "--multiply", code=6)
    (pair,) = found["multipliers"]
    assert pair["verdict"] == "correlated" and pair["covariance"] == -0.25
    assert pair["remedy"] == "encode the second stream with sobol:2"
    assert pair["word"] == "proven"


def test_limit_is_the_callers() -> None:
    pair = ["audit", "lfsr@0.5", "lfsr:16:0x1234@0.5", "--multiply"]
    assert run(*pair).exit_code == 0
    assert run(*pair, "--limit", "0.001").exit_code == 6


def test_audit_json_has_every_measure() -> None:
    found = read_json("audit", "lfsr@0.3", "counter:8@0.7", "--length", "256")
    assert [s["name"] for s in found["streams"]] == ["lfsr@0.3", "counter:8@0.7"]
    assert found["streams"][1]["longest_ones"] == 179
    assert {f["kind"] for f in found["findings"]} == {"drift", "runs"}
    assert found["word"] == "measured" and found["multipliers"] == []


def test_captured_bits_are_audited(tmp_path: Path) -> None:
    streams = encode([0.5, 0.5], 512, [Sobol(1), Sobol(1)])
    np.save(tmp_path / "captured.npy", unpack_bitstream(streams, 512))
    found = read_json("audit", "--bits", str(tmp_path / "captured.npy"), code=6)
    assert found["layer_id"] == "captured.npy" and found["scc"][0][1] == 1.0
    assert found["streams"][0]["expected"] is None


def test_plots_are_written(tmp_path: Path) -> None:
    audit, curve = tmp_path / "a.svg", tmp_path / "c.svg"
    assert run("audit", "sobol@0.5", "lfsr@0.2", "--plot", str(audit)).exit_code == 0
    assert run("error-curve", *SHORT, "--plot", str(curve)).exit_code == 0
    for path in (audit, curve):
        assert ElementTree.parse(path).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_error_curve_prints_every_source_and_operation() -> None:
    result = run("error-curve", *SHORT)
    assert result.exit_code == 0
    for heading in ("encode:", "multiply:", "accumulate:", "OPERATION   SOURCE   BEATS"):
        assert heading in result.stdout
    assert result.stdout.count("slopes of log error over log length: random ") == 3


def test_error_curve_json() -> None:
    found = read_json("error-curve", "sobol", "random", "--operation", "encode", *SHORT)
    assert [(c["family"], c["operation"]) for c in found["curves"]] == [
        ("sobol", "encode"), ("random", "encode"),
    ]  # fmt: skip
    point = found["curves"][0]["points"][-1]
    assert point["length"] == 64 and point["low"] <= point["rms"] <= point["high"]
    assert point["bound"]["word"] == "proven" and point["bound"]["confidence"] is None
    assert found["crossovers"][0] == {
        "operation": "encode", "better": "sobol", "worse": "random", "length": 16,
        "word": "measured",
    }  # fmt: skip


def test_error_curve_of_a_pair() -> None:
    pair = "sobol:1/sobol:1:16:0x8000"
    found = read_json("error-curve", pair, "--operation", "multiply", *SHORT)
    (curve,) = found["curves"]
    assert curve["family"] == pair
    assert curve["points"][-1]["bound"]["value"] == pytest.approx(0.25, abs=2**-16)


def test_pair_is_no_sum() -> None:
    found = read_json("error-curve", "sobol:1/sobol:2", "sobol", *SHORT)
    assert [(c["family"], c["operation"]) for c in found["curves"]] == [
        ("sobol:1/sobol:2", "encode"), ("sobol", "encode"),
        ("sobol:1/sobol:2", "multiply"), ("sobol", "multiply"), ("sobol", "accumulate"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["audti"], "there is no command 'audti'; did you mean 'audit'?"),
        (["audit"], "give streams as SOURCE@PROBABILITY, or captured bits with --bits"),
        (["audit", "sobol@0.5", "--bits", "x.npy"],
         "give streams as SOURCE@PROBABILITY, or captured bits with --bits"),
        (["audit", "sobol"],
         "stream 'sobol' is not SOURCE@PROBABILITY; write for example lfsr@0.5"),
        (["audit", "sobol@half"],
         "stream 'sobol@half' is not SOURCE@PROBABILITY; write for example lfsr@0.5"),
        (["audit", "sobol@nan"],
         "stream 'sobol@nan' is not SOURCE@PROBABILITY; write for example lfsr@0.5"),
        (["audit", "sobol@1.2"], "stream 'sobol@1.2' has probability 1.2; it must be from 0 to 1"),
        (["audit", "sobl@0.5"],
         "source is 'sobl'; it must begin with one of lfsr, sobol, halton, counter, random, "
         "entropy"),
        (["audit", "lfsr:16:0@0.5"], "seed is 0; it must be a whole number from 1 to 65535"),
        (["audit", "sobol@0.5", "--length", "0"],
         "Invalid value for '--length': 0 is not in the range 8<=x<=16777216."),
        (["error-curve", "--max-length", "2000000"],
         "Invalid value for '--max-length': 2000000 is not in the range 1<=x<=1048576."),
        (["audit", "sobol@0.5", "--confidence", "1"],
         "confidence is 1; it must lie between 0 and 1, both excluded"),
        (["audit", "sobol@0.5", "--limit", "0.1"], "--limit is for --multiply; give both"),
        (["audit", "sobol@0.5", "lfsr@0.5", "--multiply", "--limit", "nan"],
         "limit is nan; it must be from 0 to 0.25"),
        (["audit", "sobol@0.5", "entropy@0.5", "--multiply"],
         "multiplier 'sobol@0.5 × entropy@0.5' has source 'entropy', whose numbers are never the "
         "same and cannot be checked; check it with a reproducible one, such as random:1"),
        (["audit", "--bits", "none.npy"], "none.npy: no such file"),
        (["audit", "--bits", "none.npy", "--length", "32"],
         "--length is for sources; captured bits have the length they have"),
        (["error-curve", "sobol", "sobol"], "source 'sobol' is given twice; give each one once"),
        (["error-curve", "sobol:1/sobol:2", "--operation", "accumulate"],
         "'sobol:1/sobol:2' is one product; accumulate takes random, lfsr, sobol, halton, counter"),
        (["error-curve", "entropy/sobol:2", "--operation", "multiply"],
         "'entropy/sobol:2' has source 'entropy', of which no measurement can be made again; use a "
         "reproducible one, such as random:1"),
        (["error-curve", *FAMILIES, "sobol:1/sobol:2", "sobol:2/sobol:3", "--plot", "a.svg"],
         "--plot has colours for 6 sources, not for 7"),
        (["audit", "--bits", "none.npy", "--multiply"],
         "--multiply and --limit need sources; captured bits have none"),
        (["audit", "--bits", "text.npy"],
         "text.npy is no .npy file of bits; numpy.save writes one"),
        (["audit", "--bits", "floats.npy"],
         "floats.npy: bits have dtype float64; they must be a NumPy array of uint8 or bool"),
        (["audit", "sobol@0.5", "--plot", "a.png"], "--plot writes SVG; 'a.png' must end in .svg"),
        (["error-curve", "--plot", "a.png"], "--plot writes SVG; 'a.png' must end in .svg"),
        (["error-curve", "sobl"],
         "source 'sobl' is not one of random, lfsr, sobol, halton, counter, nor a pair of sources "
         "such as sobol:1/sobol:2"),
        (["error-curve", "sobol/sobl"],
         "source is 'sobl'; it must begin with one of lfsr, sobol, halton, counter, random, "
         "entropy"),
        (["error-curve", "--operation", "divide"],
         "--operation is 'divide'; it must be one of encode, multiply, accumulate"),
        (["error-curve", "--min-length", "65", "--max-length", "100"],
         "there is no power of two from --min-length 65 to --max-length 100"),
        (["error-curve", "--min-length", "64", "--max-length", "64", "--plot", "a.svg"],
         "a plot needs at least two lengths, but there is only 64"),
        (["error-curve", "--trials", "10"],
         "trials is 10; it must be a whole number from 100 to 1000000"),
        (["error-curve", "--seed", "-1"], "seed is -1; it must be a whole number of at least 0"),
    ],
)  # fmt: skip
def test_refusals(
    arguments: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("text.npy").write_text("no array", encoding="utf-8")
    np.save("floats.npy", np.zeros((1, 8)))
    before = sorted(tmp_path.iterdir())
    result = run(*arguments)
    assert (result.stderr, result.stdout, result.exit_code) == (f"Error: {message}\n", "", 2)
    assert sorted(tmp_path.iterdir()) == before
