"""That the serial multiplier multiplies, at any width, by induction and one line of algebra.

Let ``dᵢ = b₍ᵢ₋₁₎ − bᵢ`` be the Booth digits of ``b``. Two numbers grow with the clocks after
loading: ``S = Σ dᵢ·a·2ⁱ``, which the module is proven to hold, and ``W = Σ dᵢ·2ⁱ``, which is proven
to become ``b``. As ``S`` is ``a·W``, the module then holds ``a·b``. No solver has to reason about
a product of two variables, so the width does not matter.
"""

from __future__ import annotations

from importlib import resources

from sc_neurocore.formal._property import Property, PropertySet
from sc_neurocore.hdl import with_parameters

MODULE = "sc_serial_multiplier"


def multiplier_properties() -> PropertySet:
    """Assertions for the serial multiplier of any widths from 2."""
    checker = resources.files("sc_neurocore.formal") / "multiplier_checker.sv"
    return PropertySet(
        (
            Property("count", "the digits still to come are counted", True),
            Property("holds_sum", "after i clocks the module holds the sum of i digits times a"),
            Property("is_sum", "after B clocks the product is the sum of all digits times a"),
            Property("is_weight", "the digits, weighted, add up to b"),
            Property("exact", "halving never drops a one", True),
            Property("weight", "the digits so far add up to the bits of b read", True),
            Property("unread_bits", "the bits of b not yet read wait in place", True),
            Property("multiplicand", "the multiplicand keeps still", True),
        ),
        checker.read_text(encoding="utf-8").rstrip(),
        "formal_claim_",
        ("that the sum of digits times a is a times their sum is algebra, not part of the proof",),
    )


def multiplier_source(source: str, a_width: int, b_width: int) -> str:
    """The multiplier's text with its widths as defaults, so that it can be a top module."""
    return with_parameters(source, {"A_WIDTH": str(a_width), "B_WIDTH": str(b_width)})
