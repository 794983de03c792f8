"""The virtual board: the RTL answers, over any link, and nothing is done twice."""

from __future__ import annotations

import os
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from sc_neurocore.accelerator import simulate_network
from sc_neurocore.devices import Instruments, Read, VirtualBoard, Write
from sc_neurocore.devices._frame import REPLY, STATUS, Frame, FrameReader, Kind, Status
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import (
    BusError,
    DeviceError,
    DeviceMismatchError,
    LinkError,
    SCConfigError,
)

from .designs import design

SCRATCH, INFERENCES = 0x18, 0x30


class Raw:
    """A client that sends what it likes."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(address)
        self.socket.settimeout(60)
        self.reader = FrameReader()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self) -> Frame:
        while True:
            for frame in self.reader.feed(self.socket.recv(65536)):
                return frame


def transfer(session: int, sequence: int, *operations: tuple[int, int]) -> Frame:
    payload = b"".join(struct.pack("<II", *operation) for operation in operations)
    return Frame(Kind.TRANSFER, session, sequence, payload)


def status(frame: Frame) -> Status:
    return Status(STATUS.unpack_from(frame.payload)[0])


def test_a_repeated_frame_is_answered_and_not_executed(board: VirtualBoard) -> None:
    """The second frame starts an inference; sent three times, it starts one."""
    raw = Raw(board.address)
    levels = [(1 << 31 | 0x24, int(v)) for v in design().samples[0]]
    raw.send(transfer(7, 1, *levels, (1 << 31 | 0x1C, 1)).encode())
    first = raw.receive()
    board.step(100_000)
    for _ in range(2):
        raw.send(transfer(7, 1, *levels, (1 << 31 | 0x1C, 1)).encode())
        assert raw.receive() == first
    board.step(100_000)
    assert board.read(INFERENCES) == 1
    assert board.instruments.state().repeated == 2


def test_old_frames_are_dropped_and_gaps_refused(board: VirtualBoard) -> None:
    raw = Raw(board.address)
    for sequence in (1, 2):
        raw.send(transfer(9, sequence, (1 << 31 | SCRATCH, sequence)).encode())
        assert status(raw.receive()) == Status.OK
    raw.send(transfer(9, 1, (1 << 31 | SCRATCH, 77)).encode())
    raw.send(transfer(9, 4, (1 << 31 | SCRATCH, 78)).encode())
    refused = raw.receive()
    assert (refused.sequence, status(refused)) == (4, Status.UNKNOWN_SESSION)
    assert board.read(SCRATCH) == 2
    assert board.instruments.state().stale == 1


@pytest.mark.parametrize(
    "frame",
    [
        Frame(Kind.TRANSFER, 3, 1, b"1234567"),
        Frame(Kind.TRANSFER, 3, 1, struct.pack("<II", 1 << 31 | 0x1000, 5)),
        Frame(Kind.TRANSFER, 3, 1, struct.pack("<II", 1 << 31 | SCRATCH | 1, 5)),
        Frame(Kind.TRANSFER, 3, 1, struct.pack("<II", 1 << 31 | SCRATCH, 5) * 4097),
        Frame(Kind.ADVANCE, 3, 1, struct.pack("<Q", 1 << 60)),
        Frame(Kind.ADVANCE, 3, 1, b""),
        Frame(Kind.INJECT, 3, 1, b"flip 0 99999 0"),
        Frame(Kind.INJECT, 3, 1, b"explode"),
        Frame(Kind.FAULTS, 3, 1, b"bus.lost=0.5\nlink.melted=1"),
        Frame(Kind.FAULTS, 3, 1, b"bus.lost=-1"),
        Frame(Kind.LOG, 3, 1, b"12"),
        Frame(99, 3, 1, b""),
    ],
)
def test_frames_without_sense_are_refused_whole(board: VirtualBoard, frame: Frame) -> None:
    raw = Raw(board.address)
    raw.send(frame.encode())
    got = raw.receive()
    assert (got.kind, status(got)) == (frame.kind | REPLY, Status.MALFORMED)
    assert board.read(SCRATCH) == 0
    assert board.instruments.state().rates == {}


def test_noise_and_half_frames_do_not_stop_a_board(board: VirtualBoard) -> None:
    raw = Raw(board.address)
    rng = np.random.default_rng(1)
    raw.send(rng.bytes(200_000))
    whole = transfer(5, 1, (SCRATCH, 0)).encode()
    raw.send(whole[:20])
    time.sleep(0.5)  # longer than a pause in a frame may be
    raw.send(whole)
    assert status(raw.receive()) == Status.OK
    assert board.read(SCRATCH) == 0


def test_two_clients_and_a_tcp_port(start: Callable[..., VirtualBoard]) -> None:
    owner = start(listen="0")
    other = VirtualBoard.connect(owner.address, design())
    other.write(SCRATCH, 5)
    assert owner.read(SCRATCH) == 5
    other.close()
    with pytest.raises(DeviceError, match="closed"):
        other.read(SCRATCH)
    with pytest.raises(DeviceMismatchError, match="runs the design"):
        VirtualBoard.connect(owner.address, design(seed=1))


def test_a_refused_operation_ends_its_batch(board: VirtualBoard) -> None:
    with pytest.raises(BusError, match="refused to write to address 0x000"):
        board.transfer([Write(SCRATCH, 1), Write(0, 1), Write(SCRATCH, 2)])
    assert board.read(SCRATCH) == 1
    with pytest.raises(SCConfigError, match="multiple of 4"):
        board.read(SCRATCH + 2)
    with pytest.raises(SCConfigError, match="32-bit"):
        board.write(SCRATCH, 1 << 32)


@pytest.mark.parametrize("kind", ["axi_lite", "wishbone", "events"])
def test_it_classifies_as_the_model(start: Callable[..., VirtualBoard], kind: str) -> None:
    made, board = design(kind), start(kind)
    wanted = simulate_network(made.network, made.samples).predictions
    assert [board.run(sample).prediction for sample in made.samples] == wanted.tolist()


def test_power_loss_is_never_overlooked(board: VirtualBoard) -> None:
    board.write(SCRATCH, 5)
    board.instruments.lose_power()
    with pytest.raises(LinkError, match=r"started again \(start 2\)"):
        board.write(SCRATCH, 6)
    assert board.read(SCRATCH) == 0
    assert board.link.boots == 2


def test_a_lossy_link_loses_nothing_and_doubles_nothing(start: Callable[..., VirtualBoard]) -> None:
    """150 inferences, each started by one write that is not idempotent."""
    board = start(timeout_s=0.03, attempts=300)
    rates = {"link.lost": 0.03, "link.corrupted": 0.03, "link.duplicated": 0.05}
    board.instruments.set_faults({**rates, "link.delayed": 0.02, "link.delay_ms": 40}, seed=3)
    control = 0x1C
    for k in range(150):
        board.transfer([Write(control, 1), Write(SCRATCH, k)])
        assert board.read(SCRATCH) == k
        board.write(control, 2)
    state, seen = board.instruments.state(), board.link.counters
    assert set(state.injected) == {*rates, "link.delayed"}
    requests = [f for f in board.instruments.faults() if f.what.startswith("request")]
    damaged = sum(f.kind == "link.corrupted" for f in requests)
    assert state.damaged == damaged
    assert seen.damaged >= state.injected["link.corrupted"] - damaged  # some arrive twice
    # Every frame once, whatever happened to it on its way; one identified the board at the start.
    assert state.executed == seen.frames == 451
    assert state.operations == 7 + 4 * 150


def test_what_is_lost_for_good_is_said(start: Callable[..., VirtualBoard]) -> None:
    board = start(timeout_s=0.02, attempts=100)  # 2 s: a busy machine may be slow
    board.instruments.set_faults({"link.lost": 1.0})
    with pytest.raises(LinkError, match="did not answer 100 times"):
        board.read(SCRATCH)
    board.instruments.clear_faults()
    assert board.read(SCRATCH) == 0


def test_a_slow_link_is_slow_and_right(start: Callable[..., VirtualBoard]) -> None:
    board = start()
    board.instruments.set_faults({"link.bytes_per_s": 20_000})
    begin = time.monotonic()
    assert board.transfer([Read(0)] * 200) == [0x53434E43] * 200
    assert time.monotonic() - begin > 0.1  # 2.5 kB


def test_it_ends_with_its_owner_and_says_when_it_is_gone(store: EvidenceStore) -> None:
    board = VirtualBoard.start(design(), store=store, timeout_s=0.05, attempts=20)
    address, pid = board.address, board.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(LinkError):
        board.read(0)
    board.close()
    with pytest.raises(DeviceError, match="no board answers at"):
        VirtualBoard.connect(address, design())
    assert not Path(address).exists()


def test_nothing_is_left_of_a_board_whose_owner_was_killed(board: VirtualBoard) -> None:
    """Of a killed process all pipes are closed, and nothing else happens."""
    process = board.link.process
    assert process is not None and process._child.stdin is not None
    place = Path(board.address).parent
    assert (place / "board").exists()
    process._child.stdin.close()
    assert process.wait() == 0
    assert not place.exists()


def test_a_long_step_is_many_frames(board: VirtualBoard) -> None:
    """A frame is answered when it is done: its clocks must not take longer than the link waits."""
    clocks, frames = board.instruments.state().clocks, board.link.counters.frames
    board.step(100_000)
    assert board.instruments.state().clocks == clocks + 100_000
    assert board.link.counters.frames - frames == 4


def test_load_restarts_from_the_image(board: VirtualBoard) -> None:
    board.write(SCRATCH, 9)
    board.link.start(design())
    assert board.read(SCRATCH) == 0
    other = VirtualBoard.connect(board.address, design())
    other.write(SCRATCH, 9)
    other.link.start(design())
    assert (other.read(SCRATCH), other.link.boots) == (0, 2)
    with pytest.raises(DeviceError, match="started elsewhere"):
        other.link.start(design(seed=1))
    other.close()


def test_addresses_that_cannot_be_listened_on(tmp_path: Path, store: EvidenceStore) -> None:
    taken = tmp_path / "file"
    taken.write_text("")
    with pytest.raises(DeviceError, match="is there and no socket"):
        VirtualBoard.start(design(), listen=str(taken), store=store)
    board = VirtualBoard.start(design(), listen=str(tmp_path / "board"), store=store)
    with pytest.raises(DeviceError, match=r"listens on .* already"):
        VirtualBoard.start(design(), listen=board.address, store=store)
    board.close()
    with pytest.raises(SCConfigError, match="ports go to 65535"):
        VirtualBoard.start(design(), listen="65536", store=store)
    with pytest.raises(DeviceError, match="cannot be opened"):
        VirtualBoard.start(design(), listen=str(tmp_path / "no" / "board"), store=store)


def test_faults_that_do_not_exist(board: VirtualBoard) -> None:
    with Instruments(board.address) as bench:
        with pytest.raises(SCConfigError, match="there is no fault"):
            bench.set_faults({"bus.slow": 1})
        with pytest.raises(SCConfigError, match="probability"):
            bench.set_faults({"bus.lost": 1.5})
        with pytest.raises(DeviceError, match="no such bit"):
            bench.flip(0, 0, 64)
