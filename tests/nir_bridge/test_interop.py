"""Files that other libraries wrote, against the spikes that those libraries computed.

The files and their script are in ``files/``. What a file leaves open is stated here per library.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore.ir import Neurons
from sc_neurocore.nir_bridge import SCNetwork, from_nir, read_nir, write_nir

FILES = Path(__file__).parent / "files"

#: snnTorch lowers by the threshold in the next tick; Norse writes tau as dt squared over its own
#: (its dt is 1 ms); SpikingJelly resets at once; Sinabs counts time in ticks and lowers at once.
STATED: dict[str, dict[str, Any]] = {
    "snntorch_leaky": {"reset_mode": "subtract", "reset_when": "next_tick"},
    "snntorch_synaptic": {"reset_mode": "subtract", "reset_when": "next_tick"},
    "snntorch_rleaky": {"reset_mode": "subtract", "reset_when": "next_tick"},
    "norse_lifbox": {"dt": 1e-6},
    "spikingjelly_conv": {"dt": 1e-4},
    "sinabs_iaf": {"dt": 1.0, "reset_mode": "subtract"},
}


def test_every_file_is_tested() -> None:
    assert {path.stem for path in FILES.glob("*.nir")} == set(STATED)


@pytest.mark.parametrize("name", STATED)
def test_the_librarys_own_spikes(name: str) -> None:
    kept = np.load(FILES / f"{name}.npz")
    network = from_nir(FILES / f"{name}.nir", **STATED[name])
    inputs = kept["inputs"].astype(np.float64)
    assert kept["spikes"].sum() > 10
    np.testing.assert_array_equal(network.run(inputs).output, kept["spikes"])
    folded = SCNetwork(network.normal, network.assumptions)
    flat = inputs.reshape(*inputs.shape[:2], -1)
    np.testing.assert_array_equal(folded.run(flat).output, kept["spikes"])


@pytest.mark.parametrize("name", STATED)
def test_other_assumptions_give_other_spikes(name: str) -> None:
    """The comparison could fail: a wrong dt does."""
    kept = np.load(FILES / f"{name}.npz")
    wrong = {**STATED[name], "dt": 3 * STATED[name].get("dt", 1e-4)}
    network = from_nir(FILES / f"{name}.nir", **wrong)
    assert np.any(network.run(kept["inputs"]).output != kept["spikes"])


@pytest.mark.parametrize("name", STATED)
def test_round_trip(name: str, tmp_path: Path) -> None:
    first = read_nir(FILES / f"{name}.nir")
    once = write_nir(first, tmp_path / f"{name}.nir").read_bytes()
    second = read_nir(tmp_path / f"{name}.nir")
    assert second == first
    assert write_nir(second, tmp_path / "again.nir").read_bytes() == once


def test_a_recurrent_file_keeps_its_loop() -> None:
    network = from_nir(FILES / "snntorch_rleaky.nir")
    delays = [edge.delay for edge in network.flat.edges]
    assert sorted(delays) == [0, 0, 0, 0, 0, 0, 1]
    assert [node.id for node in network.normal.nodes_of(Neurons)] == ["1.lif", "3"]
