"""Slaves of a bus: its transactions as plain reads and writes of words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sc_neurocore.hdl.blocks._block import Block, Fault, whole
from sc_neurocore.hdl.blocks._clocking import (
    Clocked,
    Drive,
    Pins,
    Producer,
    Taken,
    against,
    step_by_step,
)
from sc_neurocore.hdl.blocks._stimulus import bits

SLVERR = 2


def expanded(strobes: int, lanes: int) -> int:
    """A mask of bits from one of bytes."""
    return sum(0xFF << (8 * i) for i in range(lanes) if strobes >> i & 1)


@dataclass
class AxiLiteSlave(Clocked):
    """What `sc_axi_lite_slave` does.

    Args:
        lanes: bytes of a word.
    """

    lanes: int
    address: int | None = None
    data: tuple[int, int] | None = None
    answer: int | None = None
    asked: bool = False
    read_word: int = 0
    found: tuple[int, int] | None = None

    def outputs(self, pins: Pins) -> dict[str, int]:
        runs = not pins.get("restart")
        ready = {
            "s_axi_awready": int(runs and self.address is None),
            "s_axi_wready": int(runs and self.data is None),
            "s_axi_arready": int(runs and not self.asked),
        }
        write = runs and self.address is not None and self.data is not None and self.answer is None
        data, mask = self.data or (0, 0)
        read, response = self.found or (0, 0)
        return {
            **ready,
            "s_axi_bvalid": int(self.answer is not None),
            "s_axi_bresp": self.answer or 0,
            "s_axi_rvalid": int(self.found is not None),
            "s_axi_rdata": read,
            "s_axi_rresp": response,
            "write": int(write),
            "write_address": (self.address or 0) if write else 0,
            "write_data": data if write else 0,
            "write_mask": mask if write else 0,
            "read_address": self.read_word,
        }

    def clock(self, pins: Pins) -> None:
        if self.outputs(pins)["write"]:
            self.address = self.data = None
            self.answer = SLVERR * pins["write_error"]
        else:
            if self.answer is not None and pins["s_axi_bready"]:
                self.answer = None
            if self.address is None and pins["s_axi_awvalid"]:
                self.address = pins["s_axi_awaddr"] & -self.lanes
            if self.data is None and pins["s_axi_wvalid"]:
                self.data = pins["s_axi_wdata"], expanded(pins["s_axi_wstrb"], self.lanes)
        if self.asked and self.found is None:
            failed = pins["read_error"]
            self.found = (0, SLVERR) if failed else (pins["read_data"], 0)
            self.asked = False
            return
        if self.found is not None and pins["s_axi_rready"]:
            self.found = None
        if not self.asked:
            self.read_word = pins["s_axi_araddr"] & -self.lanes
            self.asked = bool(pins["s_axi_arvalid"])


@dataclass
class WishboneSlave(Clocked):
    """What `sc_wishbone_slave` does.

    Args:
        lanes: bytes of a word.
    """

    lanes: int
    request: tuple[int, int, int] | None = None
    address: int = 0
    answer: tuple[int, int] | None = None

    def outputs(self, pins: Pins) -> dict[str, int]:
        runs = not pins.get("restart")
        writes, data, mask = self.request or (0, 0, 0)
        write = int(runs and writes)
        read, failed = self.answer if self.answer and pins["wb_cyc_i"] else (0, None)
        return {
            "wb_dat_o": read,
            "wb_ack_o": int(failed == 0),
            "wb_err_o": int(failed == 1),
            "wb_stall_o": int(not runs),
            "write": write,
            "write_address": self.address,
            "write_data": data if write else 0,
            "write_mask": mask if write else 0,
            "read_address": self.address,
        }

    def clock(self, pins: Pins) -> None:
        self.answer = None
        if self.request and pins["wb_cyc_i"]:
            writes = self.request[0]
            failed = pins["write_error" if writes else "read_error"]
            self.answer = (0 if writes or failed else pins["read_data"], failed)
        self.request = None
        self.address = pins["wb_adr_i"] & -self.lanes
        if pins["wb_cyc_i"] and pins["wb_stb_i"]:
            mask = expanded(pins["wb_sel_i"], self.lanes)
            self.request = pins["wb_we_i"], pins["wb_dat_i"], mask


def axi_lite_master(
    rng: np.random.Generator, ticks: int, addresses: list[int], data_bits: int
) -> tuple[Drive, Taken]:
    """Requests that wait until they are taken, and answers that wait until they are wanted.

    Addresses and data of writes come independently of each other.
    """
    lanes = data_bits // 8
    levels = {name: bits(rng, ticks).tolist() for name in ("aw", "w", "ar", "bready", "rready")}
    order = rng.permutation(np.resize(addresses, (2, 2 * ticks + 2)).T).T.tolist()
    data = rng.integers(0, 1 << data_bits, ticks + 1).tolist()
    whole_words = rng.random(ticks + 1) < 0.7
    strobes = np.where(whole_words, (1 << lanes) - 1, rng.integers(0, 1 << lanes, ticks + 1))
    words = iter(zip(data, strobes.tolist(), strict=True))
    writes, reads = (iter(column) for column in order)

    def packed() -> int:
        word, strobe = next(words)
        return int(strobe << data_bits | word)

    producers = {
        "aw": Producer(lambda: next(writes)),
        "w": Producer(packed),
        "ar": Producer(lambda: next(reads)),
    }

    def drive(tick: int) -> dict[str, int]:
        pins = {f"s_axi_{name}": levels[name][tick] for name in ("bready", "rready")}
        for name, producer in producers.items():
            valid, payload = producer.offer(bool(levels[name][tick]))
            pins[f"s_axi_{name}valid"] = valid
            shown = payload or 0
            if name == "w":
                pins["s_axi_wdata"] = shown & ((1 << data_bits) - 1)
                pins["s_axi_wstrb"] = shown >> data_bits
            else:
                pins[f"s_axi_{name}addr"] = shown
        return pins

    def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
        for name, producer in producers.items():
            if pins[f"s_axi_{name}valid"] and outputs[f"s_axi_{name}ready"]:
                producer.taken()

    return drive, taken


def wishbone_master(
    rng: np.random.Generator, ticks: int, addresses: list[int], data_bits: int
) -> tuple[Drive, Taken]:
    """Requests back to back, with gaps, and in cycles that end before the answers."""
    lanes = data_bits // 8
    single = {name: bits(rng, ticks).tolist() for name in ("cyc_i", "stb_i", "we_i")}
    cycle = (np.array(single["cyc_i"]) | (rng.random(ticks) < 0.5)).tolist()
    address = rng.choice(addresses, ticks).tolist()
    data = rng.integers(0, 1 << data_bits, ticks).tolist()
    every = (1 << lanes) - 1
    strobes = np.where(rng.random(ticks) < 0.7, every, rng.integers(0, every + 1, ticks)).tolist()

    def drive(tick: int) -> dict[str, int]:
        return {
            "wb_cyc_i": cycle[tick],
            "wb_stb_i": single["stb_i"][tick],
            "wb_we_i": single["we_i"][tick],
            "wb_adr_i": address[tick],
            "wb_sel_i": strobes[tick],
            "wb_dat_i": data[tick],
        }

    def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
        """A request is never kept waiting, but in a reset, which makes all forget."""

    return drive, taken


def _registers(rng: np.random.Generator, ticks: int, data_bits: int, master: Drive) -> Drive:
    """A master, and what any registers may answer."""
    errors = [bits(rng, ticks).tolist() for _ in range(2)]
    data = rng.integers(0, 1 << data_bits, ticks).tolist()

    def drive(tick: int) -> dict[str, int]:
        answers = {"write_error": errors[0][tick], "read_error": errors[1][tick]}
        return master(tick) | answers | {"read_data": data[tick]}

    return drive


def axi_lite_slave(address_bits: int, data_bits: int) -> Block:
    """Slave of AXI4-Lite."""
    lanes = data_bits // 8

    def model() -> AxiLiteSlave:
        return AxiLiteSlave(lanes)

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        addresses = rng.integers(0, 1 << address_bits, 1000).tolist()
        drive, taken = axi_lite_master(rng, ticks, addresses, data_bits)
        return _registers(rng, ticks, data_bits, drive), taken

    return Block(
        "sc_axi_lite_slave", _parameters(address_bits, data_bits),
        {"s_axi_awvalid": 1, "s_axi_awaddr": address_bits, "s_axi_wvalid": 1,
         "s_axi_wdata": data_bits, "s_axi_wstrb": lanes, "s_axi_bready": 1, "s_axi_arvalid": 1,
         "s_axi_araddr": address_bits, "s_axi_rready": 1,
         "write_error": 1, "read_data": data_bits, "read_error": 1},
        {"s_axi_awready": 1, "s_axi_wready": 1, "s_axi_bvalid": 1, "s_axi_bresp": 2,
         "s_axi_arready": 1, "s_axi_rvalid": 1, "s_axi_rdata": data_bits, "s_axi_rresp": 2,
         "write": 1, "write_address": address_bits, "write_data": data_bits,
         "write_mask": data_bits, "read_address": address_bits},
        against(model, drivers), step_by_step(model), 17,
        (
            Fault("filled && !s_axi_bvalid", "filled", "loses an answer that waits"),
            Fault("if (s_axi_bready)  s_axi_bvalid", "if (1'b1) s_axi_bvalid",
                  "takes back an answer that waits"),
            Fault("rst_n && addressed && filled", "rst_n && addressed && (filled || s_axi_wvalid)",
                  "writes data before they are held"),
            Fault("if (!addressed) write_word", "write_word", "lets an address overtake"),
            Fault("asked && !s_axi_rvalid", "asked && (!s_axi_rvalid || s_axi_arvalid)",
                  "changes an answer that waits"),
            Fault("{8{strobes[lane]}}", "{8{strobes[0]}}", "writes all bytes for one"),
            Fault("read_error ? {DATA_BITS{1'b0}} : read_data", "read_data",
                  "shows data with an error"),
            Fault("if (write) write_failed <=", "write_failed <=", "changes a response"),
        ),
        paced=False, restarts=True,
        qualified={"s_axi_bresp": "s_axi_bvalid", "s_axi_rdata": "s_axi_rvalid",
                   "s_axi_rresp": "s_axi_rvalid", "write_address": "write",
                   "write_data": "write", "write_mask": "write"},
    )  # fmt: skip


def wishbone_slave(address_bits: int, data_bits: int) -> Block:
    """Slave of Wishbone B4, pipelined."""
    lanes = data_bits // 8

    def model() -> WishboneSlave:
        return WishboneSlave(lanes)

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        addresses = rng.integers(0, 1 << address_bits, 1000).tolist()
        drive, taken = wishbone_master(rng, ticks, addresses, data_bits)
        return _registers(rng, ticks, data_bits, drive), taken

    return Block(
        "sc_wishbone_slave", _parameters(address_bits, data_bits),
        {"wb_cyc_i": 1, "wb_stb_i": 1, "wb_we_i": 1, "wb_adr_i": address_bits, "wb_sel_i": lanes,
         "wb_dat_i": data_bits, "write_error": 1, "read_data": data_bits, "read_error": 1},
        {"wb_dat_o": data_bits, "wb_ack_o": 1, "wb_err_o": 1, "wb_stall_o": 1,
         "write": 1, "write_address": address_bits, "write_data": data_bits,
         "write_mask": data_bits, "read_address": address_bits},
        against(model, drivers), step_by_step(model), 12,
        (
            Fault("answered <= wb_cyc_i && taken", "answered <= taken",
                  "answers a request of the cycle before"),
            Fault("wb_cyc_i && answered && !failed", "answered && !failed",
                  "answers without a cycle"),
            Fault("taken    <= wb_cyc_i && wb_stb_i", "taken    <= wb_stb_i",
                  "takes requests without a cycle"),
            Fault("rst_n && taken && writes", "rst_n && writes", "writes without a request"),
            Fault("writes ? write_error : read_error", "write_error",
                  "takes the errors of writes for those of reads"),
            Fault("{8{strobes[lane]}}", "8'hff", "ignores the strobes"),
        ),
        paced=False, restarts=True,
        qualified={"wb_dat_o": "wb_ack_o", "write_data": "write", "write_mask": "write"},
    )  # fmt: skip


def _parameters(address_bits: int, data_bits: int) -> dict[str, str]:
    return whole(ADDRESS_BITS=(address_bits, 4, 32), DATA_BITS=(data_bits, 32, 64))
