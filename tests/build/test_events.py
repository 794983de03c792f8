"""A model with an event input climbs every rung."""

from __future__ import annotations

from pathlib import Path

import pytest

from sc_neurocore.build import RUNGS, BuildOptions, build, source_of
from sc_neurocore.evidence import EvidenceStore

DOCUMENT = {
    "schema_version": "1.0",
    "model": {"name": "relay"},
    "dynamics": {
        "equations": "dv/dt = (g - v)/8; dg/dt = -g/4",
        "jumps": "g += exc",
        "threshold": "v > 1",
        "reset": "v = 0",
        "refractory": 1.0,
        "method": "euler",
        "dt": 0.5,
    },
    "states": {
        "v": {"init": 0.0, "low": 0.0, "high": 32.0},
        "g": {"init": 0.0, "low": 0.0, "high": 32.0},
    },
    "inputs": {"exc": {"kind": "event", "low": 0.0, "high": 4.0}},
    "protocol": {"input": "exc", "amplitude": 3.0, "onset": 5.0, "duration": 200.0, "period": 4.0},
}


@pytest.mark.exhaustive
def test_every_rung_is_climbed(tmp_path: Path, store: EvidenceStore) -> None:
    built = build(
        source_of(DOCUMENT), BuildOptions(format="Q8.12", cycles=4_000), tmp_path / "relay",
        store=store,
    )  # fmt: skip
    assert dict(built.report["ladder"]) == dict.fromkeys(RUNGS, "climbed")
    assert built.report["fidelity"]["spikes_fixed"] == built.report["fidelity"]["spikes_float"] > 10
    assert built.report["reference"]["max_spike_time_error_ms"] <= 0.5
    assert built.report["model"]["jumps"] == ["g += exc"]
    assert built.report["fidelity"]["protocol"].endswith(", every 4 ms")
