"""The gates of a host: those of `sc_neurocore.hdl.links`, with a state of their own.

Each does step by step what its golden model does, in few operations, for it runs once or more for
every packet; its ``state`` is the model's, to be kept in a snapshot and to be put back.
"""

from __future__ import annotations

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.links import (
    Acknowledgement,
    Backoff,
    BackoffState,
    CreditFlow,
    CreditState,
    DedupState,
    DedupWindow,
    HealthState,
    LinkEvent,
    PeerHealth,
    Verdict,
)

_MASK = 0xFFFF_FFFF
_HALF = 1 << 31


class HostDedup:
    """Each sequence number once, see `DedupWindow`.

    Attributes:
        model: what it follows.
    """

    def __init__(self, model: DedupWindow | None = None) -> None:
        self.model = model or DedupWindow()
        self._size, self._all = self.model.window, (1 << self.model.window) - 1
        self.state = self.model.initial

    @property
    def state(self) -> DedupState:
        """State of the model; may be set."""
        return DedupState(self._newest, self._seen)

    @state.setter
    def state(self, state: DedupState) -> None:
        self._newest, self._seen = state.newest, state.seen

    def judge(self, number: int) -> Verdict:
        """The verdict on a number from 0 to 2^32 - 1, which is remembered if it is fresh."""
        ahead = (number - self._newest) & _MASK
        if 0 < ahead < _HALF:
            kept = self._seen << ahead if ahead < self._size else 0
            self._newest, self._seen = number, (kept | 1) & self._all
            return Verdict.FRESH
        age = -ahead & _MASK
        if age >= self._size:
            return Verdict.STALE
        if self._seen >> age & 1:
            return Verdict.DUPLICATE
        self._seen |= 1 << age
        return Verdict.FRESH


class HostHealth:
    """The score of a peer, see `PeerHealth`.

    Attributes:
        model: what it follows.
        score: 0 to 255.
        blocked: whether nothing is sent to the peer and nothing taken from it.
    """

    def __init__(self, model: PeerHealth | None = None) -> None:
        self.model = model or PeerHealth()
        self._change = tuple(self.model.change(LinkEvent(e)) for e in range(2 ** len(LinkEvent)))
        self._opens = self.model.threshold + self.model.hysteresis
        self.state = self.model.initial

    @property
    def state(self) -> HealthState:
        """State of the model; may be set."""
        return HealthState(self.score, self.blocked)

    @state.setter
    def state(self, state: HealthState) -> None:
        self.score, self.blocked = state.score, state.blocked

    def record(self, events: LinkEvent) -> bool:
        """Take note of what happened together; whether the peer is blocked now."""
        self.score = min(max(self.score + self._change[events], 0), 255)
        if self.score < self.model.threshold:
            self.blocked = True
        elif self.score >= self._opens:
            self.blocked = False
        return self.blocked


class HostBackoff:
    """Pauses after failures, see `Backoff`.

    Attributes:
        model: what it follows.
        state: of the model; may be set.
    """

    def __init__(self, model: Backoff | None = None) -> None:
        self.model = model or Backoff()
        self.state: BackoffState = self.model.initial

    @property
    def blocked(self) -> bool:
        """Whether there is a pause."""
        return self.state.left > 0

    def failed(self) -> None:
        """Something did not arrive."""
        if not self.state.left:
            self.state = self.model.step(self.state, failure=True)

    def succeeded(self) -> None:
        """Something arrived."""
        if self.state.span != self.model.base:
            self.state = self.model.step(self.state, success=True)

    def tick(self) -> None:
        """A tick ended."""
        if self.state.left:
            self.state = self.model.step(self.state, tick=True)


class HostCredit:
    """Packets under way, see `CreditFlow`.

    Attributes:
        model: what it follows.
        sequence: number of the next packet.
        outstanding: packets sent and not acknowledged.
    """

    def __init__(self, model: CreditFlow | None = None) -> None:
        self.model = model or CreditFlow()
        self.state = self.model.initial

    @property
    def state(self) -> CreditState:
        """State of the model; may be set."""
        return CreditState(self.sequence, self.outstanding)

    @state.setter
    def state(self, state: CreditState) -> None:
        self.sequence, self.outstanding = state.sequence, state.outstanding

    @property
    def ready(self) -> bool:
        """Whether a packet may be sent."""
        return self.outstanding < self.model.credits

    def send(self) -> None:
        """Take a credit and a sequence number.

        Raises:
            SCConfigError: all credits are taken.
        """
        if self.outstanding >= self.model.credits:
            raise SCConfigError("all credits are taken; wait for an acknowledgement before sending")
        self.sequence = (self.sequence + 1) & _MASK
        self.outstanding += 1

    def acknowledge(self, following: int) -> Acknowledgement:
        """Give the credits of all packets before a number back; what that was, see the model."""
        left = (self.sequence - following) & _MASK
        if left < self.outstanding:
            self.outstanding = left
            return Acknowledgement.TAKEN
        return Acknowledgement.OLD if left < _HALF else Acknowledgement.IMPOSSIBLE
