"""Hypothesis strategies for expressions and models of the language."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from sc_neurocore.dynamics import Expr, num, sym

numbers = st.integers(-12, 12).map(lambda k: num(k / 4))


def conditions(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    compare = st.builds(
        lambda op, a, b: Expr(op, (a, b)), st.sampled_from(["<", "<=", ">", ">="]), inner, inner
    )
    return compare | st.one_of(
        st.builds(
            lambda op, a, b: Expr(op, (a, b)), st.sampled_from(["and", "or"]), compare, compare
        ),
        compare.map(lambda c: Expr("not", (c,))),
    )


def expressions(
    names: Sequence[str], functions: Sequence[str], *, depth: int = 3, choices: bool = True
) -> st.SearchStrategy[Expr]:
    """Trees as the parser builds them: a negative literal is a literal, not a negation."""
    leaves = numbers | st.sampled_from(list(names)).map(sym)

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        kinds = [
            st.builds(
                lambda op, a, b: Expr(op, (a, b)), st.sampled_from(["+", "-", "*"]), inner, inner
            ),
            st.builds(lambda a, k: Expr("**", (a, num(k))), inner, st.integers(2, 4)),
            inner.filter(lambda a: a.op != "num").map(lambda a: Expr("neg", (a,))),
            st.builds(lambda f, a: Expr(f, (a,)), st.sampled_from(list(functions)), inner),
        ]
        if choices:
            kinds += [
                st.builds(
                    lambda f, a, b: Expr(f, (a, b)), st.sampled_from(["min", "max"]), inner, inner
                ),
                st.builds(lambda a: Expr("clip", (a, num(-2), num(2))), inner),
                st.builds(
                    lambda c, a, b: Expr("where", (c, a, b)), conditions(inner), inner, inner
                ),
                st.builds(lambda a, b: Expr("/", (a, b)), inner, inner),
            ]
        return st.one_of(kinds)

    tree = leaves
    for _ in range(depth):
        tree = leaves | grow(tree)
    return tree
