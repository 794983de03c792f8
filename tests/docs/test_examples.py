"""The examples run, and print what they are about."""

from __future__ import annotations

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


def test_every_example_is_tested() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    for example in EXAMPLES.glob("*.py"):
        assert f'"{example.name}"' in text
