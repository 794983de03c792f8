"""The constants of the gates, from one file."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from types import MappingProxyType


@dataclass(frozen=True)
class Constant:
    """A constant of a gate.

    Attributes:
        value: in the gate's own unit.
        why: one sentence.
    """

    value: int
    why: str


def _constants() -> Mapping[str, Mapping[str, Constant]]:
    text = (files("sc_neurocore.hdl.links") / "gates.toml").read_text(encoding="utf-8")
    gates = tomllib.loads(text).items()
    return MappingProxyType(
        {
            gate: MappingProxyType({name: Constant(**entry) for name, entry in entries.items()})
            for gate, entries in gates
        }
    )


#: By gate (``dedup``, ``health``, ``backoff``, ``credit``) and name: the file ``gates.toml``.
CONSTANTS = _constants()
