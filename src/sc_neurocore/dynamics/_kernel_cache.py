"""Kernel modules on disk, under their content hash, so the next process starts warm."""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from sc_neurocore._cache import cache_dir


def cache_folder() -> Path:
    """Folder of the kernel modules.

    ``$SC_NEUROCORE_CACHE/kernels``, else ``$XDG_CACHE_HOME/sc-neurocore/kernels``, else
    ``~/.cache/sc-neurocore/kernels``. Deleting it is safe.
    """
    return cache_dir() / "kernels"


@functools.lru_cache(maxsize=512)
def load_kernel(text: str) -> Callable[..., Any]:
    """Import a kernel module, writing it to the cache first if it is not there, as ``text`` says.

    If the cache cannot be written, the module lives in a temporary folder of this process.
    """
    digest = hashlib.sha256(f"{_runtime_digest()}\n{text}".encode()).hexdigest()[:32]
    try:
        path = _written(cache_folder(), digest, text)
    except OSError:
        path = _written(_temporary_folder(), digest, text)
    run: Callable[..., Any] = _imported(path, f"sc_neurocore_kernel_{digest}").run
    return run


@functools.cache
def _runtime_digest() -> str:
    """Hash of what is compiled into a kernel besides its own text."""
    import numba

    parts = [numba.__version__.encode()]
    parts += [
        Path(__file__).with_name(name).read_bytes() for name in ("_kernel_math.py", "_noise.py")
    ]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


@functools.cache
def _temporary_folder() -> Path:
    folder = tempfile.TemporaryDirectory(prefix="sc-neurocore-kernels-")
    _keep_alive.append(folder)
    return Path(folder.name)


_keep_alive: list[tempfile.TemporaryDirectory[str]] = []


def _written(folder: Path, digest: str, text: str) -> Path:
    """Path of the module; a file that differs from ``text`` (cut off, edited) is replaced."""
    path = folder / f"k{digest}.py"
    try:
        if path.read_text() == text:
            return path
    except OSError:
        pass
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, draft = tempfile.mkstemp(dir=folder, suffix=".tmp")
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
    return path


def _imported(path: Path, name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # numba looks the module up when it reloads compiled code
    spec.loader.exec_module(module)
    return module
