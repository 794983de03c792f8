"""Delays and whole numbers, written out in plain states.

``delay(x, n)`` becomes the register ``x_ago_n``, the end of the chain ``x → x_ago_1 → x_ago_2 …``,
which moves by one every tick.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from sc_neurocore.dynamics._errors import equation_error, suggest
from sc_neurocore.dynamics._model import Quantity
from sc_neurocore.dynamics._names import check_name
from sc_neurocore.dynamics._parse import Line
from sc_neurocore.dynamics._reader import MAX_EQUATIONS
from sc_neurocore.dynamics._tree import Expr, Span, call, sym
from sc_neurocore.exceptions import EquationError, SCConfigError


@dataclass
class Registers:
    """The delay registers of a model, found while its expressions are read.

    Attributes:
        states: what may be delayed, by name.
        inputs: what else may be.
        depth: registers of every delayed quantity.
    """

    states: dict[str, Quantity]
    inputs: dict[str, Quantity]
    depth: dict[str, int] = field(default_factory=dict)

    def before(self, expr: Expr) -> Expr:
        """Lower the delays of an expression that reads the old states."""
        return expr.transform(lambda node: self._lower(node, 0))

    def after(self, expr: Expr) -> Expr:
        """Lower the delays of an expression that reads the advanced states.

        The registers have moved on by then: what an input was ``n`` ticks ago is one further.
        """
        return expr.transform(lambda node: self._lower(node, 1))

    def _lower(self, node: Expr, moved: int) -> Expr:
        if node.op != "delay":
            return node
        name = node.args[0].name
        if name not in self.states and name not in self.inputs:
            raise equation_error(
                f"'{name}' is neither a state nor an input; delay takes one of these"
                f"{suggest(name, [*self.states, *self.inputs])}",
                node,
            )
        ticks = int(node.value) + (moved if name in self.inputs else 0)
        self.depth[name] = max(self.depth.get(name, 0), ticks)
        return replace(sym(_register(name, ticks)), span=node.span)

    def quantities(self, taken: Collection[str]) -> list[Quantity]:
        """The registers as states; they start at the value of what they delay.

        Args:
            taken: names that the model gives a meaning already.
        """
        found = {**self.states, **self.inputs}
        result = [
            replace(
                found[name],
                name=check_name(_register(name, k)),
                meaning=f"{found[name].meaning or name}, {k} ticks ago",
                kind="current",
            )
            for name, depth in self.depth.items()
            for k in range(1, depth + 1)
        ]
        for q in result:
            if q.name in taken:
                raise SCConfigError(
                    f"'{q.name}' is the name of a delay's register; choose another name"
                )
        if len(result) + len(self.states) > MAX_EQUATIONS:
            raise EquationError(
                f"the delays need {len(result)} registers; with them, at most {MAX_EQUATIONS} "
                "states are allowed"
            )
        return result

    def lines(self) -> list[Line]:
        """The equations of the registers."""
        result = []
        for name, depth in self.depth.items():
            for k in range(1, depth + 1):
                target, source = _register(name, k), name if k == 1 else _register(name, k - 1)
                text = f"{target}[n+1] = {source}"
                result.append(
                    Line("shift", target, sym(source), text, None, False, Span(text, 0, 1), target)
                )
        return result


def registers(states: Iterable[Quantity], inputs: Iterable[Quantity]) -> Registers:
    """An empty set of registers over what may be delayed."""
    return Registers({q.name: q for q in states}, {q.name: q for q in inputs})


def _register(name: str, ticks: int) -> str:
    return f"{name}_ago_{ticks}"


@dataclass(frozen=True)
class Whole:
    """The states that are whole numbers."""

    names: frozenset[str]

    def store(self, target: str, expr: Expr) -> Expr:
        """What ``target`` takes of ``expr``: its floor, unless it is a whole number anyway."""
        if target not in self.names or self._is_whole(expr):
            return expr
        return replace(call("floor", expr), span=expr.span)

    def _is_whole(self, expr: Expr) -> bool:
        match expr.op:
            case "num":
                return expr.value == int(expr.value)
            case "name":
                return expr.name in self.names
            case "floor":
                return True
            case "+" | "-" | "*" | "neg" | "abs" | "min" | "max" | "clip":
                return all(map(self._is_whole, expr.args))
            case "where":
                return all(map(self._is_whole, expr.args[1:]))
        return False


def whole(names: Iterable[str], states: Sequence[Quantity], lines: Sequence[Line]) -> Whole:
    """Check the states that are declared whole; a delay of one is one too.

    Raises:
        SCConfigError: a name is not a state of a map, or its initial value is not whole.
    """
    by_name = {q.name: q for q in states}
    kinds = {line.target: line for line in lines if line.kind != "let"}
    found = set()
    for name in names:
        if name not in by_name:
            raise SCConfigError(f"integers names '{name}', which is not a state"
                                f"{suggest(name, by_name)}")  # fmt: skip
        if kinds[name].kind == "ode":
            raise SCConfigError(
                f"'{name}' is a whole number and cannot follow a differential equation; write "
                f"'{name}[n+1] = …'"
            )
        if by_name[name].value != int(by_name[name].value):
            raise SCConfigError(
                f"init of '{name}' is {by_name[name].value:g}; it must be a whole number"
            )
        found.add(name)
    for line in lines:
        if line.kind == "shift" and line.right.names() <= found:
            found.add(line.target)
    return Whole(frozenset(found))
