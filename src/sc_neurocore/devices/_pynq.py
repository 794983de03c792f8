"""Boards with a Zynq, from a program that runs on the board itself: registers in its memory."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices._bundle import open_bundle
from sc_neurocore.devices._device import RegisterDevice
from sc_neurocore.devices._link import check_operation
from sc_neurocore.devices._protocol import Operation, Write
from sc_neurocore.exceptions import BusError, DeviceError, SCConfigError, SCDependencyError
from sc_neurocore.hdl.registers import RegisterMap

#: What the device tree of such a board says.
_COMPATIBLE = Path("/proc/device-tree/compatible")
_MEMORY = Path("/dev/mem")
#: Where Vivado puts the first AXI4-Lite slave of a Zynq-7000.
_BASE = 0x43C0_0000
_SECONDS_PER_CLOCK = 1e-8
_SHORTEST_S = 2e-5


class MemoryLink:
    """Registers in memory: each operation is one load or store of 32 bits.

    An access that the bus refuses would end the process, so those that the register map does not
    have are refused here.

    Args:
        path: file that is mapped, ``/dev/mem`` on a board.
        base: address of the registers in it, a multiple of the page size.
        registers: their map.
        bitstream: file for the programmable logic; only to load it.
    """

    def __init__(
        self, path: Path, base: int, registers: RegisterMap, bitstream: Path | None = None
    ) -> None:
        size = 1 << registers.address_bits
        if base < 0 or base % mmap.PAGESIZE:
            raise SCConfigError(
                f"base address {base:#x} is no multiple of the page size, {mmap.PAGESIZE}"
            )
        try:
            file = os.open(path, os.O_RDWR | getattr(os, "O_SYNC", 0))
            try:
                self._map = mmap.mmap(file, max(size, mmap.PAGESIZE), offset=base)
            finally:
                os.close(file)
        except (OSError, ValueError) as error:
            number = getattr(error, "errno", None)
            reason = os.strerror(number) if number else str(error)
            raise DeviceError(
                f"the registers at {base:#x} of {path} cannot be mapped ({reason}); run as root on "
                "the board, and give the address that Vivado's address editor shows"
            ) from None
        self._words: NDArray[np.uint32] | None = np.frombuffer(self._map, "<u4", size // 4)
        self._readable = {r.offset for r in registers.registers if r.readable}
        self._writable = {r.offset for r in registers.registers if r.writable}
        self._bitstream = bitstream

    def transfer(self, operations: Sequence[Operation]) -> list[int]:
        """Perform operations in order and return the values of the reads."""
        if self._words is None:
            raise DeviceError("the link to the board's registers is closed")
        for operation in operations:
            check_operation(operation)
            write = isinstance(operation, Write)
            if operation.address not in (self._writable if write else self._readable):
                what = "written" if write else "read"
                raise BusError(
                    f"the register map has nothing to be {what} at address "
                    f"{operation.address:#05x}; nothing of the transfer was done"
                )
        values: list[int] = []
        for operation in operations:
            if isinstance(operation, Write):
                self._words[operation.address // 4] = operation.value
            else:
                values.append(int(self._words[operation.address // 4]))
        return values

    def advance(self, clocks: int) -> None:
        """Let the board run for about that many clocks of 100 MHz."""
        time.sleep(max(_SHORTEST_S, clocks * _SECONDS_PER_CLOCK))

    def load(self, bundle: Path) -> None:
        """Load the programmable logic through the library ``pynq``."""
        self.reset()

    def reset(self) -> None:
        """Load the programmable logic again."""
        if self._bitstream is None:
            raise DeviceError(
                "no bitstream for the Zynq was named; make one with Vivado from the bundle's rtl/ "
                "as an AXI4-Lite slave, and give it with bitstream=…"
            )
        try:
            import pynq
        except ImportError:
            raise SCDependencyError(
                "the library pynq is not installed; it is part of the board's own image"
            ) from None
        overlay: Any = pynq.Overlay(str(self._bitstream))
        overlay.download()

    def close(self) -> None:
        """Unmap the registers."""
        self._words = None
        self._map.close()


class PynqDevice(RegisterDevice):
    """A board with a Zynq, such as the PYNQ-Z2, from a program that runs on it.

    Args:
        bundle: directory of the live bundle that it should run; built for AXI4-Lite.
        base: address of its registers.
        bitstream: file for the programmable logic; only to `load` it.

    Raises:
        DeviceError: this machine is no such board, or its registers cannot be mapped.
        DeviceMismatchError: it runs another design.
    """

    def __init__(
        self,
        bundle: Path | str | LiveBundle,
        *,
        base: int = _BASE,
        bitstream: Path | str | None = None,
    ) -> None:
        require_zynq()
        design = open_bundle(bundle)
        link = MemoryLink(
            _MEMORY, base, design.device.registers, None if bitstream is None else Path(bitstream)
        )
        super().__init__(link, design, f"Zynq, registers at {base:#x}")
        try:
            self.check()
        except BaseException:
            self.close()
            raise


def require_zynq() -> None:
    """Refuse to go on where there is no Zynq.

    Raises:
        DeviceError: this machine has none.
    """
    try:
        compatible = _COMPATIBLE.read_bytes()
    except OSError:
        compatible = b""
    if b"xlnx,zynq" not in compatible:
        raise DeviceError(
            "this machine is no Zynq board (its device tree does not say xlnx,zynq); run this on "
            "the board, or use a virtual board"
        )
