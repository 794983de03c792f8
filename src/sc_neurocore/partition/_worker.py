"""The event loop that runs one part: packets come, ticks run as soon as they may, packets go."""

from __future__ import annotations

import os
import selectors
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.exceptions import SCNeuroError
from sc_neurocore.ir import Crossing, PartitionError, output_shapes
from sc_neurocore.nir_bridge import from_nir
from sc_neurocore.partition._digest import START, chain, hexadecimal
from sc_neurocore.partition._links import Link, mismatch, program_digest
from sc_neurocore.partition._lossy import LossyChannel
from sc_neurocore.partition._packet import Addresses
from sc_neurocore.partition._part import Control, HaltedError, Part
from sc_neurocore.partition._receiver import AERReceiver
from sc_neurocore.partition._sender import AERSender
from sc_neurocore.partition._snapshot import read_snapshot, write_snapshot
from sc_neurocore.partition._status import PartStatus
from sc_neurocore.partition._transport import Channel

#: Seconds after which an idle link is reminded, and after which the state is reported again.
_REMIND_S, _REPORT_S = 0.05, 0.2
#: Ticks whose outputs are reported together.
_CHUNK = 256

Array = NDArray[np.float64]


def run_part(
    part: Part, links: tuple[Link, ...], channels: Mapping[int, Channel], control: Control
) -> None:
    """Run a part to its end.

    Args:
        part: what to run.
        links: of the program.
        channels: this place's ends, by index of the link.
        control: who takes the reports.

    Raises:
        PartitionError: a peer is missing, silent, halts or has another program.
    """
    loop = _Loop(part, links, channels, control)
    try:
        loop.run()
    except SCNeuroError as error:
        if not isinstance(error, HaltedError):
            loop.halt()
        raise
    finally:
        loop.close()


