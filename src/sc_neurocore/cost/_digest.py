"""What ties a model to its own text and to the records that it was fitted to, and its reading."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from sc_neurocore.exceptions import SCConfigError


def canonical_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON document without its own digest."""
    rest = {k: v for k, v in document.items() if k != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def read_document(text: str, name: str, version: int, records: str) -> dict[str, Any]:
    """A model's JSON document, checked against its digest and against its records.

    Args:
        text: of its file.
        name: of the model, for messages, such as ``cost model``.
        version: number of the format that is read.
        records: text of the file that it must have been fitted to.

    Raises:
        SCConfigError: the file is damaged, or they do not belong together.
    """
    try:
        document = json.loads(text)
    except ValueError:
        raise SCConfigError(f"the {name} is no JSON; install the package again") from None
    if not isinstance(document, dict) or document.get("format") != version:
        raise SCConfigError(f"the {name} is not of format {version}; fit it again")
    if document.get("digest") != canonical_digest(document):
        raise SCConfigError(f"the {name} does not match its digest; fit it again")
    if document["data"] != hashlib.sha256(records.encode()).hexdigest():
        raise SCConfigError(f"the {name} was fitted to other records than these; fit it again")
    return document
