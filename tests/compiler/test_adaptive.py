"""Two precisions in one module: each is its own bit-true model, whichever is shown."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from sc_neurocore.compiler import (
    AdaptiveModule,
    Compiled,
    QFormat,
    adaptive_module,
    compile_adaptive_precision,
    simulate_fixed,
)
from sc_neurocore.dynamics import Model, Quantity, build_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.toolchain import available_simulators, get_target, lint, simulate_rtl, synthesise


def neuron(**changes: Any) -> Model:
    settings: dict[str, Any] = {
        "threshold": "v > 1",
        "reset": "v = 0",
        "params": {"tau": 5.0, "g": 0.3},
        "ranges": {"v": (-4, 4), "w": (-2, 2), "I": (-3, 3)},
        "method": "euler",
        "dt": 0.5,
        "name": "pair",
    }
    return build_model("dv/dt = (I - g*w - v)/tau; dw/dt = (v - w)/tau", **settings | changes)


def _codes(compiled: Compiled, pins: np.ndarray[Any, Any], fmt: QFormat) -> np.ndarray[Any, Any]:
    """An input in the low precision, from its exact value."""
    (port,) = compiled.datapath.inputs
    step = Fraction(2) ** (port.format.fraction - fmt.fraction)
    rounded = np.array([(int(code) * step).__floor__() for code in pins])
    return np.clip(rounded, port.low, port.high)


def _expected(
    module: AdaptiveModule, pins: np.ndarray[Any, Any], select: np.ndarray[Any, Any]
) -> dict[str, np.ndarray[Any, Any]]:
    runs = [
        simulate_fixed(module.low.datapath, {"I": _codes(module.low, pins, module.inputs["I"])}),
        simulate_fixed(module.high.datapath, {"I": pins}),
    ]
    found = {"spike_out": np.where(select, runs[1].spikes[:, 0], runs[0].spikes[:, 0])}
    for name, fmt in module.outputs.items():
        each = [
            run.states[name][:, 0] << (fmt.fraction - port.format.fraction)
            for run, compiled in zip(runs, (module.low, module.high), strict=True)
            for port in compiled.datapath.states
            if port.name == name
        ]
        found[f"{name}_out"] = np.where(select, each[1], each[0]) & ((1 << fmt.width) - 1)
    return found


CASES: dict[str, dict[str, Any]] = {
    "one clock": {"pipeline": 0},
    "many clocks": {"pipeline": 3, "multipliers": "shared"},
    "block floating": {"lp_precision": "BFP12E3X2", "hp_precision": "Q4.20", "pipeline": 0,
                       "rounding": "nearest", "overflow": "trap"},
    "inputs beyond the low precision": {"lp_width": 12, "lp_frac": 6, "pipeline": 0},
    "uneven": {"lp_width": 10, "lp_frac": 6, "hp_width": 24, "hp_frac": 18,
               "rounding": "stochastic"},
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("mode", ["low", "high", "switching"])
def test_the_module_is_the_model_of_what_is_selected(
    case: str, mode: str, store: EvidenceStore
) -> None:
    _compare(case, mode, "yosys", store)


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES)
def test_so_it_is_in_every_simulator(case: str, store: EvidenceStore) -> None:
    for simulator in available_simulators():
        _compare(case, "switching", simulator, store)


def _compare(case: str, mode: str, simulator: str, store: EvidenceStore) -> None:
    changes = {"ranges": {"v": (-4, 4), "w": (-2, 2)}} if case.startswith("inputs") else {}
    module = adaptive_module(neuron(**changes), "pair_adaptive", **CASES[case])
    rng = np.random.default_rng(11)
    ticks = 300 if module.cycles < 4 else 40
    fmt = module.inputs["I"]
    (port,) = module.high.datapath.inputs
    pins = rng.integers(port.low // 8, port.high + 1, ticks)  # mostly upwards, so that it spikes
    pins[:8] = [port.low, port.high, 0, -1, 1, port.low + 1, port.high - 1, 255]
    select = {"low": np.zeros(ticks, int), "high": np.ones(ticks, int),
              "switching": rng.integers(0, 2, ticks)}[mode]  # fmt: skip
    if changes:
        (narrow,) = module.low.datapath.inputs
        assert min(port.low, -port.high) < narrow.low << 10 < narrow.high << 10 < port.high
        pins[8:] = rng.integers(narrow.low << 11, narrow.high << 12, ticks - 8)
    wanted = _expected(module, pins, select)
    # The pins change to noise between ticks, the select pin included.
    clocks = module.cycles + 2
    levels = {
        "enable": np.arange(ticks * clocks) % clocks == 0,
        "I": np.repeat(pins, clocks) & ((1 << fmt.width) - 1),
        module.select: rng.integers(0, 2, ticks * clocks),
    }
    levels[module.select][::clocks] = select
    _, seen, _ = simulate_rtl(
        simulator, module.sources, module.module, clock="clk", reset="rst_n", store=store,
        inputs={k: v.astype(np.uint64) for k, v in levels.items()},
        input_widths={"enable": 1, "I": fmt.width, module.select: 1},
        output_widths={"valid": 1, "spike_out": 1}
        | {f"{name}_out": out.width for name, out in module.outputs.items()},
    )  # fmt: skip
    ends = np.flatnonzero(seen["valid"])
    assert ends.tolist() == list(range(module.cycles - 1, ticks * clocks, clocks))
    assert wanted["spike_out"].any()
    for name, values in wanted.items():
        assert (seen[name][ends] == values).all(), name


def test_the_two_precisions_differ_so_that_the_comparison_means_something() -> None:
    module = adaptive_module(neuron(), "pair_adaptive", pipeline=0)
    pins = np.random.default_rng(11).integers(-3 << 16, 3 << 16, 300)
    low = _expected(module, pins, np.zeros(300, int))
    high = _expected(module, pins, np.ones(300, int))
    assert (low["v_out"] != high["v_out"]).mean() > 0.5


@pytest.mark.parametrize("case", CASES)
def test_every_front_end_is_silent(case: str, store: EvidenceStore) -> None:
    module = adaptive_module(neuron(), "pair_adaptive", **CASES[case])
    assert lint(module.sources, module.module, store=store).result["warnings"] == []


def test_it_is_synthesised(store: EvidenceStore) -> None:
    module = adaptive_module(neuron(), "pair_adaptive", pipeline=0)
    record = synthesise(module.sources, module.module, get_target("ice40-hx8k"), store=store)
    flops = sum(p.width for c in (module.low, module.high) for p in c.datapath.states)
    # Two of valid, of which one is read, two of spike_out and the choice.
    assert flops + 4 <= record.result["ffs"] <= flops + 5
    assert record.result["luts"] > 0


def test_the_text_begins_with_its_manifest() -> None:
    text = compile_adaptive_precision(
        neuron(), "duo", 16, 8, 32, 16, lp_precision="Q8.8", hp_precision="Q16.16"
    )
    first, rest = text.split("\n", 1)
    manifest = json.loads(first.removeprefix("// "))
    assert manifest["schema"] == "adaptive_precision_emitter.v1"
    assert manifest["low"]["emitted_datapath_width"] == 16
    assert manifest["high"]["emitted_datapath_fraction"] == 16
    for side in ("low", "high"):
        assert manifest[side]["exponent_stream_width"] == 0
        assert manifest[side]["exponent_vector_width"] == 0
        assert manifest[side]["block_exponent_layout"] is None
    for name in ("duo", "duo_low", "duo_high"):
        assert f"module {name} (" in rest
    assert compile_adaptive_precision(neuron(), "duo") == compile_adaptive_precision(
        neuron(), "duo"
    )


def test_block_floating_lays_out_its_exponents() -> None:
    module = adaptive_module(
        neuron(), lp_precision="BFP16_E3", hp_precision="Q8.16", lp_parameter_count=70
    )
    low = module.manifest()["low"]
    assert low["precision"] == "BFP16E3X32" and low["kind"] == "block_floating"
    assert (low["emitted_datapath_width"], low["emitted_datapath_fraction"]) == (16, 11)
    assert (low["exponent_stream_width"], low["exponent_vector_width"]) == (3, 9)
    assert low["block_exponent_layout"]["last_block_size"] == 6
    default = adaptive_module(neuron(), lp_precision="BFP16E3X1", hp_precision="Q8.16")
    assert default.manifest()["low"]["exponent_vector_width"] == 2 * 3  # tau and g


def test_an_input_may_be_called_precision(store: EvidenceStore) -> None:
    names = ("precision", "start", "selected", "valid_low")
    model = build_model(
        f"dv/dt = {' + '.join(names)} - v",
        ranges={"v": (-4, 4)},
        inputs=[Quantity(name, 0.0, "", -1, 1, "a name that is taken") for name in names],
    )
    module = adaptive_module(model, "named", pipeline=0)
    assert module.select == "precision_2"
    assert lint(module.sources, "named", store=store).result["warnings"] == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"lp_precision": "Q8"}, "not a Q format"),
        ({"lp_precision": "half"}, "is unknown"),
        (
            {"lp_precision": "Q8.8", "lp_width": 12},
            "lp_width is 12, but lp_precision 'Q8.8' has 16",
        ),
        ({"lp_parameter_count": 4}, "lp_parameter_count goes with block floating point"),
        ({"hp_precision": "Q16.16", "hp_parameter_count": 4}, "Q16.16 has no shared exponents"),
        ({"lp_precision": "BFP16E3", "lp_parameter_count": 0}, "parameter_count is 0"),
        ({"lp_precision": "Q8.20", "hp_precision": "Q8.8"}, "swap them"),
        ({"lp_precision": "UQ8.8"}, "both must be signed, or neither"),
        ({"parameters": "ports"}, "parameters as constants"),
        ({"format": "Q8.8"}, "not a format"),
    ],
)
def test_contradictions_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        adaptive_module(neuron(), **arguments)


def test_what_cannot_hold_the_model_is_refused() -> None:
    with pytest.raises(SCCompilerError, match=r"Q1\.7 holds"):
        adaptive_module(neuron(), lp_precision="Q1.7")
    with pytest.raises(SCCompilerError, match="not a Verilog identifier"):
        adaptive_module(neuron(), "two words")


def test_enable_and_the_choice_are_not_read_while_it_is_busy(store: EvidenceStore) -> None:
    """With enable held high and precisions of unequal clocks, every tick is still whole."""
    module = adaptive_module(neuron(), "pair_adaptive", **CASES["uneven"] | {"rounding": "nearest"})
    assert module.low.rtl.cycles != module.high.rtl.cycles
    ticks, rng = 40, np.random.default_rng(12)
    (port,) = module.high.datapath.inputs
    fmt, clocks = module.inputs["I"], module.cycles
    pins = rng.integers(port.low // 8, port.high + 1, ticks)
    select = rng.integers(0, 2, ticks * clocks)
    _, seen, _ = simulate_rtl(
        "yosys", module.sources, module.module, clock="clk", reset="rst_n", store=store,
        inputs={
            "enable": np.ones(ticks * clocks, np.uint64),
            "I": (np.repeat(pins, clocks) & ((1 << fmt.width) - 1)).astype(np.uint64),
            module.select: select.astype(np.uint64),
        },
        input_widths={"enable": 1, "I": fmt.width, module.select: 1},
        output_widths={"valid": 1, "busy": 1, "spike_out": 1}
        | {f"{name}_out": out.width for name, out in module.outputs.items()},
    )  # fmt: skip
    ends = np.flatnonzero(seen["valid"])
    assert ends.tolist() == list(range(clocks - 1, ticks * clocks, clocks))
    for name, values in _expected(module, pins, select[::clocks]).items():
        assert (seen[name][ends] == values).all(), name
