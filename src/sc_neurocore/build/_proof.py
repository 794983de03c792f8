"""Proofs of a compiled module: its properties, a broken variant, and the netlist."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sc_neurocore.build._measure import Measurement
from sc_neurocore.build._options import BuildOptions
from sc_neurocore.compiler import Compiled
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.toolchain import Target

Stage = Callable[[str], None]


@dataclass(frozen=True)
class Proof:
    """What was proven.

    Attributes:
        formal: the ``formal`` section of a report.
        equivalence: the ``equivalence`` section.
        rung: status of the property rung.
        equivalence_rung: status of the equivalence rung.
        keys: evidence keys by name.
        files: files for the bundle.
        cached: whether every record was found.
    """

    formal: Mapping[str, Any]
    equivalence: Mapping[str, Any] | None
    rung: str
    equivalence_rung: str
    keys: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    cached: bool = True


def prove_module(
    compiled: Compiled,
    measured: Measurement,
    target: Target,
    options: BuildOptions,
    store: EvidenceStore,
    stage: Stage,
) -> Proof:
    return Proof({}, None, "not run", "not run")


def prove_sources(compiled, sources, options, store, stage):
    return Proof({}, None, "not run", "not run")
