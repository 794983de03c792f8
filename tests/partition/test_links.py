"""Both ends of a link in one process, under a clock of the test's own."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.hdl.links import Backoff, PeerHealth
from sc_neurocore.partition import (
    AERReceiver,
    AERSender,
    Channel,
    FaultPlan,
    Guard,
    LossyChannel,
    PacketKind,
    SpikePacket,
    fault_table,
    memory_link,
)

PROGRAM = bytes(range(32))
WORD = int.from_bytes(PROGRAM[:4], "big")


class Clock:
    """Seconds that pass when the test says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def ends(**options: object) -> tuple[AERSender, AERReceiver, Channel, Clock]:
    """Sender, receiver, the sender's channel, and the receiver's clock."""
    there, here = memory_link()
    clock = Clock()
    settings = {"size": 100, "ticks": 1000, "clock": clock} | options
    return AERSender(there, PROGRAM), AERReceiver(here, PROGRAM, **settings), there, clock


def spikes(*addresses: int) -> np.ndarray:
    return np.array(addresses, np.uint32)


def packet(sequence: int, tick: int, *addresses: int, last: bool = True) -> bytes:
    return SpikePacket(
        PacketKind.SPIKES, WORD, 0, sequence, tick, spikes(*addresses), last=last
    ).encode()  # fmt: skip


def heard(receiver: AERReceiver, tick: int) -> list[int] | None:
    found = receiver.spikes(tick)
    return None if found is None else found.tolist()


@pytest.mark.parametrize("seed", [1, 2])
def test_every_gate_counts_what_was_injected(seed: int) -> None:
    rows = fault_table(400, seed)
    assert [row for row in rows if not row.equal] == []
    for counter in ("damaged", "lost", "overtaken", "duplicates", "late_dropped"):
        assert sum(row.counted for row in rows if row.counter == counter) > 5


def test_a_tick_is_cut_into_packets_below_the_limit() -> None:
    there, here = memory_link()
    sender = AERSender(there, PROGRAM, size=28 + 4 * 10)
    sender.send(0, np.arange(25, dtype=np.uint32))
    sender.send(1, spikes())
    found = [SpikePacket.decode(data) for data in iter(here.receive, None)]
    assert [(p.sequence, p.tick, len(p.addresses), p.last) for p in found] == [
        (0, 0, 10, False), (1, 0, 10, False), (2, 0, 5, True), (3, 1, 0, True),
    ]  # fmt: skip


def test_a_tick_is_complete_with_its_last_packet_and_all_before() -> None:
    _, receiver, there, _ = ends()
    there.send(packet(1, 0, 7))
    receiver.receive()
    assert heard(receiver, 0) is None
    there.send(packet(0, 0, 3, last=False))
    receiver.receive()
    assert heard(receiver, 0) == [3, 7]
    assert receiver.counters.overtaken == 1


def test_credits_hold_back_what_the_receiver_did_not_take() -> None:
    there, here = memory_link()
    sender = AERSender(there, PROGRAM, credits=4)
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=1000, credits=4)
    receiver.advance(0, 0)
    for tick in range(4):
        assert sender.send(tick, spikes(tick))
    assert sender.send(4, spikes(4)) and not sender.ready
    receiver.receive()
    assert receiver.counters.packets == 4
    sender.receive()  # the receiver is at tick 0: one packet is acknowledged
    assert sender.ready and sender.send(5, spikes(5)) and not sender.ready
    receiver.receive()
    sender.receive()
    receiver.receive()
    assert receiver.counters.packets == 5
    receiver.advance(5, 0)
    sender.receive()
    receiver.receive()
    assert sender.ready and heard(receiver, 5) == [5]


