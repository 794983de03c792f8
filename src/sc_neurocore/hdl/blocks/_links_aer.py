"""Spikes as packets: the two ends of a link."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np

from sc_neurocore.hdl.blocks._block import Block, Fault, constant, whole
from sc_neurocore.hdl.blocks._clocking import (
    EVENT,
    TICK,
    Clocked,
    Drive,
    Pins,
    Producer,
    Taken,
    against,
    fields,
    step_by_step,
    width_of,
    word,
)
from sc_neurocore.hdl.blocks._stimulus import bits

#: Magic, version 1, kind 0 (spikes), flags.
HEAD = 0x5CAE_1000
#: Words of a packet without addresses: the header and the CRC.
LEAST_WORDS = 7
_MODULUS = 1 << 32
_COUNTERS = ("good", "bad", "foreign", "duplicate", "lost", "late", "expired")


def packet_words(
    passport: int, batch: int, number: int, tick: int, addresses: Sequence[int], *, last: bool
) -> list[int]:
    """A packet of spikes as 32-bit words, the CRC-32 last.

    Args:
        passport: first 32 bits of the program's digest.
        batch: of the link.
        number: sequence number.
        tick: whose spikes these are.
        addresses: of the spikes, increasing.
        last: whether it is the last packet of the tick.
    """
    words = [
        HEAD | last, passport, batch << 16 | len(addresses), number, tick >> 32,
        tick & 0xFFFFFFFF, *addresses,
    ]  # fmt: skip
    return [*words, checksum(words)]


def checksum(words: Sequence[int]) -> int:
    """CRC-32 of words, the highest byte of each first."""
    return zlib.crc32(struct.pack(f">{len(words)}I", *words))


class Transmitter(Clocked):
    """What `sc_aer_transmitter` does."""

    def __init__(self, size: int, depth: int, passport: int, batch: int) -> None:
        self.depth, self.passport, self.batch = depth, passport, batch
        self.address = width_of(size)
        self.addresses: list[int] = []
        self.words: list[int] = []
        self.number = self.tick = 0

    def outputs(self, pins: Pins) -> dict[str, int]:
        kind, _, _ = fields(pins["in_data"], self.address, 1)
        over = kind == EVENT and len(self.addresses) == self.depth
        return {
            "in_ready": int(not self.words and not over),
            "out_valid": int(bool(self.words)),
            "out_data": self.words[0] if self.words else 0,
            "out_last": int(len(self.words) == 1),
        }

    def clock(self, pins: Pins) -> None:
        if self.words:
            if pins["out_ready"]:
                self.words.pop(0)
            return
        kind, address, _ = fields(pins["in_data"], self.address, 1)
        if not pins["in_valid"] or kind not in (EVENT, TICK):
            return
        if kind == EVENT and len(self.addresses) < self.depth:
            self.addresses.append(address)
            return
        last = kind == TICK
        self.words = packet_words(
            self.passport, self.batch, self.number, self.tick, self.addresses, last=last
        )
        self.addresses = []
        self.number, self.tick = self.number + 1, self.tick + last


def aer_transmitter(size: int, depth: int, passport: int, batch: int) -> Block:
    """Spikes to packets."""
    width = width_of(size)

    def model() -> Transmitter:
        return Transmitter(size, depth, passport, batch)

    def drivers(rng: np.random.Generator, ticks: int) -> tuple[Drive, Taken]:
        willing, ready = bits(rng, ticks), bits(rng, ticks)
        kinds = iter(rng.choice([EVENT, EVENT, EVENT, TICK, 1], 2 * ticks + 2).tolist())
        noise = iter(rng.integers(0, size, 2 * ticks + 2).tolist())

        def following() -> int:
            return word(next(kinds), next(noise), 1, width, 1)

        producer = Producer(following)

        def drive(tick: int) -> dict[str, int]:
            valid, data = producer.offer(bool(willing[tick]))
            shown = following() if data is None else data
            return {"in_valid": valid, "in_data": shown, "out_ready": int(ready[tick])}

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            if pins["in_valid"] and outputs["in_ready"]:
                producer.taken()

        return drive, taken

    return Block(
        "sc_aer_transmitter", _parameters(size, depth, passport, batch),
        {"in_valid": 1, "in_data": 3 + width, "out_ready": 1},
        {"in_ready": 1, "out_valid": 1, "out_data": 32, "out_last": 1},
        against(model, drivers), step_by_step(model), 15,
        (
            Fault("!sending && !over", "!sending", "loses an address that has no room"),
            Fault("if (last) tick", "tick", "counts packets as ticks"),
            Fault("count   <= {COUNT{1'b0}};\n                    place", "place",
                  "sends old addresses again"),
            Fault("(ends || over)", "ends", "never sends a full packet"),
            Fault("crc     <= 32'd0;\n                    number", "number",
                  "goes on with the checksum of the packet before"),
        ),
        paced=False, restarts=True, qualified={"out_data": "out_valid"},
    )  # fmt: skip


class Receiver(Clocked):
    """What `sc_aer_receiver` does."""

    def __init__(
        self, size: int, depth: int, ticks: int, patience: int, passport: int, batch: int
    ) -> None:
        self.size, self.depth, self.ticks, self.patience = size, depth, ticks, patience
        self.ours = passport, batch
        self.address = width_of(size)
        self.state = "take"
        self.words: list[int] = []
        self.number = 0
        self.given: list[int] = []  # words that are still to be given
        self.pauses = False  # for a clock, as the packet itself has nothing to give
        self.least = 0  # next address of the open tick
        self.expected = self.open = self.waited = 0
        self.counters = dict.fromkeys(_COUNTERS, 0)

    def judge(self) -> str:
        """What a packet is counted as, if its sequence number is fresh."""
        words = self.words
        count = len(words) - LEAST_WORDS
        if not 0 <= count <= self.depth or words[2] & 0xFFFF != count:
            return "bad"
        if words[-1] != checksum(words[:-1]):
            return "bad"
        if words[0] & ~1 != HEAD or (words[1], words[2] >> 16) != self.ours:
            return "foreign"
        addresses, tick = words[6:-1], words[5]
        sound = not words[4] and tick < self.ticks and max(addresses, default=0) < self.size
        if not sound or any(a >= b for a, b in pairwise(addresses)):
            return "bad"
        gap = (self.number - self.expected) % _MODULUS
        if gap >= _MODULUS // 2:
            return "late"
        if tick - self.open > gap:
            return "bad"
        if tick == self.open and addresses and addresses[0] < self.least:
            return "bad"
        return "late" if tick < self.open else "good"

    def outputs(self, pins: Pins) -> dict[str, int]:
        check = self.state == "judge" and self.judge() in ("good", "late")
        shown = self.given[0] if self.given else 0
        return {
            "in_ready": int(self.state == "take"),
            "check": int(check),
            "number": self.number,
            "out_valid": int(bool(self.given)),
            "out_data": shown,
            **self.counters,
        }

    def clock(self, pins: Pins) -> None:
        waits = pins["wanted"] and not self.given
        waited = min(self.waited + 1, self.patience) if waits else 0
        state = self.state
        if state == "take":
            self._take(pins)
        elif state == "judge":
            self._judged(pins)
        elif not self.given:
            self.state = "take"
        elif pins["out_ready"]:
            self._gave()
        self.waited = waited

    def _take(self, pins: Pins) -> None:
        if pins["in_valid"]:
            self.words.append(pins["in_data"])
            if len(self.words) == 4:
                self.number = pins["in_data"]
        if pins["in_valid"] and pins["in_last"]:
            self.state = "judge"
        elif self.patience and self.waited == self.patience and self.open < self.ticks:
            self.state = "expire"
            self.given = [word(TICK, 0, 0, self.address, 1)]

    def _judged(self, pins: Pins) -> None:
        verdict = self.judge()
        if verdict in ("good", "late") and not pins["fresh"]:
            verdict = "duplicate"
        self.counters[verdict] += 1
        gap = (self.number - self.expected) % _MODULUS
        self.state = "take"
        if verdict in ("good", "late") and gap < _MODULUS // 2:
            self.counters["lost"] = (self.counters["lost"] + gap) % _MODULUS
            self.expected = (self.number + 1) % _MODULUS
        if verdict == "good":
            tick = word(TICK, 0, 0, self.address, 1)
            self.given = [tick] * (self.words[5] - self.open)
            self.given += [word(EVENT, a, 1, self.address, 1) for a in self.words[6:-1]]
            self.given += [tick] * (self.words[0] & 1)
            self.pauses = not self.words[0] & 1 and len(self.words) == LEAST_WORDS
            self.state = "give"
        self.words = []

    def _gave(self) -> None:
        kind, address, _ = fields(self.given.pop(0), self.address, 1)
        self.open += kind == TICK
        self.least = 0 if kind == TICK else address + 1
        if self.state == "expire":
            self.counters["expired"] += 1
            self.state = "take"
        elif not self.given and not self.pauses:
            self.state = "take"


def aer_receiver(
    size: int, depth: int, ticks: int, patience: int, passport: int, batch: int
) -> Block:
    """Packets to spikes."""

    def model() -> Receiver:
        return Receiver(size, depth, ticks, patience, passport, batch)

    def drivers(rng: np.random.Generator, clocks: int) -> tuple[Drive, Taken]:
        willing, ready, wanted = bits(rng, clocks), bits(rng, clocks), bits(rng, clocks)
        fresh = rng.random(clocks) < 0.9
        link = _Hostile(rng, size, depth, ticks, passport, batch)
        producer = Producer(link.__next__)
        counted = 0

        def drive(tick: int) -> dict[str, int]:
            valid, data = producer.offer(bool(willing[tick]))
            shown = int(rng.integers(0, 1 << 33)) if data is None else data
            return {
                "in_valid": valid, "in_data": shown & 0xFFFFFFFF, "in_last": shown >> 32,
                "fresh": int(fresh[tick]), "wanted": int(wanted[tick]),
                "out_ready": int(ready[tick]),
            }  # fmt: skip

        def taken(pins: dict[str, int], outputs: dict[str, int]) -> None:
            nonlocal counted
            if pins["in_valid"] and outputs["in_ready"]:
                producer.taken()
            now = sum(outputs[name] for name in _COUNTERS)
            if now < counted or outputs["expired"] + link.tick > 2 * ticks:
                link.restart()
            counted = now

        return drive, taken

    parameters = _parameters(size, depth, passport, batch)
    parameters |= whole(TICKS=(ticks, 1, None), PATIENCE=(patience, 0, None))
    return Block(
        "sc_aer_receiver", parameters,
        {"in_valid": 1, "in_data": 32, "in_last": 1, "fresh": 1, "wanted": 1, "out_ready": 1},
        {"in_ready": 1, "check": 1, "number": 32, "out_valid": 1, "out_data": 3 + width_of(size),
         **dict.fromkeys(_COUNTERS, 32)},
        against(model, drivers), step_by_step(model), 19,
        (
            Fault("if (in_data != PASSPORT) ours", "if (1'b0) ours", "takes another's packets"),
            Fault("in_data == crc && 16'(count)", "16'(count)", "trusts every checksum"),
            Fault("accepted = check && fresh", "accepted = check", "gives what came before"),
            Fault(" || in_data < 32'(least)) sound", ") sound", "gives an address twice"),
            Fault("!past && 32'(tick - open) > gap", "1'b0", "jumps over ticks that were not lost"),
        ),
        paced=False, restarts=True, qualified={"out_data": "out_valid"},
    )  # fmt: skip


def _parameters(size: int, depth: int, passport: int, batch: int) -> dict[str, str]:
    return {
        **whole(SIZE=(size, 1, None), DEPTH=(depth, 2, 65534)),
        "PASSPORT": constant(32, passport), "BATCH": constant(16, batch),
    }  # fmt: skip


class _Hostile(Iterator[int]):
    """Words of packets, few of which are as they should be; bit 32 is high in the last one."""

    def __init__(
        self, rng: np.random.Generator, size: int, depth: int, ticks: int, passport: int, batch: int
    ) -> None:
        self.rng, self.size, self.depth, self.ticks = rng, size, depth, ticks
        self.passport, self.batch = passport, batch
        self.words: list[int] = []
        self.restart()

    def restart(self) -> None:
        """A new sender, which begins with number 0."""
        self.number = self.tick = self.least = 0

    def __next__(self) -> int:
        while not self.words:
            words = self._packet()
            self.words = [*words[:-1], words[-1] | 1 << 32]
        return self.words.pop(0)

    def _packet(self) -> list[int]:
        rng, what = self.rng, int(self.rng.integers(0, 18))
        room = self.size - self.least
        count = int(rng.integers(0, min(self.depth, room) + 1)) if room > 0 else 0
        addresses = (self.least + np.sort(rng.choice(max(room, 1), count, replace=False))).tolist()
        last = bool(rng.random() < 0.7) or not room
        passport, batch, number, tick = self.passport, self.batch, self.number, self.tick
        match what:
            case 0:
                passport ^= 1 << int(rng.integers(0, 32))
            case 1:
                batch ^= 1 << int(rng.integers(0, 16))
            case 2 if number:
                number -= 1
            case 3:
                number += int(rng.integers(0, 4))
                tick += int(rng.integers(0, 3))
            case 4:
                tick += 1
            case 5:
                tick += int(rng.choice([self.ticks, 1 << 32]))
            case 6 if len(addresses) > 1:
                addresses.reverse()
            case 7:
                addresses.append(self.size + int(rng.integers(0, 3)))
            case 8:
                addresses = [0] * (self.depth + 1)
            case _ if self.least and rng.random() < 0.5:
                addresses = [self.least - 1]
            case 9 if number:
                tick, number = max(tick - 1, 0), number
            case _:
                self.number += 1
                self.least = 0 if last else (addresses[-1] + 1 if addresses else self.least)
                self.tick += last
        words = packet_words(passport, batch, number % _MODULUS, tick, addresses, last=last)
        match what:
            case 10:
                words[int(rng.integers(0, len(words)))] ^= 1 << int(rng.integers(0, 32))
            case 11:
                del words[int(rng.integers(0, len(words) - 1))]
            case 12:
                words[0] ^= 1 << int(rng.integers(1, 32))
                words[-1] = checksum(words[:-1])
            case 13:
                words[2] ^= 1 << int(rng.integers(0, 4))
                words[-1] = checksum(words[:-1])
            case 14:
                words = words[: int(rng.integers(1, len(words)))]
            case _:
                pass
        return words
