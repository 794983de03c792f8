"""What was done to the packets of a link, beside what the gates counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import numpy as np

from sc_neurocore.partition._counters import ReceivedCounters
from sc_neurocore.partition._lossy import FaultPlan, Injected, LossyChannel
from sc_neurocore.partition._packet import Addresses
from sc_neurocore.partition._receiver import AERReceiver
from sc_neurocore.partition._sender import AERSender
from sc_neurocore.partition._transport import memory_link

_PROGRAM = bytes(range(32))
_NEURONS, _PACKET_BYTES, _WINDOW = 64, 64, 256
#: Seconds of the virtual clock: of a tick, until a missing packet counts as lost, of a short delay,
#: and of one so long that the packet's tick is over although other packets are missing too.
_TICK_S, _PATIENCE_S, _SHORT_S, _LONG_S = 1.0, 3.0, 1.5, 30.0

_RATE = 0.02
PLANS: Mapping[str, FaultPlan] = MappingProxyType(
    {
        "none": FaultPlan(),
        "loss": FaultPlan(drop=_RATE),
        "duplication": FaultPlan(repeat=_RATE),
        "reordering": FaultPlan(reorder=_RATE),
        "short delay": FaultPlan(delay=_RATE, delay_s=_SHORT_S),
        "long delay": FaultPlan(delay=_RATE, delay_s=_LONG_S),
        "corruption": FaultPlan(corrupt=_RATE),
        "partition": FaultPlan(cuts=((100, 140), (1000, 1003), (2000, 2200))),
        "all": FaultPlan(
            _RATE, _RATE, _RATE, _RATE, _RATE, ((100, 140), (2000, 2200)), delay_s=_LONG_S
        ),
    }
)


@dataclass(frozen=True)
class FaultRow:
    """One gate's counter in one campaign.

    Attributes:
        campaign: one of `PLANS`.
        gate: what counts.
        counter: its name.
        fault: what it should count.
        injected: how often that was done.
        counted: how often it was seen.
    """

    campaign: str
    gate: str
    counter: str
    fault: str
    injected: int
    counted: int

    @property
    def equal(self) -> bool:
        """Whether everything was seen, and nothing else."""
        return self.injected == self.counted


@dataclass(frozen=True)
class Campaign:
    """What became of a stream of spikes on a lossy link.

    Attributes:
        injected: what was done to its packets.
        counted: by the receiver.
        sent: spikes sent.
        delivered: spikes that reached a neuron.
        wrong: of those, that were never sent or were delivered before.
    """

    injected: Injected
    counted: ReceivedCounters
    sent: int
    delivered: int
    wrong: int

    def rows(self, name: str) -> Iterator[FaultRow]:
        """Every gate's counter beside what was injected."""
        did, saw = self.injected, self.counted
        long = PLANS[name].delay_s > _PATIENCE_S if name in PLANS else False
        missing = did.dropped + did.corrupted + did.cut
        for gate, counter, fault, injected, counted in (
            ("checksum", "damaged", "corrupted", did.corrupted, saw.damaged),
            ("sequence", "lost", "dropped, cut or corrupted", missing, saw.lost),
            ("sequence", "overtaken", "reordered or delayed", did.overtaken, saw.overtaken),
            ("dedup", "duplicates", "repeated", did.repeated, saw.duplicates),
            ("dedup", "stale", "-", 0, saw.stale),
            ("deadline", "late_dropped", "delayed beyond patience", did.delayed if long else 0,
             saw.late_dropped),
            ("neurons", "wrong spikes", "-", 0, self.wrong),
        ):  # fmt: skip
            yield FaultRow(name, gate, counter, fault, injected, counted)


def fault_table(ticks: int = 2000, seed: int = 1) -> tuple[FaultRow, ...]:
    """Send spikes over a lossy link in one process under every plan of `PLANS`.

    Time is virtual, so that the table is the same everywhere.

    Args:
        ticks: of each campaign.
        seed: of the faults and the spikes.
    """
    rows: list[FaultRow] = []
    for i, (name, plan) in enumerate(PLANS.items()):
        rows += run_campaign(replace(plan, seed=seed + i, hold_s=1e9), ticks).rows(name)
    return tuple(rows)


def run_campaign(plan: FaultPlan, ticks: int) -> Campaign:
    """Send spikes of some ticks over a link that fails by plan, then a few more without faults."""
    now = 0.0

    def clock() -> float:
        return now

    there, here = memory_link()
    lossy = LossyChannel(there, plan, clock)
    total = ticks + 100
    sender = AERSender(lossy, _PROGRAM, size=_PACKET_BYTES)
    receiver = AERReceiver(
        here, _PROGRAM, size=_NEURONS, ticks=total, window=_WINDOW,
        patience=_PATIENCE_S, clock=clock,
    )  # fmt: skip
    random = np.random.default_rng(plan.seed)
    sent: list[Addresses] = []
    got: list[Addresses] = []

    def pass_time(seconds: float) -> None:
        nonlocal now
        now += seconds
        sender.receive()
        receiver.receive()
        while (spikes := receiver.spikes(len(got))) is not None:
            got.append(spikes)
            receiver.advance(len(got), len(got))

    for tick in range(total):
        if tick == ticks:
            lossy.plan = FaultPlan()
        while not sender.ready:
            sender.remind()
            pass_time(_TICK_S / 4)
        spiking = random.random(_NEURONS) < random.choice((0.0, 0.1, 0.6))
        sent.append(np.flatnonzero(spiking).astype(np.uint32))
        sender.send(tick, sent[-1])
        pass_time(_TICK_S)
    while not (receiver.complete and sender.done):
        sender.remind()
        pass_time(_TICK_S)
    wrong = sum(
        len(g) - len(np.intersect1d(s, g)) for s, g in zip(sent, got, strict=True)
    ) + sum(len(g) - len(np.unique(g)) for g in got)  # fmt: skip
    return Campaign(lossy.did, receiver.counters, sum(map(len, sent)), sum(map(len, got)), wrong)
