"""Guard bits of sums: how many bits a sum needs above those of its terms."""

from __future__ import annotations

from collections.abc import Mapping

from sc_neurocore.dynamics import parse_expression


def compute_guard_bits(expr_str: str) -> int:
    """Bits above the terms' width that keep the sums of an expression from overflowing.

    ``ceil(log2(n + 1))`` for ``n`` additions and subtractions: ``a + b`` needs 1, ``a + b + c + d``
    needs 2, ``a * b`` none. The rule counts operators and takes all terms to be of one width; it
    says nothing of products. `prove_no_overflow` reads the terms' ranges, and `lower` gives every
    wire the width of its own.

    Raises:
        EquationError: the text is not an expression of the equation language.
    """
    additions = sum(node.op in ("+", "-") for node in parse_expression(expr_str).walk())
    return additions.bit_length()


def compute_guard_bits_multi(equations: Mapping[str, str]) -> dict[str, int]:
    """`compute_guard_bits` of the right side of every variable's equation.

    Raises:
        EquationError: a right side is not an expression of the equation language.
    """
    return {name: compute_guard_bits(right) for name, right in equations.items()}
