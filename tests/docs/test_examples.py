"""The examples run, and print what they are about."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def _output(name: str, *arguments: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()


def test_format_sweep_shows_errors_that_vanish_with_bits() -> None:
    head, titles, *rows = _output("format_sweep.py")
    assert head == "lif, the model's protocol"
    assert titles.split()[:3] == ["format", "spikes", "float"]
    assert [row.split()[0] for row in rows] == [f"Q8.{n}" for n in range(4, 17, 2)]
    errors = [float(row.split()[3]) for row in rows]
    assert errors == sorted(errors, reverse=True)
    assert errors[0] > 1.0 and errors[-1] == 0.0
    # A format too coarse for the state is widened, and the table says so.
    assert rows[0].endswith("v Q8.8") and rows[-1].endswith("v Q8.16")


@pytest.mark.exhaustive
def test_microcircuit_fires_as_published() -> None:
    _, _, *rows = _output("microcircuit.py")
    rates = {row.split()[0]: [float(x) for x in row.split()[1:3]] for row in rows}
    assert len(rates) == 8
    assert all(abs(found - published) < 2 for found, published in rates.values())


@pytest.mark.exhaustive
def test_balanced_network_is_beside_its_theory(tmp_path: Path) -> None:
    picture, figures = tmp_path / "b.svg", tmp_path / "b.json"
    titles, row = _output("balanced.py", "--states", "SI slow", "--duration", "350",
                          "--output", str(picture), "--json", str(figures))  # fmt: skip
    assert titles.split()[:4] == ["rate", "(Hz)", "theory", "paper"]
    assert row.startswith("SI slow") and row.split()[3:5] == ["6.5", "5.5"]
    found = json.loads(figures.read_text())["states"]["SI slow"]
    assert 2 < found["rate"] < 15
    text = picture.read_text()
    assert text.startswith("<?xml") and "dc:date" not in text


@pytest.mark.exhaustive
def test_balanced_network_is_as_published(tmp_path: Path) -> None:
    """Table 1 of Brunel 2000."""
    _output("balanced.py", "--json", str(tmp_path / "b.json"))
    states = json.loads((tmp_path / "b.json").read_text())["states"]
    assert states["SI fast"]["rate"] == pytest.approx(60.7, rel=0.05)
    assert states["SI fast"]["rhythm"] == pytest.approx(180, rel=0.1)
    assert states["AI"]["rate"] == pytest.approx(37.7, rel=0.03)
    assert states["SI slow"]["rate"] == pytest.approx(5.5, abs=1.2)
    assert states["SI slow"]["rhythm"] == pytest.approx(22, rel=0.15)
    assert states["SR"]["cv"] < 0.05 < 0.3 < states["AI"]["cv"] < states["SI fast"]["cv"]
    assert states["SR"]["correlation"] > states["SI slow"]["correlation"] > 0.04
    assert states["AI"]["correlation"] < 0.03


@pytest.mark.exhaustive
def test_ping_needs_both_connections(tmp_path: Path) -> None:
    _output("ping.py", "--json", str(tmp_path / "p.json"), "--output", str(tmp_path / "p.png"))
    found = json.loads((tmp_path / "p.json").read_text())["circuits"]
    assert 40 < found["as published"]["frequency"] < 55
    assert 0 < found["as published"]["lag_ms"] < 8
    for cut in ("without I to E", "without E to I"):
        assert found[cut]["frequency"] is None and abs(found[cut]["correlation"]) < 0.05
    fast, slow = (found[f"inhibition decays in {ms} ms"]["frequency"] for ms in (6, 12))
    assert fast > found["as published"]["frequency"] > slow
    assert found["drive of 1 µA/cm²"]["frequency"] < found["as published"]["frequency"]


@pytest.mark.exhaustive
def test_thalamic_pulse_reaches_layer_4_first(tmp_path: Path) -> None:
    _output("column.py", "--json", str(tmp_path / "c.json"), "--output", str(tmp_path / "c.svg"))
    found = json.loads((tmp_path / "c.json").read_text())["populations"]
    for name in ("L4E", "L4I"):
        assert found[name]["peak"] > 3 * found[name]["before"]
    assert found["L4E"]["half_ms"] < found["L23E"]["half_ms"]


@pytest.mark.parametrize(("name", "arguments", "message"), [
    ("balanced.py", ["--duration", "100"], "--duration must be at least 350 ms"),
    ("ping.py", ["--drive", "nan"], "i_drive_e_mean is nan; it must be a finite number"),
    ("column.py", ["--scale", "2"], "scale is 2.0; it must be above 0 and at most 1"),
])  # fmt: skip
def test_wrong_options_are_one_line(name: str, arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, EXAMPLES / name, *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode and message in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for example in EXAMPLES.glob("[!_]*.py"):
        assert f'"{example.name}"' in text
