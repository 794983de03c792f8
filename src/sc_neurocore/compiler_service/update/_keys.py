"""Ed25519 keys in PEM files, and what identifies them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sc_neurocore.evidence import digest, read_bytes
from sc_neurocore.exceptions import SCConfigError, SCDependencyError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

#: Bytes of the largest key file.
_LARGEST_KEY = 1 << 14


def generate_key() -> Ed25519PrivateKey:
    """Make a key to sign updates with.

    Raises:
        SCDependencyError: the extra ``service`` is not installed.
    """
    key: Ed25519PrivateKey = _ed25519().Ed25519PrivateKey.generate()
    return key


def key_id(key: Ed25519PrivateKey | Ed25519PublicKey) -> str:
    """SHA-256 of the public key's 32 bytes, in hexadecimal."""
    public = key.public_key() if hasattr(key, "public_key") else key
    return digest(public.public_bytes_raw())


def write_private_key(path: Path | str, key: Ed25519PrivateKey) -> None:
    """Write a private key to a new PEM file that only its owner may read (mode 0600).

    Raises:
        SCConfigError: the file exists already, or cannot be written.
    """
    s = _serialization()
    pem = key.private_bytes(s.Encoding.PEM, s.PrivateFormat.PKCS8, s.NoEncryption())
    _create(Path(path), pem, 0o600)


def write_public_key(path: Path | str, key: Ed25519PrivateKey | Ed25519PublicKey) -> None:
    """Write a public key to a new PEM file.

    Raises:
        SCConfigError: the file exists already, or cannot be written.
    """
    s = _serialization()
    public = key.public_key() if hasattr(key, "public_key") else key
    pem = public.public_bytes(s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo)
    _create(Path(path), pem, 0o644)


def read_private_key(path: Path | str) -> Ed25519PrivateKey:
    """Read a private key.

    Raises:
        SCConfigError: the file cannot be read, holds no Ed25519 key, or others may read it.
        SCDependencyError: the extra ``service`` is not installed.
    """
    data = read_bytes(path, _LARGEST_KEY)
    if os.name == "posix" and Path(path).stat().st_mode & 0o077:
        raise SCConfigError(f"{path} is a private key that others may read; run: chmod 600 {path}")
    try:
        key = _serialization().load_pem_private_key(data, password=None)
    except (ValueError, TypeError, _unsupported()):
        key = None
    if not isinstance(key, _ed25519().Ed25519PrivateKey):
        raise SCConfigError(f"{path} holds no Ed25519 private key in PEM without a password")
    return key  # type: ignore[no-any-return]


def read_public_key(path: Path | str) -> Ed25519PublicKey:
    """Read a public key.

    Raises:
        SCConfigError: the file cannot be read, or holds no Ed25519 public key.
        SCDependencyError: the extra ``service`` is not installed.
    """
    data = read_bytes(path, _LARGEST_KEY)
    try:
        key = _serialization().load_pem_public_key(data)
    except (ValueError, TypeError, _unsupported()):
        key = None
    if not isinstance(key, _ed25519().Ed25519PublicKey):
        raise SCConfigError(f"{path} holds no Ed25519 public key in PEM")
    return key  # type: ignore[no-any-return]


def _create(path: Path, data: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
    except FileExistsError:
        raise SCConfigError(f"{path} exists already; a key is never overwritten") from None
    except OSError as error:
        raise SCConfigError(f"{path} cannot be written: {error.strerror}") from None


def _missing() -> SCDependencyError:
    return SCDependencyError(
        "signing updates needs cryptography; install it with: pip install 'sc-neurocore[service]'"
    )


def _ed25519() -> Any:
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise _missing() from None
    return ed25519


def _serialization() -> Any:
    try:
        from cryptography.hazmat.primitives import serialization
    except ImportError:
        raise _missing() from None
    return serialization


def _unsupported() -> type[Exception]:
    from cryptography.exceptions import UnsupportedAlgorithm

    return UnsupportedAlgorithm
