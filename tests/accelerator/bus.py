"""A bus master without eyes: operations as rows of stimulus, and the answers of its reads."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from sc_neurocore.accelerator import DeviceRtl
from sc_neurocore.compiler.live_control import MMIOOperation, MMIOWrite, StagedWord
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.toolchain import simulate_rtl

#: Rows from one operation to the next: no slave of ours needs more.
GAP = 4


@dataclass
class Script:
    """What a master does, row by row.

    Attributes:
        device: what it does it to.
        rows: so far.
        writes: row, address and value of each.
        reads: row, address and name of each.
    """

    device: DeviceRtl
    rows: int = 0
    writes: list[tuple[int, int, int]] = field(default_factory=list)
    reads: list[tuple[int, int, str]] = field(default_factory=list)

    def _address(self, register: str) -> int:
        return self.device.registers.register(register).offset

    def write(self, register: str, value: int) -> Script:
        self.writes.append((self.rows, self._address(register), value))
        self.rows += GAP
        return self

    def read(self, register: str, name: str | None = None) -> Script:
        self.reads.append((self.rows, self._address(register), name or register))
        self.rows += GAP
        return self

    def wait(self, rows: int) -> Script:
        self.rows += rows
        return self

    def do(self, operations: Iterable[MMIOOperation], patience: int = 0) -> Script:
        """A sequence; a read that waits for something is a wait of so many rows."""
        for operation in operations:
            if isinstance(operation, MMIOWrite):
                self.write(operation.register, operation.value)
            elif operation.until is not None:
                self.wait(patience)
            else:
                self.read(operation.register)
        return self

    def levels(self, sample: Iterable[int]) -> Script:
        for level in sample:
            self.write("LEVEL", int(level))
        return self

    def infer(self, sample: Iterable[int], clocks: int, name: str) -> Script:
        """Load a sample, run so long, read the class."""
        return self.levels(sample).write("CONTROL", 1).wait(clocks).read("CLASS", name)

    def stage(self, words: Iterable[StagedWord]) -> Script:
        for word in words:
            self.do(self.device.update.build_update_sequence(*word)).wait(4)
        return self

    def run(self, store: EvidenceStore, simulator: str = "verilator") -> dict[str, int]:
        """Simulate it: answers of the reads by name, and ``errors``."""
        self.wait(16)
        zeros = {name: np.zeros(self.rows, dtype=np.uint64) for name in self.device.inputs}
        axi = self.device.bus == "axi_lite"
        rows, addresses, values = (
            np.array(x, dtype=np.int64) for x in zip(*self.writes, strict=True)
        )
        asked = np.array([row for row, *_ in self.reads])
        at = np.array([address for _, address, _ in self.reads])
        if axi:
            for name in ("awvalid", "wvalid"):
                zeros[f"s_axi_{name}"][rows] = 1
            zeros["s_axi_awaddr"][rows] = addresses
            zeros["s_axi_wdata"][rows] = values
            zeros["s_axi_wstrb"][:] = 15
            zeros["s_axi_bready"][:] = zeros["s_axi_rready"][:] = 1
            zeros["s_axi_arvalid"][asked] = 1
            zeros["s_axi_araddr"][asked] = at
        else:
            zeros["wb_cyc_i"][:] = 1
            zeros["wb_sel_i"][:] = 15
            for moment in (rows, asked):
                zeros["wb_stb_i"][moment] = 1
            zeros["wb_we_i"][rows] = 1
            zeros["wb_adr_i"][rows] = addresses
            zeros["wb_adr_i"][asked] = at
            zeros["wb_dat_i"][rows] = values
        _, traces, _ = simulate_rtl(
            simulator,
            self.device.sources,
            self.device.top,
            clock="clk",
            reset="rst_n",
            inputs=zeros,
            input_widths=self.device.inputs,
            output_widths=self.device.outputs,
            store=store,
        )
        found: dict[str, int] = {}
        if axi:
            answered = np.flatnonzero(traces["s_axi_rvalid"])
            data = traces["s_axi_rdata"][answered]
            bad = (traces["s_axi_rresp"] * traces["s_axi_rvalid"]).sum()
            bad += (traces["s_axi_bresp"] * traces["s_axi_bvalid"]).sum()
        else:
            answered = np.flatnonzero(traces["wb_ack_o"])
            answered = answered[np.isin(answered, asked + 1)]
            data = traces["wb_dat_o"][answered]
            bad = traces["wb_err_o"].sum()
        assert len(answered) == len(self.reads)
        for (_, _, name), value in zip(self.reads, data.tolist(), strict=True):
            found[name] = int(value)
        return found | {"errors": int(bad)}
