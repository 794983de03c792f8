"""What can be wrong with a file, and what must be installed to read one."""

from __future__ import annotations

import importlib
from typing import Any

from sc_neurocore.exceptions import SCConfigError, SCDependencyError


class NIRError(SCConfigError):
    """A NIR file or graph cannot be taken; the message says where and why."""


def need(package: str) -> Any:
    """Import ``nir`` or ``h5py``.

    Raises:
        SCDependencyError: it is not installed.
    """
    try:
        return importlib.import_module(package)
    except ImportError:
        raise SCDependencyError(
            f"NIR files need the package {package!r}; run: pip install 'sc-neurocore[nir]'"
        ) from None