def test_what_was_not_sent_whole_is_counted_and_not_queued() -> None:
    there, _ = memory_link()
    sender = AERSender(there, PROGRAM, credits=1, guard=Guard(backoff=Backoff(2, 8, 1)))
    assert sender.send(0, spikes(1)) and sender.send(1, spikes(1))
    assert [sender.send(tick, spikes(1)) for tick in range(2, 6)] == [False] * 4
    assert sender.counters.starved >= 1 and sender.counters.backed_off >= 2
    assert sender.counters.ticks == 2


def test_a_sick_peer_is_refused_until_it_recovers() -> None:
    _, receiver, there, _ = ends(guard=Guard(PeerHealth(), None))
    damaged = bytearray(packet(0, 0, 1))
    damaged[-1] ^= 1
    for _ in range(14):  # 255 - 14 * 16 = 31, below 32
        there.send(bytes(damaged))
    for tick in range(40):
        there.send(packet(tick, tick, 5))
    receiver.receive()
    counters = receiver.counters
    # 31 + 2 n reaches 64 with the 17th good packet.
    assert (counters.damaged, counters.unhealthy, counters.spikes) == (14, 16, 24)
    assert [heard(receiver, t) for t in (15, 16)] == [[], [5]]


def test_back_off_lasts_beyond_recovery() -> None:
    health = PeerHealth(threshold=32, hysteresis=0)
    _, receiver, there, _ = ends(guard=Guard(health, Backoff(8, 8, 1)))
    damaged = bytearray(packet(0, 0, 1))
    damaged[-1] ^= 1
    for _ in range(14):
        there.send(bytes(damaged))
    for tick in range(20):
        there.send(packet(tick, tick, 5))
    receiver.receive()
    pause = Backoff(8, 8, 1)
    left = pause.step(pause.initial, failure=True).left
    # The first packet lifts the score to 33; every packet of the pause's ticks is refused.
    assert receiver.counters.backed_off == left
    assert receiver.counters.spikes == 20 - left


@pytest.mark.parametrize(
    "late, expected, counter",
    [("drop", [], "late_dropped"), ("next_tick", [3], "late_next_tick"), ("halt", [], "")],
)
def test_late_policies(late: str, expected: list[int], counter: str) -> None:
    _, receiver, there, clock = ends(late=late)
    receiver.due = lambda tick: tick + 1.5
    clock.now = 1.6  # after the deadline of tick 0
    there.send(packet(0, 0, 3))
    receiver.receive()
    there.send(packet(1, 1, 8))
    receiver.receive()
    assert heard(receiver, 0) == []
    assert heard(receiver, 1) == sorted([8, *expected])
    if late == "halt":
        assert receiver.too_late and receiver.halted == 0
    else:
        assert getattr(receiver.counters, counter) == 1
    assert receiver.counters.silent == 1


def test_a_late_packet_takes_no_other_with_it() -> None:
    """Ticks behind a missing packet close at their deadlines with what came in time."""
    _, receiver, there, clock = ends()
    receiver.due = lambda tick: tick + 1.5
    there.send(packet(1, 1, 7))
    there.send(packet(2, 2))
    there.send(packet(3, 3, 4, last=False))
    receiver.receive()
    clock.now = 4.6
    receiver.receive()
    assert [heard(receiver, t) for t in range(4)] == [[], [7], [], [4]]
    assert receiver.counters.silent == 1
    there.send(packet(0, 0, 9))
    there.send(packet(4, 3, 6))
    there.send(packet(5, 4, 2))
    receiver.receive()
    assert heard(receiver, 4) == [2]
    counters = receiver.counters
    assert (counters.spikes, counters.late_dropped, counters.lost) == (3, 2, 0)


def test_a_restart_takes_nothing_twice_of_a_tick_that_was_closed() -> None:
    """Packet 1 counted before the snapshot; what is sent again behind packet 0 does not."""
    _, before, there, clock = ends(late="next_tick", patience=100.0)
    before.due = lambda tick: tick + 1.5
    there.send(packet(1, 1, 7))
    before.receive()
    clock.now = 2.6
    before.receive()
    assert [heard(before, t) for t in range(2)] == [[], [7]]
    _, after, there, clock = ends(late="next_tick", patience=100.0)
    after.restore(*before.state())
    after.due = lambda tick: tick + 1.5
    clock.now = 2.6
    for number, spike in enumerate((9, 7, 2)):
        there.send(packet(number, number, spike))
    after.receive()
    assert heard(after, 2) == [2, 9]
    counters = after.counters
    assert (counters.duplicates, counters.late_next_tick, counters.lost) == (1, 1, 0)


