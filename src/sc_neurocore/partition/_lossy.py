"""A link that fails by plan, and counts what it did."""

from __future__ import annotations

import time
from bisect import bisect
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.partition._packet import PacketKind
from sc_neurocore.partition._transport import Channel


@dataclass(frozen=True)
class FaultPlan:
    """What happens to the packets of spikes on a link; all others pass.

    At most one fault happens to a packet. Which one is drawn for every packet from ``seed``.

    Attributes:
        drop: probability that a packet is lost.
        repeat: that it comes twice.
        reorder: that the next one overtakes it.
        delay: that it comes ``delay_s`` later.
        corrupt: that one of its bits is turned.
        cuts: first packet, and first after, of times when every packet is lost.
        delay_s: seconds.
        hold_s: seconds that a packet waits for the one that overtakes it.
        seed: of the draws.

    Raises:
        SCConfigError: probabilities are negative or more than 1 together.
    """

    drop: float = 0.0
    repeat: float = 0.0
    reorder: float = 0.0
    delay: float = 0.0
    corrupt: float = 0.0
    cuts: tuple[tuple[int, int], ...] = ()
    delay_s: float = 0.01
    hold_s: float = 0.02
    seed: int = 1

    def __post_init__(self) -> None:
        rates = (self.drop, self.repeat, self.reorder, self.delay, self.corrupt)
        if not (all(rate >= 0 for rate in rates) and sum(rates) <= 1):  # nor NaN
            raise SCConfigError(
                f"the probabilities of faults are {rates}; none may be negative, and their sum at "
                "most 1"
            )

    @property
    def bounds(self) -> tuple[float, ...]:
        """Sums of the probabilities."""
        return tuple(accumulate((self.drop, self.repeat, self.reorder, self.delay, self.corrupt)))


@dataclass
class Injected:
    """What a lossy link did to packets of spikes.

    Attributes:
        packets: that it was given.
        dropped: lost one by one.
        repeated: passed on twice.
        reordered: overtaken by the next.
        delayed: passed on later.
        overtaken: passed on after a newer one, because they were reordered or delayed.
        corrupted: passed on with a bit turned.
        cut: lost while the link was cut.
    """

    packets: int = 0
    dropped: int = 0
    repeated: int = 0
    reordered: int = 0
    delayed: int = 0
    overtaken: int = 0
    corrupted: int = 0
    cut: int = 0


class LossyChannel:
    """A channel with faults at its sending end.

    Args:
        channel: that carries what is left.
        plan: of the faults.
        clock: seconds; delays follow it.

    Attributes:
        plan: of the faults to come.
        did: what was done.
    """

    def __init__(
        self, channel: Channel, plan: FaultPlan, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._channel, self.plan, self._clock = channel, plan, clock
        self._random = np.random.default_rng(plan.seed)
        # When to pass a packet on, its number, the packet.
        self._slow: deque[tuple[float, int, bytes]] = deque()
        self._held: tuple[float, int, bytes] | None = None
        self._newest = 0
        self.did = Injected()

    @property
    def idle(self) -> bool:
        """Whether no packet is held that will be passed on."""
        return self._held is None and not self._slow

    def send(self, data: bytes) -> bool:
        """Pass a packet on, or let a fault happen to it; always taken."""
        if data[2] & 0xF != PacketKind.SPIKES:
            self._channel.send(data)
            return True
        number = self.did.packets
        self.did.packets += 1
        fault = bisect(self.plan.bounds, self._random.random())
        if any(first <= number < after for first, after in self.plan.cuts):
            self.did.cut += 1
        elif fault == 0:
            self.did.dropped += 1
        elif fault == 2 and self._held is None:
            self._held = self._clock() + self.plan.hold_s, number, data
        elif fault == 3:
            self.did.delayed += 1
            self._slow.append((self._clock() + self.plan.delay_s, number, data))
        elif fault == 4:
            self.did.corrupted += 1
            self._channel.send(self._turned(data))
        else:
            self._pass(number, data)
            if fault == 1:
                self.did.repeated += 1
                self._channel.send(data)
            if self._held is not None:
                self.did.reordered += 1
                self._pass(*self._held[1:])
                self._held = None
        return True

    def poll(self) -> None:
        """Pass on what was held long enough."""
        now = self._clock()
        if self._held is not None and self._held[0] <= now:
            self._pass(*self._held[1:])
            self._held = None
        while self._slow and self._slow[0][0] <= now:
            self._pass(*self._slow.popleft()[1:])
        self._channel.poll()

    def _pass(self, number: int, data: bytes) -> None:
        if number < self._newest:
            self.did.overtaken += 1
        self._newest = max(self._newest, number)
        self._channel.send(data)

    def fileno(self) -> int:
        """The channel's."""
        return self._channel.fileno()

    def receive(self) -> bytes | None:
        """What comes back is not touched."""
        return self._channel.receive()

    def pending(self) -> bool:
        """The channel's."""
        return self._channel.pending()

    def trust(self) -> None:
        """The channel's."""
        self._channel.trust()

    def close(self) -> None:
        """Close the channel."""
        self._channel.close()

    def _turned(self, data: bytes) -> bytes:
        bit = int(self._random.integers(len(data) * 8))
        turned = bytearray(data)
        turned[bit >> 3] ^= 1 << (bit & 7)
        return bytes(turned)
