"""The conformance suite: what is sound passes on every driver, what is broken does not."""

from __future__ import annotations

import os
import select
import socket
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from sc_neurocore.accelerator import bank_words
from sc_neurocore.devices import RegisterDevice, SerialDevice, VirtualBoard
from sc_neurocore.devices.conformance import CHECKS, run_conformance
from sc_neurocore.evidence import EvidenceStore

from .designs import design


@contextmanager
def serial_line(address: str) -> Iterator[str]:
    """A pseudo-terminal whose other end is a virtual board's socket."""
    board = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    board.connect(address)
    master, slave = os.openpty()
    tty.setraw(slave)
    ended, end = os.pipe()

    def pump() -> None:
        while True:
            ready, _, _ = select.select([master, board, ended], [], [])
            if ended in ready:
                return
            if master in ready:
                board.sendall(os.read(master, 4096))
            if board in ready:
                data = memoryview(board.recv(4096))
                while data:
                    data = data[os.write(master, data) :]

    thread = threading.Thread(target=pump)
    thread.start()
    try:
        yield os.ttyname(slave)
    finally:
        os.write(end, b"x")
        thread.join()
        board.close()
        for file in (master, slave, ended, end):
            os.close(file)


@pytest.mark.parametrize(
    "kind",
    [
        "axi_lite",
        *(pytest.param(kind, marks=pytest.mark.exhaustive) for kind in ("wishbone", "events")),
    ],
)
def test_a_virtual_board_passes(start: Callable[..., VirtualBoard], kind: str) -> None:
    report = run_conformance(start(kind), design(kind))
    assert [check for check in report.checks if not check.passed] == []
    assert [check.name for check in report.checks] == list(CHECKS)
    assert report.to_dict()["passed"] is True


def test_it_passes_over_a_link_that_fails(start: Callable[..., VirtualBoard]) -> None:
    board = start("events", timeout_s=0.03, attempts=300)
    board.instruments.set_faults(
        {"link.lost": 0.01, "link.corrupted": 0.01, "link.duplicated": 0.02}, seed=2
    )
    report = run_conformance(board, board.design, samples=2)
    assert [check for check in report.checks if not check.passed] == []
    assert sum(board.instruments.state().injected.values()) > 10


def test_a_board_behind_a_serial_port_passes(start: Callable[..., VirtualBoard]) -> None:
    board = start()
    with serial_line(board.address) as port:
        device = SerialDevice(port, design(), baud=4_000_000)
        report = run_conformance(device, design())
        device.close()
    assert [check for check in report.checks if not check.passed] == []
    assert report.device == f"board at serial port {port}"


BROKEN = {
    # A guard that always fits.
    "bad guard": ("sc_live_control.sv", "digest == held_guard", "1'b1"),
    # An apply whatever was loaded.
    "bad transaction": ("sc_live_control.sv", "expect_crc == loaded_crc", "1'b1"),
    # A telemetry counter that counts double.
    "telemetry": ("net_device.sv", "inference_count + 1'b1", "inference_count + 2'd2"),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("check", BROKEN)
def test_a_broken_device_fails(check: str, store: EvidenceStore) -> None:
    file, right, wrong = BROKEN[check]
    sound = design("events")
    text = sound.device.sources[file]
    assert right in text
    sources = {**sound.device.sources, file: text.replace(right, wrong)}
    broken = replace(sound, device=replace(sound.device, sources=sources))
    with VirtualBoard.start(broken, store=store) as board:
        report = run_conformance(board, sound, samples=2)
    assert check in [c.name for c in report.checks if not c.passed]


def test_a_stuck_bit_fails(start: Callable[..., VirtualBoard]) -> None:
    board = start("events")
    word = int(bank_words(board.design.network, board.design.foldings)["hidden1_weights"][3])
    board.instruments.stick(0, 3, 5, not word >> 5 & 1)
    report = run_conformance(board, board.design, samples=2)
    failed = {check.name: check.evidence for check in report.checks if not check.passed}
    assert "entry 3 of bank hidden1_weights" in " ".join(failed.values())


def test_a_device_that_lies_fails(start: Callable[..., VirtualBoard]) -> None:
    """Another driver's fault: it performs the operations of a batch in another order."""

    class Disordered(RegisterDevice):
        def transfer(self, operations):  # type: ignore[no-untyped-def]
            return super().transfer(operations)[::-1]

    board = start("events")
    report = run_conformance(Disordered(board.link, board.design, "liar"), board.design, samples=1)
    failed = [check.name for check in report.checks if not check.passed]
    assert {"identity", "batch"} <= set(failed)
