"""The bundle: one directory per build, written whole or not at all, checked when read."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sc_neurocore.evidence import canonical_json, digest
from sc_neurocore.exceptions import SCConfigError

#: Kind of a directory that a search wrote.
SEARCH = "search"
SCHEMA = "sc-neurocore.bundle.v1"
MANIFEST = "manifest.json"
#: Files that describe a run rather than the artefact; they carry no digest in the manifest.
_REPORTS = ("report.json", "report.html")


class BundleError(SCConfigError):
    """A bundle is missing, damaged or of another version."""


@dataclass(frozen=True)
class Bundle:
    """A bundle on disk whose files match its manifest.

    Attributes:
        path: its directory.
        manifest: content of ``manifest.json``.
    """

    path: Path
    manifest: Mapping[str, Any]

    def text(self, name: str) -> str:
        """Content of one of its files.

        Raises:
            BundleError: it is not there, or not text.
        """
        try:
            return (self.path / name).read_text(encoding="utf-8")
        except (OSError, ValueError):
            raise BundleError(f"{self.path / name} cannot be read as UTF-8 text") from None


def check_output(path: Path) -> None:
    """Refuse an output directory that cannot be written or already holds something.

    Raises:
        SCConfigError: it is a file, not empty, or its parent is missing or read-only.
    """
    if path.name in ("", ".."):
        raise SCConfigError(
            f"output '{path}' has no name of its own; name a directory that does not exist yet"
        )
    try:
        _check_place(path)
    except OSError as error:
        raise SCConfigError(
            f"output directory '{path}' cannot be written: {error.strerror}; choose another place"
        ) from None


def _check_place(path: Path) -> None:
    if path.exists() and not path.is_dir():
        raise SCConfigError(f"output '{path}' is a file; name a directory that does not exist yet")
    if path.is_dir() and any(path.iterdir()) and not _is_intact(path):
        raise SCConfigError(
            f"output directory '{path}' is not empty, and not an unchanged bundle that could be "
            "replaced; choose another or remove it first"
        )
    parent = path if path.is_dir() else path.absolute().parent
    while not parent.exists():
        parent = parent.parent
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise SCConfigError(f"output directory '{path}' cannot be written; choose another place")


def _is_intact(path: Path) -> bool:
    try:
        load_bundle(path)
    except BundleError:
        return False
    return True


@contextmanager
def writing(path: Path) -> Iterator[Path]:
    """Give a scratch directory that becomes ``path`` on success and vanishes on failure.

    An unchanged bundle that stands there is replaced.
    """
    check_output(path)
    above = [p for p in path.absolute().parents if not p.exists()]
    scratch = None
    try:
        try:
            path.absolute().parent.mkdir(parents=True, exist_ok=True)
            scratch = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.absolute().parent))
        except OSError as error:
            raise SCConfigError(
                f"output directory '{path}' cannot be written: {error.strerror}; "
                "choose another place"
            ) from None
        yield scratch
        scratch.chmod(0o755)
        if path.is_dir() and any(path.iterdir()):
            path.rename(old := scratch.with_name(f"{scratch.name}.old"))
            scratch.rename(path)
            shutil.rmtree(old)
        else:
            if path.is_dir():
                path.rmdir()
            scratch.rename(path)
    finally:
        if scratch is not None:
            shutil.rmtree(scratch, ignore_errors=True)
        for made in above if not path.exists() else []:
            with suppress(OSError):
                made.rmdir()


def write_files(root: Path, files: Mapping[str, str | bytes]) -> dict[str, str]:
    """Write files below ``root``; return their digests by name."""
    digests = {}
    for name, content in sorted(files.items()):
        data = content.encode() if isinstance(content, str) else content
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        digests[name] = digest(data)
    return digests


def write_manifest(root: Path, manifest: Mapping[str, Any]) -> None:
    """Write ``manifest.json`` in canonical form."""
    text = json.dumps(json.loads(canonical_json(manifest)), indent=2, sort_keys=True)
    (root / MANIFEST).write_text(text + "\n", encoding="utf-8")


def load_bundle(path: Path | str, *, allow_changed: tuple[str, ...] = ()) -> Bundle:
    """Open a bundle and check every file against its digest.

    Args:
        path: the directory.
        allow_changed: prefixes of files that may differ (``"rtl/"`` to verify an edited module).

    Raises:
        BundleError: a file is missing, unknown or differs, or the schema is another.
    """
    root = Path(path)
    try:
        manifest = json.loads((root / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BundleError(f"'{root}' is not a bundle: it has no {MANIFEST}") from None
    except (OSError, ValueError) as error:
        raise BundleError(f"{root / MANIFEST} cannot be read: {error}") from None
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        found = manifest.get("schema") if isinstance(manifest, dict) else None
        raise BundleError(f"{root / MANIFEST} has schema {found!r}; this version reads {SCHEMA!r}")
    files = manifest.get("files")
    if not isinstance(files, dict) or not all(isinstance(x, str) for x in files.values()):
        raise BundleError(f"{root / MANIFEST} has no table 'files' of digests; build it again")
    for name, expected in files.items():
        file = root / name
        if Path(name).is_absolute() or ".." in Path(name).parts:
            raise BundleError(f"{root / MANIFEST} names {name!r}, which lies outside the bundle")
        if not file.is_file():
            raise BundleError(f"bundle '{root}' lacks {name}; build it again")
        if name.startswith(allow_changed or ("\0",)):
            continue
        if digest(file.read_bytes()) != expected:
            raise BundleError(f"{file} does not match its digest in {MANIFEST}; build it again")
    known = {*files, MANIFEST, *_REPORTS}
    for file in sorted(root.rglob("*")):
        if file.is_file() and file.relative_to(root).as_posix() not in known:
            raise BundleError(f"{file} is not listed in {MANIFEST}; remove it or build again")
    return Bundle(root, manifest)
