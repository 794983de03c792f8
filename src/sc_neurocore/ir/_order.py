"""Orders of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Walk:
    """A depth-first walk.

    Attributes:
        order: every node, before those it leads to (but for back edges).
        back: edges that lead to a node whose own walk is not finished: each closes a cycle.
        cycle: nodes of the first cycle found, empty without one.
    """

    order: tuple[str, ...]
    back: tuple[tuple[str, str], ...]
    cycle: tuple[str, ...]


def walk(roots: Iterable[str], following: Mapping[str, Sequence[str]]) -> Walk:
    """Walk depth first from each root in turn.

    Args:
        roots: where to start; nodes reached before are passed over.
        following: successors of each node, in the order in which they are walked.
    """
    done: dict[str, None] = {}
    active: dict[str, None] = {}
    back: list[tuple[str, str]] = []
    cycle: tuple[str, ...] = ()
    for root in roots:
        if root in done:
            continue
        active[root] = None
        stack = [(root, iter(following.get(root, ())))]
        while stack:
            node, rest = stack[-1]
            for target in rest:
                if target in active:
                    back.append((node, target))
                    if not cycle:
                        path = list(active)
                        cycle = tuple(path[path.index(target) :])
                elif target not in done:
                    active[target] = None
                    stack.append((target, iter(following.get(target, ()))))
                    break
            else:
                stack.pop()
                del active[node]
                done[node] = None
    return Walk(tuple(reversed(done)), tuple(back), cycle)
