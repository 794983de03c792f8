"""What is written from a register map, read back by somebody else."""

from __future__ import annotations

import re
import runpy
import subprocess
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from peakrdl_ipxact import IPXACTImporter
from systemrdl import RDLCompiler
from systemrdl.node import AddrmapNode, RegNode
from systemrdl.rdltypes import AccessType, OnWriteType

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers import (
    BUSES,
    RegisterMap,
    RegisterModel,
    device_registers,
    write_c_header,
    write_ipxact,
    write_markdown,
    write_python_driver,
    write_systemrdl,
)
from sc_neurocore.toolchain._tools import require

from .maps import SMALL, random_map

DEVICE = device_registers(3)
MAPS = [SMALL, DEVICE, random_map(1), random_map(2, 64)]
every_map = pytest.mark.parametrize("registers", MAPS, ids=lambda m: m.name)

#: Offset, and by field its bits, software access, effect of writing, reset and values.
Seen = dict[str, tuple[int, dict[str, tuple[int, int, str, str, int | None, dict[str, int]]]]]
_ACCESS = {"ro": "r", "rw": "rw", "wo": "w", "w1c": "rw"}


def described(registers: RegisterMap) -> Seen:
    """A map as other tools should see it."""
    seen: Seen = {}
    for r in registers.registers:
        fields = {}
        for name, low, width, values in [(f.name, f.low, f.width, f.values) for f in r.fields] or [
            (r.name, 0, registers.data_bits, ())
        ]:
            reset = r.reset >> low & ((1 << width) - 1) if r.resets else None
            effect = "woclr" if r.access == "w1c" else ""
            numbers = {v.name: v.number for v in values}
            fields[name] = (low, width, _ACCESS[r.access], effect, reset, numbers)
        seen[r.name] = (r.offset, fields)
    return seen


def compiled(root: AddrmapNode) -> Seen:
    """What SystemRDL's compiler made of a map, from whatever file."""
    seen: Seen = {}
    for register in root.descendants():
        if isinstance(register, RegNode):
            fields = {}
            for f in register.fields():
                effect = f.get_property("onwrite")
                assert effect in (None, OnWriteType.woclr)
                access: AccessType = f.get_property("sw")
                encode = f.get_property("encode")
                numbers = {} if encode is None else {m.name: m.value for m in encode}
                reset = f.get_property("reset")
                fields[f.inst_name] = (
                    f.lsb, f.width, access.name, "" if effect is None else "woclr", reset, numbers,
                )  # fmt: skip
            seen[register.inst_name] = (register.absolute_address, fields)
    return seen


@every_map
@pytest.mark.parametrize("bus", BUSES)
def test_ip_xact_is_read_back_by_peakrdl(registers: RegisterMap, bus: str, tmp_path: Path) -> None:
    file = tmp_path / "component.xml"
    file.write_text(write_ipxact(registers, bus), encoding="utf-8")
    compiler = RDLCompiler()
    IPXACTImporter(compiler).import_file(str(file))
    assert compiled(compiler.elaborate().top) == described(registers)


@every_map
def test_systemrdl_is_read_back_by_its_compiler(registers: RegisterMap, tmp_path: Path) -> None:
    file = tmp_path / "map.rdl"
    file.write_text(write_systemrdl(registers), encoding="utf-8")
    compiler = RDLCompiler()
    compiler.compile_file(str(file))
    top = compiler.elaborate().top
    assert compiled(top) == described(registers)
    for register, seen in zip(registers.registers, top.registers(), strict=True):
        assert (seen.get_property("desc") or "") == register.meaning


def test_ip_xact_names_bus_and_ports() -> None:
    text = write_ipxact(SMALL, "wishbone", vendor="example.org", library="chips", version="2")
    assert "<ipxact:vendor>example.org</ipxact:vendor>" in text
    ports = re.findall(r"<ipxact:port>\s*<ipxact:name>(\w+)<", text)
    assert ports[:3] == ["clk", "rst_n", "wb_cyc_i"]
    assert {"go_write", "go_data", "traps_set", "traps", "force_data", "class_"} <= set(ports)
    with pytest.raises(SCConfigError, match="vendor 'a b' of an IP-XACT component must be letters"):
        write_ipxact(SMALL, "wishbone", vendor="a b")


def _run(program: str, language: list[str], tmp_path: Path) -> str:
    (tmp_path / "main.c").write_text(program, encoding="utf-8")
    options = ["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-o", "main"]
    for command in ([*require("c++").argv, *language, *options, "main.c"], ["./main"]):
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", [["-x", "c", "-std=c99"], ["-x", "c++"]], ids=["c", "c++"])
@every_map
def test_the_header_prints_the_numbers_of_the_map(
    registers: RegisterMap, language: list[str], tmp_path: Path
) -> None:
    header = f"{registers.name}_registers.h"
    (tmp_path / header).write_text(write_c_header(registers), encoding="utf-8")
    prefix = registers.name.upper()
    lines = "".join(
        f'    printf("{name} %llu\\n", (unsigned long long){prefix}_{name});\n'
        for name, _ in registers.symbols()
    )
    word = f"uint{registers.data_bits}_t"
    last = registers.registers[-1].offset
    index = last // registers.word_bytes
    program = f"""\
#include <stdio.h>
#include "{header}"
#include "{header}"
static {word} memory[{index + 1}];
int main(void)
{{
{lines}    {registers.name}_write(memory, {last}, 0x1234);
    printf("at %d\\n", memory[{index}] == 0x1234);
    printf("read %d\\n", {registers.name}_read(memory, {last}) == 0x1234);
    printf("field %d\\n", (int){registers.name}_field(0x1234, 0x0ff0, 4));
    return 0;
}}
"""
    printed = [line.split() for line in _run(program, language, tmp_path).splitlines()]
    expected = [*registers.symbols(), ("at", 1), ("read", 1), ("field", 0x23)]
    assert [(name, int(number)) for name, number in printed] == expected


