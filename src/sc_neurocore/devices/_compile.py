"""The program of a virtual board: a design's RTL and the board around it, compiled."""

from __future__ import annotations

from importlib.resources import files

from sc_neurocore.build.network import LiveBundle
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import DeviceError
from sc_neurocore.toolchain import compile_model

_UNITS = ("board.cpp", "board.h", "faults.h", "frames.h", "model.h")
#: What faults are injected into: the memories of parameters, and the bank that each is.
_PUBLIC = """\
`verilator_config
public_flat_rw -module "sc_live_memory" -var "memory"
public_flat_rw -module "sc_live_memory" -var "BANK"
"""
_BUSES = ("axi_lite", "wishbone")


def compile_board(design: LiveBundle, store: EvidenceStore, timeout_s: float) -> bytes:
    """Return the program of a design's virtual board, compiled now or before.

    Raises:
        DeviceError: the design has a bus that no virtual board speaks.
        SCDependencyError: Verilator or a C++ compiler is missing.
        ToolError: one of them failed.
    """
    bus = design.device.bus
    if bus not in _BUSES:
        raise DeviceError(f"a virtual board speaks {' and '.join(_BUSES)}, not '{bus}'")
    folder = files("sc_neurocore.devices") / "board"
    program = {name: (folder / name).read_text(encoding="utf-8") for name in _UNITS}
    program["model.h"] = f"#define BUS_AXI_LITE {int(bus == 'axi_lite')}\n" + program["model.h"]
    record = compile_model(
        {"public.vlt": _PUBLIC, **design.device.sources},
        program,
        top=design.device.top,
        prefix="Vboard",
        store=store,
        timeout_s=timeout_s,
    )
    return store.blob(record.key, "simulator")
