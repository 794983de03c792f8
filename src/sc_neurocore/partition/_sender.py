"""The sending end of a link: spikes of a tick become numbered packets, as credits allow."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np

from sc_neurocore.hdl.links import Acknowledgement, CreditFlow, CreditState, LinkEvent
from sc_neurocore.partition._counters import SentCounters
from sc_neurocore.partition._gates import HostCredit
from sc_neurocore.partition._guard import Guard
from sc_neurocore.partition._packet import (
    DATAGRAM_BYTES,
    MODULUS,
    Addresses,
    DamagedPacketError,
    PacketError,
    PacketKind,
    SpikePacket,
    packets_of,
)
from sc_neurocore.partition._transport import AT_ONCE, Channel


class AERSender:
    """Sends the spikes of one batch to one place (address-event representation).

    A tick becomes one packet, or several if its addresses do not fit, the last of them marked. At
    most ``credits`` packets are under way; the others wait until the receiver acknowledges some.
    What was sent is kept until the receiver will not ask for it again.

    Args:
        channel: to the receiver.
        program: SHA-256 of the program, 32 bytes.
        batch: number of the batch.
        credits: packets under way.
        guard: transmit gates.
        keep: whether the receiver may be restarted, and ask for packets that it had.
        size: most bytes of a packet, 32 or more.
        ticks: of the run; 0 for any number.

    Attributes:
        counters: what was done.
        greeted: whether the receiver has answered, with the same program.
        stranger: digest of the receiver's program if that is another one, hexadecimal.
        other_ticks: of the receiver's run if that has another number of them, else 0.
        halted: tick at which the receiver says that the network halts.
        heard: packets that came back.
    """

    def __init__(
        self, channel: Channel, program: bytes, batch: int = 0, *, credits: int = 64,
        guard: Guard | None = None, keep: bool = False, size: int = DATAGRAM_BYTES,
        ticks: int = 0,
    ) -> None:  # fmt: skip
        self._channel, self._program, self._batch = channel, program, batch
        self._word = int.from_bytes(program[:4], "big")
        self._credit = HostCredit(CreditFlow(credits))
        self._keep, self._size, self._ticks = keep, size, ticks
        self._guard = guard or Guard()
        # Packets from number `_first` on, with their ticks; `_cursor` is the next to transmit, and
        # what is below `_ahead` the receiver had before this sender was restarted.
        self._kept: deque[tuple[int, bytes]] = deque()
        self._first = self._cursor = self._ahead = self._reached = self._tick = 0
        self._durable = 0
        self._resumed = False
        self.counters = SentCounters()
        self.greeted, self.stranger, self.halted, self.heard = False, "", -1, 0
        self.other_ticks = 0

    @property
    def ready(self) -> bool:
        """Whether everything has been transmitted."""
        return self._cursor == self._first + len(self._kept)

    @property
    def done(self) -> bool:
        """Whether everything has been transmitted and acknowledged."""
        return self.ready and self._credit.outstanding == 0

    def send(self, tick: int, addresses: Addresses) -> bool:
        """Send a tick, after all before it.

        Args:
            tick: its number.
            addresses: of the batch, strictly increasing.

        Returns:
            False if a gate is closed or credits are missing: then nothing is sent or kept.
        """
        self._tick = tick + 1
        unhealthy, backed_off = self._guard.unhealthy, self._guard.backed_off
        self._guard.end_tick()
        if unhealthy:
            self.counters.unhealthy += 1
        elif backed_off:
            self.counters.backed_off += 1
        elif not self.ready:
            self.counters.starved += 1
            self._guard.note(LinkEvent.SILENT)
            self._guard.fail()
        else:
            self._make(tick, np.asarray(addresses, np.uint32))
            self.flush()
            return True
        return False

    def flush(self) -> None:
        """Transmit what waits, as credits allow."""
        end = self._first + len(self._kept)
        if self._cursor < self._ahead:
            self._cursor = min(end, self._ahead)
            self._credit.state = CreditState(self._cursor % MODULUS, 0)
        while self._cursor < end and self._credit.ready:
            if not self._channel.send(self._kept[self._cursor - self._first][1]):
                self.counters.refused += 1
                break
            if self._cursor < self._reached:
                self.counters.again += 1
            self._credit.send()
            self._cursor += 1
            self._reached = max(self._reached, self._cursor)
        self._channel.poll()

    def receive(self) -> bool:
        """Take what came back, at most `AT_ONCE` packets, and transmit what that allows.

        Returns:
            Whether anything came.
        """
        came = False
        for _ in range(AT_ONCE):
            if (data := self._channel.receive()) is None:
                break
            came = True
            try:
                self._take(SpikePacket.decode(data))
            except DamagedPacketError:
                self.counters.damaged += 1
                self._guard.note(LinkEvent.BAD_CRC)
            except PacketError:
                self.counters.malformed += 1
        self._prune()
        self.flush()
        return came

    def greet(self) -> None:
        """Say who is there."""
        self._tell(PacketKind.HELLO, self._ticks, np.frombuffer(self._program, ">u4"))

    def remind(self) -> None:
        """Say what has been sent; the receiver answers with what has arrived."""
        if self.greeted:
            self._tell(PacketKind.CREDIT, self._sent())
        else:
            self.greet()

    def halt(self, tick: int) -> None:
        """Say that the network halts."""
        self._tell(PacketKind.HALT, tick)

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def state(self) -> tuple[dict[str, Any], bytes]:
        """What a restarted sender needs: numbers, and the packets that it keeps."""
        numbers = {
            "first": self._first, "tick": self._tick, "durable": self._durable,
            "guard": self._guard.state(), "counters": self.counters.as_dict(),
        }  # fmt: skip
        return numbers, b"".join(data for _, data in self._kept)

    def restore(self, numbers: Mapping[str, Any], packets: bytes) -> None:
        """Go on from a `state`; what was transmitted since is recognised by the receiver."""
        self._first, self._tick = numbers["first"], numbers["tick"]
        self._durable = numbers["durable"]
        self._guard.restore(numbers["guard"])
        self.counters = SentCounters.from_dict(numbers["counters"])
        at = 0
        while at < len(packets):
            size = 28 + 4 * int.from_bytes(packets[at + 10 : at + 12], "big")
            data = packets[at : at + size]
            self._kept.append((int.from_bytes(data[16:24], "big"), data))
            at += size
        self._cursor = self._reached = self._first + len(self._kept)
        self._credit.state = CreditState(self._cursor % MODULUS, 0)
        self._resumed = True

    def _make(self, tick: int, addresses: Addresses) -> None:
        for packet in packets_of(
            addresses, tick, program=self._word, batch=self._batch,
            sequence=(self._first + len(self._kept)) % MODULUS, size=self._size,
        ):  # fmt: skip
            self._kept.append((tick, packet.encode()))
            self.counters.packets += 1
        self.counters.spikes += len(addresses)
        self.counters.ticks += 1

    def _take(self, packet: SpikePacket) -> None:
        if packet.kind == PacketKind.HELLO:
            digest = packet.addresses.astype(">u4").tobytes()
            if digest != self._program:
                self.stranger = digest.hex()
                return
            if self._ticks and packet.tick not in (0, self._ticks):
                self.other_ticks = packet.tick
                return
        elif packet.program != self._word or packet.batch != self._batch:
            raise PacketError("not of this link")
        self.greeted = True
        self.heard += 1
        if packet.kind == PacketKind.HALT:
            self.halted = packet.tick
        elif packet.kind == PacketKind.CREDIT:
            self._acknowledged(packet)
        elif packet.kind == PacketKind.HELLO:
            number = self._number(packet.sequence)
            if number > self._cursor and self._resumed:
                # A receiver that asks again has lost what it had beyond this number.
                self._ahead = number if packet.again else max(self._ahead, number)
            elif packet.again:
                self._rewind(number)

    def _acknowledged(self, packet: SpikePacket) -> None:
        self._durable = max(self._durable, packet.tick)
        verdict = self._credit.acknowledge(packet.sequence)
        if verdict == Acknowledgement.IMPOSSIBLE:
            if not self._resumed:
                raise PacketError("acknowledges what was never sent")
            self._ahead = max(self._ahead, self._number(packet.sequence))
        elif verdict == Acknowledgement.TAKEN:
            self._guard.note(LinkEvent.GOOD)

    def _rewind(self, number: int) -> None:
        """Begin again with a number that is still kept."""
        if not self._first <= number <= self._cursor:
            raise PacketError("asks for what is not kept")
        self._cursor, self._ahead = number, 0
        self._credit.state = CreditState(number % MODULUS, 0)

    def _number(self, sequence: int) -> int:
        ahead = (sequence - self._cursor) % MODULUS
        return self._cursor + (ahead if ahead < MODULUS // 2 else ahead - MODULUS)

    def _prune(self) -> None:
        acknowledged = self._cursor - self._credit.outstanding
        while self._first < acknowledged and (
            not self._keep or self._kept[0][0] < self._durable
        ):  # fmt: skip
            self._kept.popleft()
            self._first += 1

    def _sent(self) -> int:
        """First tick that has not been transmitted whole."""
        return self._tick if self.ready else self._kept[self._cursor - self._first][0]

    def _tell(self, kind: PacketKind, tick: int, words: Any = ()) -> None:
        packet = SpikePacket(
            kind,
            self._word,
            self._batch,
            self._cursor % MODULUS,
            tick,
            np.asarray(words, np.uint32),
        )
        self._channel.send(packet.encode())
