"""``optimise``: one sentence for each bad input, a verdict where nothing is inside."""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sc_neurocore.cli import main
from small_networks import SETTINGS, pairs_graph, write_pairs

SMALL = Path(__file__).resolve().parents[2] / "examples" / "digits" / "digits-small.nir"


def run(*args: str) -> Result:
    return CliRunner().invoke(main, ["optimise", *args])


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    shutil.copy(SMALL, tmp_path / "small.nir")
    monkeypatch.chdir(tmp_path)
    return "small.nir"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "lust=900"], "there is no budget 'lust'; did you mean 'luts'?"),
        (["--budget", "luts=900,luts=800"], "the budget states luts twice"),
        (["--budget", "luts=-1"], "the budget of luts is -1; it must be above 0 and finite"),
        (["--budget", "luts=inf"], "the budget of luts is inf"),
        (["--budget", "luts=many"], "the budget of luts is 'many'; it must be a number"),
        (["--budget", "luts=900", "--runs", "-1"], "--runs is -1; it must be from 0 to 10000"),
        (["--budget", "accuracy=0.9"], "a budget of accuracy needs labelled data"),
        (["--budget", "latency_us=9", "--target", "xilinx7"], "no router exists for xilinx7"),
        (["--budget", "luts=9", "--target", "gowin-gw1n9"], "the cost model knows no engine"),
        (["--budget", "luts=9", "--objective", "lut"], "did you mean 'luts'"),
        (["--budget", "luts=9", "--target", "ecp5"], "unknown target 'ecp5'"),
        (["--budget", "luts=9", "--data", "none.npz"], "none.npz"),
        (["--budget", "luts=9", "--seed", "-2"], "--seed is -2"),
    ],
)
def test_bad_input_is_one_sentence(network: str, arguments: list[str], message: str) -> None:
    done = run(network, *arguments)
    assert done.exit_code == 2, done.output
    assert message in done.output and done.output.count("\n") == 1
    assert [p.name for p in Path.cwd().iterdir()] == [network]


def test_what_is_no_network_is_refused(network: str) -> None:
    assert "no such file" in run("none.nir", "--budget", "luts=9").output
    assert run(network).exit_code == 2


def test_a_directory_that_holds_something_else_is_left_alone(network: str) -> None:
    Path("mine").mkdir()
    Path("mine/file").write_text("mine")
    done = run(network, "--budget", "luts=9", "--out", "mine")
    assert done.exit_code == 2 and "not empty" in done.output
    assert Path("mine/file").read_text() == "mine"


def test_an_impossible_budget_is_a_verdict_with_exit_code_3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    graph = pairs_graph("pairs", 4, 4, noise=0.08, gain=0.3, settings={"ticks": 12, **SETTINGS})
    write_pairs(tmp_path, graph, classes=4, count=120)
    monkeypatch.chdir(tmp_path)
    arguments = ("pairs.nir", "--budget", "luts=20", "--trials", "0", "--json", "--out", "out")
    done = run(*arguments)
    assert done.exit_code == 3, done.output
    report = json.loads(done.output)
    assert report == json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert report["verdict"]["nearest"]["alone"]["luts"] > 20 and report["chosen"] is None
    assert not Path("out/configuration.json").exists()
    assert "<svg" in Path("out/report.html").read_text(encoding="utf-8")
    done_verify = CliRunner().invoke(main, ["verify", "out"])
    assert done_verify.exit_code == 2 and "which holds no RTL" in done_verify.output
    again = run(*arguments)  # an unchanged directory is replaced, by the same bytes
    assert (again.exit_code, again.output) == (3, done.output)


def test_what_is_missing_is_said_before_anything_is_searched(
    network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    nowhere = ("--trials", "0", "--runs", "1", "--scheduler", "nowhere")
    done = run(network, "--budget", "luts=900", *nowhere)
    assert done.exit_code == 2 and "no Dask scheduler answers at 'nowhere'" in done.output
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = run(network, "--budget", "luts=900")
    assert done.exit_code == 4 and "or do without it: --trials 0" in done.output
    monkeypatch.setitem(sys.modules, "distributed", None)
    done = run(network, "--budget", "luts=900", *nowhere)
    assert done.exit_code == 4 and "sc-neurocore[optimizer]" in done.output
    assert [p.name for p in Path.cwd().iterdir()] == [network]
