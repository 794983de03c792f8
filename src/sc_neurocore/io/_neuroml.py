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
from sc_neurocore.io._unread import report_unread
from sc_neurocore.neurons import UniversalNeuron, model_of

#: Largest file, and most files that one includes.
MAX_BYTES, MAX_FILES = 16 * 2**20, 1000
#: Largest number, and longest refractoriness in ms.
_MOST, _LONGEST = 1e300, 3.6e6
#: Attributes and children of every NeuroML element, which say nothing about dynamics.
_ABOUT = {"id", "metaid", "notes", "neuroLexId"}
_ABOUT_CHILDREN = {"notes", "annotation", "property"}
#: Cells whose names do not end in Cell.
_OTHER_CELLS = re.compile(
    r"cell|cell2CaPools|\w*Cell|pointCellCondBased(Ca)?|(IF_cu|IF_co|EIF_co|HH_co)\w*|Component"
)
_NUMBER = re.compile(
    r"\s*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*([A-Za-z_]\w*)?\s*"
)
#: Unit symbols of NeuroML (NeuroMLCoreDimensions.xml) of the dimensions that cells have, for pint.
_SYMBOLS = {
    **{x: x for x in ("s", "ms", "min", "hour", "Hz", "V", "mV", "S", "mS", "uS", "nS", "pS",
                      "F", "uF", "nF", "pF", "A", "uA", "nA", "pA")},
    "per_s": "1/s", "per_ms": "1/ms", "per_min": "1/min", "per_hour": "1/hour",
    "S_per_V": "S/V", "nS_per_mV": "nS/mV", "": "dimensionless",
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
    """Read the cells of a NeuroML 2 file, and of the files that it includes.

    Imported are iafTauCell, iafTauRefCell, iafCell, iafRefCell, izhikevichCell,
    izhikevich2007Cell, adExIaFCell, fitzHughNagumoCell and hindmarshRose1984Cell. What else the
    file holds (networks, synapses, inputs) is not read, and an `UnreadWarning` names it.

    Returns:
        The cells, those of an included file in the place of its ``include``.

    Raises:
        SCConfigError: a file cannot be read, is not NeuroML 2, has a cell of another kind, or a
            parameter that is missing, unknown or in a wrong unit; there is no cell at all, or two
            have one id.
    """
    cells: dict[str, ImportedCell] = {}
    unread: dict[str, int] = {}
    for file, element in _elements(Path(path)):
        name = _name(element)
        if name not in known_cells():
            unread[name] = unread.get(name, 0) + 1
            continue
        cell = _cell(file, element)
        if cell.id in cells:
            raise SCConfigError(f"{file}: two cells have the id '{cell.id}'; give another one")
        cells[cell.id] = cell
    if not cells:
        raise SCConfigError(f"{path}: holds no cell; known are {', '.join(known_cells())}")
    counted = [f"{n} <{name:.64}>" if n > 1 else f"<{name:.64}>" for name, n in unread.items()]
    report_unread(path, counted)
    return list(cells.values())


def create_neuron(cell: ImportedCell) -> UniversalNeuron:
    """A neuron to step; its input ``I`` is in nA, of an izhikevichCell a plain number."""
    return UniversalNeuron(cell.document)


@cache
def known_cells() -> Mapping[str, Any]:
    """Cells that can be imported, by element."""
    text = files("sc_neurocore.io").joinpath("neuroml_cells.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


class _DocumentType(Exception):
    """The file declares a document type, in which entities could be."""


class _Builder(ElementTree.TreeBuilder):
    """Stops at a document type, in any encoding, before its entities are read."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise _DocumentType


def _root(path: Path) -> ElementTree.Element:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SCConfigError(f"{path}: cannot be read ({reason})") from None
    if len(data) > MAX_BYTES:
        raise SCConfigError(f"{path}: larger than {MAX_BYTES // 2**20} MiB")
    try:
        root = ElementTree.fromstring(data, ElementTree.XMLParser(target=_Builder()))
    except _DocumentType:
        raise SCConfigError(
            f"{path}: declares a document type; NeuroML has none, remove it"
        ) from None
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise SCConfigError(f"{path}: not well-formed XML ({error})") from None
    space, _, name = root.tag.rpartition("}")
    if name != "neuroml":
        raise SCConfigError(f"{path}: the root element is <{name}>; a NeuroML file has <neuroml>")
    if space and space != "{http://www.neuroml.org/schema/neuroml2":
        raise SCConfigError(f"{path}: is in the namespace {space[1:]}; NeuroML 2 is read")
    return root


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _elements(path: Path) -> Iterator[tuple[Path, ElementTree.Element]]:
    """The elements of a file, each with its file; includes are followed, every file once."""
    root = _root(path)
    seen = {path.resolve()}
    stack = [(path, root.tag, iter(root))]
    while stack:
        file, top, elements = stack[-1]
        element = next(elements, None)
        if element is None:
            stack.pop()
            continue
        name = _name(element)
        if element.tag.rpartition("}")[0] != top.rpartition("}")[0]:
            raise SCConfigError(f"{file}: <{name:.64}> is in another namespace than its file")
        if name == "include":
            found = _included(file, element)
            if found.resolve() not in seen:
                seen.add(found.resolve())
                if len(seen) > MAX_FILES:
                    raise SCConfigError(f"{path}: includes more than {MAX_FILES} files")
                root = _root(found)
                stack.append((found, root.tag, iter(root)))
            continue
        if name not in known_cells() and _OTHER_CELLS.fullmatch(name):
            raise SCConfigError(
                f'{file}: <{name:.64} id="{element.get("id", ""):.64}"> is not one of the cells '
                f"that can be imported: {', '.join(known_cells())}"
            )
        if name not in _ABOUT_CHILDREN:
            yield file, element


def _included(file: Path, element: ElementTree.Element) -> Path:
    href = element.get("href", "")
    found = file.parent / href
    try:
        there = bool(href) and found.is_file()
    except (OSError, ValueError):
        there = False
    if not there:
        raise SCConfigError(f"{file}: includes '{href:.256}', which is not a file beside it")
    return found


def _cell(path: Path, element: ElementTree.Element) -> ImportedCell:
    kind = _name(element)
    ident = element.get("id", "")
    where = f'{path}: <{kind} id="{ident:.64}">'
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,63}", ident):
        raise SCConfigError(f"{where}: its id is not a name: a letter, then up to 63 letters, "
                            "digits and _")  # fmt: skip
    entry = known_cells()[kind]
    units: dict[str, str] = entry["parameters"]
    for child in element:
        if _name(child) not in _ABOUT_CHILDREN:
            raise SCConfigError(
                f"{where}: holds <{_name(child):.64}>, which such a cell does not have"
            )
    given = {k: v for k, v in element.attrib.items() if k not in _ABOUT and "}" not in k}
    for name in given:
        if name not in units:
            hint = suggest(name[:64], units)
            raise SCConfigError(f"{where}: has no parameter '{name:.64}'{hint}")
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
    if values.get("refract", 0.0) > _LONGEST:
        raise SCConfigError(f"{where}: refract is {given['refract']}; it must be at most an hour")
    begin = {x: evaluate(parse_expression(e), values) for x, e in entry["init"].items()}
    for name, value in begin.items():
        if not abs(value) < _MOST:
            raise SCConfigError(f"{where}: its {name} would begin at {value:g}; it must be finite")
    document = _document(ident, kind, entry, values, begin)
    return ImportedCell(ident, kind, values, dict(units), document)


def _value(what: str, text: str, unit: str) -> float:
    match = _NUMBER.fullmatch(text)
    if match is None:
        raise SCConfigError(f"{what} is '{text:.64}'; write a number, then {_shown(unit)}")
    number, symbol = float(match[1]), match[2]
    registry = unit_registry()
    target = registry.parse_units("dimensionless" if unit == "1" else unit)
    source = _SYMBOLS.get(symbol or "")
    quantity = None if source is None else registry.Quantity(number, source)
    if quantity is None or not quantity.is_compatible_with(target):
        raise SCConfigError(f"{what} is '{text:.64}'; it must be in {_shown(unit)}")
    result = float(quantity.to(target).magnitude)
    if not abs(result) < _MOST:
        raise SCConfigError(f"{what} is '{text:.64}'; it must be finite")
    # Conversions by powers of ten leave the last digit off: 100 pF is 100 pF.
    return float(f"{result:.15g}")


def _shown(unit: str) -> str:
    return "no unit" if unit == "1" else f"a unit like {unit}"


def _document(
    ident: str,
    kind: str,
    entry: Mapping[str, Any],
    values: Mapping[str, float],
    begin: Mapping[str, float],
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
        "states": {name: {"init": begin[name], "unit": unit} for name, unit in units.items()},
        "parameters": {
            name: {"value": value, "unit": entry["parameters"][name]}
            for name, value in values.items()
            if name in used
        },
    }
    if "input" in entry:
        document["inputs"] = {"I": {"value": 0.0, "unit": entry["input"]}}
    return document
