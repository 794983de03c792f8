"""Energy of one inference from the signal changes that a simulation shows.

The changes are counted: that is ``executed``. The energy is ``estimated``: every change is taken
to charge or discharge one net of the same capacitance at the core voltage, E = toggles × C × V²/2.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from sc_neurocore.build._page import number
from sc_neurocore.cost import (
    CLOCK_CAPACITANCE,
    CORE_VOLTAGE,
    NET_CAPACITANCE,
    SWITCHING_FACTOR,
)


@dataclass(frozen=True)
class Toggles:
    """What a value change dump holds.

    Attributes:
        signals: distinct nets of one bit, the clock left out.
        toggles: their changes between 0 and 1.
        clock: changes of the clock.
    """

    signals: int
    toggles: int
    clock: int


def count_toggles(dump: bytes, clock: str, *, start: int = 0, end: int | None = None) -> Toggles:
    """Count the bits that change in a value change dump (VCD, IEEE 1364).

    Names that the dump ties together are one net. A change from or to an undefined value counts
    as none.

    Args:
        dump: the dump.
        clock: name of the clock in any scope.
        start: first time that counts, in the dump's unit.
        end: time that no longer counts; default the end of the dump.
    """
    header, _, body = dump.partition(b"$enddefinitions")
    widths, clocks = _nets(header, clock.encode())
    values = dict.fromkeys(widths, -1)
    toggles = ticks = 0
    counting = start <= 0
    for line in body.splitlines()[1:]:
        mark = line[:1]
        if mark == b"#":
            now = int(line[1:])
            counting = now >= start
            if end is not None and now >= end:
                break
            continue
        if mark in b"bB":
            text, _, code = line[1:].partition(b" ")
        else:
            text, code = mark, line[1:]
        if code not in values:
            continue
        try:
            value = int(text, 2)
        except ValueError:  # x or z somewhere in it
            continue
        before = values[code]
        values[code] = value
        if counting and before >= 0:
            changed = (before ^ value).bit_count()
            if code in clocks:
                ticks += changed
            else:
                toggles += changed
    nets = sum(width for code, width in widths.items() if code not in clocks)
    return Toggles(nets, toggles, ticks)


def _nets(header: bytes, clock: bytes) -> tuple[dict[bytes, int], set[bytes]]:
    """Width by code of every variable, and the codes of the clock."""
    widths: dict[bytes, int] = {}
    clocks = set()
    for line in header.splitlines():
        words = line.split()
        # $var TYPE WIDTH CODE NAME … $end; constants do not switch.
        if words[:1] != [b"$var"] or words[1] in (b"parameter", b"real", b"integer"):
            continue
        widths[words[3]] = int(words[2])
        if words[4] == clock:
            clocks.add(words[3])
    return widths, clocks


@dataclass(frozen=True)
class Energy:
    """Dynamic energy of one inference.

    Attributes:
        toggles: changes of signals, counted.
        clock_cycles: clocks in which they were counted.
        flip_flops: what the clock drives.
        volts: core voltage taken.
        joules: the estimate; static power and pins are left out.
    """

    toggles: int
    clock_cycles: int
    flip_flops: int
    volts: float
    joules: float

    def as_dict(self) -> dict[str, Any]:
        """The energy as a report holds it."""
        return {
            **asdict(self),
            "toggles_word": "executed",
            "word": "estimated",
            "factor": SWITCHING_FACTOR,
            "method": self.method,
        }

    @property
    def method(self) -> str:
        """How the estimate was made, and what it leaves out."""
        return (
            f"{number(self.toggles)} changes of RTL signals in {number(self.clock_cycles)} clocks, "
            f"counted in a value change dump of one inference, and 2 clock edges a clock at "
            f"{self.flip_flops} flip-flops; E = toggles × C × V²/2 with C = "
            f"{NET_CAPACITANCE * 1e12:g} pF per net, {CLOCK_CAPACITANCE * 1e12:g} pF per "
            f"flip-flop's clock and V = {self.volts:g} V. The capacitances are assumed, the same "
            f"for every net; glitches, static power and pins are left out. Good to a factor of "
            f"{SWITCHING_FACTOR} either way"
        )


def estimate_energy(found: Toggles, flip_flops: int, family: str) -> Energy | None:
    """Estimate the energy of what was counted; ``None`` if the family's voltage is not known.

    Args:
        found: toggles of one inference.
        flip_flops: flip-flops that synthesis counted.
        family: device family.
    """
    volts = CORE_VOLTAGE.get(family)
    if volts is None:
        return None
    clocked = found.clock * flip_flops * CLOCK_CAPACITANCE
    joules = (found.toggles * NET_CAPACITANCE + clocked) * volts * volts / 2
    return Energy(found.toggles, found.clock // 2, flip_flops, volts, joules)
