"""The tables of polynomials and direction numbers, and the arithmetic that checks them."""

from __future__ import annotations

import itertools
import math
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from sc_neurocore.bitstream import SOBOL_DIMENSIONS, feedback_exponents
from sc_neurocore.bitstream._gf2 import is_primitive, multiply, power_of_x, prime_factors
from sc_neurocore.bitstream._register import Feedback
from sc_neurocore.bitstream._sobol import direction_numbers


def polynomial(*exponents: int) -> int:
    return 1 | sum(1 << e for e in exponents)


def test_products_of_polynomials() -> None:
    # (x+1)(x²+1) = x³+x²+x+1, and x³ = x+1 modulo x³+x+1.
    assert multiply(0b11, 0b101, 0b10000) == 0b1111
    assert power_of_x(3, 0b1011) == 0b011


@pytest.mark.parametrize("number", [2, 12, 2**11 - 1, 2**29 - 1, 2**31 - 1, 2**32 - 1])
def test_prime_factors(number: int) -> None:
    factors = prime_factors(number)
    assert all(all(q % d for d in range(2, math.isqrt(q) + 1)) for q in factors)
    rest = number
    for q in factors:
        assert rest % q == 0
        while rest % q == 0:
            rest //= q
    assert rest == 1


def test_number_of_primitive_polynomials() -> None:
    # There are φ(2^w - 1)/w of degree w (OEIS A011260).
    counts = [sum(is_primitive(p) for p in range((1 << w) + 1, 2 << w, 2)) for w in range(2, 12)]
    assert counts == [1, 2, 2, 6, 6, 18, 16, 48, 60, 176]


def test_irreducible_is_not_primitive() -> None:
    assert not is_primitive(polynomial(4, 3, 2, 1))  # divides x^5 + 1


@pytest.mark.parametrize("width", range(3, 33))
def test_table_holds_the_polynomial_of_its_rule(width: int) -> None:
    chosen = feedback_exponents()[width]
    assert chosen[0] == width and is_primitive(polynomial(*chosen))
    assert list(chosen) == sorted(chosen, reverse=True)
    if len(chosen) > 2:  # then no polynomial of three terms is primitive
        assert not any(is_primitive(polynomial(width, e)) for e in range(1, width))
    lower = tuple(reversed(chosen))
    for rest in itertools.combinations(range(chosen[-1], width), len(chosen) - 1):
        if (*rest, width) > lower:
            assert not is_primitive(polynomial(width, *rest))


def test_documented_polynomial_is_the_default() -> None:
    assert feedback_exponents()[16] == (16, 14, 13, 11)
    assert Feedback((16, 14, 13, 11), "galois").taps == 0xB400


def test_every_width_has_a_polynomial() -> None:
    assert list(feedback_exponents()) == list(range(3, 33))


def table() -> list[list[int]]:
    text = files("sc_neurocore.bitstream").joinpath("joe_kuo.txt").read_text("utf-8")
    return [[int(n) for n in line.split()] for line in text.splitlines() if line[0].isdigit()]


def test_direction_numbers_begin_as_published() -> None:
    assert table()[:9] == [
        [2, 1, 0, 1],
        [3, 2, 1, 1, 3],
        [4, 3, 1, 1, 3, 1],
        [5, 3, 2, 1, 1, 1],
        [6, 4, 1, 1, 1, 3, 3],
        [7, 4, 4, 1, 3, 5, 13],
        [8, 5, 2, 1, 1, 5, 5, 17],
        [9, 5, 4, 1, 1, 5, 5, 5],
        [10, 5, 7, 1, 1, 7, 11, 19],
    ]


def test_direction_numbers_are_those_that_scipy_installs() -> None:
    theirs = np.load(Path(scipy.stats.__file__).with_name("_sobol_direction_numbers.npz"))
    polynomials, initial = theirs["poly"], theirs["vinit"]
    for d, s, a, *m in table():
        assert polynomials[d - 1] == 1 << s | a << 1 | 1
        assert initial[d - 1, :s].tolist() == m


def test_direction_table_is_sound() -> None:
    rows = table()
    assert [row[0] for row in rows] == list(range(2, SOBOL_DIMENSIONS + 1))
    assert len({(s, a) for _, s, a, *_ in rows}) == len(rows)
    for _, s, a, *m in rows:
        assert s == 1 or is_primitive(1 << s | a << 1 | 1)
        assert len(m) == s and all(n % 2 and n < 2 << i for i, n in enumerate(m))


def test_direction_numbers_of_the_second_dimension_by_hand() -> None:
    # m = 1, 3, 5, 15 by m_k = 2 m_(k-1) ⊕ m_(k-1).
    assert direction_numbers(2, 4) == (0b1000, 0b1100, 0b1010, 0b1111)
