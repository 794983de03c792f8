"""``build`` and ``verify`` of networks: what they print, and one sentence for each bad input."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result

from sc_neurocore.cli import main
from sc_neurocore.ir import Affine, Delay, Edge, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import write_nir

ROOT = Path(__file__).resolve().parents[2]
DIGITS = str(ROOT / "examples" / "digits" / "digits-small.nir")


def run(*args: str) -> Result:
    return CliRunner().invoke(main, args)


def chain(*sizes: int, weight: float = 0.3, **metadata: object) -> Graph:
    """LIF layers of some sizes, all weights alike."""
    nodes = [Node("input", Input((sizes[0],)))]
    for k, (a, b) in enumerate(itertools.pairwise(sizes)):
        every = np.ones(b)
        parameters = {"tau": 8e-3 * every, "r": 8 * every, "v_leak": 0 * every,
                      "v_threshold": every}  # fmt: skip
        nodes += [
            Node(f"fc{k}", Affine(np.full((b, a), weight), np.zeros(b))),
            Node(f"lif{k}", Neurons("lif", parameters, (b,))),
        ]
    nodes.append(Node("output", Output((sizes[-1],))))
    names = [n.id for n in nodes]
    edges = list(itertools.pairwise(names))
    return Graph.of("net", nodes, edges, 1e-3, {"sc_neurocore": json.dumps(metadata)})


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty directory beside which ``net.nir`` and data sets lie."""
    write_nir(chain(4, 3, ticks=4, input_bits=3), tmp_path / "net.nir")
    levels = np.array([[0, 1, 2, 3], [4, 5, 6, 7]])
    np.savez(tmp_path / "good.npz", x=levels, y=np.array([0, 2]), bits=3)
    np.savez(tmp_path / "wide.npz", x=np.zeros((2, 5), int), y=np.array([0, 2]))
    np.savez(tmp_path / "image.npz", x=np.zeros((2, 3, 3), int), y=np.array([0, 2]))
    np.savez(tmp_path / "labels.npz", x=levels, y=np.array([0, 3]))
    np.savez(tmp_path / "unlabelled.npz", x=levels)
    (tmp_path / "text.nir").write_text("not HDF5")
    (tmp_path / "cut.nir").write_bytes((tmp_path / "net.nir").read_bytes()[:900])
    (tmp_path / "empty").mkdir()
    monkeypatch.chdir(tmp_path / "empty")
    return tmp_path / "empty"


REFUSED = [
    (["--backend", "fixd"], "--backend is 'fixd'; did you mean 'fixed'?"),
    (["--backend", "analogue"],
     "--backend is 'analogue'; known: fixed, hybrid, stochastic"),
    (["--coding", "rates"], "--coding is 'rates'; did you mean 'rate'?"),
    (["--backend", "stochastic", "--length", "100"],
     "--length is 100; it must be a power of two, such as 64 or 128"),
    (["--length", "64"],
     "--length is for stochastic layers; leave it out with --backend fixed"),
    (["--weight-bits", "1"], "--weight-bits is 1; it must be from 2 to 16"),
    (["--weight-bits", "17"], "--weight-bits is 17; it must be from 2 to 16"),
    (["--ticks", "0"], "--ticks is 0; it must be from 1 to 65536"),
    (["--pe", "0"], "--pe is 0; it must be from 1 to 256"),
    (["--latency-us", "nan"], "--latency-us is nan; it must be above 0 and finite"),
    (["--dt", "-1"], "--dt is -1; it must be above 0 and finite"),
    (["--samples", "0"], "--samples is 0; it must be from 1 to 1048576"),
    (["--target", "ecp5-25"], "unknown target 'ecp5-25'; did you mean 'ecp5-25k'? (targets: "),
    (["--backedn", "fixed"], "there is no option '--backedn'; did you mean '--backend'?"),
    (["--threshold", "v > 1"],
     "option '--threshold' is for a neuron model, and this is a network"),
    (["--data", "."], ".: is a directory; give 'digits', 'mnist' or an .npz file"),
    (["--data", "digitz"], "digitz: no such file; give 'digits', 'mnist' or an .npz file"),
    (["--data", "digits"],
     "a sample of data set 'digits' has 64 values; the network takes 4"),
    (["--data", "../wide.npz"],
     "a sample of data set 'wide' has 5 values; the network takes 4"),
    (["--data", "../image.npz"],
     "a sample of data set 'image' has 9 values (3 × 3); the network takes 4"),
    (["--data", "../labels.npz"],
     "data set 'labels' has class 3; the network has 3 outputs, so classes must be from 0 to 2"),
    (["--data", "../unlabelled.npz"],
     "../unlabelled.npz: array 'y' is missing; a data set needs x and y"),
    (["--data", "../good.npz", "--coding", "events"],
     "a sample of data set 'good' has shape 4; the network takes 4 ticks of 4 spikes"),
    (["--backend", "hybrid"],
     "--backend hybrid chooses each layer's back end by accuracy; give --data with labels"),
    (["--reset", "sbtract"], "reset must be one of reset, subtract, not 'sbtract'"),
    (["--out", "."], "output '.' has no name of its own; name a directory that does not exist yet"),
    (["--out", "/proc/none/bundle"], "output directory '/proc/none/bundle' cannot be written"),
]  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), REFUSED, ids=lambda v: " ".join(v)[:50])
def test_bad_input(here: Path, arguments: list[str], sentence: str) -> None:
    result = run("build", "../net.nir", *arguments)
    assert result.stderr.startswith(f"Error: {sentence}"), result.stderr
    assert result.stderr.count("\n") == 1
    assert (result.stdout, result.exit_code) == ("", 2)
    assert list(here.iterdir()) == []