class _Loop:
    def __init__(
        self, part: Part, links: tuple[Link, ...], channels: Mapping[int, Channel], control: Control
    ) -> None:
        self._part, self._control, self._pace = part, control, part.pace
        self._place = part.place
        graph = part.partitions.parts[part.place]
        self._network = from_nir(graph)
        self._shapes = output_shapes(graph)
        self._program = program_digest(part.partitions, part.place)
        self._tick, self._end = 0, part.samples * part.ticks
        self._senders: list[tuple[int, Link, AERSender]] = []
        self._receivers: list[tuple[int, Link, AERReceiver]] = []
        self._channels = dict(channels)
        reliable = float("inf")
        for i, link in enumerate(links):
            if link.source == part.place:
                sender = AERSender(
                    channels[i], self._program, link.batch, credits=link.wire.credits,
                    guard=link.guard(receives=False), keep=part.snapshot_every > 0,
                    ticks=self._end,
                )  # fmt: skip
                self._senders.append((i, link, sender))
            elif link.target == part.place:
                udp = link.wire.transport == "udp"
                receiver = AERReceiver(
                    channels[i], self._program, link.batch, size=link.size, ticks=self._end,
                    credits=link.wire.credits, window=link.window, late=link.wire.late,
                    patience=self._pace.patience_s if udp else reliable,
                    guard=link.guard(receives=True),
                )  # fmt: skip
                self._receivers.append((i, link, receiver))
        self._ends: list[tuple[int, Link, AERSender | AERReceiver]] = [
            *self._senders,
            *self._receivers,
        ]
        self._heard: dict[int, tuple[int, float]] = {}
        self._traffic = {c.stream: 0 for _, link, _ in self._senders for c in link.crossings}
        self._digests: dict[str, bytes] = {}
        self._outputs: list[dict[str, Array]] = []
        self._spikes: list[dict[str, Addresses]] = []
        self._began = 0.0
        self._selector = selectors.DefaultSelector()
        for handle in {control.fileno(), *(c.fileno() for c in channels.values())} - {-1}:
            self._selector.register(handle, selectors.EVENT_READ)
        self._lossy = {i: c for i, c in channels.items() if isinstance(c, LossyChannel)}
        self._reminded = self._reported = 0.0
        self._finished = False
        self._saved = -1
        if part.snapshot_every:
            self._restore()

    def run(self) -> None:
        self._greet()
        self._control.report("ready", self._tick)
        while (began := self._control.started()) is None:
            if self._control.stopped(False):
                return
            self._receive()
            self._wait()
        self._begin(began)
        while not self._control.stopped(self._finished):
            self._receive()
            if self._tick < self._end and self._runnable():
                self._step()
            elif not self._finished and self._done():
                self._finish()
            else:
                self._silent()
                self._wait()
        if self._finished:
            self._receive()
            self._control.report("done", self._result())

    def halt(self) -> None:
        """Tell every peer that the network halts."""
        for _, _, end in self._ends:
            end.halt(self._tick)

    def close(self) -> None:
        self._selector.close()
        for channel in self._channels.values():
            channel.close()

    def _greet(self) -> None:
        """Wait until every peer has answered."""
        limit = time.monotonic() + self._pace.start_s
        self._remind()
        while missing := [
            link.source if link.target == self._place else link.target
            for _, link, end in self._ends
            if not end.greeted
        ]:
            if self._control.stopped(False):
                return
            if time.monotonic() > limit:
                raise PartitionError(
                    f"place {missing[0]!r} did not answer place {self._place!r} within "
                    f"{self._pace.start_s:g} s; start it, and check its `host` and `port`"
                )
            self._receive()
            self._wait()

    def _begin(self, began: float) -> None:
        self._began = began
        tick_s = (self._pace.tick_ns or 0) * 1e-9
        for _, link, receiver in self._receivers:
            if link.deadline_ns is not None and tick_s:
                receiver.due = _due(began, tick_s, link.deadline_ns * 1e-9)
            receiver.advance(self._tick, 0)
        now = time.monotonic()
        self._heard = {i: (-1, now) for i, _, _ in self._ends}

    def _receive(self) -> None:
        for _, link, sender in self._senders:
            sender.receive()
            self._check(link.target, sender)
        for _, link, receiver in self._receivers:
            receiver.receive()
            self._check(link.source, receiver)

    def _check(self, peer: str, end: AERSender | AERReceiver) -> None:
        if end.stranger and not end.greeted:
            raise mismatch(self._place, self._program.hex(), peer, end.stranger)
        if end.other_ticks:
            raise PartitionError(
                f"place {self._place!r} is to run {self._end} ticks and place {peer!r} "
                f"{end.other_ticks}; give every place the same number of samples, and of ticks of "
                "each"
            )
        if end.halted >= 0:
            if isinstance(end, AERReceiver) and end.too_late:
                raise PartitionError(
                    f"spikes of place {peer!r} of tick {end.halted} came to place {self._place!r} "
                    "too late, and the wire's policy is `halt`; raise the delay or the tick, or "
                    "choose another policy"
                )
            raise HaltedError(f"place {peer!r} halted the network at tick {end.halted}")

    def _runnable(self) -> bool:
        tick, local = self._tick, self._tick % self._part.ticks
        tick_ns = self._pace.tick_ns
        if tick_ns is not None:
            if time.monotonic() < self._began + tick * tick_ns * 1e-9:
                return False
        elif not all(sender.ready for _, _, sender in self._senders):
            return False
        return all(
            crossing.delay > local or receiver.spikes(tick - crossing.delay) is not None
            for _, link, receiver in self._receivers
            for crossing in link.crossings
        )

    def _step(self) -> None:
        tick, part = self._tick, self._part
        sample, local = divmod(tick, part.ticks)
        if part.snapshot_every and tick % part.snapshot_every == 0 and tick != self._saved:
            self._snapshot()
        if local == 0:
            self._network.reset()
        given = {name: series.at(sample, local) for name, series in part.inputs.items()}
        for _, link, receiver in self._receivers:
            given |= self._received(link, receiver, tick, local)
        outputs = self._network.step(given)
        for _, link, sender in self._senders:
            parts = []
            for crossing, offset in zip(link.crossings, link.offsets, strict=False):
                addresses = self._addresses(crossing, outputs.pop(crossing.send_id))
                self._traffic[crossing.stream] += len(addresses)
                parts.append(addresses + np.uint32(offset))
            sender.send(tick, parts[0] if len(parts) == 1 else np.concatenate(parts))
        self._record(tick, outputs)
        self._tick += 1
        for _, link, receiver in self._receivers:
            oldest = self._tick - max(crossing.delay for crossing in link.crossings)
            receiver.advance(self._tick, oldest)
        if len(self._outputs) >= _CHUNK:
            self._flush()
        self._report()

    def _received(
        self, link: Link, receiver: AERReceiver, tick: int, local: int
    ) -> dict[str, Array]:
        given = {}
        for i, crossing in enumerate(link.crossings):
            name = crossing.receive_id
            value = np.zeros(crossing.size)
            if crossing.delay <= local:
                spikes = receiver.spikes(tick - crossing.delay)
                assert spikes is not None
                low, high = np.searchsorted(spikes, link.offsets[i : i + 2])
                value[spikes[low:high] - link.offsets[i]] = 1.0
            given[name] = value.reshape(self._shapes[name])
        return given

    def _addresses(self, crossing: Crossing, value: Array) -> Addresses:
        flat = value.reshape(-1)
        addresses = np.flatnonzero(flat).astype(np.uint32)
        if not np.all(flat[addresses] == 1):
            raise PartitionError(
                f"node {crossing.node!r} gives place {crossing.target!r} something else than "
                "spikes; only 0 and 1 travel between places, so keep it and what reads it together"
            )
        return addresses

    def _record(self, tick: int, outputs: dict[str, Array]) -> None:
        spiked = {}
        for name, spikes in self._network.spikes.items():
            spiked[name] = np.flatnonzero(spikes).astype(np.uint32)
            self._digests[name] = chain(self._digests.get(name, START), tick, spiked[name])
        self._outputs.append({name: value[0] for name, value in outputs.items()})
        if self._part.spikes:
            self._spikes.append(spiked)

    def _flush(self) -> None:
        if self._outputs:
            first = self._tick - len(self._outputs)
            names = self._outputs[0]
            outputs = {name: np.stack([o[name] for o in self._outputs]) for name in names}
            self._control.report("outputs", (first, outputs, self._spikes))
            self._outputs, self._spikes = [], []

    def _done(self) -> bool:
        return (
            self._tick >= self._end
            and all(sender.done for _, _, sender in self._senders)
            and all(receiver.complete for _, _, receiver in self._receivers)
            and all(channel.idle for channel in self._lossy.values())
        )

    def _finish(self) -> None:
        self._flush()
        self._finished = True
        self._report(always=True)
        self._control.report("done", self._result())

    def _result(self) -> dict[str, Any]:
        return {
            "digests": hexadecimal(self._digests),
            "traffic": self._traffic,
            "sent": {i: end.counters.as_dict() for i, _, end in self._senders},
            "received": {i: end.counters.as_dict() for i, _, end in self._receivers},
            "injected": {i: channel.did for i, channel in self._lossy.items()},
        }

    def _wait(self) -> None:
        self._report()
        if not any(channel.pending() for channel in self._channels.values()):
            limit = 0.005 if self._lossy else _REMIND_S
            if self._pace.tick_ns is not None and self._began:
                limit = min(limit, max(0.0, self._pace.tick_ns * 1e-9 / 4))
            self._selector.select(limit)
        if time.monotonic() - self._reminded >= _REMIND_S:
            self._remind()

    def _remind(self) -> None:
        self._reminded = time.monotonic()
        for _, _, end in self._ends:
            end.remind()

    def _silent(self) -> None:
        """End when a peer that is needed says nothing."""
        if self._finished:
            return
        now = time.monotonic()
        for i, link, end in self._ends:
            peer = link.source if link.target == self._place else link.target
            count, since = self._heard[i]
            if end.heard != count:
                self._heard[i] = end.heard, now
            elif now - since > self._pace.silence_s:
                raise PartitionError(
                    f"place {peer!r} has said nothing to place {self._place!r} for "
                    f"{self._pace.silence_s:g} s, at tick {self._tick} of {self._end}"
                )

    def _report(self, always: bool = False) -> None:
        now = time.monotonic()
        if not always and now - self._reported < _REPORT_S:
            return
        self._reported = now
        received = [end.counters for _, _, end in self._receivers]
        status = PartStatus(
            self._place, os.getpid(), self._tick, self._end, self._finished,
            sum(end.counters.spikes for _, _, end in self._senders),
            sum(c.spikes for c in received), sum(c.lost for c in received),
            sum(c.late_dropped + c.late_next_tick for c in received),
            now - self._began if self._began else 0.0, time.time(),
        )  # fmt: skip
        self._control.report("status", status)
        if self._part.status is not None:
            status.write(self._part.status)

    def _snapshot(self) -> None:
        self._flush()
        self._saved = self._tick
        numbers: dict[str, Any] = {
            "program": self._program.hex(),
            "tick": self._tick,
            "digests": hexadecimal(self._digests),
            "traffic": self._traffic,
            "links": {},
        }
        arrays: dict[str, Any] = {
            f"network.{name}": value for name, value in self._network.checkpoint().items()
        }
        for i, _, sender in self._senders:
            numbers["links"][str(i)], packets = sender.state()
            arrays[f"link.{i}.packets"] = np.frombuffer(packets, np.uint8)
        for i, _, receiver in self._receivers:
            numbers["links"][str(i)], spikes = receiver.state()
            arrays |= {f"link.{i}.{name}": value for name, value in spikes.items()}
        write_snapshot(self._part.snapshot, numbers, arrays)
        for _, _, receiver in self._receivers:
            receiver.durable()

    def _restore(self) -> None:
        """Go on from the last snapshot; the first is taken before anything has run."""
        found = read_snapshot(self._part.snapshot)
        if found is None:
            self._snapshot()
            return
        numbers, arrays = found
        if numbers["program"] != self._program.hex():
            raise PartitionError(
                f"the snapshot {self._part.snapshot} is of another program; remove it"
            )

        def under(prefix: str) -> dict[str, Any]:
            return {k.removeprefix(prefix): v for k, v in arrays.items() if k.startswith(prefix)}

        self._tick = self._saved = numbers["tick"]
        self._digests = {k: bytes.fromhex(v) for k, v in numbers["digests"].items()}
        self._traffic = {int(k): v for k, v in numbers["traffic"].items()}
        self._network.restore(under("network."))
        for i, _, sender in self._senders:
            packets = arrays[f"link.{i}.packets"].tobytes()
            sender.restore(numbers["links"][str(i)], packets)
        for i, _, receiver in self._receivers:
            receiver.restore(numbers["links"][str(i)], under(f"link.{i}."))


def _due(began: float, tick_s: float, deadline_s: float) -> Callable[[int], float]:
    return lambda tick: began + (tick + 1) * tick_s + deadline_s