def test_a_missing_packet_is_lost_only_when_it_was_sent() -> None:
    sender, receiver, there, clock = ends(patience=1.0)
    sender.greet()
    receiver.receive()
    sender.receive()
    sender.send(0, spikes(1))
    receiver.receive()
    clock.now = 100.0  # nothing says that tick 1 was sent: the peer is slow
    receiver.receive()
    assert heard(receiver, 1) is None and receiver.counters.lost == 0
    there.send(SpikePacket(PacketKind.CREDIT, WORD, 0, 2, 2).encode())
    receiver.receive()
    clock.now = 100.9
    receiver.receive()
    assert receiver.counters.lost == 0
    clock.now = 101.1
    receiver.receive()
    assert heard(receiver, 1) == [] and receiver.counters.lost == 1


def test_ticks_that_the_sender_held_back_are_silent() -> None:
    _, receiver, there, _ = ends()
    there.send(packet(0, 0, 1))
    there.send(packet(1, 3, 2))
    receiver.receive()
    assert [heard(receiver, t) for t in range(4)] == [[1], [], [], [2]]
    assert (receiver.counters.silent, receiver.counters.lost) == (2, 0)


def forge(fields: list[int], addresses: list[int]) -> bytes:
    body = struct.pack(f">{6 + len(addresses)}I", *fields, *addresses)
    return body + struct.pack(">I", zlib.crc32(body))


@given(st.lists(st.one_of(
    st.binary(max_size=80),
    st.builds(
        forge,
        st.tuples(
            st.sampled_from([0x5CAE1000, 0x5CAE1001, 0x5CAE1100, 0x5CAE1200, 0x5CAE1202,
                             0x5CAE1300, 0x5CAE1400, 0x5CAF1000]),
            st.sampled_from([WORD, 0, 1]),
            st.sampled_from([0, 1, 2, 8, 1 << 16, 1 << 16 | 1]),
            st.sampled_from([0, 1, 5, 63, 64, 1 << 31, (1 << 32) - 1]),
            st.sampled_from([0, 1]),
            st.sampled_from([0, 1, 2, 999, 1000, (1 << 32) - 1]),
        ).map(list),
        st.lists(st.integers(0, 2**32 - 1), max_size=8),
    ),
), max_size=20))  # fmt: skip
def test_hostile_packets_never_crash(packets: list[bytes]) -> None:
    """Whatever comes, every neuron exists and every tick comes once."""
    sender, receiver, there, clock = ends(patience=0.0, window=64)
    back = AERSender(memory_link()[0], PROGRAM, keep=True)
    for i, data in enumerate(packets):
        clock.now = float(i)
        there.send(data)
        receiver.receive()
        receiver.remind()
        sender.receive()
    for tick in range(1000):
        found = receiver.spikes(tick)
        if found is None:
            break
        assert np.all(found < 100) and np.all(found[1:] > found[:-1])
    assert back.ready
    counters = receiver.counters
    assert counters.damaged >= sum(len(data) < 28 for data in packets)


