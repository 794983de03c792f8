"""That the serial multiplier multiplies, at any width, by induction and one line of algebra.

Let ``dᵢ = b₍ᵢ₋₁₎ − bᵢ`` be the Booth digits of ``b``. Two numbers grow with the clocks after loading:
``S = Σ dᵢ·a·2ⁱ``, which the module is proven to hold, and ``W = Σ dᵢ·2ⁱ``, which is proven to become
``b``. As ``S`` is ``a·W``, the module then holds ``a·b``. No solver has to reason about a product of
two variables, so the width does not matter. Both numbers are kept scaled, like the module's own
sum: times ``2ᴮ⁻ⁱ``, so that the next digit always enters at weight ``2ᴮ`` and all is halved, exactly.
"""

from __future__ import annotations

from sc_neurocore.formal._properties import Property, PropertySet

MODULE = "sc_serial_multiplier"
_PREFIX = "formal_claim_"


def multiplier_properties(a_width: int, b_width: int) -> PropertySet:
    """Assertions for `multiplier_source` of these widths."""
    a, b, w = a_width, b_width, a_width + b_width
    n = (b + 1).bit_length()
    wide = w + 1
    wide = w + 2
    claims = {
        "count": f"formal_left <= {n}'d{b} && formal_open == {b}'(({wide}'sd1 <<< formal_left) - 1)",
        "holds_sum": f"!formal_live || formal_sum == ({wide}'(product) & ~formal_unread)",
        "is_sum": f"!formal_live || formal_left != 0 || {wide}'(product) == formal_sum",
        "is_weight": f"!formal_live || formal_left != 0 || formal_weight == {wide}'(formal_b)",
        "exact": f"!formal_live || ((formal_sum | formal_weight) & formal_unread) == 0",
        "weight": "!formal_live || formal_weight == formal_read - (formal_below ? "
        f"{wide}'sd{1 << b} : {wide}'sd0)",
        "unread_bits": f"!formal_live || (((low ^ {b}'(formal_b >>> formal_done)) & formal_open) == 0"
        " && previous == formal_below)",
        "multiplicand": "!formal_live || multiplicand == formal_a",
    }
    lines = [
        "`ifdef FORMAL",
        "    reg formal_live = 1'b0;  // from loading until the product is complete",
        f"    reg [{n - 1}:0] formal_left = {n}'d0;  // digits still to come",
        f"    reg [{b - 1}:0] formal_open = {b}'d0;  // a one for each of them",
        f"    reg signed [{a - 1}:0] formal_a;",
        f"    reg signed [{b - 1}:0] formal_b;",
        f"    reg signed [{wide - 1}:0] formal_sum;",
        f"    reg signed [{wide - 1}:0] formal_weight;",
        f"    wire [{n - 1}:0] formal_done = {n}'d{b} - formal_left;",
        "    wire formal_bit = 1'(formal_b >>> formal_done);",
        f"    wire formal_below = formal_done != 0 && 1'(formal_b >>> (formal_done - {n}'d1));",
        f"    wire signed [{wide - 1}:0] formal_unread = $signed({{{wide - b}'d0, formal_open}});",
        "    // The bits of b that are read, at the scale of the weight.",
        f"    wire signed [{wide - 1}:0] formal_read = {{{wide - b}'d0, {b}'(formal_b <<< formal_left)}};",
        f"    wire signed [{wide - 1}:0] formal_digit_a = {wide}'(formal_a) <<< {b};",
        f"    wire signed [{wide - 1}:0] formal_digit = {wide}'sd1 <<< {b};",
        f"    wire signed [{wide - 1}:0] formal_more_sum = (formal_bit == formal_below) ? formal_sum",
        "        : formal_bit ? formal_sum - formal_digit_a : formal_sum + formal_digit_a;",
        f"    wire signed [{wide - 1}:0] formal_more_weight = (formal_bit == formal_below) ? "
        "formal_weight",
        "        : formal_bit ? formal_weight - formal_digit : formal_weight + formal_digit;",
        "    always @(posedge clk) begin",
        "        if (start) begin",
        "            formal_live <= 1'b1;",
        f"            formal_left <= {n}'d{b};",
        f"            formal_open <= {{{b}{{1'b1}}}};",
        "            formal_a <= a;",
        "            formal_b <= b;",
        f"            formal_sum <= {wide}'sd0;",
        f"            formal_weight <= {wide}'sd0;",
        "        end else if (formal_left == 0) begin",
        "            formal_live <= 1'b0;",
        "        end else begin",
        f"            formal_left <= formal_left - {n}'d1;",
        "            formal_open <= formal_open >> 1;",
        "            formal_sum <= formal_more_sum >>> 1;",
        "            formal_weight <= formal_more_weight >>> 1;",
        "        end",
        "    end",
        "    always @* begin",
        *(f"        {_PREFIX}{name}: assert ({text});" for name, text in claims.items()),
        "    end",
        "`endif",
    ]
    return PropertySet(
        (
            Property("count", "the digits still to come are counted", True),
            Property("holds_sum", "after i clocks the module holds the sum of i digits times a"),
            Property("is_sum", f"after {b} clocks the product is the sum of all digits times a"),
            Property("is_weight", "the digits, weighted, add up to b"),
            Property("exact", "halving never drops a one", True),
            Property("weight", "the digits so far, weighted, add up to the bits of b read", True),
            Property("unread_bits", "the bits of b not yet read wait in place", True),
            Property("multiplicand", "the multiplicand keeps still", True),
        ),
        "\n".join(lines),
        _PREFIX,
        ("that the sum of digits times a is a times their sum is algebra, not part of the proof",),
    )


def multiplier_source(source: str, a_width: int, b_width: int) -> str:
    """The multiplier's text with its widths as defaults, so that it can be a top module."""
    for name, width in (("A_WIDTH", a_width), ("B_WIDTH", b_width)):
        source = source.replace(
            f"parameter integer {name} = 16", f"parameter integer {name} = {width}"
        )
    return source