@pytest.mark.parametrize(
    ("file", "part"),
    [
        ("none.nir", "../none.nir: no such file"),
        ("text.nir", "text.nir"),
        ("cut.nir", "cut.nir"),
        ("empty/../good.onnx", "good.onnx: no such file"),
    ],
)
def test_a_file_that_is_no_network(here: Path, file: str, part: str) -> None:
    result = run("build", f"../{file}")
    assert result.stderr.startswith("Error: ") and part in result.stderr
    assert result.stderr.count("\n") == 1
    assert (result.stdout, result.exit_code) == ("", 2)
    assert list(here.iterdir()) == []


def looped() -> Graph:
    """A loop of linear maps with a delay of nothing: no order of execution exists."""
    graph = chain(2, 2)
    return Graph.of(
        "looped",
        [*graph.nodes.values(), Node("back", Delay(np.zeros(2)))],
        [*graph.edges, Edge("fc0", "back"), Edge("back", "fc0")],
        1e-3,
    )


def test_a_cycle_without_delay_is_one_error(here: Path) -> None:
    write_nir(looped(), here.parent / "looped.nir")
    result = run("build", "../looped.nir", "--no-pnr")
    assert result.exit_code == 2 and result.stdout == ""
    assert result.stderr.startswith("Error: ") and "Traceback" not in result.stderr
    assert list(here.iterdir()) == []


def test_a_network_too_large_says_by_how_much_and_what_would_fit(here: Path) -> None:
    write_nir(chain(784, 512, 10, ticks=4), here.parent / "wide.nir")
    result = run("build", "../wide.nir", "--target", "ice40-hx8k", "--weight-bits", "8")
    assert result.exit_code == 3 and result.stdout == ""
    assert result.stderr.startswith("Error: network 'wide' needs ")
    assert "more than the 32 of ice40-hx8k" in result.stderr
    assert "what would fit: " in result.stderr and "ecp5" in result.stderr
    assert list(here.iterdir()) == []


def test_build_prints_the_ladder_and_verify_agrees(here: Path) -> None:
    built = run("build", "../net.nir", "--data", "../good.npz", "--no-pnr", "--samples", "2",
                "--latency-us", "50", "--out", "b")  # fmt: skip
    assert built.exit_code == 0, built.stderr
    for part in (
        "net (4-3) on ice40-hx8k, fixed",
        "2     simulator vs rtl   climbed",
        "place and route was switched off, so --latency-us went unchecked",
        "accuracy, float ",
        "Assumed: One tick is 0.001 s",
        "Bundle: b  (open b/report.html)",
    ):
        assert part in built.stdout, part
    again = run("build", "../net.nir", "--data", "../good.npz", "--no-pnr", "--samples", "2",
                "--out", "b", "--json")  # fmt: skip
    assert json.loads(again.stdout)["accuracy"]["n"] == 2
    verified = run("verify", "b")
    assert verified.exit_code == 0, verified.stderr
    assert "2 inferences" in verified.stdout and ", 0 mismatches" in verified.stdout
    memory = here / "b" / "rtl" / "net_lif0_weights.hex"
    lines = memory.read_text(encoding="utf-8").splitlines()
    memory.write_text("\n".join(x if x.startswith("//") else "0" * len(x) for x in lines) + "\n")
    flipped = run("verify", "b", "--json")
    found = json.loads(flipped.stdout)
    assert flipped.exit_code == 6 and found["sound"] is False
    assert found["changed"] == ["net_lif0_weights.hex"]
    assert "layer 'lif0', tick" in found["cosim"][0]["first_mismatch"]


def test_help_holds_the_options_of_both(here: Path) -> None:
    text = run("build", "--help").stdout
    assert "--param K=V" in text and "Options of a network" in text
    assert "--backend fixed|stochastic|hybrid" in text
    own = run("build", "net.nir", "--help").stdout
    assert "--backend" in own and "--param" not in own and "Exit codes: 0 " in own
