"""``partition``: what it prints, and one sentence for each bad input."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sc_neurocore.cli import main
from sc_neurocore.datasets import load_dataset
from sc_neurocore.nir_bridge import from_nir
from sc_neurocore.partition import encode_dataset

ROOT = Path(__file__).resolve().parents[2]
NET = str(ROOT / "examples" / "digits" / "digits-small.nir")
PLACES = ROOT / "examples" / "partition"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["partition", *args])


@pytest.mark.parametrize("file, places", [("hosts", 3), ("chips", 2)])
def test_compile(file: str, places: int, tmp_path: Path) -> None:
    out = tmp_path / "parts"
    done = run(NET, "--places", str(PLACES / f"{file}.toml"), "--data", "digits", "--out", str(out),
               "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    assert len(report["parts"]) == places and sum(p["neurons"] for p in report["parts"]) == 42
    assert all(c["spikes_per_tick"] > 0 for c in report["crossings"])
    assert {p.name for p in out.iterdir()} == {
        "after.svg", "before.svg", "manifest.json", "parts", "program.json", "whole.graph"
    }  # fmt: skip


REFUSED = [
    (["rnu", "x"], "'rnu' is neither a .nir or .onnx file nor a command; did you mean 'run'?", 2),
    ([NET], "Missing option '--places'", 2),
    (["missing.nir", "--places", str(PLACES / "hosts.toml")], "missing.nir: no such file", 2),
    ([NET, "--places", "missing.toml"], "missing.toml: no such file", 2),
    ([NET, "--place", "x"], "there is no option '--place'; did you mean '--places'?", 2),
    (["run", "missing"], "'missing' is not a bundle: it has no manifest.json", 2),
    (["run", "missing", "--loss", "2"], "the probabilities of faults are (2.0, ", 2),
    (["status", "missing"], "missing is no directory; give the one of `run --status`", 2),
]


@pytest.mark.parametrize("args, message, code", REFUSED, ids=[r[1] for r in REFUSED])
def test_refusals(
    args: list[str], message: str, code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = run(*args)
    assert done.exit_code == code and message in done.output
    assert "Traceback" not in done.output and not list(tmp_path.iterdir())


def test_help_shows_all_three() -> None:
    text = run("--help").output
    assert all(word in text for word in ("compile", "run", "status", "--places", "Exit codes"))


def test_run_and_status(tmp_path: Path) -> None:
    """Three processes give what one gives, and say how far they are."""
    out = tmp_path / "parts"
    assert run(NET, "--places", str(PLACES / "hosts.toml"), "--out", str(out)).exit_code == 0
    (tmp_path / "status").mkdir()
    done = run("run", str(out), "--samples", "2", "--status", str(tmp_path / "status"), "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    dataset, network = load_dataset("digits"), from_nir(NET)
    settings = {"ticks": 16, "coding": "rate", "input_bits": 4}
    inputs = encode_dataset(network.flat, settings, dataset, 2)
    alone = network.run(inputs).output.sum(axis=1).argmax(axis=1)
    assert report["answers"] == {"output": alone.tolist()} and report["ticks"] == 16
    assert all(link["sent"]["spikes"] == link["received"]["spikes"] for link in report["links"])
    shown = json.loads(run("status", str(tmp_path / "status"), "--json").output)
    assert set(shown) == {"left", "right", "answer"}
    assert all(part["finished"] and part["tick"] == 32 for part in shown.values())
