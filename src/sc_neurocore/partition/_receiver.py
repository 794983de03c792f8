"""The receiving end of a link: packets pass the gates and become the spikes of ticks."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from sc_neurocore.hdl.links import DedupState, DedupWindow, LinkEvent, Verdict
from sc_neurocore.ir import LatePolicy
from sc_neurocore.partition._counters import ReceivedCounters
from sc_neurocore.partition._gates import HostDedup
from sc_neurocore.partition._guard import Guard
from sc_neurocore.partition._packet import (
    MODULUS,
    Addresses,
    DamagedPacketError,
    PacketError,
    PacketKind,
    SpikePacket,
)
from sc_neurocore.partition._transport import AT_ONCE, Channel

_SILENCE: Addresses = np.zeros(0, np.uint32)


class AERReceiver:
    """Receives the spikes of one batch from one place (address-event representation).

    A packet passes the gates in this order: deduplication, health, back-off, deadline. One that a
    later gate refuses has come nevertheless: only its spikes are missing. A tick is complete when
    all packets up to its last have come, or count as lost. A packet counts as lost when a newer one
    has come, or the sender says that it sent it, and ``patience`` has passed since; so a slow peer
    loses nothing.

    Args:
        channel: from the sender.
        program: SHA-256 of the program, 32 bytes.
        batch: number of the batch.
        size: addresses of the batch.
        ticks: of the run; later ones are refused.
        credits: of the sender.
        window: sequence numbers remembered.
        patience: seconds.
        late: policy for what comes after its tick was closed, or after its deadline.
        guard: receive gates.
        clock: seconds.

    Attributes:
        counters: what was seen.
        greeted: whether the sender has been heard, with the same program.
        stranger: digest of a sender's program if that is another one, hexadecimal.
        other_ticks: of the sender's run if that has another number of them, else 0.
        halted: tick at which the sender says that the network halts, or of spikes that came too
            late with the policy ``halt``; -1 for none.
        too_late: whether it is the latter.
        heard: packets of the sender that came.
        due: when a tick's deadline is, in seconds of the clock; None without deadlines.
    """

    def __init__(
        self, channel: Channel, program: bytes, batch: int = 0, *, size: int, ticks: int,
        credits: int = 64, window: int = 64, patience: float = 1.0, late: LatePolicy = "drop",
        guard: Guard | None = None, clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self._channel, self._program, self._batch = channel, program, batch
        self._word = int.from_bytes(program[:4], "big")
        self._size, self._ticks, self._credits = size, ticks, credits
        self._patience, self._late, self._clock = patience, late, clock
        self._guard = guard or Guard()
        self._dedup = HostDedup(DedupWindow(window))
        self._expected = self._newest = self._granted = self._start = 0
        # Packets that came before one that is missing: tick, addresses, last, when.
        self._early: dict[int, tuple[int, Addresses, bool, float]] = {}
        self._missing: set[int] = set()
        self._announced = (0, 0, 0.0)
        # The tick that is being put together, its parts, what comes late and counts for it.
        self._open, self._horizon, self._durable = 0, 0, 0
        self._parts: list[Addresses] = []
        self._carried: list[Addresses] = []
        self._complete: dict[int, Addresses] = {}
        self._ends: dict[int, int] = {}
        self._skipped = self._asking = self._answer = False
        self.counters = ReceivedCounters()
        self.greeted, self.stranger, self.halted, self.heard = False, "", -1, 0
        self.too_late, self.other_ticks = False, 0
        self.due: Callable[[int], float] | None = None

    def spikes(self, tick: int) -> Addresses | None:
        """The spikes of a tick, None while it is not complete."""
        return self._complete.get(tick)

    @property
    def complete(self) -> bool:
        """Whether all ticks are, and no packet is missing."""
        return self._open >= self._ticks and not self._early

    def advance(self, tick: int, oldest: int) -> None:
        """Say which tick is about to run: what belongs to later ones is acknowledged later.

        Args:
            tick: about to run.
            oldest: spikes of ticks before this one are not needed any more.
        """
        self._horizon = tick
        while self._complete and (first := next(iter(self._complete))) < oldest:
            del self._complete[first]
        while self._ends and (first := next(iter(self._ends))) < tick:
            del self._ends[first]
        self._acknowledge()

    def receive(self) -> bool:
        """Take what has come, at most `AT_ONCE` packets; whether anything has."""
        came = False
        for _ in range(AT_ONCE):
            if (data := self._channel.receive()) is None:
                break
            came = True
            self._arrive(data)
        self._expire()
        self._acknowledge()
        return came

    def durable(self) -> None:
        """Say that what is complete will not be asked for again."""
        self._durable = self._open
        self._answer = True
        self._acknowledge()

    def remind(self) -> None:
        """Ask again for what is missing, after a restart."""
        if self._asking and self.greeted:
            self._hello(again=True)

    def halt(self, tick: int) -> None:
        """Say that the network halts."""
        self._tell(PacketKind.HALT, 0, tick)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def state(self) -> tuple[dict[str, Any], dict[str, Addresses]]:
        """What a restarted receiver needs: numbers, and the spikes of complete ticks."""
        # Packets behind a missing one that have counted, for their tick was closed.
        counted = [
            [number, tick, last]
            for number, (tick, _, last, _) in sorted(self._early.items())
            if tick < self._open
        ]
        numbers = {
            "start": self._start, "open": self._open, "counted": counted,
            "guard": self._guard.state(), "counters": self.counters.as_dict(),
        }  # fmt: skip
        spikes = {str(tick): addresses for tick, addresses in self._complete.items()}
        return numbers, {**spikes, "carried": _joined(self._carried)}

    def restore(self, numbers: Mapping[str, Any], spikes: Mapping[str, Addresses]) -> None:
        """Go on from a `state`, and ask the sender for what came since."""
        table = dict(spikes)
        self._carried = [table.pop("carried")]
        self._complete = {int(tick): addresses for tick, addresses in table.items()}
        start = numbers["start"]
        self._start = self._expected = self._newest = self._granted = start
        self._open = self._durable = numbers["open"]
        # All before the first number that is asked for has come.
        seen = self._dedup.model.initial.seen
        self._dedup.state = DedupState((start - 1) % MODULUS, seen)
        for number, tick, last in numbers["counted"]:
            self._dedup.judge(number % MODULUS)
            self._early[number] = tick, _SILENCE, last, self._clock()
            self._newest = number + 1
        self._guard.restore(numbers["guard"])
        self.counters = ReceivedCounters.from_dict(numbers["counters"])
        self._asking = True

    def _arrive(self, data: bytes) -> None:
        try:
            packet = SpikePacket.decode(data)
        except DamagedPacketError:
            self.counters.damaged += 1
            self._guard.note(LinkEvent.BAD_CRC)
            return
        except PacketError:
            self.counters.malformed += 1
            return
        if packet.kind == PacketKind.HELLO:
            digest = packet.addresses.astype(">u4").tobytes()
            if digest != self._program or packet.tick not in (0, self._ticks):
                self.counters.foreign += 1
                if digest != self._program:
                    self.stranger = digest.hex()
                else:
                    self.other_ticks = packet.tick
                if not self.greeted:  # so that both ends can say why they end
                    self._channel.trust()
                    self._hello()
                return
        elif packet.program != self._word or packet.batch != self._batch:
            self.counters.foreign += 1
            return
        number = self._number(packet.sequence)
        spikes = packet.kind == PacketKind.SPIKES
        # Nobody can send more than the credits that were given, but before a restart.
        beyond = number >= self._granted + self._credits + (not spikes)
        outside = spikes and (
            packet.tick >= self._ticks
            or (packet.addresses.size > 0 and int(packet.addresses[-1]) >= self._size)
        )
        if outside or (beyond and not self._asking):
            self.counters.malformed += 1
            return
        self._channel.trust()
        self.heard += 1
        if not self.greeted:
            self.greeted = True
            self.remind()
        if beyond or (spikes and self._asking and number > self._expected):
            # While it asks, all behind what it asks for will be sent again; that it came once says
            # nothing of what is missing, for who sent it may itself have gone back since.
            self.counters.stale += spikes
        elif packet.kind == PacketKind.HELLO:
            self._hello()
        elif packet.kind == PacketKind.HALT:
            self.halted = packet.tick
        elif packet.kind == PacketKind.CREDIT:
            self._said(number, min(packet.tick, self._ticks))
        else:
            self._spiked(number, packet)

    def _said(self, number: int, tick: int) -> None:
        """The sender says what it sent."""
        self._answer = True
        if number > self._expected:
            if self._asking:
                return
            if number > self._announced[0]:
                self._announced = (number, tick, self._clock())
            elif number == self._announced[0]:
                self._announced = (number, max(tick, self._announced[1]), self._announced[2])
        elif number == self._expected:
            self._asking = False
            self._close_before(tick)

    def _spiked(self, number: int, packet: SpikePacket) -> None:
        verdict = self._dedup.judge(packet.sequence)
        if verdict != Verdict.FRESH:
            if verdict == Verdict.DUPLICATE:
                self.counters.duplicates += 1
            else:
                self.counters.stale += 1
            self._answer = True
            return
        self.counters.packets += 1
        if number + 1 < self._newest:
            self.counters.overtaken += 1
        self._newest = max(self._newest, number + 1)
        if number in self._missing:
            self._missing.remove(number)
            self.counters.lost -= 1
        now = self._clock()
        self._close_overdue(now)
        addresses = self._admitted(packet)
        if number == self._expected:
            self._asking = False
            self._take(packet.tick, addresses, packet.last)
            self._take_early()
        elif number > self._expected:
            self._early[number] = (packet.tick, addresses, packet.last, now)
        elif packet.tick == self._open:
            self._parts.append(addresses)

    def _admitted(self, packet: SpikePacket) -> Addresses:
        """The spikes of a packet that the gates let through."""
        late = packet.tick < self._open
        self._guard.note(LinkEvent.GOOD | LinkEvent.LATE if late else LinkEvent.GOOD)
        if self._guard.unhealthy:
            self.counters.unhealthy += 1
        elif self._guard.backed_off:
            self.counters.backed_off += 1
        elif not late:
            self.counters.spikes += packet.addresses.size
            return packet.addresses
        elif self._late == "next_tick":
            self.counters.late_next_tick += 1
            self.counters.spikes += packet.addresses.size
            self._carried.append(packet.addresses)
        else:
            self.counters.late_dropped += 1
            if self._late == "halt":
                self.halted, self.too_late = packet.tick, True
        return _SILENCE

    def _take(self, tick: int, addresses: Addresses, last: bool) -> None:
        """The next packet in order."""
        self._expected += 1
        self._close_before(tick)
        if tick == self._open:
            self._parts.append(addresses)
            if last:
                self._close()
        self._skipped = False
        if not self._parts:
            self._start = self._expected

    def _take_early(self) -> None:
        while self._expected in self._early:
            tick, addresses, last, _ = self._early.pop(self._expected)
            self._take(tick, addresses, last)

    def _close_before(self, tick: int) -> None:
        """Close ticks of which nothing more comes."""
        while self._open < tick:
            if not self._parts and not self._skipped:
                self.counters.silent += 1
                self._guard.note(LinkEvent.SILENT)
            self._close()
            self._start = self._expected

    def _close(self) -> None:
        parts, self._parts = self._parts + self._carried, []
        self._complete[self._open] = _ordered(parts)
        self._carried = []
        self._ends[self._open] = self._expected
        self._open += 1
        self._guard.end_tick()

    def _close_overdue(self, now: float) -> None:
        while self.due is not None and self._open < self._ticks and now > self.due(self._open):
            # What came in time counts, though an earlier packet is missing; it keeps its place.
            for number, (tick, addresses, last, since) in self._early.items():
                if tick == self._open:
                    self._parts.append(addresses)
                    self._early[number] = tick, _SILENCE, last, since
            self._close_before(self._open + 1)

    def _expire(self) -> None:
        """Close ticks after their deadlines; give up packets that are lost."""
        now = self._clock()
        self._close_overdue(now)
        if self._asking:
            return
        while True:
            if self._early:
                first = min(self._early)
                since = self._early[first][3]
            else:
                first, _, since = self._announced
            if first <= self._expected or now - since < self._patience:
                return
            for number in range(self._expected, first):
                self._missing.add(number)
                self._guard.note(LinkEvent.LOST)
            self.counters.lost += first - self._expected
            self._missing = {
                n for n in self._missing if n >= self._newest - self._dedup.model.window
            }
            self._expected, self._skipped = first, True
            self._take_early()
            if self._expected == self._announced[0]:
                self._close_before(self._announced[1])
                self._skipped = False

    def _acknowledge(self) -> None:
        granted = self._ends.get(self._horizon, self._expected)
        if self._answer or granted - self._granted >= max(1, self._credits // 4):
            self._granted, self._answer = max(granted, self._granted), False
            self._tell(PacketKind.CREDIT, self._granted, self._durable)

    def _hello(self, again: bool = False) -> None:
        # A sender that goes on begins with this number, and with all credits.
        self._granted = self._expected
        words = np.frombuffer(self._program, ">u4").astype(np.uint32)
        self._tell(PacketKind.HELLO, self._expected, self._ticks, words, again)

    def _tell(
        self, kind: PacketKind, number: int, tick: int, words: Addresses = _SILENCE,
        again: bool = False,
    ) -> None:  # fmt: skip
        packet = SpikePacket(
            kind, self._word, self._batch, number % MODULUS, tick, words, again=again
        )
        self._channel.send(packet.encode())

    def _number(self, sequence: int) -> int:
        ahead = (sequence - self._expected) % MODULUS
        return self._expected + (ahead if ahead < MODULUS // 2 else ahead - MODULUS)


def _joined(parts: list[Addresses]) -> Addresses:
    return np.concatenate(parts) if parts else _SILENCE


def _ordered(parts: list[Addresses]) -> Addresses:
    """All addresses of some packets, each once; mostly they come in order."""
    found = parts[0] if len(parts) == 1 else _joined(parts)
    return found if bool((found[1:] > found[:-1]).all()) else np.unique(found)
