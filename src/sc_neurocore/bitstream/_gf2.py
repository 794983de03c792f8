"""Polynomials over the field of two elements, as integers: bit i is the coefficient of x^i."""

from __future__ import annotations

import functools


def multiply(a: int, b: int, modulus: int) -> int:
    """Product of two polynomials modulo a third; ``a`` is already reduced."""
    top = modulus.bit_length() - 1
    product = 0
    while b:
        if b & 1:
            product ^= a
        b >>= 1
        a <<= 1
        if a >> top:
            a ^= modulus
    return product


@functools.lru_cache(maxsize=4096)
def power_of_x(exponent: int, modulus: int) -> int:
    """``x^exponent`` modulo a polynomial of degree 2 or more, in O(log exponent) products."""
    power, square = 1, 2
    while exponent:
        if exponent & 1:
            power = multiply(power, square, modulus)
        square = multiply(square, square, modulus)
        exponent >>= 1
    return power


def prime_factors(number: int) -> tuple[int, ...]:
    """Distinct prime factors, by trial division: instant below 2^32."""
    factors = []
    divisor = 2
    while divisor * divisor <= number:
        if number % divisor == 0:
            factors.append(divisor)
            while number % divisor == 0:
                number //= divisor
        divisor += 1
    return (*factors, number) if number > 1 else tuple(factors)


@functools.lru_cache(maxsize=1024)
def is_primitive(polynomial: int) -> bool:
    """Whether x generates every non-zero residue, so that the order of x is ``2^degree - 1``.

    The order is exactly that if ``x^(2^w-1) = 1`` and no ``x^((2^w-1)/q) = 1`` for a prime factor
    q. As all ``2^w - 1`` residues are then powers of x, the polynomial is also irreducible.
    """
    degree = polynomial.bit_length() - 1
    order = (1 << degree) - 1
    return power_of_x(order, polynomial) == 1 and all(
        power_of_x(order // q, polynomial) != 1 for q in prime_factors(order)
    )
