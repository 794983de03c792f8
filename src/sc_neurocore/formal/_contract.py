"""Ranges that rest on products: the serial multiplier's contract, and the range of every wire.

The multiplier is assumed to multiply, which `multiplier_properties` proves of it, and products are
assumed to obey arithmetic where a solver would have to multiply to see it: a product's range
follows from its factors' ranges, and a product with a number below 2^n lies between nought and 2^n
times the other factor. The latter keeps an interpolated value between the knots of its table. From
there on every wire's range follows from the ranges of the wires before it, a small step each.
"""

from __future__ import annotations

from sc_neurocore.compiler import Datapath, SharedProduct
from sc_neurocore.formal._checker import Checker

#: Bits that hold a product of the widest factors (63 bits), and one shifted by the other's width.
_WIDE = 128


def multiplier_contract(c: Checker) -> list[str]:
    """Claim what leads from products to ranges, where any range rests on a product.

    Returns:
        The assumptions, to be discharged by proving `multiplier_properties`.
    """
    roots = [*c.d.candidate, *c.d.after_reset.values()]
    if not c.inner.products or all(_is_fitted(c.d, i) for i in roots):
        return []
    _watch_factors(c)
    for k, p in enumerate(c.inner.products):
        _claim_product(c, k, p)
    for k, (signal, low, high, step) in enumerate(c.inner.bounds):
        if step + 1 <= c.last:
            c.claim(
                f"bounds_{k}",
                f"{signal} stays within the range that its operation allows",
                f"!({c.after(step)}) || !({_outside(signal, (low, high))})",
                helper=True,
            )
    return _assumptions(c)


def _watch_factors(c: Checker) -> None:
    """Registers for the factors at work, and the clocks since they were loaded."""
    a, b = c.inner.factor_widths
    wait, waited = (b + 1).bit_length(), c.name("waited")
    c.declared.append(f"    reg [{wait - 1}:0] {waited} = {wait}'d{b + 1};")
    c.register("factor_a", f"multiply ? factor_a : {c.name('factor_a')}", a, signed=True)
    c.register("factor_b", f"multiply ? factor_b : {c.name('factor_b')}", b, signed=True)
    c.clocked.append(
        f"{waited} <= multiply ? {wait}'d0 : ({waited} <= {wait}'d{b}) ? {waited} + {wait}'d1 "
        f": {waited};"
    )


def _claim_product(c: Checker, k: int, p: SharedProduct) -> None:
    a, b = c.inner.factor_widths
    width, clock = c.step_width, c.name("clock")
    since = f"{width}'({c.name('waited')}) + {width}'d{p.start + 1} == {clock}"
    factors = f"{c.name('factor_a')} == {p.first} && {c.name('factor_b')} == {p.second}"
    product = f"{p.width}'({a + b}'({p.first}) * {a + b}'({p.second}))"
    c.claim(
        f"factors_{k}",
        f"the multiplier works on the factors of {p.register} undisturbed",
        f"!({c.after(p.start)}) || {c.after(p.done)} || ({factors} && {since})",
        helper=True,
    )
    c.claim(
        f"product_{k}",
        f"{p.register} holds its product once that is captured",
        f"!({c.after(p.done)}) || {p.register} == {product}",
        helper=True,
    )
    within = _product_range(*p.limits, p.first == p.second)
    c.claim(
        f"product_range_{k}",
        f"{p.register} stays within the range that its factors' ranges allow",
        f"!({c.after(p.done)}) || !({_outside(p.register, within)})",
        helper=True,
    )
    share = _share(p)
    if share is not None:
        other, bits = (p.first, p.second)[1 - share[0]], share[1]
        c.claim(
            f"share_{k}",
            f"{p.register} lies between 0 and 2^{bits} times its other factor",
            f"!({c.after(p.done)}) || {_between(p.register, other, bits)}",
            helper=True,
        )


def _assumptions(c: Checker) -> list[str]:
    """What is assumed of the product where the multiplier has had its time."""
    (a, b), products = c.inner.factor_widths, c.inner.products
    factors = c.name("factor_a"), c.name("factor_b")
    busy = f"{c.name('waited')} != {(b + 1).bit_length()}'d{b}"
    lines = [f"product == {a + b}'({factors[0]}) * {a + b}'({factors[1]})"]
    for p in products:
        (x, y), square = p.limits, p.first == p.second
        unlike = f" || {factors[0]} != {factors[1]}" if square else ""
        lines.append(
            f"{_outside(factors[0], x)} || {_outside(factors[1], y)}{unlike} "
            f"|| !({_outside('product', _product_range(x, y, square))})"
        )
    for at, bits in sorted({share for share in map(_share, products) if share is not None}):
        lines.append(
            f"{_outside(factors[at], (0, 2**bits - 1))} "
            f"|| {_between('product', factors[1 - at], bits)}"
        )
    return [f"        assume ({busy} || {line});" for line in lines]


def _share(p: SharedProduct) -> tuple[int, int] | None:
    """Which factor may be any number of n bits and nothing else, if one is; and n."""
    for at, (low, high) in enumerate(p.limits):
        if low == 0 and high == 2 ** high.bit_length() - 1:
            return at, high.bit_length()
    return None


def _product_range(x: tuple[int, int], y: tuple[int, int], square: bool) -> tuple[int, int]:
    """Range of a product, which is arithmetic and may be assumed."""
    corners = [p * q for p in x for q in y]
    return (0 if square and x[0] <= 0 <= x[1] else min(corners)), max(corners)


def _between(text: str, factor: str, bits: int) -> str:
    """That a signed value lies between nought and a factor shifted by some bits."""
    value, zero = f"{_WIDE}'({text})", f"{_WIDE}'sd0"
    most = f"({_WIDE}'({factor}) <<< {bits})"
    return (
        f"({most} < {zero} ? {most} <= {value} && {value} <= {zero} "
        f": {zero} <= {value} && {value} <= {most})"
    )


def _outside(text: str, limits: tuple[int, int]) -> str:
    """That a signed value lies outside its limits."""
    low, high = (f"-{_WIDE}'sd{-v}" if v < 0 else f"{_WIDE}'sd{v}" for v in limits)
    return f"({_WIDE}'({text}) < {low} || {_WIDE}'({text}) > {high})"


def _is_fitted(datapath: Datapath, i: int) -> bool:
    """Whether a node's range follows from its own operation, whatever feeds it."""
    node = datapath.nodes[i]
    if node.op == "select":
        return all(_is_fitted(datapath, a) for a in node.args[1:])
    if node.op == "clamp":  # a side that analysis found unreachable is not clamped in hardware
        x = datapath.nodes[node.args[0]]
        return x.low < node.low and node.high < x.high
    return node.op in ("wrap", "const")
