"""HDF5 as SONATA uses it: every fault of a file is one sentence with file and dataset."""

from __future__ import annotations

import importlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCConfigError, SCDependencyError, SCNeuroError

#: What h5py raises for a file that is damaged.
_FAULTS = (OSError, RuntimeError, KeyError, ValueError, TypeError, AttributeError, MemoryError)
#: Attributes that every SONATA file has at its top: the format's number and version.
_MAGIC, _VERSION = 0x0A7A, (0, 1)
#: HDF5's best filter, deflate, packs 1032 bytes into one at most.
_MOST_COMPRESSED = 1100


def need(name: str) -> Any:
    """Import a library of the extra `io`.

    Raises:
        SCDependencyError: it is not installed.
    """
    try:
        return importlib.import_module(name)
    except ImportError:
        raise SCDependencyError(
            f"{name} is not installed; pip install 'sc-neurocore[io]' to exchange files"
        ) from None


def existing(path: str | Path, what: str) -> Path:
    """A file that is there.

    Raises:
        SCConfigError: it is not.
    """
    found = Path(path)
    try:
        there = found.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise SCConfigError(f"{what} {found} is not a file")
    return found


@contextmanager
def reading(path: str | Path) -> Iterator[Any]:
    """Open a file to read.

    Raises:
        SCConfigError: it is missing or damaged.
        SCDependencyError: h5py is not installed.
    """
    h5py = need("h5py")
    found = existing(path, "SONATA file")
    try:
        with h5py.File(found, "r") as file:
            magic = file.attrs.get("magic", _MAGIC)
            if np.size(magic) != 1 or np.ravel(magic)[0] != _MAGIC:
                raise SCConfigError(f"{found}: its attribute 'magic' is {magic!s:.40}; that of "
                                    f"a SONATA file is {_MAGIC:#06x}")  # fmt: skip
            yield file
    except SCNeuroError:
        raise
    except _FAULTS as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise SCConfigError(f"{found} cannot be read as HDF5: {reason}") from None


@contextmanager
def replacing(path: str | Path) -> Iterator[Path]:
    """A name to write to, which becomes ``path`` if nothing fails; ``path`` must not exist.

    Raises:
        SCConfigError: it exists, or cannot be written.
    """
    target = Path(path)
    if target.exists():
        raise SCConfigError(f"{target} exists already; name a file that does not")
    try:
        handle, name = tempfile.mkstemp(dir=target.absolute().parent, prefix=f".{target.name}.",
                                        suffix=target.suffix)  # fmt: skip
        os.close(handle)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SCConfigError(f"{target} cannot be written: {reason}") from None
    draft = Path(name)
    try:
        yield draft
        draft.chmod(0o644)
        draft.replace(target)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SCConfigError(f"{target} cannot be written: {reason}") from None
    finally:
        draft.unlink(missing_ok=True)


def sign(file: Any) -> None:
    """Write the attributes that every SONATA file has."""
    file.attrs["magic"] = np.uint32(_MAGIC)
    file.attrs["version"] = np.array(_VERSION, np.uint32)


def place(parent: Any, name: str = "") -> str:
    """How an error names a group or dataset: file and path inside it."""
    return f"{parent.file.filename}: '{parent.name.rstrip('/')}{'/' if name else ''}{name}'"


def group(parent: Any, name: str) -> Any:
    """A group that must be there.

    Raises:
        SCConfigError: it is missing, or no group of this file.
    """
    found = _member(parent, name)
    if found is None:
        raise SCConfigError(f"{place(parent, name)} is missing; SONATA needs this group")
    if not isinstance(found, need("h5py").Group):
        raise SCConfigError(f"{place(parent, name)} is no group")
    return found


def groups(parent: Any) -> dict[str, Any]:
    """The groups in a group, by name."""
    h5py = need("h5py")
    found = {name: _member(parent, name) for name in parent}
    return {name: item for name, item in found.items() if isinstance(item, h5py.Group)}


def values(parent: Any, name: str) -> NDArray[Any]:
    """A dataset of at least one axis; text becomes an array of `str`.

    Raises:
        SCConfigError: it is missing, or holds neither numbers nor text.
    """
    h5py = need("h5py")
    found = _member(parent, name)
    if found is None:
        raise SCConfigError(f"{place(parent, name)} is missing; SONATA needs this dataset")
    if not isinstance(found, h5py.Dataset) or not found.shape:
        raise SCConfigError(f"{place(parent, name)} is no dataset with one entry per row")
    if found.external or found.is_virtual:
        raise SCConfigError(f"{place(parent, name)} is kept in other files; copy it into this one")
    if found.nbytes > _MOST_COMPRESSED * Path(parent.file.filename).stat().st_size:
        raise SCConfigError(f"{place(parent, name)} claims {found.nbytes:.3g} bytes, more than its "
                            "file can hold")  # fmt: skip
    if h5py.check_string_dtype(found.dtype) is not None:
        return np.asarray(found.asstr()[()], object)
    if found.dtype.kind not in "iufb":
        raise SCConfigError(f"{place(parent, name)} holds neither numbers nor text")
    return np.asarray(found[()])


def whole(parent: Any, name: str, length: int | None = None) -> NDArray[np.int64]:
    """A dataset of whole numbers from 0 on.

    Raises:
        SCConfigError: it is missing, of another length, or holds anything else.
    """
    array = values(parent, name)
    if array.ndim != 1 or array.dtype.kind not in "iu":
        raise SCConfigError(f"{place(parent, name)} must hold one whole number per row")
    if length is not None and len(array) != length:
        raise SCConfigError(f"{place(parent, name)} has {len(array)} entries, but {length} rows")
    if len(array) and (int(array.min()) < 0 or int(array.max()) > np.iinfo(np.int64).max):
        bad = array.min() if array.min() < 0 else array.max()
        raise SCConfigError(f"{place(parent, name)} holds {bad}; the format counts from 0 to "
                            "2**63 - 1")  # fmt: skip
    return array.astype(np.int64)


def attribute(item: Any, name: str) -> str | None:
    """A text attribute of a group or dataset.

    Raises:
        SCConfigError: it is there, and no text.
    """
    if name not in item.attrs:
        return None
    value = item.attrs[name]
    if isinstance(value, np.ndarray) and value.size == 1:
        value = value.flat[0]
    if isinstance(value, bytes):
        value = value.decode("utf-8", "replace")
    if not isinstance(value, str) or not value:
        raise SCConfigError(f"{place(item)} has an attribute '{name}' that is no text")
    return value


def _member(parent: Any, name: str) -> Any:
    """What a name means in this file; links to other files are refused."""
    link = parent.get(name, getlink=True)
    if link is None:
        return None
    if isinstance(link, need("h5py").ExternalLink):
        raise SCConfigError(f"{place(parent, name)} leads to the file '{link.filename}'; a circuit "
                            "names its files in the config only")  # fmt: skip
    found = parent.get(name)
    if found is None:
        raise SCConfigError(f"{place(parent, name)} leads nowhere")
    return found
