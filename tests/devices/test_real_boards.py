"""Drivers of real boards, where there is none: they say so, and pretend nothing."""

from __future__ import annotations

import json
import mmap
import os
import sys
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.devices import MemoryLink, PynqDevice, Read, SerialDevice, Write
from sc_neurocore.devices._serial import SerialLink, bitstream_of
from sc_neurocore.exceptions import BusError, DeviceError, LinkError, SCDependencyError
from sc_neurocore.toolchain import load_bitstream

from .designs import design

REGISTERS = design().device.registers


@pytest.fixture
def memory(tmp_path: Path) -> Path:
    """A file where a board has /dev/mem: two pages, of which the second is the registers."""
    path = tmp_path / "mem"
    path.write_bytes(bytes(2 * mmap.PAGESIZE))
    return path


def test_registers_in_memory_are_words_at_their_addresses(memory: Path) -> None:
    link = MemoryLink(memory, mmap.PAGESIZE, REGISTERS)
    words = np.memmap(memory, "<u4", "r+", offset=mmap.PAGESIZE)
    words[0x28 // 4] = 0xDEADBEEF  # CLASS
    values = link.transfer([Write(0x18, 0x01020304), Read(0x28), Read(0x18), Write(0x1C, 1)])
    assert values == [0xDEADBEEF, 0x01020304]
    assert memory.read_bytes()[mmap.PAGESIZE + 0x18 :][:8] == bytes([4, 3, 2, 1, 1, 0, 0, 0])
    assert not any(memory.read_bytes()[: mmap.PAGESIZE])
    link.close()
    with pytest.raises(DeviceError, match="closed"):
        link.transfer([Read(0)])


@pytest.mark.parametrize("operation", [Read(0x7C), Write(0x7C, 1), Write(0, 1), Read(0x1C)])
def test_what_would_end_the_process_is_refused_before(
    memory: Path, operation: Read | Write
) -> None:
    link = MemoryLink(memory, 0, REGISTERS)
    with pytest.raises(BusError, match="nothing of the transfer was done"):
        link.transfer([Write(0x18, 1), operation])
    assert link.transfer([Read(0x18)]) == [0]


def test_memory_that_cannot_be_mapped(memory: Path, tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="cannot be mapped"):
        MemoryLink(tmp_path / "none", 0, REGISTERS)
    with pytest.raises(DeviceError, match="cannot be mapped"):
        MemoryLink(memory, 16 * mmap.PAGESIZE, REGISTERS)
    link = MemoryLink(memory, 0, REGISTERS)
    with pytest.raises(DeviceError, match="no bitstream for the Zynq"):
        link.load(tmp_path)


def test_a_machine_that_is_no_zynq_is_refused() -> None:
    with pytest.raises(DeviceError, match="this machine is no Zynq board"):
        PynqDevice(design())


def test_a_port_that_is_not_there() -> None:
    with pytest.raises(DeviceError, match="serial port /dev/ttyNONE cannot be opened"):
        SerialDevice("/dev/ttyNONE", design())


def test_a_port_at_which_nobody_answers() -> None:
    master, slave = os.openpty()
    with pytest.raises(LinkError, match="did not answer 2 times"):
        SerialDevice(os.ttyname(slave), design(), timeout_s=0.05, attempts=2)
    os.close(master)
    os.close(slave)


def test_without_pyserial_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "serial", None)
    with pytest.raises(SCDependencyError, match=r"sc-neurocore\[serial\]"):
        SerialDevice("/dev/ttyUSB0", design())


def loader(directory: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program named openFPGALoader, which stands in for the real one."""
    program = directory / "openFPGALoader"
    program.write_text(f"#!/bin/sh\nif [ $1 = --Version ]; then echo v1.0; exit; fi\n{script}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")


def test_loading_calls_openfpgaloader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loader(tmp_path, 'echo "$@"; cat bitstream.bit', monkeypatch)
    done = load_bitstream(b"bits; $(false)", ".bit", board="icebreaker", cable="ft2232")
    assert done.log == "--board icebreaker --cable ft2232 bitstream.bit\nbits; $(false)"


def test_a_board_that_openfpgaloader_does_not_find(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loader(tmp_path, 'echo "Error: unable to open ftdi device"; exit 1', monkeypatch)
    with pytest.raises(DeviceError, match="could not load the board 'ulx3s': Error: unable"):
        load_bitstream(b"", ".bit", board="ulx3s")


def test_without_openfpgaloader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SCDependencyError, match="openFPGALoader is not installed"):
        load_bitstream(b"", ".bit", board="ulx3s")


def test_what_a_serial_board_needs_to_be_loaded(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match="has no bitstream"):
        bitstream_of(tmp_path)
    (tmp_path / "synthesis").mkdir()
    (tmp_path / "synthesis" / "net.bit").write_bytes(b"x")
    report = {"synthesis": {"bitstream": "synthesis/net.bit"}}
    (tmp_path / "report.json").write_text(json.dumps(report))
    assert bitstream_of(tmp_path).read_bytes() == b"x"
    master, slave = os.openpty()
    link = SerialLink(os.ttyname(slave), 115_200, None, 0.1, 1)
    with pytest.raises(DeviceError, match="not known which board"):
        link.load(tmp_path)
    link.close()
    os.close(master)
    os.close(slave)
