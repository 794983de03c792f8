"""Pauses after failures: golden model of `sc_backoff` and of the host's gate."""

from __future__ import annotations

from dataclasses import dataclass

from sc_neurocore.bitstream import Lfsr
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.hdl.links._constants import CONSTANTS

_BACKOFF = CONSTANTS["backoff"]
#: Draws the jitter: the library's register of 16 bits; the seed is each link's own.
JITTER = Lfsr(16, form="fibonacci").feedback


@dataclass(frozen=True)
class BackoffState:
    """Where a pause is.

    Attributes:
        left: ticks that it still lasts; 0 outside of one.
        span: ticks of the next one, before jitter.
        number: state of the register that draws the jitter.
    """

    left: int
    span: int
    number: int

    @property
    def blocked(self) -> bool:
        """Whether there is a pause."""
        return self.left > 0


def jitter(span: int, number: int) -> int:
    """Ticks that a pause is longer, 0 to half its span, from a random number.

    The lowest bits of the number, as many as half the span has; what is above the half is lowered
    by the half and one, so no multiplier or divider is needed. Of a half of h all of 0 to
    ``2^b - h - 2`` are twice as likely as the others, with b the bits of h.
    """
    half = span >> 1
    drawn = number & ((1 << half.bit_length()) - 1)
    return drawn if drawn <= half else drawn - half - 1


@dataclass(frozen=True)
class Backoff:
    """A pause after every failure, twice as long after the next.

    After the n-th failure in a row the link pauses for ``min(cap, base * 2^(n-1))`` ticks and a
    jitter of 0 to half of that, see `jitter`. Failures within a pause belong to the incident that
    began it: they are not counted, and neither lengthen the pause nor draw a number. A success
    makes the next failure the first in a row; it does not end a pause.

    Attributes:
        base: ticks of the first pause.
        cap: most ticks of one before jitter, ``base`` to 65535.
        seed: first number of the register, 1 to 65535.

    Raises:
        SCConfigError: one is out of its range.
    """

    base: int = _BACKOFF["base"].value
    cap: int = _BACKOFF["cap"].value
    seed: int = 1

    def __post_init__(self) -> None:
        require_whole("base", self.base, 1, 0xFFFF)
        require_whole("cap", self.cap, self.base, 0xFFFF)
        require_whole("seed", self.seed, 1, 0xFFFF)

    @property
    def initial(self) -> BackoffState:
        """No failure yet."""
        return BackoffState(0, self.base, self.seed)

    def step(
        self, state: BackoffState, *, tick: bool = False, success: bool = False,
        failure: bool = False,
    ) -> BackoffState:  # fmt: skip
        """The state after what happened together.

        Args:
            state: before.
            tick: a tick ended. A pause that begins in the same step lasts no less for it.
            success: something arrived. A failure in the same step is then the first in a row.
            failure: something did not.
        """
        span = self.base if success else state.span
        if failure and not state.blocked:
            pause = span + jitter(span, state.number)
            return BackoffState(pause, min(self.cap, 2 * span), JITTER.after(state.number))
        return BackoffState(state.left - (tick and state.blocked), span, state.number)
