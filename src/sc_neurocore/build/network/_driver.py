"""What software needs of a live device: its registers in several languages, and its banks."""

from __future__ import annotations

import json
from typing import Any

from sc_neurocore.accelerator import DeviceRtl
from sc_neurocore.hdl.registers import (
    write_c_header,
    write_ipxact,
    write_markdown,
    write_python_driver,
    write_systemrdl,
)


def driver_files(device: DeviceRtl) -> dict[str, str | bytes]:
    """The files of ``driver/``."""
    registers, name = device.registers, device.top
    return {
        "driver/registers.json": _text(registers.to_dict()),
        "driver/update.json": _text(device.update.to_dict()),
        f"driver/{name}.h": write_c_header(registers),
        f"driver/{name}.py": write_python_driver(registers),
        f"driver/{name}.md": write_markdown(registers),
        f"driver/{name}.xml": write_ipxact(registers, device.bus),
        f"driver/{name}.rdl": write_systemrdl(registers),
    }


def _text(document: Any) -> str:
    return json.dumps(document, indent=2) + "\n"
