"""From text to a `Rule`: parsing, binding names, and who may read and assign what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from sc_neurocore.dynamics import (
    Assignment,
    Equation,
    Expr,
    Quantity,
    parse_assignments,
    parse_block,
    parse_condition,
    parse_expression,
    pointed,
    suggest,
)
from sc_neurocore.exceptions import EquationError, SCConfigError
from sc_neurocore.synapses._rule import PLACES, RELEASE, Place, Rule

#: Places that a line may read, by the place that it assigns.
_SEES: Mapping[Place, frozenset[Place]] = {
    "shared": frozenset({"shared"}),
    "pre": frozenset({"shared", "pre"}),
    "post": frozenset({"shared", "post"}),
    "synapse": frozenset(PLACES),
}
_ASSIGNS: Mapping[str, frozenset[Place]] = {
    "on_pre": frozenset({"pre", "synapse"}),
    "on_post": frozenset({"post", "synapse"}),
    "every_tick": frozenset(PLACES),
}
_RESERVED = frozenset({"dt", "t", "xi", RELEASE})


def build_rule(
    *,
    states: Sequence[Quantity],
    places: Mapping[str, Place],
    parameters: Sequence[Quantity] = (),
    inputs: Sequence[Quantity] = (),
    equations: str = "",
    on_pre: str = "",
    on_post: str = "",
    every_tick: str = "",
    when: str = "",
    name: str = "rule",
    description: str = "",
) -> Rule:
    """Build a rule from text in the equation language.

    Args:
        states: the states with their initial values.
        places: place of every state and input; see `Rule`.
        parameters: numbers that all synapses share.
        inputs: values given per tick.
        equations: ``dx/dt = …`` of states and ``name = …`` intermediate equations; a state
            without an equation keeps its value between events.
        on_pre: assignments at the arrival of a presynaptic spike.
        on_post: assignments at a postsynaptic spike.
        every_tick: assignments in every tick.
        when: condition under which ``every_tick`` runs at the synapses.
        name: rule name.
        description: one sentence.

    Raises:
        EquationError, SCConfigError: one sentence each.
    """
    quantities = (*states, *parameters, *inputs)
    _check_names([q.name for q in quantities], places, [q.name for q in (*states, *inputs)])
    own = {q.name: places[q.name] for q in (*states, *inputs)}
    lines = parse_block(equations) if equations.strip() else ()
    known = {q.name for q in quantities} | {x.target for x in lines if x.kind == "let"}
    binder = _Binder(known)
    lets: dict[str, Expr] = {}
    found: dict[str, Equation] = {}
    for line in lines:
        if line.kind == "map":
            raise EquationError(
                f"'{line.source}' is a difference equation; write it under every_tick"
            )
        if line.target in found or line.target in lets:
            raise EquationError(pointed(f"'{line.target}' is defined twice", line.target_span))
        right = binder.bind(line.right).substitute(lets)
        unresolved = right.names() - {q.name for q in quantities} - {"dt"}
        if unresolved:
            raise EquationError(
                pointed(
                    f"'{sorted(unresolved)[0]}' is read before the line that defines it",
                    line.right.span,
                )
            )
        if line.kind == "let":
            if line.target in own or any(line.target == q.name for q in parameters):
                raise EquationError(
                    pointed(f"'{line.target}' is declared and defined", line.target_span)
                )
            lets[line.target] = right
            continue
        if line.target not in {q.name for q in states}:
            hint = suggest(line.target, [q.name for q in states])
            raise EquationError(pointed(f"'{line.target}' is not a state{hint}", line.target_span))
        _check_reads(right, own[line.target], own, f"d{line.target}/dt")
        found[line.target] = Equation("ode", line.target, right, line.source)

    def block(text: str, where: str) -> tuple[Assignment, ...]:
        result: list[Assignment] = []
        for target, expr, source in parse_assignments(text):
            _check_target(target, expr, where, own, [q.name for q in states])
            bound = binder.bind(expr, release=any(a.target == RELEASE for a in result))
            bound = bound.substitute(lets)
            _check_reads(bound, own.get(target, "synapse"), own, f"{where} '{source}'")
            result.append(Assignment(target, bound, source))
        return tuple(result)

    arrival, departure = block(on_pre, "on_pre"), block(on_post, "on_post")
    always = block(every_tick, "every_tick")
    order = [PLACES.index(own.get(a.target, "synapse")) for a in always]
    if order != sorted(order):
        raise SCConfigError(
            "every_tick assigns out of order; assign shared states first, then those of terminals, "
            "of neurons, and of synapses"
        )
    condition = None
    if when.strip():
        if not always:
            raise SCConfigError("when is given without every_tick; remove it")
        condition = binder.bind(parse_condition(when)).substitute(lets)
        _check_reads(condition, "post", own, "when")
    return Rule(
        name=name,
        states=tuple(states),
        parameters=tuple(parameters),
        inputs=tuple(inputs),
        places=own,
        equations=tuple(found.values()),
        on_pre=arrival,
        on_post=departure,
        every_tick=always,
        when=condition,
        description=description,
    )


class _Binder:
    """Refuses unknown names and numbers the random draws of the whole rule."""

    def __init__(self, known: set[str]) -> None:
        self._known, self._draws = known, 0

    def bind(self, expr: Expr, *, release: bool = False) -> Expr:
        def visit(node: Expr) -> Expr:
            if node.op in ("rand", "randn"):
                self._draws += 1
                return replace(node, value=float(self._draws - 1))
            allowed = node.name in self._known or node.name == "dt"
            if node.op != "name" or allowed or (release and node.name == RELEASE):
                return node
            hint = suggest(node.name, self._known)
            raise EquationError(pointed(f"unknown name '{node.name}'{hint}", node.span))

        return expr.transform(visit)


def _check_names(names: Sequence[str], places: Mapping[str, Place], placed: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise SCConfigError(f"'{name}' is declared twice; names of a rule differ")
        if name in _RESERVED or parse_expression(name).op != "name":
            raise SCConfigError(f"'{name}' is reserved or not an identifier; choose another name")
    for name in placed:
        if places.get(name) not in PLACES:
            raise SCConfigError(f"'{name}' has no place; allowed: {', '.join(sorted(PLACES))}")


def _check_target(
    target: str, expr: Expr, where: str, own: Mapping[str, Place], states: Sequence[str]
) -> None:
    if target == RELEASE:
        if where == "on_post":
            raise EquationError(
                pointed("on_post assigns 'release'; only arriving spikes and ticks do", expr.span)
            )
        return
    if target not in states:
        hint = suggest(target, states)
        raise EquationError(
            pointed(f"{where} assigns '{target}', which is not a state{hint}", expr.span)
        )
    if own[target] not in _ASSIGNS[where]:
        allowed = " and ".join(sorted(_ASSIGNS[where]))
        raise EquationError(
            pointed(
                f"{where} assigns '{target}', a state at '{own[target]}'; "
                f"it may assign those at {allowed}",
                expr.span,
            )
        )


def _check_reads(expr: Expr, place: Place, own: Mapping[str, Place], what: str) -> None:
    for node in expr.walk():
        if node.op in ("rand", "randn") and place != "synapse":
            raise EquationError(
                pointed(f"{what} draws a random number; only synapses do", node.span)
            )
        if node.op == "name" and node.name in own and own[node.name] not in _SEES[place]:
            allowed = ", ".join(p for p in PLACES if p in _SEES[place])
            raise EquationError(
                pointed(
                    f"{what} reads '{node.name}' at '{own[node.name]}'; "
                    f"a line at '{place}' sees: {allowed}",
                    node.span,
                )
            )
