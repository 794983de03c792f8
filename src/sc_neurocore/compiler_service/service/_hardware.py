"""A live design as the service's own processes use it: from a bundle that a build has made."""

from __future__ import annotations

import shutil
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from sc_neurocore.build.network import LiveBundle, open_live_bundle
from sc_neurocore.compiler_service.service._archive import unpacked
from sc_neurocore.compiler_service.service._files import FileStore
from sc_neurocore.compiler_service.update import LiveDesign


@dataclass(frozen=True, eq=False)
class Hardware:
    """A live design.

    Attributes:
        bundle: for the drivers of boards.
        live: for updates.
    """

    bundle: LiveBundle
    live: LiveDesign


class HardwareStore:
    """Live designs by the digest of their bundle.

    Args:
        folder: where bundles are unpacked.
        files: where they are kept.
    """

    def __init__(self, folder: Path, files: FileStore) -> None:
        self.folder, self.files = folder, files
        self.open = lru_cache(maxsize=16)(self._open)

    def _open(self, digest: str) -> Hardware:
        from sc_neurocore.accelerator import bank_words

        live = open_live_bundle(self._unpacked(digest))
        image = bank_words(live.network, live.foldings)
        return Hardware(live, LiveDesign(live.digest[:32], live.device.update, image))

    def _unpacked(self, digest: str) -> Path:
        """The directory of a bundle, which is there whole or not at all."""
        target = self.folder / digest
        if not target.exists():
            fresh = Path(tempfile.mkdtemp(dir=self.folder, prefix=".new-"))
            try:
                unpacked(self.files.read(digest), fresh)
                fresh.rename(target)
            except OSError:
                if not target.exists():  # else another process was faster
                    raise
            finally:
                shutil.rmtree(fresh, ignore_errors=True)
        return target
