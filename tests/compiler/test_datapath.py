"""Integer operations: digits, roundings, comparisons and ranges by hand and at random."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.compiler._datapath import Builder, csd, shifted, signed_digits
from sc_neurocore.compiler._nodes import coefficient
from sc_neurocore.exceptions import BitwidthMismatchError

from .exact import divided


def value_of(digits: tuple[tuple[int, int], ...]) -> int:
    return sum(sign << shift if sign > 0 else -(1 << shift) for sign, shift in digits)


@given(st.integers(-(2**40), 2**40))
def test_signed_digits_add_up(value: int) -> None:
    assert value_of(csd(value)) == value
    assert value_of(signed_digits(value)) == value
    assert len(signed_digits(value)) <= len(csd(value)) or value < 0


def test_canonical_digits_by_hand() -> None:
    assert csd(7) == ((1, 3), (-1, 0))
    assert csd(-7) == ((-1, 3), (1, 0))
    assert csd(23) == ((1, 5), (-1, 3), (-1, 0))
    assert csd(0) == ()
    # Binary wins a tie: 3 = 2 + 1 rather than 4 - 1.
    assert signed_digits(3) == ((1, 1), (1, 0))
    assert signed_digits(7) == ((1, 3), (-1, 0))


def test_canonical_digits_are_the_fewest() -> None:
    """Against every signed-digit representation of eight places."""
    fewest: dict[int, int] = {}
    for digits in product((-1, 0, 1), repeat=9):
        value = sum(d << k for k, d in enumerate(digits))
        count = sum(map(abs, digits))
        fewest[value] = min(count, fewest.get(value, 9))
    for value in range(-255, 256):
        digits = csd(value)
        assert len(digits) == fewest[value]
        places = [k for _, k in digits]
        assert all(a - b >= 2 for a, b in pairwise(places))


@pytest.mark.parametrize(
    ("op", "expected"),
    [  # raw/4 of: -1.75 -1.5 -1.25 -1 -0.75 -0.5 -0.25 0 0.25 0.5 0.75 1 1.25 1.5 1.75
        ("shr", [-2, -2, -2, -1, -1, -1, -1, 0, 0, 0, 0, 1, 1, 1, 1]),
        ("round_away", [-2, -2, -1, -1, -1, -1, 0, 0, 0, 1, 1, 1, 1, 2, 2]),
        ("round_even", [-2, -2, -1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 2, 2]),
    ],
)
def test_roundings_by_hand(op: str, expected: list[int]) -> None:
    assert [shifted(raw, 2, op) for raw in range(-7, 8)] == expected


@given(
    st.integers(-(2**50), 2**50),
    st.integers(1, 30),
    st.sampled_from(["shr", "round_away", "round_even"]),
)
def test_roundings_are_those_of_the_exact_fraction(raw: int, shift: int, op: str) -> None:
    assert shifted(raw, shift, op) == divided(raw, shift, op)


@given(st.floats(1e-9, 1e9), st.integers(4, 20))
def test_coefficients_keep_their_tolerance(size: float, bits: int) -> None:
    raw, fraction = coefficient(size, size * 2.0**-bits)
    assert abs(Fraction(raw) / Fraction(2) ** fraction - Fraction(size)) <= Fraction(
        size * 2.0**-bits
    )
    assert raw % 2 == 1


def test_coefficients_prefer_few_digits() -> None:
    assert coefficient(0.1, 0.1 * 2**-6) == (13, 7)  # 13/128 = 0.1016, three digits
    assert coefficient(0.25, 0.01) == (1, 2)


relations = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
MEANING = {
    "<": lambda a, b: a < b, "<=": lambda a, b: a <= b, ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b, "==": lambda a, b: a == b, "!=": lambda a, b: a != b,
}  # fmt: skip


@given(relations, st.integers(-4, 6), st.integers(-70, 70), st.integers(-4, 6), st.booleans())
def test_comparison_with_a_constant_of_another_binary_point(
    relation: str, frac: int, constant: int, constant_frac: int, flipped: bool
) -> None:
    b = Builder()
    x, c = b.source("x", -9, 12, frac), b.const(constant, constant_frac)
    node = b.compare(relation, c, x) if flipped else b.compare(relation, x, c)
    level = Fraction(constant) / Fraction(2) ** constant_frac
    for raw in range(-9, 13):
        real = Fraction(raw) / Fraction(2) ** frac
        pair = (level, real) if flipped else (real, level)
        assert evaluate(b, {"x": raw})[node] == MEANING[relation](*pair)


class _Everything:
    def __init__(self, builder: Builder) -> None:
        self.nodes = builder.nodes


def evaluate(builder: Builder, sources: dict[str, int]) -> list[int]:
    from .exact import node_values

    return node_values(_Everything(builder), sources)  # type: ignore[arg-type]


@st.composite
def programs(draw: st.DrawFn) -> tuple[Builder, dict[str, tuple[int, int]]]:
    """Random sequences of builder calls over three sources."""
    b = Builder()
    ends: dict[str, tuple[int, int]] = {}
    numbers, flags = [], []
    for name in "xyz":
        low = draw(st.integers(-40, 40))
        ends[name] = (low, low + draw(st.integers(0, 60)))
        numbers.append(b.source(name, *ends[name], draw(st.integers(-2, 6))))
    numbers.append(b.const(draw(st.integers(-20, 20)), draw(st.integers(-2, 4))))
    pick = lambda of: draw(st.sampled_from(of))  # noqa: E731
    for _ in range(draw(st.integers(1, 12))):
        op = pick(
            ["add", "sub", "mul", "cmul", "shift", "clamp", "wrap", "compare", "select", "relabel",
             "logic", "mod", "msb", "shr_by", "shl_by"]
        )  # fmt: skip
        a, c = pick(numbers), pick(numbers)
        try:
            match op:
                case "add" | "sub" | "mul":
                    made = getattr(b, op)(a, c)
                case "cmul":
                    made = b.cmul(a, draw(st.integers(-30, 30)))
                case "shift":
                    kind = pick(["shr", "round_away", "round_even"])
                    made = b.shift_right(a, b[a].frac - draw(st.integers(-2, 6)), kind)
                case "clamp":
                    low = draw(st.integers(-100, 100))
                    made = b.clamp(a, low, low + draw(st.integers(0, 100)))
                case "wrap":
                    bits = draw(st.integers(1, 6))
                    low = pick([0, -(1 << (bits - 1))])
                    made = b.wrap(a, low, low + (1 << bits) - 1)
                case "compare":
                    flags.append(b.compare(pick(["<", "<=", ">", ">=", "==", "!="]), a, c))
                    continue
                case "select" if flags:
                    made = b.select(pick(flags), a, c)
                case "logic" if flags:
                    kind = pick(["and", "or", "not"])
                    x, y = pick(flags), pick(flags)
                    flags.append(b.invert(x) if kind == "not" else b.logic(kind, x, y))
                    continue
                case "relabel":
                    made = b.relabel(a, draw(st.integers(-2, 6)))
                case "mod":
                    made = b.mod(a, draw(st.integers(1, 6)))
                case "msb" if b[a].low >= 1:
                    made = b.msb(a)
                case "shr_by" | "shl_by":
                    made = getattr(b, op)(a, b.clamp(b.relabel(c, 0), 0, 5))
                case _:
                    continue
        except BitwidthMismatchError:
            continue
        numbers.append(made)
    return b, ends


@settings(max_examples=100)
@given(programs(), st.randoms(use_true_random=False))
def test_ranges_are_sound(program: tuple[Builder, dict[str, tuple[int, int]]], random) -> None:
    b, ends = program
    for _ in range(40):
        sources = {
            n: random.choice([low, high, random.randint(low, high)])
            for n, (low, high) in ends.items()
        }
        for node, value in zip(b.nodes, evaluate(b, sources), strict=True):
            assert node.low <= value <= node.high, node


def test_affine_ranges_cancel() -> None:
    b = Builder()
    x = b.source("x", -100, 100, 8)
    leak = b.shift_right(b.relabel(x, 12), 8)  # x/16, floored
    left = b.sub(x, leak)
    # By intervals alone: [-107, 106]; x - floor(x/16) never leaves [-93.75, 94.6875].
    assert (b[left].low, b[left].high) == (-93, 94)
    assert b.clamp(left, -100, 100) == left


def test_too_wide_is_refused_by_its_width() -> None:
    b = Builder()
    x = b.source("x", 0, 2**40, 0)
    with pytest.raises(BitwidthMismatchError) as refused:
        b.mul(x, x)
    assert str(refused.value) == (
        "an intermediate result needs 82 bits, more than 63; "
        "declare tighter ranges for states and inputs (--range NAME=LOW:HIGH) or choose a "
        "narrower format"
    )
