"""What jobs do: pure functions from files and arguments to files and a value.

They run in the isolated process only; everything that reads what a user uploaded is here.
"""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sc_neurocore.build.network import NetworkOptions, build_network, read_network

Stage = Callable[[str], None]
Task = Callable[[Mapping[str, Any], Path, Path, Stage], dict[str, Any]]

NETWORK, SAMPLES, BUNDLE, REPORT, PAGE = (
    "network.nir",
    "samples.npz",
    "bundle.tar",
    "report.json",
    "report.html",
)


def build(arguments: Mapping[str, Any], given: Path, out: Path, on_stage: Stage) -> dict[str, Any]:
    """Build a network; ``bundle.tar``, ``report.json`` and ``report.html`` come out."""
    options = dict(arguments["options"])
    if (given / SAMPLES).exists():
        options["data"] = str(given / SAMPLES)
    chosen = NetworkOptions(**options)
    named = given / f"{arguments['name']}.nir"
    (given / NETWORK).rename(named)
    source = read_network(named, chosen)
    bundle = out.parent / "bundle"
    done = build_network(source, chosen, bundle, on_stage=on_stage)
    (out / BUNDLE).write_bytes(packed(bundle))
    for name in (REPORT, PAGE):
        (out / name).write_bytes((bundle / name).read_bytes())
    report = done.report
    return {
        "sound": done.sound,
        "target": report["target"],
        "backend": report["backend"],
        "ladder": report["ladder"],
        "accuracy": report["accuracy"],
        "evidence": report["evidence"],
        "manifest": json.loads((bundle / "manifest.json").read_text(encoding="utf-8"))["files"],
    }


def packed(directory: Path) -> bytes:
    """A directory as one tar archive: the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for file in sorted(x for x in directory.rglob("*") if x.is_file()):
            entry = tarfile.TarInfo(file.relative_to(directory).as_posix())
            entry.size, entry.mode = file.stat().st_size, 0o644
            with file.open("rb") as content:
                archive.addfile(entry, content)
    return buffer.getvalue()


def unpacked(data: bytes, directory: Path) -> None:
    """Write an archive that `packed` made into an empty directory."""
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        archive.extractall(directory, filter="data")


TASKS: Mapping[str, Task] = {"build": build}
