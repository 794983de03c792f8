"""What the catalogue knows of each model, and how complete it is.

Listing the catalogue loads this module and no NumPy.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sc_neurocore.neurons._behaviour import recorded_behaviour
from sc_neurocore.neurons._document import list_bundled_schemas, read_unchecked


@dataclass(frozen=True)
class Descriptor:
    """What the catalogue knows of a model.

    Attributes:
        name: catalogue name.
        class_name: name of its class in `sc_neurocore.neurons`, or ``""``.
        title: name in prose.
        family: kind of equations.
        behaviour: tags of what it does, as a probe measured them (`sc_neurocore.neurons.measure`);
            empty for a model file, which is not probed for its description.
        description: one sentence.
        keywords: words to search for.
        authors: authors of the primary source.
        year: year of the primary source.
        doi: digital object identifier of the primary source.
        states: names of the state variables.
        parameters: names of the parameters.
        inputs: names of the inputs.
        back_ends: executions that the document holds enough data for.
        tier: completeness from 0 to 3; see `tier`.
    """

    name: str
    class_name: str
    title: str
    family: str
    behaviour: tuple[str, ...]
    description: str
    keywords: tuple[str, ...]
    authors: tuple[str, ...]
    year: int | None
    doi: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    back_ends: tuple[str, ...]
    tier: int


def catalogue() -> list[Descriptor]:
    """Describe every bundled model, by name.

    The documents are read without the check of their units, which `validate_all_bundled` does.
    """
    return [
        described(read_unchecked(name)[1], recorded_behaviour(name))
        for name in list_bundled_schemas()
    ]


def described(schema: Mapping[str, Any], behaviour: tuple[str, ...]) -> Descriptor:
    """Describe a document whose shape is valid, given its measured behaviour."""
    about, reference = schema["model"], schema.get("reference", {})
    return Descriptor(
        name=about["name"],
        class_name=about.get("class", ""),
        title=about.get("title", about["name"]),
        family=about.get("family", ""),
        behaviour=behaviour,
        description=about.get("description", ""),
        keywords=tuple(about.get("keywords", ())),
        authors=tuple(reference.get("authors", ())),
        year=reference.get("year"),
        doi=reference.get("doi", ""),
        states=tuple(schema["states"]),
        parameters=tuple(schema.get("parameters", {})),
        inputs=tuple(schema.get("inputs", {})),
        back_ends=back_ends(schema),
        tier=tier(schema),
    )


def back_ends(schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Executions that the document holds enough data for.

    Floating point needs equations only; fixed point and Verilog need a ``[hardware]`` table and
    the range of every state and input.
    """
    ranged = [*schema["states"].values(), *schema.get("inputs", {}).values()]
    complete = all({"low", "high"} <= entry.keys() for entry in ranged)
    if complete and "hardware" in schema:
        return ("float", "fixed-point", "Verilog")
    return ("float",)


def tier(schema: Mapping[str, Any]) -> int:
    """Completeness of a model document, computed from its content.

    0: identified. 1: family given. 2: also authors, year and DOI, and every state, parameter and
    input has a unit, a range and a meaning. 3: also two or more back ends can execute it and the
    digest of a golden trace is recorded.
    """
    about, reference = schema["model"], schema.get("reference", {})
    if "family" not in about:
        return 0
    entries = [
        entry
        for table in ("states", "parameters", "inputs")
        for entry in schema.get(table, {}).values()
    ]
    complete = all({"unit", "low", "high", "meaning"} <= entry.keys() for entry in entries)
    if not ({"authors", "year", "doi"} <= reference.keys() and complete):
        return 1
    return 3 if len(back_ends(schema)) >= 2 and "golden" in schema else 2
