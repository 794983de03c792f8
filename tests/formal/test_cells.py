"""Our models of mapped cells against Yosys's simulation models, on all or on random inputs."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from sc_neurocore.formal._aig import Aig
from sc_neurocore.formal._cells import Cell
from sc_neurocore.formal._design import Design
from sc_neurocore.toolchain import run_yosys

ICE40, XILINX = "+/ice40/cells_sim.v", "+/xilinx/cells_sim.v"
LATTICE, GOWIN = "+/lattice/cells_sim_ecp5.v", "+/gowin/cells_sim.v"
#: Family, library, cell, parameters (an integer is the width of a random value).
CASES: list[tuple[str, str, str, dict[str, Any]]] = [
    ("ice40", ICE40, "SB_LUT4", {"LUT_INIT": 16}),
    ("ice40", ICE40, "SB_CARRY", {}),
    *(("ice40", ICE40, f"SB_DFF{e}{r}", {}) for e in ("", "E") for r in ("", "SR", "SS")),
    ("ecp5", LATTICE, "LUT4", {"INIT": 16}),
    ("ecp5", LATTICE, "PFUMX", {}),
    ("ecp5", LATTICE, "L6MUX21", {}),
    ("ecp5", LATTICE, "CCU2C", {"INIT0": 16, "INIT1": 16}),
    ("ecp5", LATTICE, "CCU2C", {"INIT0": 16, "INIT1": 16, "INJECT1_0": "NO", "INJECT1_1": "NO"}),
    *(
        ("ecp5", LATTICE, "TRELLIS_FF", {"CEMUX": ce, "LSRMUX": lsr, "REGSET": value})
        for ce, lsr, value in [
            ("1", "LSR", "RESET"), ("CE", "LSR", "SET"), ("INV", "INV", "SET"), ("0", "LSR", "SET"),
        ]
    ),
    *(("gowin", GOWIN, f"LUT{n}", {"INIT": 1 << n if n > 1 else "01"}) for n in range(1, 5)),
    *(("gowin", GOWIN, f"MUX2_LUT{n}", {}) for n in range(5, 9)),
    *(("gowin", GOWIN, "ALU", {"ALU_MODE": f"{mode:032b}"}) for mode in range(3)),
    *(("gowin", GOWIN, f"DFF{kind}", {}) for kind in ("", "E", "R", "RE", "S", "SE")),
    *(("xilinx", XILINX, f"LUT{n}", {"INIT": 1 << n if n > 1 else "01"}) for n in range(1, 7)),
    ("xilinx", XILINX, "MUXF7", {}),
    ("xilinx", XILINX, "MUXF8", {}),
    ("xilinx", XILINX, "CARRY4", {}),
    ("xilinx", XILINX, "INV", {}),
    ("xilinx", XILINX, "FDRE", {}),
    ("xilinx", XILINX, "FDSE", {}),
]  # fmt: skip


def simulation_model(library: str, kind: str, parameters: dict[str, str]) -> dict[str, Any]:
    """A cell's simulation model as Yosys's own gates."""
    bits = {n: v for n, v in parameters.items() if len(v) > 1 and set(v) <= set("01")}
    values = {n: f"{len(v)}'b{v}" if n in bits else f'"{v}"' for n, v in parameters.items()}
    setting = ", ".join(f".{n}({v})" for n, v in values.items())
    script = [
        f"read_verilog -defer -overwrite {library}",
        "read_verilog outer.v",
        "hierarchy -top outer",
        "delete outer",
        "proc",
        "flatten",
        "opt_expr",
        "techmap",
        "opt_expr",
        "dffunmap",
        "simplemap",
        "setattr -unset init",
        "dfflegalize -cell $_DFF_P_ x",
        "opt_clean",
        "write_json cell.json",
    ]
    outer = (
        f"module outer; {kind} {f'#({setting})' if setting else ''} cell_of_interest(); endmodule"
    )
    run = run_yosys(script, {"outer.v": outer}, outputs=["cell.json"])
    modules: dict[str, Any] = json.loads(run.files["cell.json"])["modules"]
    (module,) = [m for n, m in modules.items() if (n == kind or f"\\{kind}" in n) and m["cells"]]
    return module  # type: ignore[no-any-return]


def instance(module: dict[str, Any], kind: str, parameters: dict[str, str]) -> dict[str, Any]:
    """A module that holds nothing but one such cell, wired to ports of the same names."""
    ports = module["ports"]
    cell = {
        "type": kind,
        "parameters": parameters,
        "port_directions": {n: p["direction"] for n, p in ports.items()},
        "connections": {n: p["bits"] for n, p in ports.items()},
    }
    nets = {n: {"bits": p["bits"], "hide_name": 0} for n, p in ports.items()}
    return {"ports": ports, "netnames": nets, "cells": {"cell": cell}}


@pytest.mark.parametrize(("family", "library", "kind", "wanted"), CASES)
def test_a_cell_does_what_its_simulation_model_does(
    family: str, library: str, kind: str, wanted: dict[str, Any]
) -> None:
    rng = random.Random(kind)
    parameters = {
        n: f"{rng.getrandbits(w):0{w}b}" if isinstance(w, int) else w for n, w in wanted.items()
    }
    module = simulation_model(library, kind, parameters)
    # Both share the input variables; a register's present value is one variable, too.
    aig = Aig()
    inputs: dict[tuple[str, int], int] = {}
    theirs = Design(aig, module, "", inputs)
    ours = Design(aig, instance(module, kind, parameters), family, inputs)
    roots = []
    for port in (p for p in module["ports"].values() if p["direction"] == "output"):
        for bit in port["bits"]:
            roots.append((theirs, bit))
            roots.append((ours, bit))
    states = {}
    functions = []
    for design, bit in roots:
        value = design.literal(bit)
        if value in design.states:
            states[value] = inputs.setdefault(("present", 0), aig.leaf())
            value = design.next_states(value)[value]
        functions.append(value)
    functions = aig.substitute(functions, states)
    ones = (1 << 4096) - 1
    patterns = {leaf: rng.getrandbits(4096) for leaf in aig.leaves}
    found = aig.evaluate(functions, patterns, ones)
    assert functions and found[0::2] == found[1::2]
    # A cell that does nothing would prove nothing (one flip-flop here is never enabled or reset).
    assert any(0 < f < ones for f in found)


def test_a_block_ram_reads_what_its_contents_say() -> None:
    """Against the layout of the iCE40 data sheet: in mode m, 256·2**m words of 16/2**m bits."""
    rng = random.Random(5)
    words = [rng.getrandbits(16) for _ in range(256)]
    rows = [sum(words[16 * r + i] << (16 * i) for i in range(16)) for r in range(16)]
    for mode, offset in enumerate((0, 0, 1, 3)):
        parameters = {f"INIT_{r:X}": f"{rows[r]:0256b}" for r in range(16)}
        parameters["READ_MODE"] = f"{mode:032b}"
        cell = {
            "type": "SB_RAM40_4K",
            "parameters": parameters,
            "port_directions": {"RADDR": "input", "RDATA": "output", "RE": "input"},
            "connections": {"RADDR": list(range(2, 13)), "RDATA": list(range(13, 29)), "RE": ["1"]},
        }
        ports = {"RADDR": {"direction": "input", "bits": list(range(2, 13))}}
        aig, inputs = Aig(), {}
        design = Design(
            aig, {"ports": ports, "netnames": {}, "cells": {"r": cell}}, "ice40", inputs
        )
        group = 1 << mode
        for first in range(0, 16, group):
            (following,) = design.next_states(design.literal(13 + first + offset)).values()
            for address in rng.sample(range(256 << mode), 40):
                values = {inputs[("RADDR", k)]: address >> k & 1 for k in range(11)}
                (bit,) = aig.evaluate([following], values, 1)
                assert bit == words[address & 255] >> (first + (address >> 8)) & 1


def test_what_is_not_modelled_is_refused() -> None:
    from sc_neurocore.formal._cells import UnmodelledCell, function_of, registers_of

    for kind, parameters in [
        ("SB_DFFN", {}), ("SB_DFFR", {}), ("SB_DFFES", {}), ("DFFC", {}), ("DFFPE", {}),
        ("FDRE", {"IS_C_INVERTED": "1"}), ("TRELLIS_FF", {"SRMODE": "ASYNC"}),
        ("TRELLIS_FF", {"CLKMUX": "INV"}),
    ]:  # fmt: skip
        with pytest.raises(UnmodelledCell, match=f"^cell {kind} .*no model for$"):
            registers_of(Cell(kind, parameters))
    with pytest.raises(UnmodelledCell, match=r"^cell SB_MAC16 occurs"):
        function_of(Cell("SB_MAC16", {}), "ice40")
