"""As many packets under way as fit: golden model of `sc_credit_flow` and of the host's gate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.links._constants import CONSTANTS
from sc_neurocore.hdl.links._dedup import HALF, MODULUS


class Acknowledgement(IntEnum):
    """What an acknowledgement is to a sender."""

    #: Packets under way were acknowledged.
    TAKEN = 0
    #: All that it acknowledges was acknowledged before: a repeated or overtaken one.
    OLD = 1
    #: It acknowledges what was never sent.
    IMPOSSIBLE = 2


@dataclass(frozen=True)
class CreditState:
    """What a sender has under way.

    Attributes:
        sequence: of the next packet.
        outstanding: packets sent and not acknowledged: those numbered ``sequence - outstanding``
            to ``sequence - 1``.
    """

    sequence: int = 0
    outstanding: int = 0


@dataclass(frozen=True)
class CreditFlow:
    """At most ``credits`` packets under way.

    A packet takes a credit, and its sequence number. An acknowledgement names the number behind
    the last packet that the receiver is done with, and gives the credits of all before it back;
    it is cumulative, so that one that is lost, repeated or overtaken neither loses nor makes a
    credit.

    Attributes:
        credits: 1 to 65535.

    Raises:
        SCConfigError: not that many.
    """

    credits: int = CONSTANTS["credit"]["credits"].value

    def __post_init__(self) -> None:
        require_whole("credits", self.credits, 1, 0xFFFF)

    @property
    def initial(self) -> CreditState:
        """All credits are there, and the first number is 0."""
        return CreditState()

    def ready(self, state: CreditState) -> bool:
        """Whether a packet may be sent."""
        return state.outstanding < self.credits

    def send(self, state: CreditState) -> CreditState:
        """The state after a packet.

        Raises:
            SCConfigError: all credits are taken.
        """
        if not self.ready(state):
            raise SCConfigError(
                f"all {self.credits} credits are taken; wait for an acknowledgement before sending"
            )
        return CreditState((state.sequence + 1) % MODULUS, state.outstanding + 1)

    def acknowledge(
        self, state: CreditState, following: int
    ) -> tuple[CreditState, Acknowledgement]:
        """The state after an acknowledgement, and what it was.

        Args:
            state: before.
            following: sequence number behind the last one acknowledged, 0 to 2^32 - 1.

        Raises:
            SCConfigError: it is no such number.
        """
        require_whole("following", following, 0, MODULUS - 1)
        left = (state.sequence - following) % MODULUS
        if left < state.outstanding:
            return CreditState(state.sequence, left), Acknowledgement.TAKEN
        return state, Acknowledgement.OLD if left < HALF else Acknowledgement.IMPOSSIBLE
