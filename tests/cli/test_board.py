"""``board``: started, checked, disturbed, and ended, from the command line."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sc_neurocore.build.network import NetworkOptions, build_network, read_network
from sc_neurocore.cli import main
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import DeviceError
from sc_neurocore.ir import Affine, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir

PROGRAM = [sys.executable, "-c", "from sc_neurocore.cli import main; main()"]


@pytest.fixture(scope="module")
def live_bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four inputs, three neurons, behind AXI4-Lite."""
    root = tmp_path_factory.mktemp("live")
    every = np.ones(3)
    parameters = {"tau": 8e-3 * every, "r": 8 * every, "v_leak": 0 * every, "v_threshold": every}
    weights = np.random.default_rng(2).uniform(-0.1, 0.4, (3, 4))
    nodes = [
        Node("input", Input((4,))),
        Node("fc", Affine(weights, np.zeros(3))),
        Node("lif", Neurons("lif", parameters, (3,))),
        Node("output", Output((3,))),
    ]
    edges = list(itertools.pairwise(node.id for node in nodes))
    settings = json.dumps({"ticks": 6, "input_bits": 3})
    write_nir(Graph.of("net", nodes, edges, 1e-3, {"sc_neurocore": settings}), root / "net.nir")
    options = NetworkOptions(live="axi_lite", place_and_route=False, samples=2)
    source = read_network(root / "net.nir", options)
    build_network(source, options, root / "net-live", store=EvidenceStore())
    return root / "net-live"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def test_help_has_examples() -> None:
    for words in (["board"], ["board", "start"], ["board", "conformance"], ["board", "faults"]):
        shown = run(*words, "--help")
        assert shown.exit_code == 0
        assert "Examples:" in shown.output
        assert "Exit codes:" in shown.output


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nothing-here"], 2, "nothing-here"),
        (["conformance"], 2, "name a BUNDLE"),
        (["conformance", "--address", "a", "--serial", "b"], 2, "exclude each other"),
        (["conformance", "--address", "none.sock"], DeviceError.exit_code, "no board answers"),
        (["faults", "none.sock"], DeviceError.exit_code, "no board answers at none.sock"),
        (["faults", "none.sock", "bus.lost"], 2, "give its name and number"),
        (["faults", "none.sock", "--flip", "1:2"], 2, "give 3 whole numbers"),
    ],
)
def test_refusals(arguments: list[str], code: int, message: str) -> None:
    done = run("board", *arguments)
    assert done.exit_code == code
    assert message in done.output
    assert done.output.count("\n") == 1


@pytest.mark.exhaustive  # the tutorial of live updates starts and checks one too
def test_a_board_is_started_checked_disturbed_and_ended(live_bundle: Path, tmp_path: Path) -> None:
    address = str(tmp_path / "board.sock")
    board = subprocess.Popen(
        [*PROGRAM, "board", str(live_bundle), "--listen", address, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert board.stdout is not None
    lines = [next(board.stdout)]
    while lines[-1] != "}\n":
        lines.append(next(board.stdout))
    started = json.loads("".join(lines))
    assert started["address"] == address
    report = subprocess.run(
        [*PROGRAM, "board", "conformance", "--address", address, "--json", "--samples", "2"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert report.returncode == 0, report.stderr
    assert json.loads(report.stdout)["passed"] is True
    disturbed = subprocess.run(
        [*PROGRAM, "board", "faults", address, "bus.lost=1", "--flip", "0:0:0", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    state = json.loads(disturbed.stdout)
    assert (state["rates"], state["injected"]) == ({"bus.lost": 1.0}, {"memory.flip": 1})
    for wrong, said in (("--flip", "9:0:0"), ("--flip", "0:0:9"), ("--stick", "0:0:0:2")):
        refused = run("board", "faults", address, wrong, said)
        assert (refused.exit_code, refused.output.count("\n")) == (2, 1), refused.output
        assert f"Error: {wrong} " in refused.output
    failed = subprocess.run(
        [*PROGRAM, "board", "conformance", "--address", address, "--samples", "1"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert failed.returncode == 6
    assert "FAILED" in failed.stdout
    board.send_signal(signal.SIGINT)
    assert board.wait(60) == 130
    assert not Path(address).exists()
    with pytest.raises(ProcessLookupError):
        os.kill(started["pid"], 0)
