"""MODEL on the command line: a catalogue name, a model file, or equations in a string."""

from __future__ import annotations

import copy
import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import click

from sc_neurocore.exceptions import SCConfigError

_FILES = (".toml", ".json")
_NUMBER = re.compile(r"\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf(?:inity)?))"
                     r"\s*(.*)", re.IGNORECASE)  # fmt: skip


@dataclass(frozen=True)
class Amount:
    """A number and the unit written after it, if any."""

    value: float
    unit: str = ""


@dataclass(frozen=True)
class Span:
    """A range and the unit written after it, if any."""

    low: float
    high: float
    unit: str = ""


@dataclass(frozen=True)
class Changes:
    """What the options say of a model; they define the string form and change the other two.

    Attributes:
        params: parameter values.
        inits: initial values of states.
        ranges: declared ranges of states, parameters and inputs.
        dynamics: keys of ``[dynamics]``, such as ``threshold``, ``reset``, ``dt``.
        name: model name.
    """

    params: Mapping[str, Amount] = field(default_factory=dict)
    inits: Mapping[str, Amount] = field(default_factory=dict)
    ranges: Mapping[str, Span] = field(default_factory=dict)
    dynamics: Mapping[str, Any] = field(default_factory=dict)
    name: str | None = None


def resolve_document(text: str, changes: Changes) -> dict[str, Any]:
    """Read MODEL into a model document.

    Args:
        text: a file if it ends in ``.toml`` or ``.json``, equations if it holds ``=``, else a
            catalogue name.
        changes: what the options say.

    Raises:
        SCConfigError: the model or an option is invalid, in one sentence.
    """
    if "=" in text and not text.endswith(_FILES):
        return _of_equations(text, changes)
    return _changed(text, changes)


def parse_amounts(option: str, what: str, texts: Sequence[str]) -> dict[str, Amount]:
    """Read ``NAME=VALUE`` or ``NAME=VALUE UNIT``, once per name.

    Args:
        option: the option, for messages.
        what: what the names are, for messages.
        texts: as given.
    """
    return {
        name: _amount(f"{what} '{name}'", value)
        for name, value in _pairs(option, "NAME=VALUE", "tau=10", texts).items()
    }


def parse_spans(option: str, texts: Sequence[str]) -> dict[str, Span]:
    """Read ``NAME=LOW:HIGH`` or ``NAME=LOW:HIGH UNIT``, once per name."""
    spans = {}
    for name, value in _pairs(option, "NAME=LOW:HIGH", "v=-80:40", texts).items():
        low, colon, high = value.partition(":")
        if not colon:
            raise SCConfigError(
                f"{option} '{name}={value}' is not NAME=LOW:HIGH; write for example v=-80:40"
            )
        lower, upper = _amount(f"low of '{name}'", low), _amount(f"high of '{name}'", high)
        if lower.value >= upper.value:
            raise SCConfigError(
                f"range of '{name}' is {lower.value:g}:{upper.value:g}; low must be below high"
            )
        spans[name] = Span(lower.value, upper.value, upper.unit or lower.unit)
    return spans