@given(st.lists(st.one_of(
    st.binary(max_size=80),
    st.tuples(st.binary(min_size=32, max_size=32), st.integers(0, 99)).map(
        lambda t: SpikePacket(PacketKind.SPIKES, int.from_bytes(t[0][:4], "big") ^ 1 << 31, 0, 0,
                              0, spikes(t[1]), last=True).encode()
        if t[0][:4] != PROGRAM[:4] else b""
    ),
    st.integers(0, 32 * 8 - 1).map(lambda bit: turned(packet(0, 0, 1), bit)),
), max_size=30))  # fmt: skip
def test_no_spike_comes_of_foreign_or_damaged_packets(packets: list[bytes]) -> None:
    _, receiver, there, _ = ends()
    for data in packets:
        if SpikePacket(PacketKind.SPIKES, WORD).encode()[4:8] != data[4:8] or len(data) == 32:
            there.send(data)
    receiver.receive()
    assert receiver.counters.spikes == 0 and receiver.spikes(0) is None


def turned(data: bytes, bit: int) -> bytes:
    found = bytearray(data)
    found[bit >> 3] ^= 1 << (bit & 7)
    return bytes(found)


def test_nobody_can_move_the_window_beyond_the_credits() -> None:
    _, receiver, there, _ = ends()
    there.send(packet(1 << 30, 0, 9))
    there.send(packet(0, 0, 4))
    receiver.receive()
    assert heard(receiver, 0) == [4]
    assert receiver.counters.malformed == 1


def test_a_sender_believes_no_credit_for_what_it_never_sent() -> None:
    there, here = memory_link()
    sender = AERSender(there, PROGRAM, credits=2)
    sender.send(0, spikes(1))
    here.send(SpikePacket(PacketKind.CREDIT, WORD, 0, 500, 0).encode())
    here.send(
        SpikePacket(
            PacketKind.HELLO,
            WORD,
            0,
            900,
            0,
            np.frombuffer(PROGRAM, ">u4").astype(np.uint32),
            again=True,
        ).encode()
    )
    sender.receive()  # fmt: skip
    assert sender.counters.malformed == 2 and not sender.done


def test_a_receiver_goes_on_from_its_state() -> None:
    there, here = memory_link()
    sender = AERSender(there, PROGRAM, keep=True, credits=8)
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=100, credits=8)
    for tick in range(5):
        sender.send(tick, spikes(tick))
    receiver.receive()
    numbers, arrays = receiver.state()
    receiver.durable()
    sender.receive()
    for tick in range(5, 9):
        sender.send(tick, spikes(tick))
    receiver.receive()
    again = AERReceiver(here, PROGRAM, size=100, ticks=100, credits=8)
    again.restore(numbers, arrays)
    for _ in range(3):
        sender.remind()
        again.receive()
        again.remind()
        sender.receive()
    again.receive()
    assert [heard(again, t) for t in range(9)] == [[t] for t in range(9)]
    assert sender.counters.again == 4


def test_a_flood_is_taken_in_portions() -> None:
    sender, receiver, there, _ = ends()
    for _ in range(1000):
        there.send(b"noise")
    sender.send(0, spikes(5))
    assert receiver.receive() and receiver.counters.damaged == 256
    while receiver.receive():
        pass
    assert receiver.counters.damaged == 1000 and heard(receiver, 0) == [5]


def test_sequence_numbers_wrap_under_faults() -> None:
    """A link that begins 100 packets before 2^32."""
    there, here = memory_link()
    clock = Clock()
    lossy = LossyChannel(there, FaultPlan(0.03, 0.1, 0.1, seed=4, hold_s=1e9), clock)
    sender = AERSender(lossy, PROGRAM)
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=300, clock=clock)
    start = 2**32 - 100
    sent, nothing = sender.state()
    sender.restore({**sent, "first": start}, nothing)
    numbers, kept = receiver.state()
    receiver.restore({**numbers, "start": start}, kept)
    for tick in range(300):
        while not sender.ready:
            clock.now += 1
            sender.remind()
            receiver.receive()
            sender.receive()
        sender.send(tick, spikes(tick % 100))
        receiver.receive()
        receiver.advance(tick, tick)
        sender.receive()
    lossy.plan = FaultPlan()
    while not (receiver.complete and sender.done):
        clock.now += 1
        sender.remind()
        receiver.receive()
        receiver.advance(300, 300)
        sender.receive()
    did, saw = lossy.did, receiver.counters
    assert saw.lost == did.dropped > 3
    assert saw.duplicates == did.repeated + sender.counters.again
    assert (saw.overtaken, saw.malformed, saw.stale) == (did.overtaken, 0, 0)
    assert saw.packets == 300 - did.dropped and saw.spikes == saw.packets


