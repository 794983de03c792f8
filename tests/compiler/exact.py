"""An independent reading of a datapath: plain integers of any size, one node after the other."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from sc_neurocore.compiler import Datapath


def divided(raw: int, shift: int, op: str) -> int:
    """``raw / 2**shift`` rounded as the operation's name says, from the exact fraction."""
    exact = Fraction(raw, 1 << shift)
    if op == "shr":
        return exact.__floor__()
    if op == "round_even":
        return round(exact)
    nearest = (abs(exact) + Fraction(1, 2)).__floor__()
    return nearest if raw >= 0 else -nearest


def node_values(datapath: Datapath, sources: Mapping[str, int]) -> list[int]:
    """The value of every node, given every source (``dither`` and ``refractory`` included)."""
    values: list[int] = []
    for node in datapath.nodes:
        a = [values[i] for i in node.args]
        k = node.value
        match node.op:
            case "const":
                value = k
            case "source":
                value = sources[node.name]
            case "add":
                value = a[0] + a[1]
            case "sub":
                value = a[0] - a[1]
            case "mul":
                value = a[0] * a[1]
            case "cmul":
                value = a[0] * k
            case "shl":
                value = a[0] * 2**k
            case "shr" | "round_away" | "round_even":
                value = divided(a[0], k, node.op)
            case "clamp":
                value = sorted((node.low, a[0], node.high))[1]
            case "wrap":
                span = node.high - node.low + 1
                value = (a[0] - node.low) % span + node.low
            case "lt":
                value = int(a[0] < a[1])
            case "le":
                value = int(a[0] <= a[1])
            case "eq":
                value = int(a[0] == a[1])
            case "and":
                value = int(bool(a[0]) and bool(a[1]))
            case "or":
                value = int(bool(a[0]) or bool(a[1]))
            case "not":
                value = int(not a[0])
            case "select":
                value = a[1] if a[0] else a[2]
            case "rom":
                assert node.table is not None
                assert a[0] >= 0
                value = node.table.values[a[0]]
            case "mod":
                value = a[0] % 2**k
            case "shr_by":
                value = divided(a[0], a[1], "shr")
            case "shl_by":
                value = a[0] * 2 ** a[1]
            case "msb":
                value = len(bin(a[0])) - 3
            case _:
                raise AssertionError(node.op)
        values.append(value)
    return values
