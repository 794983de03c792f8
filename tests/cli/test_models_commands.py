"""``models``: what a user can do wrong is answered with one sentence, before anything is run."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sc_neurocore.cli import main
from sc_neurocore.neurons import load_schema, scan_model, schema_to_toml


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["models", *args])


def refused(result: Result) -> str:
    """The one sentence of a refusal."""
    assert result.exit_code == 2
    assert result.stdout == ""
    (line,) = result.stderr.splitlines()
    return line


@pytest.fixture
def file(tmp_path: Path) -> Callable[[str, str], str]:
    """A model file: ``lif``'s, with a pattern of its text replaced and the rest kept."""

    def write(pattern: str, replacement: str) -> str:
        text, count = re.subn(pattern, replacement, schema_to_toml(load_schema("lif")), count=1)
        assert count == 1
        path = tmp_path / "own.toml"
        path.write_text(text)
        return str(path)

    return write


@pytest.mark.parametrize("value", ["nan", "[1, -inf]", "{ when = 2020-01-01 }", "07:32:00"])
def test_what_json_cannot_hold_is_refused_in_extensions(
    file: Callable[[str, str], str], value: str
) -> None:
    path = file(r"\Z", f"\n[extensions]\nnote = {value}\n")
    for command in ("show", "validate"):
        assert "[extensions] 'note' holds a date, a time or a number" in refused(run(command, path))


def test_what_json_can_hold_is_kept_in_extensions(file: Callable[[str, str], str]) -> None:
    path = file(r"\Z", '\n[extensions]\nnote = { a = [1, 2.5, true], b = "2020-01-01" }\n')
    shown = json.loads(run("show", path, "--json").stdout)
    assert shown["document"]["extensions"] == {"note": {"a": [1, 2.5, True], "b": "2020-01-01"}}


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"duration = .*", "duration = 1e15", "a run of 1e+15 ms has 1e+16 ticks of 0.1 ms"),
        (r"onset = .*", "onset = 499.96", "'onset' must be a tick of 0.1 ms before the end"),
        (r"duration = .*", "duration = 0.04", "'onset' must be a tick of 0.1 ms before the end"),
    ],
)
def test_a_protocol_without_end_or_without_stimulus_is_refused(
    file: Callable[[str, str], str], pattern: str, replacement: str, message: str
) -> None:
    path = file(pattern, replacement)
    assert message in refused(run("scan", path, "--parameter", "I=0:1:3"))
    assert message in refused(run("plot", path, "-o", "trace.svg"))


def test_events_that_follow_each_other_within_a_tick_are_refused(tmp_path: Path) -> None:
    document = load_schema("tsodyks_markram")
    document["protocol"]["period"] = 1e-300
    path = tmp_path / "tsodyks_markram.toml"
    path.write_text(schema_to_toml(document))
    assert "'period' is 1e-300 ms; a tick takes" in refused(run("validate", str(path)))


def test_a_picture_that_cannot_be_written_is_refused_before_the_run(tmp_path: Path) -> None:
    taken = tmp_path / "taken.svg"
    taken.mkdir()
    away = tmp_path / "away" / "trace.svg"
    for path, message in ((taken, "is a directory"), (away, "No such file or directory")):
        # The name of the model is looked at later.
        assert message in refused(run("plot", "nobody", "-o", str(path)))
        assert message in refused(
            run("scan", "nobody", "--parameter", "I=0:1:3", "--plot", str(path))
        )


@pytest.mark.parametrize(
    ("model", "parameter", "message"),
    [
        ("iaf_psc_exp", "exc=0:1:3", "drives the input 'I', not 'exc'"),
        ("lif", "I=-1e308:1e308:3", "the values of 'I' span -1e+308 to 1e+308, too wide"),
        ("lif", "v=0:1:3", "has no parameter 'v'"),
        ("lif", "tau_m=0:1:3", "'tau_m' is 0; it must be greater than 0"),
        ("lif", "I=0:1:0", "2 to 1000 points"),
        ("lif", "I=nan:1:3", "LOW below HIGH"),
    ],
)
def test_a_scan_of_what_there_is_not_is_refused(model: str, parameter: str, message: str) -> None:
    assert message in refused(run("scan", model, "--parameter", parameter))


def test_a_scan_in_parts_is_the_scan(monkeypatch: pytest.MonkeyPatch) -> None:
    """Points that do not fit in memory together are run one part after another."""
    document = load_schema("lif")
    for parameter, low, high in (("I", 1.0, 4.0), ("tau_m", 5.0, 50.0)):
        whole = scan_model(document, parameter, low, high, 7).measured
        with monkeypatch.context() as patch:
            patch.setattr("sc_neurocore.neurons._scan._RECORDED", 10_000)
            assert scan_model(document, parameter, low, high, 7).measured.tolist() == whole.tolist()
