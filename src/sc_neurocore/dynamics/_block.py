"""What the lines of a model must be together: one target each, no cycle, of one size, in units."""

from __future__ import annotations

from dataclasses import replace

from sc_neurocore.dynamics import _units
from sc_neurocore.dynamics._errors import equation_error
from sc_neurocore.dynamics._model import Quantity
from sc_neurocore.dynamics._parse import Line
from sc_neurocore.dynamics._reader import MAX_EXPANDED
from sc_neurocore.dynamics._tree import Expr
from sc_neurocore.exceptions import EquationError

#: Target, expression and source of an assignment.
Statement = tuple[str, Expr, str]


def targets(lines: tuple[Line, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """States and intermediate equations by name; each is defined once, all states by one kind."""
    seen: dict[str, Line] = {}
    for line in lines:
        if line.target in seen:
            raise equation_error(f"'{line.target}' is defined twice", line.target_span)
        seen[line.target] = line
    kinds = {line.kind for line in lines} - {"let"}
    if not kinds:
        raise EquationError("no state equation given; write 'dv/dt = …' or 'v[n+1] = …'")
    if len(kinds) == 2:
        raise EquationError(
            "differential and difference equations are mixed; a model is either 'd…/dt' or '[n+1]'"
        )
    states = tuple(line.target for line in lines if line.kind != "let")
    return states, tuple(line.target for line in lines if line.kind == "let")


def ordered_lines(lines: list[Line]) -> list[Line]:
    """Put intermediate equations in dependency order, before the state equations."""
    lets = {line.target: line for line in lines if line.kind == "let"}
    done: dict[str, Line] = {}
    visiting: list[str] = []

    def place(line: Line) -> None:
        if line.target in done:
            return
        if line.target in visiting:
            cycle = " → ".join([*visiting[visiting.index(line.target) :], line.target])
            raise equation_error(f"intermediate equations form a cycle: {cycle}", line.right)
        visiting.append(line.target)
        for name in sorted(line.right.names() & lets.keys()):
            place(lets[name])
        visiting.pop()
        done[line.target] = line

    for line in lets.values():
        place(line)
    return [*done.values(), *(line for line in lines if line.kind != "let")]


def check_expansion(lines: list[Line]) -> None:
    """Refuse intermediate equations that double each other beyond reason when written out."""
    sizes: dict[str, int] = {}
    for line in lines:
        expanded = sum(sizes.get(node.name, 1) for node in line.right.walk())
        if line.kind == "let":
            sizes[line.target] = expanded
        if expanded > MAX_EXPANDED:
            raise equation_error(
                f"'{line.target}' has {expanded} operations with its intermediate equations "
                f"written out; at most {MAX_EXPANDED} are allowed",
                line.right,
            )


def with_units(
    lines: list[Line],
    trigger: Expr | None,
    jumps: list[Statement],
    reset: list[Statement],
    quantities: tuple[Quantity, ...],
) -> tuple[list[Line], Expr | None, list[Statement], list[Statement]]:
    """Check the units of lines in their order, of the trigger, jumps and reset; convert numbers."""
    symbols = {q.name: q.unit for q in quantities}
    registry = _units.registry()
    checked = []
    for line in lines:
        checker = _units.UnitChecker(symbols)
        if line.kind == "let":
            right, found = checker.check(line.right)
            if line.unit:
                target = _units.unit(line.unit, f"'{line.target}'")
                right = checker.check_as(line.right, target, f"'{line.target}'")
                found = target
            symbols[line.target] = f"{found}"
        else:
            own = _units.unit(symbols[line.target], f"'{line.target}'")
            target = own if line.kind != "ode" else own / registry.parse_units(_units.TIME)
            what = line.target if line.kind != "ode" else f"d{line.target}/dt"
            right = checker.check_as(line.right, target, f"'{what}'")
        checked.append(replace(line, right=right))
    checker = _units.UnitChecker(symbols)
    if trigger is not None:
        trigger = checker.check(trigger)[0]

    def assigned(what: str, lines: list[Statement]) -> list[Statement]:
        return [
            (t, checker.check_as(e, _units.unit(symbols[t], f"'{t}'"), f"{what} of '{t}'"), s)
            for t, e, s in lines
        ]

    return checked, trigger, assigned("jump", jumps), assigned("reset", reset)
