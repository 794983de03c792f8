"""Damaged bundles and half-written ones."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sc_neurocore.build import verify_bundle
from sc_neurocore.build._bundle import BundleError, check_output, load_bundle, writing
from sc_neurocore.exceptions import SCConfigError


def damaged(bundle: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]) -> Path:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    manifest = json.loads((copy / "manifest.json").read_text())
    change(manifest)
    (copy / "manifest.json").write_text(json.dumps(manifest))
    return copy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.pop("files"), "manifest.json has no table 'files' of digests; build it again"),
        (lambda m: m.update(files=[]), "manifest.json has no table 'files' of digests; build it "
         "again"),
        (lambda m: m["files"].update({"../x": "0"}), "manifest.json names '../x', which lies "
         "outside the bundle"),
        (lambda m: m.pop("options"), "manifest.json does not hold the options of a build; build it "
         "again"),
        (lambda m: m["options"].update(colour="red"), "manifest.json does not hold the options of "
         "a build; build it again"),
        (lambda m: m["options"].update(seed="1"), "manifest.json does not hold the options of a "
         "build; build it again"),
    ],
)  # fmt: skip
def test_a_damaged_manifest(
    bundle: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object], message: str
) -> None:
    copy = damaged(bundle, tmp_path, change)
    with pytest.raises(BundleError) as refused:
        verify_bundle(copy)
    assert str(refused.value) == f"{copy}/{message}"


def test_rtl_that_is_not_text(bundle: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    (copy / "rtl" / "lif.sv").write_bytes(b"\xff\xfe")
    with pytest.raises(BundleError, match=r"lif\.sv cannot be read as UTF-8 text$"):
        verify_bundle(copy)
    with pytest.raises(BundleError, match=r"does not match its digest"):
        load_bundle(copy)


@pytest.mark.parametrize("path", [".", "", "..", "/"])
def test_an_output_without_a_name(path: str) -> None:
    with pytest.raises(SCConfigError, match="has no name of its own; name a directory that"):
        check_output(Path(path))


def test_an_output_with_too_long_a_name(tmp_path: Path) -> None:
    with pytest.raises(SCConfigError, match="cannot be written: File name too long; choose"):
        check_output(tmp_path / ("a" * 300))


def test_a_failure_leaves_no_directory_that_was_made_for_it(tmp_path: Path) -> None:
    (tmp_path / "kept").mkdir()
    with pytest.raises(RuntimeError), writing(tmp_path / "kept" / "a" / "b") as scratch:
        assert scratch.is_dir()
        raise RuntimeError
    assert [p.name for p in tmp_path.rglob("*")] == ["kept"]


def test_an_unchanged_bundle_is_replaced_and_a_changed_one_is_not(
    bundle: Path, tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle, copy)
    with writing(copy) as scratch:
        (scratch / "new").write_text("")
    assert [p.name for p in copy.iterdir()] == ["new"]
    assert not [p for p in tmp_path.iterdir() if p.name.startswith(".")]
    shutil.rmtree(copy)
    shutil.copytree(bundle, copy)
    with (copy / "rtl" / "lif.sv").open("a") as edited:
        edited.write("// mine")
    with pytest.raises(SCConfigError, match="is not empty, and not an unchanged bundle"):
        check_output(copy)


def test_a_terminated_build_leaves_nothing(tmp_path: Path) -> None:
    job = subprocess.Popen(
        [Path(sys.executable).with_name("sc-neurocore"), "build", "hodgkin_huxley", "--out", "a/b"],
        cwd=tmp_path, env={"SC_NEUROCORE_CACHE": str(tmp_path / "cache"), "PATH": "/usr/bin:/bin"},
        stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    while not list(tmp_path.glob("a/.b.*")):
        assert job.poll() is None, "it ended before it was terminated"
        time.sleep(0.05)
    job.terminate()
    assert job.wait() == 130
    assert [p.name for p in tmp_path.iterdir() if p.name != "cache"] == []
