"""What the module's pins do clock by clock, from the bit-true model and the handshake alone."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.compiler import Compiled, Port, simulate_fixed, simulate_ticks

Raw = NDArray[np.int64]
Bits = NDArray[np.uint64]


def expected_outputs(
    compiled: Compiled, enable: NDArray[np.bool_], inputs: Mapping[str, Raw]
) -> dict[str, Bits]:
    """Bit patterns of every output after each rising clock edge.

    A tick starts at an edge with ``enable`` high while idle and takes the inputs of that edge; its
    results appear ``cycles - 1`` edges later, together with ``valid``.

    Args:
        compiled: the module.
        enable: ``(C,)`` level of the ``enable`` pin at each edge.
        inputs: raw integers of each port, ``(C,)``.

    Returns:
        Port name to ``(C,)`` patterns.
    """
    rtl, datapath = compiled.rtl, compiled.datapath
    clocks = len(enable)
    starts = _starts(enable, rtl.cycles)
    ends = starts + rtl.cycles - 1
    if inputs:
        run = simulate_fixed(datapath, {name: raw[starts] for name, raw in inputs.items()})
    else:
        run = simulate_ticks(datapath, len(starts))
    ticks = np.searchsorted(ends, np.arange(clocks), side="right")  # ticks ended so far
    out: dict[str, Bits] = {}
    valid = np.zeros(clocks, dtype=np.uint64)
    valid[ends[ends < clocks]] = 1
    out["valid"] = valid
    if rtl.cycles > 1:
        busy = np.zeros(clocks + 1, dtype=np.int64)
        np.add.at(busy, starts, 1)
        np.add.at(busy, np.minimum(ends, clocks), -1)
        out["busy"] = np.cumsum(busy)[:clocks].astype(np.uint64)
    out["spike_out"] = np.concatenate([[0], run.spikes[:, 0]])[ticks].astype(np.uint64)
    for port, initial in zip(datapath.states, datapath.init, strict=True):
        trace = np.concatenate([[initial], run.states[port.name][:, 0]])[ticks]
        out[rtl.outputs[port.name]] = pattern(trace, port.width)
    if rtl.trap:
        out["trap_out"] = _trapped(compiled, starts, inputs)[ticks].astype(np.uint64)
    return out


def _starts(enable: NDArray[np.bool_], cycles: int) -> Raw:
    if cycles == 1:
        return np.flatnonzero(enable)
    starts, free = [], 0
    for edge in np.flatnonzero(enable):
        if edge >= free:
            starts.append(int(edge))
            free = int(edge) + cycles
    return np.asarray(starts, dtype=np.int64)


def _trapped(compiled: Compiled, starts: Raw, inputs: Mapping[str, Raw]) -> Raw:
    """The sticky flag after each tick, from runs that stop at the first overflow."""
    total = len(starts)

    def flag_after(count: int) -> bool:
        if count == 0:
            return False
        if inputs:
            part = {name: raw[starts[:count]] for name, raw in inputs.items()}
            return bool(simulate_fixed(compiled.datapath, part).final.trapped[0])
        return bool(simulate_ticks(compiled.datapath, count).final.trapped[0])

    low, high = 0, total + 1  # the flag is sticky: find its onset by bisection
    while low + 1 < high:
        middle = (low + high) // 2
        if flag_after(middle):
            high = middle
        else:
            low = middle
    flags = np.zeros(total + 1, dtype=np.int64)
    flags[high:] = 1
    return flags


def pattern(raw: Raw, width: int) -> Bits:
    """Two's-complement bit pattern of raw integers."""
    return (raw & ((1 << width) - 1)).astype(np.uint64)


def entering(compiled: Compiled) -> tuple[Port, ...]:
    """Ports that carry numbers into the module."""
    d = compiled.datapath
    return (*d.inputs, *d.parameters, *d.draws)
