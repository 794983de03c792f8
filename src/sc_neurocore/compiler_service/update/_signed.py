"""Signed updates as bytes, and reading them from anyone."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sc_neurocore.compiler_service.update import _strict
from sc_neurocore.compiler_service.update._errors import UpdateRefusedError
from sc_neurocore.compiler_service.update._keys import key_id
from sc_neurocore.compiler_service.update._update import Update
from sc_neurocore.evidence import canonical_json, decode_json
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (
        Ed25519PrivateKey,
        Ed25519PublicKey,
    )

FORMAT = "sc-neurocore.update.v1"
#: Bytes of the largest package that `open_update` reads.
LARGEST_UPDATE = 32 << 20


def sign_update(update: Update, key: Ed25519PrivateKey) -> bytes:
    """An update with a signature: one line of canonical JSON.

    What is signed is the name of the format, a line feed, and the update's canonical JSON.

    Args:
        update: what is signed.
        key: by whom.

    Raises:
        SCConfigError: the package would be larger than `open_update` reads.
    """
    body = canonical_json(update.to_dict())
    signature = key.sign(_message(body)).hex()
    # The update's text as it was signed, in its place among sorted keys.
    head = canonical_json({"format": FORMAT, "key": key_id(key), "signature": signature})
    data = f'{head[:-1]},"update":{body}}}\n'.encode()
    if len(data) > LARGEST_UPDATE:
        raise SCConfigError(
            f"the update takes {len(data)} bytes; at most {LARGEST_UPDATE >> 20} MiB are read"
        )
    return data


def open_update(data: bytes, trusted: Iterable[Ed25519PublicKey]) -> Update:
    """Read a signed update from bytes that anyone may have sent.

    The signature is verified before anything of the update is interpreted.

    Args:
        data: what `sign_update` made.
        trusted: keys whose signatures count.

    Raises:
        UpdateRefusedError: no such bytes, a signature of nobody who is trusted, or a field that
            breaks its rule; one sentence says what.
    """
    if len(data) > LARGEST_UPDATE:
        raise _strict.fail(
            f"the package has {len(data)} bytes; at most {LARGEST_UPDATE >> 20} MiB are read"
        )
    try:
        document = decode_json(data, "the package")
    except SCConfigError as error:
        raise _strict.fail(str(error)) from None
    found = _strict.table(document, ("format", "key", "signature", "update"), "the package")
    if found["format"] != FORMAT:
        raise _strict.fail(f"the package is not of format {FORMAT}")
    key = _strict.hexadecimal(found["key"], "key", 64)
    signature = bytes.fromhex(_strict.hexadecimal(found["signature"], "signature", 128))
    try:
        whole, body = canonical_json(document), canonical_json(found["update"])
    except (ValueError, RecursionError):
        raise _strict.fail("the package holds a number that JSON cannot") from None
    if data != f"{whole}\n".encode():
        raise _strict.fail("the package is not in canonical JSON; it was edited after signing")
    signer = next((public for public in trusted if key_id(public) == key), None)
    if signer is None:
        raise UpdateRefusedError(
            "signature", f"the package is signed by key {key[:16]}…, which is not trusted here"
        )
    from cryptography.exceptions import InvalidSignature

    try:
        signer.verify(signature, _message(body))
    except InvalidSignature:
        raise UpdateRefusedError(
            "signature", f"the signature by key {key[:16]}… is not of this update; it was changed"
        ) from None
    return Update.from_dict(found["update"])


def _message(body: str) -> bytes:
    return f"{FORMAT}\n{body}".encode()
