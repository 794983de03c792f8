"""What the pins do clock by clock, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.build._clocked import expected_outputs, pattern
from sc_neurocore.compiler import Compiled, HardwareOptions, compile_model
from sc_neurocore.dynamics import Quantity, build_model


def counter(pipeline: int | None, **options: str) -> Compiled:
    """``v`` adds its input; it spikes at 4 and starts again from 0."""
    model = build_model(
        "v[n+1] = v + I",
        ranges={"v": (-8.0, 7.0)},
        inputs=(Quantity("I", 0.0, "", -4.0, 4.0),),
        threshold="v >= 4",
        reset="v = 0",
        name="count",
    )
    return compile_model(
        model, HardwareOptions(pipeline=pipeline, multipliers="parallel", **options)
    )


def levels(text: str) -> np.ndarray:
    return np.array([c == "1" for c in text])


def test_one_clock_per_tick_follows_enable_at_once() -> None:
    compiled = counter(0)
    scale = round(1 / compiled.datapath.states[0].format.resolution)
    one = round(1 / compiled.datapath.inputs[0].format.resolution)
    currents = np.array([3, 3, 3, -1, -1, 2]) * one
    out = expected_outputs(compiled, levels("101011"), {"I": currents})
    assert out["valid"].tolist() == [1, 0, 1, 0, 1, 1]
    # Ticks take the inputs of their own edges: 3, then 6 (a spike), then -1, then 1.
    width = compiled.datapath.states[0].width
    volts = [3, 3, 0, 0, -1, 1]
    assert out["v_out"].tolist() == [(x * scale) % (1 << width) for x in volts]
    assert out["spike_out"].tolist() == [0, 0, 1, 1, 0, 0]
    assert "busy" not in out
    assert "trap_out" not in out


def test_a_tick_of_several_clocks_ignores_enable_while_busy() -> None:
    compiled = counter(3)
    cycles = compiled.rtl.cycles
    if cycles == 1:
        pytest.fail("the counter was not pipelined")
    one = round(1 / compiled.datapath.inputs[0].format.resolution)
    clocks = 3 * cycles
    enable = np.ones(clocks, dtype=bool)
    currents = np.full(clocks, -one)
    currents[0], currents[cycles] = one, 2 * one
    out = expected_outputs(compiled, enable, {"I": currents})
    ends = [cycles - 1, 2 * cycles - 1, 3 * cycles - 1]
    assert np.flatnonzero(out["valid"]).tolist() == ends
    assert np.flatnonzero(out["busy"] == 0).tolist() == ends
    scale = round(1 / compiled.datapath.states[0].format.resolution)
    # Only the inputs of edges 0, cycles and 2*cycles are taken: 1, then 3, then 2.
    assert out["v_out"][ends].tolist() == [scale, 3 * scale, 2 * scale]
    assert out["v_out"][0] == 0


def test_the_trap_rises_with_the_tick_that_overflows_and_stays() -> None:
    compiled = counter(0, overflow="trap")
    one = round(1 / compiled.datapath.inputs[0].format.resolution)
    currents = np.array([-4, -4, -4, 4, 0]) * one
    out = expected_outputs(compiled, levels("11111"), {"I": currents})
    assert out["trap_out"].tolist() == [0, 0, 1, 1, 1]


def test_patterns_are_twos_complement() -> None:
    assert pattern(np.array([-1, -8, 7, 0]), 4).tolist() == [15, 8, 7, 0]
