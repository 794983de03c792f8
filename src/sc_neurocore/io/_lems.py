"""Models as LEMS component types, which jNeuroML, pyLEMS and their readers run."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree as Xml

from sc_neurocore.dynamics import Expr, Model
from sc_neurocore.evidence import atomic_write
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.io._neuroml import known_cells

_ID = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Attributes of every component, names of this file and of baseSpikingCell, functions of LEMS.
_RESERVED = {
    "id", "name", "type", "extends", "t", "MSEC", "was_above", "last_spike", "spike", "synapses",
    "spiking", "sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "ln", "sqrt", "abs",
    "ceil", "factorial", "random", "H",
}  # fmt: skip
_COMPARE = {"<": ".lt.", "<=": ".leq.", ">": ".gt.", ">=": ".geq.", "==": ".eq.", "!=": ".neq."}
_LOGIC = {"and": ".and.", "or": ".or."}
_SAME = {"exp", "sqrt", "sin", "cos", "tanh", "abs"}
_INVERSE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<", "==": "!=", "!=": "=="}


def export_neuroml(model: Model, path: str | Path, component: str | None = None) -> None:
    """Write a model as a LEMS file: a component type, and a component with its parameters.

    All numbers are dimensionless, in the model's own units, and time counts in ms. The type extends
    NeuroML's ``baseSpikingCell``: a spike is an event on its port ``spike``, and the input ``I`` is
    the sum of the dimensionless currents attached to it. The model's method, tick and ranges are
    not written: LEMS leaves them to whoever runs the file.
    Source: LEMS 0.7.6 (Cannon et al. 2014, doi:10.3389/fninf.2014.00079).

    Args:
        model: differential equations, with at most the input ``I``.
        path: file to write.
        component: id of the component; by default the model's name and ``_0``.

    Raises:
        SCConfigError: the model has what LEMS has no word for (maps, draws, jumps, where, min, max,
            clip, floor), other inputs than ``I``, or an ``I`` that does not rest at 0; a name
            is reserved; or the file cannot be written.
    """
    _require_expressible(model)
    component = f"{model.name}_0" if component is None else component
    if not _ID.fullmatch(component):
        raise SCConfigError(f"component is '{component}'; ids of LEMS are letters, digits and _")
    root = Xml.Element("Lems")
    kind = Xml.SubElement(
        root, "ComponentType", name=model.name, extends="baseSpikingCell",
        description=model.description or f"{model.name}, in its own units",
    )  # fmt: skip
    for q in model.parameters:
        Xml.SubElement(kind, "Parameter", name=q.name, dimension="none")
    Xml.SubElement(kind, "Constant", name="MSEC", dimension="time", value="1ms")
    if model.inputs:
        Xml.SubElement(kind, "Attachments", name="synapses", type="basePointCurrentDL")
    for q in model.states:
        Xml.SubElement(kind, "Exposure", name=q.name, dimension="none")
    _dynamics(model, Xml.SubElement(kind, "Dynamics"))
    values = {q.name: repr(q.value) for q in model.parameters}
    Xml.SubElement(root, model.name, {"id": component, **values})
    Xml.indent(root)
    text = Xml.tostring(root, encoding="unicode") + "\n"
    try:
        atomic_write(Path(path), text)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SCConfigError(f"{path}: cannot be written ({reason})") from None


def _require_expressible(model: Model) -> None:
    what = f"model '{model.name}'"
    if not _ID.fullmatch(model.name) or model.name in known_cells():
        raise SCConfigError(f"{what} has a name that NeuroML has taken or LEMS cannot spell; give "
                            "another one")  # fmt: skip
    if any(e.kind == "map" for e in model.equations):
        raise SCConfigError(f"{what} is a map; LEMS has differential equations only")
    if model.jumps:
        raise SCConfigError(f"{what} has jumps at events, which are not exported")
    if set(model.input_names) - {"I"}:
        raise SCConfigError(
            f"{what} has the inputs {', '.join(model.input_names)}; only 'I' is exported"
        )
    for q in model.inputs:
        if q.value:
            raise SCConfigError(f"{what} has an input '{q.name}' that rests at {q.value:g}; what "
                                "is not driven is 0 in LEMS, so set it to 0")  # fmt: skip
    for name in (*(q.name for q in (*model.parameters, *model.states)),
                 *(e.target for e in model.equations)):  # fmt: skip
        if name in _RESERVED or not _ID.fullmatch(name):
            raise SCConfigError(f"{what} has the name '{name}', which LEMS reserves or cannot spell"
                                "; give another one")  # fmt: skip
    exprs = [*(e.expr for e in model.equations), *(a.expr for a in model.reset)]
    for expr in exprs if model.threshold is None else [*exprs, model.threshold]:
        for node in expr.walk():
            known = {"num", "name", "neg", "not", "+", "-", "*", "/", "**", "log", "sigmoid"}
            if node.op not in known | _SAME | _COMPARE.keys() | _LOGIC.keys():
                raise SCConfigError(f"{what} uses {node.op}(), which LEMS does not have")


def _dynamics(model: Model, dynamics: Xml.Element) -> None:
    edge, held = model.edge == "rising", model.refractory_ticks > 0
    for q in model.states:
        Xml.SubElement(dynamics, "StateVariable", name=q.name, dimension="none", exposure=q.name)
    if edge:
        Xml.SubElement(dynamics, "StateVariable", name="was_above", dimension="none")
    if held:
        Xml.SubElement(dynamics, "StateVariable", name="last_spike", dimension="time")
    if model.inputs:
        Xml.SubElement(
            dynamics, "DerivedVariable", name="I", dimension="none",
            select="synapses[*]/I", reduce="add",
        )  # fmt: skip
    for e in model.equations:
        if e.kind == "let":
            Xml.SubElement(
                dynamics, "DerivedVariable", name=e.target, dimension="none", value=_text(e.expr)
            )
    start = Xml.SubElement(dynamics, "OnStart")
    for q in model.states:
        _assign(start, q.name, repr(q.value))
    home = dynamics
    if held:
        _refractory(model, dynamics)
        home = Xml.SubElement(dynamics, "Regime", name="integrating", initial="true")
    _derivatives(model, home, ())
    if model.threshold is None:
        return
    test = _text(model.threshold)
    spike = Xml.SubElement(
        home, "OnCondition", test=f"({test}) .and. was_above .lt. 0.5" if edge else test
    )
    Xml.SubElement(spike, "EventOut", port="spike")
    if edge:
        _assign(spike, "was_above", "1")
        below = Xml.SubElement(home, "OnCondition", test=_text(_negated(model.threshold)))
        _assign(below, "was_above", "0")
    if held:
        Xml.SubElement(spike, "Transition", regime="refractory")
    else:
        _reset(model, spike)


def _refractory(model: Model, dynamics: Xml.Element) -> None:
    if model.edge == "rising":
        raise SCConfigError(
            f"model '{model.name}' has refractoriness and a rising threshold; LEMS cannot watch a "
            "crossing from two regimes, set refractory to 0"
        )
    regime = Xml.SubElement(dynamics, "Regime", name="refractory")
    _derivatives(model, regime, model.hold)
    entry = Xml.SubElement(regime, "OnEntry")
    _assign(entry, "last_spike", "t")
    _reset(model, entry)
    # LEMS compares before it advances: half a tick makes the comparison a safe one.
    ticks = model.refractory_ticks - 0.5
    over = f"t .gt. last_spike + {ticks * model.dt!r} * MSEC"
    Xml.SubElement(
        Xml.SubElement(regime, "OnCondition", test=over), "Transition", regime="integrating"
    )


def _derivatives(model: Model, home: Xml.Element, held: tuple[str, ...]) -> None:
    for e in model.equations:
        if e.kind == "ode" and e.target not in held:
            Xml.SubElement(
                home, "TimeDerivative", variable=e.target, value=f"({_text(e.expr)}) / MSEC"
            )


def _reset(model: Model, where: Xml.Element) -> None:
    for a in model.reset:
        _assign(where, a.target, _text(a.expr))


def _assign(where: Xml.Element, variable: str, value: str) -> None:
    Xml.SubElement(where, "StateAssignment", variable=variable, value=value)


def _negated(expr: Expr) -> Expr:
    """De Morgan: LEMS has no ``not``."""
    if expr.op == "not":
        return expr.args[0]
    if expr.op in _LOGIC:
        op = "or" if expr.op == "and" else "and"
        return Expr(op, tuple(map(_negated, expr.args)))
    return Expr(_INVERSE[expr.op], expr.args)


def _text(expr: Expr) -> str:
    args = [_text(a) for a in expr.args] if expr.op != "not" else []
    match expr.op:
        case "num":
            return repr(expr.value) if expr.value >= 0 else f"(0 - {-expr.value!r})"
        case "name":
            return expr.name
        case "not":
            return _text(_negated(expr.args[0]))
        case "neg":
            return f"(0 - {args[0]})"
        case "**":
            return f"({args[0]} ^ {args[1]})"
        case "log":
            return f"ln({args[0]})"
        case "sigmoid":
            return f"(1 / (1 + exp(0 - {args[0]})))"
    if expr.op in _SAME:
        return f"{expr.op}({args[0]})"
    return f"({args[0]} {_COMPARE.get(expr.op, _LOGIC.get(expr.op, expr.op))} {args[1]})"
