"""Whether a network fits its target: by how much not, and what would."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.toolchain import Target, targets

_NAMES = {
    "luts": "look-up tables",
    "ffs": "flip-flops",
    "brams": "block RAMs",
    "dsps": "multipliers",
}


@dataclass(frozen=True)
class Demand:
    """What a network needs of a device.

    Attributes:
        name: the network.
        synapses: weights that are stored.
        bits: width of a weight; the widest, where layers differ.
        pe: neurons at once; the most of any layer.
    """

    name: str
    synapses: int
    bits: int
    pe: int


def require_fit(demand: Demand, used: Mapping[str, Any], target: Target) -> None:
    """Refuse a network that was synthesised and is larger than the target.

    Args:
        demand: the network.
        used: counts of synthesis: ``luts``, ``ffs``, ``brams``, ``dsps``.
        target: the device.

    Raises:
        SCCompilerError: every resource that is short, by how much, and what would fit.
    """
    short = {
        key: (int(used[key]), limit)
        for key in _NAMES
        if used.get(key) is not None
        and (limit := getattr(target, key)) is not None
        and used[key] > limit
    }
    if not short:
        return
    listed = " and ".join(
        f"{need} {_NAMES[key]} where there are {limit} ({need - limit} too many)"
        for key, (need, limit) in short.items()
    )
    remedies = []
    if "brams" in short:
        need, limit = short["brams"]
        if demand.bits > 2:
            bits = max(2, math.floor(demand.bits * limit / need))
            remedies.append(f"--weight-bits {bits}")
        left = math.floor(demand.synapses * limit / need)
        remedies.append(f"so few neurons that {left} synapses are left")
    if demand.pe > 1 and set(short) & {"luts", "ffs", "dsps"}:
        remedies.append(f"--pe {max(1, demand.pe // 2)}")
    larger = _larger(used, target)
    if larger is not None:
        remedies.append(f"--target {larger}")
    advice = f"; what may fit: {_any_of(remedies)}" if remedies else "; make the network smaller"
    raise SCCompilerError(f"network '{demand.name}' does not fit {target.name}: it needs {listed}"
                          f"{advice}")  # fmt: skip


def _larger(used: Mapping[str, Any], target: Target) -> str | None:
    """The smallest device of the same family that holds the counts, if there is one."""
    fitting = [
        t
        for t in targets().values()
        if t.family == target.family
        and t.place_and_route
        and all(
            used.get(key) is None or getattr(t, key) is None or used[key] <= getattr(t, key)
            for key in _NAMES
        )
    ]
    return min(fitting, key=lambda t: t.luts or 0).name if fitting else None


def _any_of(remedies: list[str]) -> str:
    if len(remedies) < 2:
        return "".join(remedies)
    return f"{', '.join(remedies[:-1])} or {remedies[-1]}"
