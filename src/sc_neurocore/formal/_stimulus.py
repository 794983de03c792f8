"""Inputs worth running: idle clocks, ticks up to and beyond the first spike, a reset in between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sc_neurocore.compiler import Datapath, Rtl, simulate_fixed, simulate_ticks

Segment = tuple[int, Mapping[str, int]]
_LEVELS = 9
_AFTER = 4
#: Longest search for a spike, in ticks and in clocks.
_TICKS, _CLOCKS = 2000, 20_000


@dataclass(frozen=True)
class Stimulus:
    """Pin values for a number of clocks each, starting with a reset.

    Attributes:
        segments: how many clocks, and the bit pattern of each pin.
        spikes: whether the bit-true model spikes under it.
        moves: whether its first tick changes a state.
        stays_above: whether its threshold condition then holds for two ticks in a row.
        clocks: its length.
    """

    segments: tuple[Segment, ...]
    spikes: bool
    moves: bool
    stays_above: bool

    @property
    def clocks(self) -> int:
        """Length in clocks."""
        return sum(n for n, _ in self.segments)


def directed_stimulus(datapath: Datapath, rtl: Rtl) -> Stimulus:
    """Find, with the bit-true model, constant inputs that spike soonest, and drive them.

    Deterministic. Random draws get noise of a fixed seed.
    """
    ports = (*datapath.inputs, *datapath.parameters, *datapath.draws)
    longest = min(_TICKS, max(4, _CLOCKS // rtl.cycles))
    noise = np.random.default_rng(1)
    columns = {}
    for p in ports:
        if p in datapath.draws:
            columns[p.name] = noise.integers(p.low, p.high + 1, (longest, _LEVELS))
        elif p in datapath.parameters:
            value = p.format.raw(datapath.model.parameter_values[p.name])
            columns[p.name] = np.full((longest, _LEVELS), value)
        else:
            levels = np.linspace(p.low, p.high, _LEVELS).astype(np.int64)
            columns[p.name] = np.broadcast_to(levels, (longest, _LEVELS))
    run = simulate_fixed(datapath, columns) if ports else simulate_ticks(datapath, longest)
    onset = np.where(run.spikes.any(axis=0), run.spikes.argmax(axis=0), longest)
    best = int(onset.argmin())
    spikes = bool(onset[best] + 1 < longest)
    ticks = int(onset[best]) + 1 if spikes else 1
    chosen = {name: rows[:, best] for name, rows in columns.items()}
    more = ticks + (datapath.model.refractory_ticks + _AFTER if spikes else 1)
    return Stimulus(
        _segments(datapath, rtl, chosen, min(more, longest)),
        spikes,
        any(
            int(run.states[p.name][0, best]) != x
            for p, x in zip(datapath.states, datapath.init, strict=True)
        ),
        spikes and _stays_above(datapath, chosen, ticks),
    )


def _stays_above(datapath: Datapath, chosen: Mapping[str, np.ndarray], ticks: int) -> bool:
    def above(count: int) -> bool:
        if not chosen:
            return bool(simulate_ticks(datapath, count).final.above[0])
        part = {name: column[:count] for name, column in chosen.items()}
        return bool(simulate_fixed(datapath, part).final.above[0])

    return above(ticks) and above(ticks + 1)


def _segments(
    datapath: Datapath, rtl: Rtl, chosen: Mapping[str, np.ndarray], ticks: int
) -> tuple[Segment, ...]:
    ports = {p.name: p for p in (*datapath.inputs, *datapath.parameters, *datapath.draws)}

    def pins(tick: int, enable: int, reset: int = 1) -> dict[str, int]:
        values = {
            rtl.inputs[n]: int(column[tick]) & ((1 << ports[n].width) - 1)
            for n, column in chosen.items()
            if n in rtl.inputs  # banked parameters keep the value they are reset to
        }
        return {"rst_n": reset, "enable": enable, **values}

    rows: list[Segment] = [(1, pins(0, 0, 0)), (3, pins(0, 0))]
    rows += [(rtl.cycles, pins(t, 1)) for t in range(ticks)]
    rows += [(3, pins(0, 0)), (max(1, rtl.cycles // 2), pins(0, 1)), (1, pins(0, 1, 0))]
    rows += [(2, pins(0, 0)), (2 * rtl.cycles, pins(0, 1)), (2, pins(0, 0))]
    joined: list[Segment] = []
    for clocks, values in rows:
        if joined and joined[-1][1] == values:
            joined[-1] = (joined[-1][0] + clocks, values)
        else:
            joined.append((clocks, values))
    return tuple(joined)
