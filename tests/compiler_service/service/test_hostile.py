"""Hostile uploads end as one sentence each, inside their process and its limits."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from sc_neurocore.compiler_service.service import JobLimits
from sc_neurocore.compiler_service.service._sandbox import RefusedError, Sandbox

from .running import DIGITS, settings

LIMITS = JobLimits(seconds=300, memory_mb=640, output_mb=16)


def _hdf(write: Callable[[h5py.File], None]) -> bytes:
    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        write(file)
    return buffer.getvalue()


def _huge(file: h5py.File) -> None:
    """A terabyte of zeros in a few kilobytes."""
    file.create_dataset("node/nodes/w/weight", (1 << 20, 1 << 17), "f8", compression="gzip")
    file["node/nodes/w/type"] = "Affine"
    file["version"] = "1.0"


def _deep(file: h5py.File) -> None:
    group = file.create_group("node")
    for _ in range(500):
        group = group.create_group("nodes/n")
        group["type"] = "NIRGraph"


def _circle(file: h5py.File) -> None:
    file["node/nodes/a"] = h5py.SoftLink("/node")
    file["node/type"] = "NIRGraph"


def _outside(file: h5py.File) -> None:
    file["node"] = h5py.ExternalLink("/etc/passwd", "/node")
    file["data"] = h5py.ExternalLink("../../service.sqlite", "/")


def _bomb() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        header = io.BytesIO()
        np.lib.format.write_array_header_1_0(
            header, {"descr": "<i8", "fortran_order": False, "shape": (90 << 20,)}
        )
        with archive.open("x.npy", "w", force_zip64=True) as entry:
            entry.write(header.getvalue())
            for _ in range(90):
                entry.write(bytes(8 << 20))
    return buffer.getvalue()


def _climbing() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in ("../../../escaped.npy", "/tmp/escaped.npy", "x.npy"):
            entry = io.BytesIO()
            np.save(entry, np.zeros((2, 64), np.int64))
            archive.writestr(name, entry.getvalue())
    return buffer.getvalue()


def _pickled() -> bytes:
    buffer = io.BytesIO()
    np.savez(buffer, x=np.array([print], dtype=object), y=np.zeros(1, np.int64))
    return buffer.getvalue()


NETWORKS = {
    "damaged": lambda: b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 64,
    "huge": lambda: _hdf(_huge),
    "deep": lambda: _hdf(_deep),
    "circle": lambda: _hdf(_circle),
    "outside": lambda: _hdf(_outside),
    "cut off": lambda: DIGITS.read_bytes()[:20_000],
}
SAMPLES = {"pickled": _pickled, "climbing": _climbing, "bomb": _bomb}


def _refused(folder: Path, inputs: dict[str, bytes], limits: JobLimits = LIMITS) -> RefusedError:
    chosen = settings(folder / "state", limits=limits)
    chosen.prepare()
    arguments: dict[str, Any] = {"name": "net", "options": {"place_and_route": False}}
    before = {x.name for x in folder.iterdir()}
    with (
        Sandbox(chosen.state / "scratch", chosen.cache) as sandbox,
        pytest.raises(RefusedError) as refused,
    ):
        sandbox.run("build", arguments, inputs, limits, lambda kind, data: None)
    assert not list((chosen.state / "scratch").iterdir())
    assert {x.name for x in folder.iterdir()} == before
    assert str(folder) not in str(refused.value) and "\n" not in str(refused.value)
    assert "Traceback" not in str(refused.value)
    return refused.value


@pytest.mark.parametrize("name", NETWORKS)
def test_networks(tmp_path: Path, name: str) -> None:
    found = _refused(tmp_path, {"network.nir": NETWORKS[name]()})
    assert found.kind != "TimeLimit"


@pytest.mark.parametrize("name", SAMPLES)
def test_samples(tmp_path: Path, name: str) -> None:
    given = {"network.nir": DIGITS.read_bytes(), "samples.npz": SAMPLES[name]()}
    assert _refused(tmp_path, given).kind != "TimeLimit"
    assert not Path("/tmp/escaped.npy").exists()


def test_time(tmp_path: Path) -> None:
    found = _refused(
        tmp_path,
        {"network.nir": DIGITS.read_bytes()},
        JobLimits(seconds=0.01, memory_mb=1024, output_mb=16),
    )
    assert (found.kind, str(found)) == ("TimeLimit", "the job passed its limit of 0.01 s")


def test_memory(tmp_path: Path) -> None:
    found = _refused(
        tmp_path, {"network.nir": DIGITS.read_bytes()}, JobLimits(seconds=300, memory_mb=20)
    )
    assert "memory" in str(found)
