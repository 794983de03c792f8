"""Small neurons with every feature that a property speaks of."""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.compiler import (
    Datapath,
    Multipliers,
    Overflow,
    QFormat,
    Rtl,
    lower,
    schedule,
    write_verilog,
)
from sc_neurocore.dynamics import Model, build_model

Q8_8 = QFormat(16, 8)

LIF = build_model(
    "dv/dt = (-(v - E_L) + R*I)/tau_m",
    threshold="v > -50",
    reset="v = -65",
    params={"E_L": -65, "R": 1, "tau_m": 2},
    init={"v": -65},
    ranges={"v": (-100, 0), "I": (0, 50)},
    refractory=0.3,
    name="lif",
)
#: Two states, one free of the refractory hold; a reset that adds.
ADAPTIVE = build_model(
    "dv/dt = (-v - w + I)/4; dw/dt = -w/16",
    threshold="v >= 1",
    reset="v = 0; w += 0.5",
    init={"v": 0, "w": 0},
    ranges={"v": (-4, 4), "w": (-1, 3), "I": (0, 15)},
    refractory=0.2,
    name="adaptive",
)
#: Spikes on the onset of its condition, over a sum of states.
EDGE = build_model(
    "x[n+1] = x + (I - x)/2; y[n+1] = y + x/4 - 0.25",
    threshold="x + y > 1",
    init={"x": 0, "y": 0},
    ranges={"x": (-2, 2), "y": (-2, 2), "I": (0, 3.9)},
    edge="rising",
    name="onset",
)
#: A product of two states.
QUADRATIC = build_model(
    "dv/dt = v*v - u + I; du/dt = (v - u)/8",
    threshold="v >= 2",
    reset="v = -1; u += 0.25",
    init={"v": -1, "u": 0},
    ranges={"v": (-4, 4), "u": (-4, 4), "I": (0, 3.9)},
    name="quadratic",
)
#: A square beside a product of two states of the same range, which may be negative.
SQUARE = build_model(
    "x[n+1] = 0.25*x*x + 0.25*x*y; y[n+1] = -0.5*x + I",
    init={"x": 1, "y": -1},
    ranges={"x": (-2, 2), "y": (-2, 2), "I": (-1, 1)},
    name="square",
)
#: An interpolated table, whose values keep a state in its range without any clamp.
TABULATED = build_model(
    "x[n+1] = 0.75*x + 0.25*y*sigmoid(3*x + I); y[n+1] = 0.5*y + 0.25",
    init={"x": 0, "y": 0},
    ranges={"x": (-1, 1), "y": (-1, 1), "I": (-2, 2)},
    name="tabulated",
)


@dataclass(frozen=True)
class Built:
    """A datapath and its module."""

    datapath: Datapath
    rtl: Rtl


def built(
    model: Model,
    *,
    pipeline: int | None = 0,
    multipliers: Multipliers = "parallel",
    overflow: Overflow = "saturate",
) -> Built:
    """Lower a model to Q8.8 and write its module."""
    formats = dict.fromkeys([*model.state_names, *model.input_names], Q8_8)
    datapath = lower(model, formats, overflow=overflow)
    plan = schedule(datapath, pipeline=pipeline, period_ns=20, speed=1.0, multipliers=multipliers)
    return Built(datapath, write_verilog(datapath, plan, model.name))
