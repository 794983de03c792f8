"""Faults that a virtual board makes on purpose, and what it says that it made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

#: Faults that can be switched on: what the number says.
FAULTS: Mapping[str, str] = {
    "link.lost": "probability that a frame is lost, request or reply",
    "link.corrupted": "probability that a bit of a frame is flipped",
    "link.duplicated": "probability that a frame arrives twice",
    "link.delayed": "probability that a reply is delayed by link.delay_ms",
    "link.delay_ms": "delay of a delayed reply, in milliseconds",
    "link.bytes_per_s": "speed of the link, in bytes per second; 0 for no limit",
    "bus.lost": "probability that a write is lost behind the link's checks",
    "bus.corrupted": "probability that a bit of a written word is flipped there",
    "bus.misdirected": "probability that a bit of a write's address is flipped there",
    "power.loss": "probability, per register operation, that the board loses its power",
    "memory.flip": "probability, per clock, that a bit of a parameter memory flips",
}


@dataclass(frozen=True)
class Fault:
    """One fault that was injected.

    Attributes:
        number: place in the log, from 0.
        clock: clock of the board.
        kind: as in `FAULTS`, or ``memory.stuck``.
        what: exactly what, as ``name=value`` words.
    """

    number: int
    clock: int
    kind: str
    what: str


@dataclass(frozen=True)
class Memory:
    """A parameter memory of a virtual board.

    Attributes:
        index: its number, for `Instruments.flip` and `Instruments.stick`.
        bank: its bank.
        words: words of both halves.
        bits: bits of a word.
        name: where it is in the design.
    """

    index: int
    bank: int
    words: int
    bits: int
    name: str


@dataclass(frozen=True)
class BoardState:
    """What a virtual board says of itself.

    Attributes:
        bundle: directory of its bundle; empty if it was not started from one.
        digest: digest of its design.
        boots: how often it has started.
        clocks: clocks that it has run since its process started.
        operations: register operations performed.
        executed: frames executed.
        repeated: frames that came again and were answered from memory.
        stale: old frames, which were dropped.
        damaged: frames that arrived damaged, which were dropped.
        malformed: frames that made no sense, which were refused.
        rates: faults that are switched on.
        injected: faults injected so far, by kind.
        memories: its parameter memories.
    """

    bundle: str
    digest: str
    boots: int
    clocks: int
    operations: int
    executed: int
    repeated: int
    stale: int
    damaged: int
    malformed: int
    rates: Mapping[str, float]
    injected: Mapping[str, int]
    memories: tuple[Memory, ...]


def read_state(text: str) -> BoardState:
    """Read the lines of a board."""
    plain: dict[str, str] = {}
    rates: dict[str, float] = {}
    injected: dict[str, int] = {}
    memories: list[Memory] = []
    for line in text.splitlines():
        name, _, value = line.partition("=")
        if name.startswith("fault."):
            rates[name[6:]] = float(value)
        elif name.startswith("count."):
            injected[name[6:]] = int(value)
        elif name == "memory":
            bank, words, bits, where = value.split(" ", 3)
            memories.append(Memory(len(memories), int(bank), int(words), int(bits), where))
        else:
            plain[name] = value
    return BoardState(
        bundle=plain["bundle"],
        digest=plain["digest"],
        boots=int(plain["boots"]),
        clocks=int(plain["clocks"]),
        operations=int(plain["operations"]),
        executed=int(plain["executed"]),
        repeated=int(plain["repeated"]),
        stale=int(plain["stale"]),
        damaged=int(plain["damaged"]),
        malformed=int(plain["malformed"]),
        rates={name: rate for name, rate in rates.items() if rate and name != "link.delay_ms"},
        injected=injected,
        memories=tuple(memories),
    )


def read_log(text: str) -> list[Fault]:
    """Read lines of a board's log."""
    faults = []
    for line in text.splitlines():
        number, clock, kind, what = line.split(" ", 3)
        faults.append(Fault(int(number), int(clock), kind, what.strip()))
    return faults
