"""Each sequence number once: golden model of `sc_dedup_window` and of the host's gate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.links._constants import CONSTANTS

#: Sequence numbers are counted modulo this.
MODULUS = 1 << 32
#: A number is newer than another if it is ahead of it by less than this (serial number
#: arithmetic, RFC 1982 with 32 bits).
HALF = 1 << 31


class Verdict(IntEnum):
    """What a sequence number is to a window."""

    FRESH = 0
    DUPLICATE = 1
    STALE = 2


@dataclass(frozen=True)
class DedupState:
    """What a window remembers.

    Attributes:
        newest: newest sequence number that came.
        seen: bit i is set if ``newest - i`` came; bit 0 always is.
    """

    newest: int
    seen: int


@dataclass(frozen=True)
class DedupWindow:
    """Which sequence numbers came already, among the newest ones.

    A number is fresh if it is newer than the newest, or lies less than ``window`` behind it and
    has not come; a duplicate if it lies there and has come; and stale if it is further behind.
    A fresh one is remembered. Senders start at 0, so at the start all before 0 has come.

    Attributes:
        window: numbers that are remembered, a power of two up to 2^30.

    Raises:
        SCConfigError: no such window.
    """

    window: int = CONSTANTS["dedup"]["window"].value

    def __post_init__(self) -> None:
        require_whole("window", self.window, 1, 1 << 30)
        if self.window & (self.window - 1):
            raise SCConfigError(f"window is {self.window}; it must be a power of two")

    @property
    def initial(self) -> DedupState:
        """Before the first number, 0."""
        return DedupState(MODULUS - 1, (1 << self.window) - 1)

    def step(self, state: DedupState, number: int) -> tuple[DedupState, Verdict]:
        """The state after a number, and the verdict on it.

        Args:
            state: before.
            number: sequence number, 0 to 2^32 - 1.

        Raises:
            SCConfigError: it is no such number.
        """
        require_whole("sequence number", number, 0, MODULUS - 1)
        ahead = (number - state.newest) % MODULUS
        if 0 < ahead < HALF:
            kept = (state.seen << ahead | 1) if ahead < self.window else 1
            return DedupState(number, kept & ((1 << self.window) - 1)), Verdict.FRESH
        age = -ahead % MODULUS
        if age >= self.window:
            return state, Verdict.STALE
        if state.seen >> age & 1:
            return state, Verdict.DUPLICATE
        return DedupState(state.newest, state.seen | 1 << age), Verdict.FRESH
