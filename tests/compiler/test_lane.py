"""A lane against the module that keeps its state, and against its RTL."""

from __future__ import annotations

import numpy as np
import pytest

from sc_neurocore.compiler import (
    Datapath,
    QFormat,
    lane_function,
    lower,
    simulate_fixed,
    write_lane,
)
from sc_neurocore.dynamics import Model, build_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError
from sc_neurocore.toolchain import lint, simulate_rtl


def population(parameters: str = "constants", **changes: object) -> Datapath:
    model = build_model(
        "i[n+1] = i - c*i + I; v[n+1] = v + a*(E - v) + i - c*i + I",
        threshold="v > theta",
        reset="v = v - theta",
        params={"a": 0.125, "c": 0.25, "E": 0.5, "theta": 9.0},
        ranges={"v": (-64, 63), "i": (-64, 63), "I": (-20, 20), "theta": (1, 16), "a": (0, 0.5),
                "c": (0, 0.5), "E": (-1, 1)},
        method="map",
        name="cuba",
        **changes,  # type: ignore[arg-type]
    )  # fmt: skip
    formats = {"v": QFormat(12, 5), "i": QFormat(12, 5), "I": QFormat(6, 0)}
    formats |= {"theta": QFormat(10, 4), "a": QFormat(8, 6), "c": QFormat(8, 6), "E": QFormat(8, 4)}
    return lower(model, formats, parameters=parameters)  # type: ignore[arg-type]


@pytest.mark.parametrize("place", ["constants", "ports"])
def test_a_lane_steps_as_the_neuron_that_keeps_its_state(place: str) -> None:
    datapath = population(place)
    lane = lane_function(datapath)
    rng = np.random.default_rng(3)
    current = rng.integers(-20, 21, 400)
    given = {"I": current} | {
        p.name: np.full(400, p.format.raw(datapath.model.parameter_values[p.name]))
        for p in datapath.parameters
    }
    whole = simulate_fixed(datapath, given)
    assert 10 < whole.spikes.sum() < 390
    state = tuple(datapath.init)
    raw = [int(given[p.name][0]) for p in datapath.parameters]
    for t in range(400):
        *state, fire = lane(*state, int(current[t]), *raw)
        assert (*state, fire) == (whole.states["i"][t, 0], whole.states["v"][t, 0],
                                  whole.spikes[t, 0])  # fmt: skip


def test_the_module_computes_what_the_function_does(store: EvidenceStore) -> None:
    datapath = population("ports")
    module = write_lane(datapath, "cuba_lane")
    assert "always" not in module.source and "reg " not in module.source
    lint({"cuba_lane.sv": module.source}, "cuba_lane", store=store)
    ports = (*datapath.states, *datapath.inputs, *datapath.parameters)
    rng = np.random.default_rng(5)
    values = {p.name: rng.integers(p.low, p.high + 1, 1000) for p in ports}
    pins = [f"input wire [{p.width - 1}:0] {module.inputs[p.name]}" for p in ports]
    outs = [(module.outputs[p.name], p.width) for p in datapath.states] + [(module.fire, 1)]
    keep = "".join(f"{n} <= {n}_now; " for n, _ in outs)
    shell = (
        f"module shell(input wire clk, input wire rst_n, {', '.join(pins)}, "
        + ", ".join(f"output reg [{w - 1}:0] {n}" for n, w in outs)
        + ");\n"
        + "".join(f"wire [{w - 1}:0] {n}_now;\n" for n, w in outs)
        + f"cuba_lane lane({', '.join(f'.{n}({n})' for n in module.inputs.values())}, "
        + ", ".join(f".{n}({n}_now)" for n, _ in outs)
        + f");\nalways @(posedge clk) if (rst_n) begin {keep} end\nendmodule\n"
    )
    _, seen, _ = simulate_rtl(
        "yosys", {"cuba_lane.sv": module.source, "shell.v": shell}, "shell",
        clock="clk", reset="rst_n", store=store,
        inputs={module.inputs[p.name]: values[p.name] & ((1 << p.width) - 1) for p in ports},
        input_widths={module.inputs[p.name]: p.width for p in ports},
        output_widths=dict(outs),
    )  # fmt: skip
    lane = lane_function(datapath)
    for t in range(1000):
        expected = lane(*(int(values[p.name][t]) for p in ports))
        for value, (name, width) in zip(expected, outs, strict=True):
            assert value & ((1 << width) - 1) == seen[name][t], (t, name)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"refractory": 2.0}, "a refractory period"),
        ({"edge": "rising"}, "a threshold on the onset"),
    ],
)
def test_what_a_lane_cannot_keep_is_refused(change: dict[str, object], what: str) -> None:
    with pytest.raises(SCCompilerError, match=f"neuron 'cuba' has {what}"):
        lane_function(population(**change))


def test_a_graded_neuron_never_fires() -> None:
    model: Model = build_model(
        "v[n+1] = v - 0.25*v + I", method="map", ranges={"v": (-64, 63), "I": (-8, 7)}
    )
    lane = lane_function(lower(model, {"v": QFormat(12, 5), "I": QFormat(4, 0)}))
    assert lane(32, 1) == (56, 0)
