"""Plain definitions of the sources, and strategies that draw them."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import Counter, Halton, Lfsr, NumpyRandom, Sobol, Source

#: For properties whose first example compiles a kernel.
compiling = settings(deadline=None)


def shift_register(exponents: tuple[int, ...], form: str, seed: int, count: int) -> list[int]:
    """States of a register kept as a list of bits, one stage at a time."""
    width = max(exponents)
    stages = [seed >> i & 1 for i in range(width)]  # stage i is bit i
    states = []
    for _ in range(count):
        states.append(sum(bit << i for i, bit in enumerate(stages)))
        if form == "fibonacci":
            fed = 0
            for e in exponents:
                fed ^= stages[e - 1]
            stages = [fed, *stages[:-1]]
        else:
            gone = stages[0]
            stages = [*stages[1:], 0]
            for e in exponents:
                stages[e - 1] ^= gone
    return states


def radical_inverse(tick: int, base: int) -> Fraction:
    """The digits of ``tick`` mirrored at the radix point."""
    result, weight = Fraction(0), Fraction(1, base)
    while tick:
        tick, digit = divmod(tick, base)
        result += digit * weight
        weight /= base
    return result


@st.composite
def _registers(draw: st.DrawFn) -> Lfsr:
    width = draw(st.integers(3, 32))
    seed = draw(st.integers(1, 2**width - 1))
    return Lfsr(width, seed, draw(st.sampled_from(["fibonacci", "galois"])))


@st.composite
def _sobols(draw: st.DrawFn) -> Sobol:
    width = draw(st.integers(1, 32))
    return Sobol(draw(st.integers(1, 1024)), width, draw(st.integers(0, 2**width - 1)))


def sources() -> st.SearchStrategy[Source]:
    """Every kind that is reproducible, every width."""
    widths = st.integers(1, 32)
    return st.one_of(
        _registers(),
        _sobols(),
        st.builds(Halton, st.integers(2, 256), widths),
        st.builds(Counter, widths),
        st.builds(NumpyRandom, st.integers(0, 2**128 - 1), widths),
    )
