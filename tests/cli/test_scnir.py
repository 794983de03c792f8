"""``scnir``: from a network to a document, its check and its audit."""

from __future__ import annotations

import json
from pathlib import Path

import nir
import numpy as np
import pytest
from click.testing import CliRunner, Result

from sc_neurocore.cli import main
from sc_neurocore.ir import load_scnir, write_scnir_handoff


def run(*args: object) -> Result:
    return CliRunner().invoke(main, ["scnir", *map(str, args)])


@pytest.fixture
def network(tmp_path: Path) -> Path:
    one = np.ones(3)
    graph = nir.NIRGraph(
        nodes={
            "input": nir.Input(np.array([4])),
            "fc": nir.Linear(np.linspace(-1, 1, 12).reshape(3, 4)),
            "lif": nir.LIF(tau=0.01 * one, r=one, v_leak=0 * one, v_threshold=one),
            "output": nir.Output(np.array([3])),
        },
        edges=[("input", "fc"), ("fc", "lif"), ("lif", "output")],
    )
    nir.write(tmp_path / "small.nir", graph)
    return tmp_path / "small.nir"


def test_a_network_becomes_a_valid_document(network: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.json"
    made = run("export", network, "--out", out)
    assert made.exit_code == 0, made.output
    assert "conn.input_to_lif.weight" in [s.id for s in load_scnir(out).streams]
    checked = run("validate", out, "--json")
    assert checked.exit_code == 0, checked.output
    measured = json.loads(checked.stdout)["correlation"]
    assert measured and all(abs(c["scc"]) <= c["allowed"] for c in measured)
    write_scnir_handoff(tmp_path / "handoff", load_scnir(out))
    assert run("audit", tmp_path / "handoff").exit_code == 0
    next((tmp_path / "handoff").rglob("*.sv")).unlink()
    broken = run("audit", tmp_path / "handoff")
    assert broken.exit_code == 2 and broken.stderr.startswith("Error: ")


def test_streams_of_one_source_are_refused(network: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.json"
    run("export", network, "--out", out)
    document = json.loads(out.read_text())
    for stream in document["streams"]:
        stream["source"] = document["streams"][0]["source"]
    out.write_text(json.dumps(document))
    refused = run("validate", out)
    assert refused.exit_code == 3
    assert "SCC" in refused.stderr and "conn.input_to_lif.weight" in refused.stderr


def test_a_misspelt_key_is_pointed_at(network: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.json"
    run("export", network, "--out", out)
    out.write_text(out.read_text().replace('"encoding"', '"encodign"', 1))
    refused = run("validate", out)
    assert refused.exit_code == 2 and "did you mean 'encoding'" in refused.stderr
