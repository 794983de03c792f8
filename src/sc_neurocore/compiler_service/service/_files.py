"""Files by the hash of their content, in the state directory."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from sc_neurocore.compiler_service.service._problem import Problem
from sc_neurocore.exceptions import SCNeuroError


class FileStore:
    """Content-addressed files: written whole and durably, never changed.

    Args:
        root: its directory, on one file system.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def path(self, digest: str) -> Path:
        """Where the file of a digest lies."""
        return self.root / digest[:2] / digest

    def put(self, data: bytes) -> str:
        """Keep some bytes; return their SHA-256 in hexadecimal."""
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".new-")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        return self._adopt(Path(name), hashlib.sha256(data).hexdigest())

    async def receive(
        self, stream: AsyncIterator[bytes], accept: Callable[[bytes], None]
    ) -> tuple[str, int]:
        """Keep a stream of bytes without holding them; return digest and size.

        Args:
            stream: the bytes.
            accept: given the first 16 of them; an exception from it keeps nothing.
        """
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".new-")
        temporary, hashed, size, start = Path(name), hashlib.sha256(), 0, b""
        try:
            with os.fdopen(handle, "wb") as file:
                async for chunk in stream:
                    file.write(chunk)
                    hashed.update(chunk)
                    size += len(chunk)
                    start = start if len(start) >= 16 else (start + chunk)[:16]
                accept(start)
                file.flush()
                os.fsync(file.fileno())
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        return self._adopt(temporary, hashed.hexdigest()), size

    def read(self, digest: str) -> bytes:
        """Content of a file, checked against its digest.

        Raises:
            Problem: it is damaged or gone.
        """
        try:
            data = self.path(digest).read_bytes()
        except OSError:
            data = b""
        if hashlib.sha256(data).hexdigest() != digest:
            raise Problem("digest-mismatch", f"the stored file {digest[:12]} is gone or damaged")
        return data

    def _adopt(self, temporary: Path, digest: str) -> str:
        target = self.path(digest)
        try:
            target.parent.mkdir(exist_ok=True, mode=0o700)
            temporary.replace(target)
            for folder in (target.parent, self.root):
                handle = os.open(folder, os.O_RDONLY)
                try:
                    os.fsync(handle)
                finally:
                    os.close(handle)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise SCNeuroError(f"a file cannot be kept: {error.strerror}") from None
        return digest
