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
    (["run", "missing", "--loss", "nan"], "the probabilities of faults are (nan, ", 2),
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


ROLES = [
    ('{clock = "clock_enable"}', 3,
     "ResolveSlots: Place 'left' names 'clock_enable' as its clock, and no provider of that name "
     "can be one at a process; known: event_loop"),
    ('{clock = ["event_loop", "clock_enable"]}', 2,
     "[places.left.roles] names 2 providers for clock ('event_loop' and 'clock_enable'); a role "
     "has one"),
]  # fmt: skip


@pytest.mark.parametrize("roles, code, message", ROLES, ids=["unbound", "two"])
def test_a_role_is_filled_once(roles: str, code: int, message: str, tmp_path: Path) -> None:
    places, out = tmp_path / "hosts.toml", tmp_path / "parts"
    text = (PLACES / "hosts.toml").read_text()
    places.write_text(text.replace("[places.left]\n", f"[places.left]\nroles = {roles}\n"))
    done = run(NET, "--places", str(places), "--out", str(out))
    assert done.exit_code == code, done.output
    assert message in " ".join(done.output.split()) and not out.exists()


def test_chips_receive_streams_as_a_document_says(tmp_path: Path) -> None:
    document, out = tmp_path / "small.scnir.json", tmp_path / "parts"
    made = CliRunner().invoke(main, ["scnir", "export", NET, "--out", str(document)])
    assert made.exit_code == 0, made.output
    done = run(NET, "--places", str(PLACES / "chips.toml"), "--scnir", str(document),
               "--out", str(out), "--json")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert [c["decoder"] for c in json.loads(done.output)["crossings"]] == ["stream"]
    refused = run("run", str(out), "--samples", "1")
    assert refused.exit_code == 3 and "virtual chips take addresses" in refused.output


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


def test_check_compares_every_spike(tmp_path: Path) -> None:
    """Equal without faults, and code 6 with the name of what differs with them."""
    out, plot = tmp_path / "parts", tmp_path / "traffic.svg"
    assert run(NET, "--places", str(PLACES / "hosts.toml"), "--out", str(out)).exit_code == 0
    done = run("run", str(out), "--samples", "2", "--check", "--plot", str(plot))
    assert done.exit_code == 0 and "in one process: equal" in done.output
    assert plot.read_text().startswith("<svg")
    done = run("run", str(out), "--samples", "2", "--check", "--corrupt", "0.5")
    assert done.exit_code == 6 and "different in 'lif2'" in done.output


def test_chips_run_as_rtl(tmp_path: Path) -> None:
    """The program and samples of the tutorial, so that one compiled simulation serves both."""
    out = tmp_path / "parts"
    places = str(PLACES / "chips.toml")
    assert run(NET, "--places", places, "--data", "digits", "--out", str(out)).exit_code == 0
    done = run("run", str(out), "--samples", "4", "--json")
    assert done.exit_code == 0, done.output
    report = json.loads(done.output)
    assert report["mismatches"] == 0 and report["compared"] > 100
    assert [(x["source"], x["target"]) for x in report["links"]] == [
        ("host", "hidden"), ("hidden", "answer"), ("answer", "host")
    ]  # fmt: skip
    network = from_nir(NET)
    settings = {"ticks": 16, "coding": "rate", "input_bits": 4}
    inputs = encode_dataset(network.flat, settings, load_dataset("digits"), 4)
    alone = network.run(inputs).output.sum(axis=1).argmax(axis=1)
    assert report["answers"] == {"output": alone.tolist()}
    text = run("run", str(out), "--samples", "4")
    assert f"{report['compared']} spikes compared" in text.output
    assert "hidden -> answer" in text.output and "0 mismatches" in text.output
    refused = run("run", str(out), "--loss", "0.1")
    assert refused.exit_code == 2 and "the places of this program are chips" in refused.output


def test_chips_and_processes_together_are_refused(tmp_path: Path) -> None:
    places, out = tmp_path / "mixed.toml", tmp_path / "parts"
    text = (PLACES / "chips.toml").read_text()
    places.write_text(text.replace('kind = "chip"\ntarget = "ecp5-25k"\n', ""))
    assert run(NET, "--places", str(places), "--out", str(out)).exit_code == 0
    done = run("run", str(out))
    assert done.exit_code == 3
    assert "has chips (hidden) and processes (answer), and those do not run together" in done.output


PART = {"place": "left", "pid": 1, "tick": 3, "ticks": 9, "finished": False, "sent": 0,
        "received": 0, "lost": 0, "late": 0, "seconds": 0.5, "written": 0.0}  # fmt: skip


def test_a_part_that_writes_no_more_is_silent(tmp_path: Path) -> None:
    (tmp_path / "left.status.json").write_text(json.dumps(PART))
    assert "silent for" in run("status", str(tmp_path)).output
    (tmp_path / "left.status.json").write_text(json.dumps(PART | {"written": "today"}))
    done = run("status", str(tmp_path))
    assert done.exit_code == 3 and "left.status.json is no status of a part" in done.output


def test_a_new_run_clears_the_status_of_the_last(tmp_path: Path) -> None:
    out = tmp_path / "parts"
    assert run(NET, "--places", str(PLACES / "hosts.toml"), "--out", str(out)).exit_code == 0
    old = tmp_path / "left.status.json"
    old.write_text(json.dumps(PART | {"finished": True, "ticks": 7, "tick": 7}))
    assert run("run", str(out), "--samples", "1", "--status", str(tmp_path)).exit_code == 0
    assert json.loads(old.read_text())["ticks"] == 16


def test_a_folder_without_status_says_so(tmp_path: Path) -> None:
    done = run("status", str(tmp_path))
    assert done.exit_code == 0 and "no part has written its status here yet" in done.output
    assert run("status", str(tmp_path), "--json").output == "{}\n"
