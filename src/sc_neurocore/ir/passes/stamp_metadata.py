"""Give every part its passport."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from sc_neurocore import __version__
from sc_neurocore.evidence import canonical_json, digest
from sc_neurocore.ir._passport import (
    PASSPORT_SCHEMA,
    part_record,
    pass_record,
)
from sc_neurocore.ir._places import Partitions
from sc_neurocore.ir.passes.place_nodes import TOOLS


@dataclass(frozen=True)
class StampMetadata:
    """Write down, for every place, what its part was made from and how.

    A passport holds JSON values only: ``schema``; ``program``, one digest of all passports
    together; ``package``, the version of this package, and ``tools``, those of the tools that were
    used; ``source``, the digest of the network before the first pass; ``place``, ``part``, and the
    ``digest`` of its graph; ``passes`` with their options, in order; ``seeds``; ``formats`` of its
    numbers; ``slots``; and the streams ``sent`` and ``received``, with sizes, delays, batches and
    transports. The format of a chip's numbers is ``undecided`` unless the network states it: it is
    chosen, with the register map, when the chip is made of its part, and a chip's passport
    therefore holds neither. The same input gives the same passports: there are no times and no
    paths in them.

    Attributes:
        source: digest of the network that was compiled; empty for that of the whole graph.
        passes: that ran before, in order.
        tools: versions by name, besides those that placed the network.
    """

    source: str = ""
    passes: tuple[object, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tools", MappingProxyType(dict(self.tools)))

    def __call__(self, partitions: Partitions) -> Partitions:
        """The partitions with passports."""
        common = {
            "schema": PASSPORT_SCHEMA,
            "package": __version__,
            "tools": {**partitions.whole.metadata.get(TOOLS, {}), **self.tools},
            "source": self.source or partitions.whole.digest,
            "passes": [pass_record(step) for step in self.passes],
        }
        bare = {place: {**common, **part_record(partitions, place)} for place in partitions.parts}
        # As they will be read back: a passport that was stored equals the one that was stamped.
        text = canonical_json(bare)
        plain: dict[str, dict[str, Any]] = json.loads(text)
        program = digest(text)
        stamped = {place: {**passport, "program": program} for place, passport in plain.items()}
        return partitions.replace(passports=stamped)
