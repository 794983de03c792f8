"""The keys of a service."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sc_neurocore.compiler_service.update import (
    generate_key,
    read_private_key,
    read_public_key,
    write_private_key,
)
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )


@dataclass(frozen=True)
class Keys:
    """Keys of a service, in its state directory.

    Attributes:
        folder: ``update.pem`` signs; it and the public keys of ``trusted/`` open packages.
    """

    folder: Path

    def private(self) -> Ed25519PrivateKey:
        """The key that signs; made when it is first needed."""
        path = self.folder / "update.pem"
        if not path.exists():
            try:
                write_private_key(path, generate_key())
            except SCConfigError:
                if not path.exists():
                    raise
        return read_private_key(path)

    def trusted(self) -> tuple[Ed25519PublicKey, ...]:
        """Keys whose signatures count."""
        others = sorted((self.folder / "trusted").glob("*.pem"))
        return (self.private().public_key(), *(read_public_key(path) for path in others))