def test_a_sender_that_goes_on_sends_no_more_than_is_taken() -> None:
    """The receiver is at tick 0 and has all that its credits allowed; then the sender restarts."""
    there, here = memory_link()
    clock = Clock()
    sender = AERSender(there, PROGRAM, keep=True, credits=4)
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=12, credits=4, clock=clock)
    receiver.advance(0, 0)
    sent = sender.state()
    for tick in range(4):
        sender.send(tick, spikes(tick))
    receiver.receive()
    while there.receive() is not None:
        pass
    sender = AERSender(there, PROGRAM, keep=True, credits=4)
    sender.restore(*sent)
    sender.greet()
    following = 0
    for tick in range(12):
        receiver.advance(tick, 0)
        for _ in range(3):
            receiver.receive()
            sender.receive()
            while sender.ready and following < 12:
                sender.send(following, spikes(following))
                following += 1
            sender.remind()
            clock.now += 1
    receiver.receive()
    assert [heard(receiver, t) for t in range(12)] == [[t] for t in range(12)]
    assert (receiver.counters.malformed, receiver.counters.lost) == (0, 0)


def test_what_came_before_both_ends_went_on_makes_nothing_lost() -> None:
    """Packets 3 to 5 wait for the receiver; the sender is back later than its patience."""
    there, here = memory_link()
    clock = Clock()
    sender = AERSender(there, PROGRAM, keep=True)
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=6, clock=clock)
    sent, got = sender.state(), receiver.state()
    for tick in range(3):
        sender.send(tick, spikes(tick))
    receiver.receive()
    for tick in range(3, 6):
        sender.send(tick, spikes(tick))
    sender.remind()
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=6, clock=clock)
    receiver.restore(*got)
    receiver.receive()  # and asks for packet 0, of nobody
    while there.receive() is not None:
        pass
    clock.now = 5.0
    sender = AERSender(there, PROGRAM, keep=True)
    sender.restore(*sent)
    sender.greet()
    for tick in range(6):
        receiver.receive()
        receiver.remind()
        sender.receive()
        sender.send(tick, spikes(tick))
        receiver.receive()
    assert [heard(receiver, t) for t in range(6)] == [[t] for t in range(6)]
    assert receiver.counters.lost == receiver.counters.late_dropped == 0


def test_a_sender_forgets_how_far_a_receiver_had_come_that_went_back() -> None:
    """The sender is back at tick 0, hears of 6, then of 4 from the receiver's next life."""
    there, here = memory_link()
    sender = AERSender(there, PROGRAM, keep=True)
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=8)
    sent = sender.state()
    for tick in range(4):
        sender.send(tick, spikes(tick))
    receiver.receive()
    got = receiver.state()
    for tick in range(4, 6):
        sender.send(tick, spikes(tick))
    receiver.receive()
    while there.receive() is not None:
        pass
    sender = AERSender(there, PROGRAM, keep=True)
    sender.restore(*sent)
    sender.greet()
    receiver.receive()
    sender.receive()
    receiver = AERReceiver(here, PROGRAM, size=100, ticks=8)
    receiver.restore(*got)
    sender.remind()
    receiver.receive()
    sender.receive()
    for tick in range(4):
        sender.send(tick, spikes(tick))
    sender.remind()  # at the number that is asked for: the receiver asks no more
    receiver.receive()
    sender.receive()
    for tick in range(4, 8):
        sender.send(tick, spikes(tick))
        receiver.receive()
    assert [heard(receiver, t) for t in range(4, 8)] == [[t] for t in range(4, 8)]
