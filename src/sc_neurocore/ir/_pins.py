"""Which nodes are pinned to which place."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Mapping

#: Characters that make a pin a shell pattern.
_WILD = re.compile(r"[*?\[]")


def find_pins(ids: Iterable[str], pins: Mapping[str, str]) -> dict[str, str]:
    """The pin that counts for each node, for nodes that have one.

    A node's own id counts before the longest scope it is in (``cortex.v1`` is one of
    ``cortex.v1.exc``), and that before the first shell pattern that matches.

    Args:
        ids: of the nodes.
        pins: places by id, scope or shell pattern.
    """
    patterns = [(re.compile(fnmatch.translate(p)), p) for p in pins if _WILD.search(p)]
    found: dict[str, str] = {}
    for name in ids:
        scope = name
        while scope and scope not in pins:
            scope = scope.rpartition(".")[0]
        pin = scope or next((p for matcher, p in patterns if matcher.match(name)), None)
        if pin is not None:
            found[name] = pin
    return found
