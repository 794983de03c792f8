"""Resolve the names of expressions: quantities, ``dt``, noise, units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

from sc_neurocore.dynamics import _units
from sc_neurocore.dynamics._errors import equation_error, suggest
from sc_neurocore.dynamics._tree import DRAWS, Expr, num, sym


class Binder:
    """Resolves names: ``dt`` and ``xi`` become numbers and draws; unknown names are refused."""

    def __init__(self, known: set[str], dt: float, strict: bool) -> None:
        self._known, self._dt = known, dt
        self._checker = _units.UnitChecker({}) if strict else None
        self._draws = 0

    def bind(self, expr: Expr, refused: Mapping[str, str]) -> Expr:
        """Resolve the names of ``expr``; those it may not read are refused with their sentence."""

        def visit(node: Expr) -> Expr:
            if node.op in DRAWS:
                self._draws += 1
                return replace(node, value=float(self._draws - 1))
            if node.op != "name":
                return node
            if node.name in self._known:
                if node.name in refused:
                    raise equation_error(refused[node.name], node)
                return node
            if node.name == "dt":
                value: Expr = Expr("num", value=self._dt, span=node.span)
                return value if self._checker is None else value * sym(_units.TIME)
            if node.name == "xi":
                draw = Expr("randn", value=float(self._draws), span=node.span)
                self._draws += 1
                scaled = draw * num(1 / math.sqrt(self._dt))
                if self._checker is None:
                    return scaled
                return scaled / Expr("sqrt", (sym(_units.TIME),), span=node.span)
            if self._checker is not None and self._checker.is_unit(node.name):
                return node
            hint = suggest(node.name, self._known)
            if node.name in ("t", "n"):
                hint = "; time is not available in equations, drive the model through an input"
            raise equation_error(f"unknown name '{node.name}'{hint}", node)

        return expr.transform(visit)
