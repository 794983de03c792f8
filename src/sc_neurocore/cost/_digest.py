"""What ties a model to its own text and to the records that it was fitted to."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any


def canonical_digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of a JSON document without its own digest."""
    rest = {k: v for k, v in document.items() if k != "digest"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
