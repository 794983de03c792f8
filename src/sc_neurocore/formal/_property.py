"""Assertions about a module, and their way into it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sc_neurocore.exceptions import SCCompilerError

_END = "\nendmodule\n"


@dataclass(frozen=True)
class Property:
    """One assertion.

    Attributes:
        name: its label, unique within the set.
        meaning: what it claims, in one sentence.
        helper: whether it only strengthens the induction (it is proven like the others).
    """

    name: str
    meaning: str
    helper: bool = False


@dataclass(frozen=True)
class PropertySet:
    """Assertions about one module.

    Attributes:
        properties: every assertion, in order; their number is what a proof must find.
        checker: the SystemVerilog text that goes before ``endmodule``.
        prefix: what stands before a property's name in its label.
        notes: what could not be stated independently of the datapath.
        multiplier: widths of the serial multiplier whose correctness is assumed, if it is.
    """

    properties: tuple[Property, ...]
    checker: str
    prefix: str
    notes: tuple[str, ...] = ()
    multiplier: tuple[int, int] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the properties, in order."""
        return tuple(p.name for p in self.properties)

    @property
    def assumptions(self) -> int:
        """Number of assumptions that the checker itself makes."""
        return self.checker.count("assume (")

    def inject(self, source: str) -> str:
        """Return a module's text with the checker inside.

        Raises:
            SCCompilerError: the text does not contain exactly one ``endmodule`` line.
        """
        if source.count(_END) != 1:
            raise SCCompilerError(
                "the properties cannot be put into the module: its text must hold exactly one "
                "line 'endmodule'"
            )
        return source.replace(_END, f"\n{self.checker}{_END}")

    def inject_into(self, sources: Mapping[str, str], module: str) -> dict[str, str]:
        """Return a module's files with the checker inside the file named after the module.

        Raises:
            SCCompilerError: there is no such file, or not exactly one module in it.
        """
        name = f"{module}.sv"
        if name not in sources:
            raise SCCompilerError(f"there is no file {name} among the sources to be proven")
        return {**sources, name: self.inject(sources[name])}
