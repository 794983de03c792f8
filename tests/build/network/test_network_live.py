"""The bundle of a live device: its driver, its checks, and what it gives those who open it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from conftest import Builder
from sc_neurocore.accelerator import bank_words, simulate_network, with_weights
from sc_neurocore.build import BundleError
from sc_neurocore.build.network import (
    RUNGS,
    NetworkOptions,
    open_live_bundle,
    render_network_page,
    verify_network,
)
from sc_neurocore.compiler.live_control import MMIOUpdateSpec
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers import RegisterMap, device_registers

# The tutorial of live updates builds, opens and updates such a device in the default suite.
pytestmark = pytest.mark.exhaustive


@pytest.fixture
def live(built: Builder, tmp_path: Path) -> Path:
    """A copy of the bundle of a live device, to be edited."""
    path = built("fixed", live="axi_lite", data=None).path
    assert path is not None
    return Path(shutil.copytree(path, tmp_path / "live"))


def test_the_device_is_built_and_its_engine_compared(built: Builder) -> None:
    done = built("fixed", live="axi_lite", data=None)
    report = done.report
    assert done.sound
    for rung in (1, 2, 3, 4):
        assert report["ladder"][RUNGS[rung]] == "climbed"
    device = report["device"]
    assert (device["module"], device["bus"]) == ("pairs_device", "axi_lite")
    assert [bank["name"] for bank in device["banks"]] == ["hidden_weights", "answer_weights"]
    parts = {part["name"]: part["luts"] for part in report["synthesis"]["parts"]}
    assert parts["whole device"] > parts["live core without bus"] > parts["encoder"]
    assert device["digest"] in render_network_page(report)


def test_a_build_without_a_bus_has_no_device(built: Builder) -> None:
    done = built("fixed")
    assert done.path is not None and done.report["device"] is None
    assert not (done.path / "driver").exists()
    with pytest.raises(BundleError, match=r"not the bundle of a live device; build .* --live"):
        open_live_bundle(done.path)


def test_the_driver_says_what_the_device_is(live: Path) -> None:
    found = open_live_bundle(live)
    driver = live / "driver"
    registers = RegisterMap.from_dict(json.loads((driver / "registers.json").read_text()))
    assert registers == found.device.registers == device_registers(2)
    update = MMIOUpdateSpec.from_dict(json.loads((driver / "update.json").read_text()))
    assert update == found.device.update
    assert {file.suffix for file in driver.iterdir()} == {
        ".json",
        ".h",
        ".py",
        ".md",
        ".xml",
        ".rdl",
    }
    top = (live / "rtl" / "pairs_device.sv").read_text()
    for k in range(4):
        assert f"digest{k} = 32'h{found.digest[8 * k : 8 * k + 8]};" in top


def test_an_opened_bundle_runs_and_takes_its_own_weights(live: Path) -> None:
    found = open_live_bundle(live)
    assert found.name == "pairs"
    assert len(simulate_network(found.network, found.samples).predictions) == 6
    again = with_weights(found.network, live / "model" / "pairs.nir")
    words, same = (bank_words(x, found.foldings) for x in (found.network, again))
    for name, entries in words.items():
        np.testing.assert_array_equal(entries, same[name])


def test_an_edited_device_is_refused(live: Path, store: EvidenceStore) -> None:
    assert verify_network(live, store=store).sound
    top = live / "rtl" / "pairs_device.sv"
    top.write_text(top.read_text() + "\n")
    with pytest.raises(BundleError, match=r"pairs_device.sv does not match its digest"):
        open_live_bundle(live)
    with pytest.raises(BundleError, match="only runs pairs_engine inside pairs_device"):
        verify_network(live, store=store)


def test_another_version_of_the_device_is_refused(live: Path) -> None:
    manifest = json.loads((live / "manifest.json").read_text())
    manifest["device"]["digest"] = "0" * 64
    (live / "manifest.json").write_text(json.dumps(manifest))
    with pytest.raises(BundleError, match="this version would write otherwise"):
        open_live_bundle(live)


def test_an_unknown_bus_is_refused() -> None:
    with pytest.raises(SCConfigError, match=r"--live is 'pcie'.* axi_lite"):
        NetworkOptions(live="pcie")
