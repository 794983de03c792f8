"""Cells of NeuroML 2 files as model documents."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from sc_neurocore.dynamics import Model, evaluate, parse_expression, suggest, unit_registry
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons import UniversalNeuron, model_of

MAX_BYTES = 64 * 2**20
#: Attributes of every NeuroML element, which say nothing about dynamics.
_ABOUT = {"id", "metaid", "notes", "neuroLexId", "type"}
_NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*([A-Za-z_]\w*)?\s*")
#: Unit symbols of NeuroML (NeuroMLCoreDimensions.xml) that pint writes differently.
_SYMBOLS = {
    "per_s": "1/s", "per_ms": "1/ms", "per_min": "1/min", "per_hour": "1/hour",
    "S_per_V": "S/V", "nS_per_mV": "nS/mV",
}  # fmt: skip


@dataclass(frozen=True)
class ImportedCell:
    """A cell of a NeuroML file.

    Attributes:
        id: its id in the file.
        cell_type: its element, such as ``izhikevich2007Cell``.
        parameters: numbers in the units of `units`.
        units: unit of each parameter, ``"1"`` without.
        document: the same cell as a model document; `schema_to_toml` writes it to a file.
    """

    id: str
    cell_type: str
    parameters: Mapping[str, float]
    units: Mapping[str, str]
    document: Mapping[str, Any]

    @property
    def model(self) -> Model:
        """The cell as a model."""
        return model_of(self.document)


def import_neuroml(path: str | Path) -> list[ImportedCell]:
    """Read the cells of a NeuroML 2 file.

    Imported are iafTauCell, iafTauRefCell, iafCell, iafRefCell, izhikevichCell,
    izhikevich2007Cell, adExIaFCell, fitzHughNagumoCell and hindmarshRose1984Cell. Other elements of
    the file are not read.

    Raises:
        SCConfigError: the file cannot be read, is not NeuroML 2, has a cell of another kind or no
            cell at all, or a parameter that is missing, unknown or in a wrong unit.
    """
    path = Path(path)
    root = _root(path)
    cells = [_cell(path, element) for element in _cells(path, root)]
    if not cells:
        raise SCConfigError(f"{path}: holds no cell; known are {', '.join(_known())}")
    seen: set[str] = set()
    for cell in cells:
        if cell.id in seen:
            raise SCConfigError(f"{path}: two cells have the id '{cell.id}'; give another one")
        seen.add(cell.id)
    return cells


def create_neuron(cell: ImportedCell) -> UniversalNeuron:
    """A neuron to step; its input ``I`` is in nA, of an izhikevichCell a plain number."""
    return UniversalNeuron(cell.document)


@cache
def _known() -> Mapping[str, Any]:
    text = files("sc_neurocore.io").joinpath("neuroml_cells.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


def _root(path: Path) -> ElementTree.Element:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SCConfigError(f"{path}: cannot be read ({error.strerror})") from None
    if len(data) > MAX_BYTES:
        raise SCConfigError(f"{path}: larger than {MAX_BYTES // 2**20} MiB")
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise SCConfigError(f"{path}: declares a document type; NeuroML has none, remove it")
    try:
        root = ElementTree.fromstring(data)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SCConfigError(f"{path}: not well-formed XML ({error})") from None
    space, _, name = root.tag.rpartition("}")
    if name != "neuroml":
        raise SCConfigError(f"{path}: the root element is <{name}>; a NeuroML file has <neuroml>")
    if space and space != "{http://www.neuroml.org/schema/neuroml2":
        raise SCConfigError(f"{path}: is in the namespace {space[1:]}; NeuroML 2 is read")
    return root


def _cells(path: Path, root: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for element in root:
        if not isinstance(element.tag, str):
            continue
        name = element.tag.rpartition("}")[2]
        if name in _known():
            yield element
        elif name == "cell" or name.endswith("Cell"):
            raise SCConfigError(
                f'{path}: <{name} id="{element.get("id", "")}"> is not one of the cells that can '
                f"be imported: {', '.join(_known())}"
            )


def _cell(path: Path, element: ElementTree.Element) -> ImportedCell:
    kind = element.tag.rpartition("}")[2]
    ident = element.get("id", "")
    where = f'{path}: <{kind} id="{ident}">'
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", ident):
        raise SCConfigError(f"{where}: its id is not a name of letters, digits and _")
    entry = _known()[kind]
    units: dict[str, str] = entry["parameters"]
    given = {k: v for k, v in element.attrib.items() if k not in _ABOUT and "}" not in k}
    for name in given:
        if name not in units:
            raise SCConfigError(f"{where}: has no parameter '{name}'{suggest(name, units)}")
    values: dict[str, float] = {}
    for name, unit in units.items():
        if name not in given:
            raise SCConfigError(f"{where}: lacks '{name}', in {_shown(unit)}")
        values[name] = _value(f"{where}: {name}", given[name], unit)
    for name in ("C", "tau", "tauw", "delT", "v_scaling"):
        if values.get(name, 1.0) <= 0:
            raise SCConfigError(f"{where}: {name} is {given[name]}; it must be above 0")
    if values.get("refract", 0.0) < 0:
        raise SCConfigError(f"{where}: refract is {given['refract']}; it must be 0 or more")
    return ImportedCell(ident, kind, values, dict(units), _document(ident, kind, entry, values))


def _value(what: str, text: str, unit: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise SCConfigError(f"{what} is '{text}'; write a number, then {_shown(unit)}")
    number, symbol = float(match[1]), match[2]
    registry = unit_registry()
    source = _SYMBOLS.get(symbol or "", symbol or "dimensionless")
    target = "dimensionless" if unit == "1" else unit
    try:
        result = float(registry.Quantity(number, source).to(target).magnitude)
    except Exception:  # pint raises many kinds; every one means "not such a unit"
        raise SCConfigError(f"{what} is '{text}'; it must be in {_shown(unit)}") from None
    if not abs(result) < 1e300:
        raise SCConfigError(f"{what} is '{text}'; it must be finite")
    # Conversions by powers of ten leave the last digit off: 100 pF is 100 pF.
    return float(f"{result:.15g}")


def _shown(unit: str) -> str:
    return "no unit" if unit == "1" else f"a unit like {unit}"


def _document(
    ident: str, kind: str, entry: Mapping[str, Any], values: Mapping[str, float]
) -> dict[str, Any]:
    equations = entry["equations"].strip()
    units = dict(re.findall(r"^d(\w+)/dt .* : (\S+)$", equations, re.MULTILINE))
    dynamics: dict[str, Any] = {"equations": equations, "method": "euler", "dt": 0.025}
    dynamics |= {k: entry[k] for k in ("threshold", "reset", "edge", "hold") if k in entry}
    if "refractory" in entry:
        dynamics["refractory"] = values[entry["refractory"]]
    dynamics["units"] = "strict"
    used = set(re.findall(r"[A-Za-z_]\w*", " ".join(
        str(dynamics.get(k, "")) for k in ("equations", "threshold", "reset")
    )))  # fmt: skip
    document: dict[str, Any] = {
        "schema_version": "1.0",
        "model": {
            "name": ident,
            "title": entry["title"],
            "description": f"Imported from the NeuroML 2 element {kind}.",
        },
        "dynamics": dynamics,
        "states": {
            name: {"init": evaluate(parse_expression(entry["init"][name]), values), "unit": unit}
            for name, unit in units.items()
        },
        "parameters": {
            name: {"value": value, "unit": entry["parameters"][name]}
            for name, value in values.items()
            if name in used
        },
    }
    if "input" in entry:
        document["inputs"] = {"I": {"value": 0.0, "unit": entry["input"]}}
    return document