class Behind:
    """A golden model as a link."""

    def __init__(self, registers: RegisterMap, base: int = 0) -> None:
        self.model = RegisterModel(registers)
        self.base = base
        self.driven = {r.port: 0 for r in registers.registers}
        self.driven |= {f"{r.stem}_set": 0 for r in registers.registers}
        self.strobes: list[tuple[str, int]] = []
        self.mask = (1 << registers.data_bits) - 1

    def read(self, address: int) -> int:
        value, failed = self.model.read(address - self.base, self.driven)
        assert not failed
        return value

    def write(self, address: int, value: int) -> None:
        place = address - self.base
        assert not self.model.refuses(place, self.mask)
        seen = self.model.outputs(True, place, value, self.mask)
        self.strobes += [
            (name, seen[name.replace("_write", "_data")])
            for name, level in seen.items()
            if name.endswith("_write") and level
        ]
        self.model.clock(True, place, value, self.mask, self.driven)


def _driver(registers: RegisterMap, folder: Path, base: int = 0) -> tuple[Any, Any, Behind]:
    file = folder / f"{registers.name}.py"
    file.write_text(write_python_driver(registers), encoding="utf-8")
    module = types.SimpleNamespace(**runpy.run_path(str(file)))
    link = Behind(registers, base)
    return module, module.Registers(link, base), link


@every_map
def test_the_python_driver_has_the_numbers_of_the_map(
    registers: RegisterMap, tmp_path: Path
) -> None:
    module, _, _ = _driver(registers, tmp_path)
    assert {name: getattr(module, name) for name, _ in registers.symbols()} == dict(
        registers.symbols()
    )
    assert registers.data_bits == module.WORD_BITS
    assert "import" not in write_python_driver(registers)


def test_the_python_driver_drives_the_golden_model(tmp_path: Path) -> None:
    module, driver, link = _driver(SMALL, tmp_path, base=0x4000_0000)
    link.driven["version"] = 77
    assert driver.read("VERSION") == 77
    assert driver.read("LEVEL") == module.LEVEL_RESET == 0x1204
    driver.write("LEVEL", 0xFFFFFFFF)
    assert driver.read_fields("LEVEL") == {"A": 0xF, "B": 0xFF}
    driver.write_fields("LEVEL", A=3)
    assert driver.read("LEVEL") == 0xFF03
    driver.write_fields("GO", HOW=2)
    driver.write("FORCE", 5)
    assert link.strobes == [("go_write", 0x20), ("force_write", 5)]
    link.driven["traps_set"] = 0x80000007
    link.model.clock(False, 0, 0, 0, link.driven)
    link.driven["traps_set"] = 0
    driver.write_fields("TRAPS", Y=1)
    assert driver.read_fields("TRAPS") == {"X": 7, "Y": 0}
    driver.write_fields("MODE", KIND=module.MODE_KIND_ON)
    assert driver.read("MODE") == 4


@pytest.mark.parametrize(
    ("use", "sentence"),
    [
        (lambda d: d.read("NO"), "there is no register 'NO'; there are VERSION, LEVEL"),
        (lambda d: d.read("GO"), "register GO cannot be read"),
        (lambda d: d.write("VERSION", 1), "register VERSION cannot be written"),
        (lambda d: d.write("WORD", 1 << 32), r"WORD is 4294967296; it must be a whole number belo"),
        (lambda d: d.write("WORD", True), "WORD is True; it must be a whole number below 2**32"),
        (lambda d: d.write_fields("LEVEL", A=16), "LEVEL.A is 16; it must be a whole number below"),
        (lambda d: d.write_fields("LEVEL", C=1), "register LEVEL has no field 'C'; it has A, B"),
        (lambda d: d.write_fields("WORD", C=1), "register WORD has no field 'C'; it has no fields"),
    ],
)
def test_the_python_driver_refuses_before_it_touches_the_link(
    use: Callable[[Any], object], sentence: str, tmp_path: Path
) -> None:
    _, driver, link = _driver(SMALL, tmp_path)
    before = dict(link.model.stored)
    with pytest.raises(ValueError, match=re.escape(sentence)):
        use(driver)
    assert link.model.stored == before
    assert link.strobes == []


@every_map
def test_the_page_lists_every_register_and_field(registers: RegisterMap) -> None:
    page = write_markdown(registers)
    rows = [
        [cell.strip().strip("`") for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("| `0x")
    ]
    listed = [(int(r[0], 16), re.sub(r"\[`(\w+)`\].*", r"\1", r[1]), r[2]) for r in rows]
    assert listed == [(r.offset, r.name, r.access) for r in registers.registers]
    headings = re.findall(r"^## (\w+)$", page, re.MULTILINE)
    assert headings == [r.name for r in registers.registers if r.fields]
    assert sum(len(r.fields) for r in registers.registers) == len(
        re.findall(r"^\| \d+(?::\d+)? \|", page, re.MULTILINE)
    )