def model_argument(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command MODEL and its options; the function receives the ``document``."""

    @click.argument("model", shell_complete=_complete)
    @click.option("--threshold", metavar="COND", help="Spike condition, e.g. 'v > -50'.")
    @click.option("--reset", metavar="TEXT", help="Assignments at a spike, e.g. 'v = -65; u += 8'.")
    @click.option("--param", multiple=True, metavar="K=V", help="Parameter value; repeatable.")
    @click.option("--init", multiple=True, metavar="K=V", help="Initial state; repeatable.")
    @click.option("--range", "ranges", multiple=True, metavar="K=LOW:HIGH",
                  help="Declared range of a state, parameter or input; repeatable.")  # fmt: skip
    @click.option("--dt", type=float, metavar="MS", help="Tick in ms.")
    @click.option("--method", metavar="NAME", help="Integration method, e.g. exact, rk4, euler.")
    @click.option("--refractory", type=float, metavar="MS", help="Refractory period in ms.")
    @click.option("--units", metavar="strict", help="Check the units of the equations.")
    @click.option("--name", metavar="NAME", help="Name of the model and of its Verilog module.")
    @functools.wraps(function)
    def command(
        model: str,
        param: tuple[str, ...],
        init: tuple[str, ...],
        ranges: tuple[str, ...],
        threshold: str | None,
        reset: str | None,
        dt: float | None,
        method: str | None,
        refractory: float | None,
        units: str | None,
        name: str | None,
        **rest: Any,
    ) -> None:
        from sc_neurocore.dynamics import require_finite, require_positive

        if dt is not None:
            require_positive("--dt", dt)
        if refractory is not None and require_finite("--refractory", refractory) < 0:
            raise SCConfigError(f"--refractory is {refractory:g}; it must be 0 or more")
        given = {
            "threshold": threshold, "reset": reset, "dt": dt, "method": method,
            "refractory": refractory, "units": units,
        }  # fmt: skip
        changes = Changes(
            params=parse_amounts("--param", "parameter", param),
            inits=parse_amounts("--init", "init of", init),
            ranges=parse_spans("--range", ranges),
            dynamics={key: value for key, value in given.items() if value is not None},
            name=name,
        )
        function(document=resolve_document(model, changes), **rest)

    return command


def _complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    from sc_neurocore.neurons import list_bundled_schemas

    return [name for name in list_bundled_schemas() if name.startswith(incomplete)]


def _pairs(option: str, form: str, example: str, texts: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, value = (part.strip() for part in text.partition("="))
        if not (name and equals and value):
            raise SCConfigError(f"{option} '{text}' is not {form}; write for example {example}")
        if name in found:
            raise SCConfigError(f"{option} gives '{name}' twice; give it once")
        found[name] = value
    return found


def _amount(what: str, text: str) -> Amount:
    from sc_neurocore.dynamics import require_finite

    match = _NUMBER.fullmatch(text)
    if match is None:
        raise SCConfigError(f"{what} is '{text}'; it must be a number, or a number and its unit")
    return Amount(require_finite(what, float(match.group(1))), match.group(2).strip())


def _read_at_events(changes: Changes) -> set[str]:
    """Names that the threshold and the reset read."""
    from sc_neurocore.dynamics import parse_assignments, parse_condition

    found: set[str] = set()
    if changes.dynamics.get("threshold"):
        found |= parse_condition(changes.dynamics["threshold"]).names()
    if changes.dynamics.get("reset"):
        for _, expr, _ in parse_assignments(changes.dynamics["reset"]):
            found |= expr.names()
    return found


def _of_equations(text: str, changes: Changes) -> dict[str, Any]:
    """Document of equations in a string; a unit anywhere turns unit checking on."""
    from sc_neurocore.build import document_of_equations
    from sc_neurocore.dynamics import parse_block, suggest

    lines = parse_block(text)
    read = {name for line in lines for name in line.right.names()}
    known = read | {line.target for line in lines} | changes.params.keys()
    for name in changes.ranges:
        if name not in known:
            raise SCConfigError(f"--range names '{name}', which the equations lack"
                                f"{suggest(name, known)}")  # fmt: skip
    options: list[tuple[str, Amount | Span]] = [
        *changes.params.items(),
        *changes.inits.items(),
        *changes.ranges.items(),
    ]
    units = {line.target: line.unit for line in lines if line.unit}
    dynamics = dict(changes.dynamics)
    if units or any(given.unit for _, given in options):
        dynamics.setdefault("units", "strict")
    document = document_of_equations(
        text,
        name="neuron" if changes.name is None else changes.name,
        params={name: amount.value for name, amount in changes.params.items()},
        init={name: amount.value for name, amount in changes.inits.items()},
        ranges={name: (span.low, span.high) for name, span in changes.ranges.items()},
        **dynamics,
    )
    for name, unit in units.items():
        if name in document["states"]:
            document["states"][name]["unit"] = unit
    for name, given in options:
        _set_unit(document, name, given.unit)
    _require_used(document, read | _read_at_events(changes))
    return document


def _require_used(document: dict[str, Any], read: set[str]) -> None:
    """Refuse a parameter that nothing reads, unless the equations have an error of their own."""
    from sc_neurocore.dynamics import suggest
    from sc_neurocore.neurons import model_of

    model_of(document)
    for name in document.get("parameters", {}):
        if name not in read:
            raise SCConfigError(f"--param gives '{name}', which no equation reads"
                                f"{suggest(name, read)}")  # fmt: skip


def _set_unit(document: dict[str, Any], name: str, unit: str) -> None:
    """Note the unit written after an option; a state's must be that of its equation."""
    entry = next((document[t][name] for t in _TABLES if name in document.get(t, {})), None)
    if entry is None or not unit:
        return
    if entry.setdefault("unit", unit) != unit:
        raise SCConfigError(
            f"'{name}' is given in {unit} and in {entry['unit']}; write the same unit everywhere"
        )


_TABLES = ("states", "parameters", "inputs")


def _changed(text: str, changes: Changes) -> dict[str, Any]:
    """Document of a catalogue name or a file, with the changes that the options make."""
    from sc_neurocore.neurons import load_schema, validate_schema_dict

    document = copy.deepcopy(load_schema(text))
    if changes == Changes():
        return document
    fields = {"params": ("parameters", "value", "parameter"), "inits": ("states", "init", "state")}
    for key, (table, field_name, kind) in fields.items():
        for name, amount in getattr(changes, key).items():
            entry = _entry(document, name, (table,), kind)
            _require_unit(name, entry, amount.unit)
            entry[field_name] = amount.value
    for name, span in changes.ranges.items():
        entry = _entry(document, name, _TABLES, "state, parameter or input")
        _require_unit(name, entry, span.unit)
        entry |= {"low": span.low, "high": span.high}
    document["dynamics"] |= changes.dynamics
    # What the user asked for goes before what the file prefers for hardware.
    for key in changes.dynamics:
        document.get("hardware", {}).pop(key, None)
    if changes.name is not None:
        document["model"]["name"] = changes.name
    errors = [str(f) for f in validate_schema_dict(document) if f.level == "error"]
    if errors:
        raise SCConfigError("\n".join(errors))
    return document


def _entry(
    document: dict[str, Any], name: str, tables: tuple[str, ...], kind: str
) -> dict[str, Any]:
    from sc_neurocore.dynamics import suggest

    known = {key: entry for table in tables for key, entry in document.get(table, {}).items()}
    if name not in known:
        model = document["model"]["name"]
        raise SCConfigError(f"model '{model}' has no {kind} '{name}'{suggest(name, known)}")
    found: dict[str, Any] = known[name]
    return found


def _require_unit(name: str, entry: Mapping[str, Any], unit: str) -> None:
    declared = entry.get("unit", "1")
    if unit and unit != declared:
        raise SCConfigError(
            f"'{name}' is given in {unit}, but the model declares it in {declared}; "
            f"write the number in {declared}"
        )
