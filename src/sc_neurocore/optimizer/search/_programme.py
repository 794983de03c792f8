"""The choice of every layer at once, as an integer programme that HiGHS solves to the optimum.

Its model is additive, so that it is linear: LUTs, block RAMs and lost accuracy are sums over the
layers; the slowest layer sets the pace, so an inference of T ticks takes (T − 1) · c + Σ cₗ clocks,
where cₗ are the clocks of a tick of layer l and c the most of them (or of the input encoder). What
the model leaves out, the full model and the simulator say of its answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer._selection import undominated

Reals = NDArray[np.float64]
Goal = Literal["luts", "brams", "clocks", "loss"]
#: Weight of everything else against the goal, so that among equals the smaller is chosen.
_TIE = 1e-6
#: Seconds that HiGHS may take for one answer.
SECONDS = 30.0


@dataclass(frozen=True, eq=False)
class LayerOptions:
    """What one layer can be, a row each.

    Attributes:
        luts: share of the layer in the engine's LUTs.
        brams: block RAMs.
        clocks: of a tick.
        loss: share of right answers that it loses against the reference.
        simd: sources at once, which layers with a common source share.
        entering: clocks in which the encoder sends a tick's input; 0 where it does not matter.
    """

    luts: Reals
    brams: Reals
    clocks: Reals
    loss: Reals
    simd: NDArray[np.int64]
    entering: Reals

    def __len__(self) -> int:
        return len(self.luts)


@dataclass(frozen=True)
class Limits:
    """What the whole may cost; ``None`` is no limit.

    Attributes:
        luts: of all layers.
        brams: likewise.
        clocks: of an inference.
        loss: share of right answers against the reference.
    """

    luts: float | None = None
    brams: float | None = None
    clocks: float | None = None
    loss: float | None = None


@dataclass(frozen=True)
class Choice:
    """An answer.

    Attributes:
        rows: the row of each layer.
        luts: of all layers.
        brams: likewise.
        clocks: of an inference.
        loss: against the reference.
        gap: share by which the optimum may still be better, as HiGHS proved; beyond what was
            allowed where the time was up.
    """

    rows: tuple[int, ...]
    luts: float
    brams: float
    clocks: float
    loss: float
    gap: float = 0.0


def choose_layers(
    layers: Sequence[LayerOptions],
    groups: Sequence[Sequence[int]],
    ticks: int,
    goal: Goal,
    limits: Limits,
    *,
    answers: int = 1,
    gap: float = 0.0,
    seconds: float = SECONDS,
) -> tuple[Choice, ...]:
    """The best choices of the model, best first.

    Options that another beats in everything are left out before, which loses no optimum.

    Args:
        layers: options of each layer.
        groups: layers that share their SIMD.
        ticks: of an inference.
        goal: what is made small.
        limits: of the whole.
        answers: how many choices, each the best but for those before it.
        gap: by what share an answer may miss the optimum.
        seconds: that HiGHS may take for an answer; then its best so far counts, with its gap.

    Returns:
        Fewer than ``answers`` where there are no more; none where nothing is within the limits.

    Raises:
        SCConfigError: a layer without options, or HiGHS found nothing in its time.
    """
    if any(len(layer) == 0 for layer in layers):
        raise SCConfigError("a layer has no option to choose from")
    kept = _affordable(layers, [_undominated(layer) for layer in layers], ticks, limits)
    if not all(map(len, kept)):
        return ()
    programme = _Programme(layers, kept, groups, ticks, goal, limits)
    found = []
    for _ in range(answers):
        solved = programme.solve(gap, seconds)
        if solved is None:
            break
        columns, proven = solved
        rows = tuple(int(kept[k][c]) for k, c in enumerate(columns))
        found.append(replace(cost_of(layers, rows, ticks), gap=proven))
        programme.forbid(columns)
    return tuple(found)


def cost_of(layers: Sequence[LayerOptions], rows: Sequence[int], ticks: int) -> Choice:
    """What the model says of given rows."""
    picked = list(zip(layers, rows, strict=True))
    clocks = [float(layer.clocks[r]) for layer, r in picked]
    pace = max(*clocks, *(float(layer.entering[r]) for layer, r in picked))
    return Choice(
        tuple(rows),
        float(sum(layer.luts[r] for layer, r in picked)),
        float(sum(layer.brams[r] for layer, r in picked)),
        (ticks - 1) * pace + sum(clocks),
        float(sum(layer.loss[r] for layer, r in picked)),
    )


def _undominated(layer: LayerOptions) -> NDArray[np.int64]:
    """Rows that no other of the same SIMD beats; of equal ones the first."""
    table = np.stack([layer.luts, layer.brams, layer.clocks, layer.loss, layer.entering], axis=1)
    same = [np.flatnonzero(layer.simd == simd) for simd in np.unique(layer.simd)]
    return np.sort(np.concatenate([rows[undominated(table[rows])] for rows in same]))


def _affordable(
    layers: Sequence[LayerOptions],
    kept: list[NDArray[np.int64]],
    ticks: int,
    limits: Limits,
) -> list[NDArray[np.int64]]:
    """Rows that are within the limits where every other layer takes its smallest."""
    for name in ("luts", "brams", "clocks", "loss"):
        limit = getattr(limits, name)
        if limit is None or not all(map(len, kept)):
            continue
        values = [getattr(layer, name)[rows] for layer, rows in zip(layers, kept, strict=True)]
        least = [float(v.min()) for v in values]
        slack = limit - sum(least) + 1e-9 * abs(limit)
        if name == "clocks":  # the slowest layer counts once more for every tick but one
            needed = [v + (ticks - 1) * np.maximum(v, max(least)) - low
                      for v, low in zip(values, least, strict=True)]  # fmt: skip
        else:
            needed = [v - low for v, low in zip(values, least, strict=True)]
        kept = [rows[need <= slack] for rows, need in zip(kept, needed, strict=True)]
    return kept


class _Programme:
    """Variables: a binary per layer and kept option, then one per group and SIMD, then the pace."""

    def __init__(
        self,
        layers: Sequence[LayerOptions],
        kept: Sequence[NDArray[np.int64]],
        groups: Sequence[Sequence[int]],
        ticks: int,
        goal: Goal,
        limits: Limits,
    ) -> None:
        self.starts = np.cumsum([0, *(len(k) for k in kept)])
        choices = [
            sorted(set.intersection(*(set(layers[k].simd[kept[k]].tolist()) for k in group)))
            for group in groups
        ]
        options, switches = int(self.starts[-1]), sum(map(len, choices))
        self.size = options + switches + 1
        self.pace = self.size - 1

        def gathered(name: str) -> Reals:
            parts = [getattr(x, name)[k] for x, k in zip(layers, kept, strict=True)]
            return np.concatenate([*parts, np.zeros(switches + 1)])

        sums: dict[str, Reals] = {name: gathered(name) for name in ("luts", "brams", "loss")}
        sums["clocks"] = gathered("clocks")
        sums["clocks"][self.pace] = ticks - 1
        own, entering = gathered("clocks"), gathered("entering")
        self._rows: list[tuple[Mapping[int, float], float, float]] = []
        for begin, end in zip(self.starts, self.starts[1:], strict=False):
            columns = range(begin, end)
            self._rows.append((dict.fromkeys(columns, 1.0), 1.0, 1.0))
            for per in (own, entering):
                if per[begin:end].any():
                    used = {c: float(per[c]) for c in columns if per[c]}
                    self._rows.append((used | {self.pace: -1.0}, -np.inf, 0.0))
        switch = options
        for group, simds in zip(groups, choices, strict=True):
            places = dict(zip(simds, range(switch, switch + len(simds)), strict=True))
            switch += len(simds)
            self._rows.append((dict.fromkeys(places.values(), 1.0), 1.0, 1.0))
            for k in group:
                simd_of = layers[k].simd[kept[k]]
                for simd in np.unique(simd_of):
                    columns = self.starts[k] + np.flatnonzero(simd_of == simd)
                    row = dict.fromkeys(columns.tolist(), 1.0)
                    if int(simd) in places:
                        row[places[int(simd)]] = -1.0
                    self._rows.append((row, 0.0, 0.0))
        for name, total in sums.items():
            limit = getattr(limits, name)
            if limit is not None:
                used = {int(c): float(total[c]) for c in np.flatnonzero(total)}
                self._rows.append((used, -np.inf, float(limit)))
        scale = {name: max(float(np.abs(total).max()), 1e-12) for name, total in sums.items()}
        self.objective = sums[goal] / scale[goal]
        for name, total in sums.items():
            if name != goal:
                self.objective = self.objective + _TIE * total / scale[name]

    def solve(self, gap: float, seconds: float) -> tuple[list[int], float] | None:
        """Column of each layer and the proven gap; ``None`` if nothing is allowed."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        data: list[float] = []
        columns: list[int] = []
        pointers = [0]
        for row, _, _ in self._rows:
            columns += row.keys()
            data += row.values()
            pointers.append(len(columns))
        matrix = csr_array((data, columns, pointers), shape=(len(self._rows), self.size))
        upper = np.ones(self.size)
        upper[self.pace] = np.inf
        whole = np.ones(self.size)
        whole[self.pace] = 0
        done: Any = milp(
            self.objective,
            constraints=LinearConstraint(
                matrix, [r[1] for r in self._rows], [r[2] for r in self._rows]
            ),
            integrality=whole,
            bounds=Bounds(np.zeros(self.size), upper),
            options={"mip_rel_gap": gap, "time_limit": seconds},
        )
        if done.status == 2:
            return None
        if done.x is None:
            raise SCConfigError(
                f"the integer programme of {len(self.starts) - 1} layers was not solved within "
                f"{seconds:g} s: {done.message}; search a smaller space"
            )
        columns = [
            int(np.argmax(done.x[a:b])) for a, b in zip(self.starts, self.starts[1:], strict=False)
        ]
        return columns, float(done.mip_gap or 0.0)

    def forbid(self, columns: Sequence[int]) -> None:
        """Leave an answer out of the next solution."""
        row = {int(a) + c: 1.0 for a, c in zip(self.starts, columns, strict=False)}
        self._rows.append((row, -np.inf, float(len(columns) - 1)))


def stack_options(
    luts: ArrayLike, brams: ArrayLike, clocks: ArrayLike, loss: ArrayLike, simd: ArrayLike,
    entering: ArrayLike,
) -> LayerOptions:  # fmt: skip
    """Options from columns."""
    return LayerOptions(
        np.asarray(luts, np.float64), np.asarray(brams, np.float64),
        np.asarray(clocks, np.float64), np.asarray(loss, np.float64),
        np.asarray(simd, np.int64), np.asarray(entering, np.float64),
    )  # fmt: skip
