"""The gates of a host: those of `sc_neurocore.hdl.links`, fast and with a state of their own.

Each does step by step what its golden model does; its ``state`` is the model's, to be kept in a
snapshot and to be put back.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

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
        state: of the model; may be set.
    """

    def __init__(self, model: DedupWindow | None = None) -> None:
        self.model = model or DedupWindow()
        self.state: DedupState = self.model.initial

    def judge(self, number: int) -> Verdict:
        """The verdict on one number, which is remembered if it is fresh.

        Raises:
            SCConfigError: it is not from 0 to 2^32 - 1.
        """
        self.state, verdict = self.model.step(self.state, number)
        return verdict

    def judge_all(self, numbers: ArrayLike) -> NDArray[np.uint8]:
        """The verdicts on numbers that came one after the other, each a `Verdict`.

        Args:
            numbers: sequence numbers, one-dimensional, 0 to 2^32 - 1.

        Raises:
            SCConfigError: they are no such numbers; then none was judged.
        """
        given = _sequence_numbers(numbers)
        if not given.size:
            return np.zeros(0, np.uint8)
        # Distances from the newest number so far, those behind it negative.
        newest = self.state.newest
        moved = (given - newest) & _MASK
        distance = np.where(moved < _HALF, moved, moved - (_MASK + 1))
        first, last = min(int(distance.min()), 0), max(int(distance.max()), 0)
        if last - first >= _HALF:  # some would be newer than others in a circle
            return np.array([self.judge(number) for number in given.tolist()], np.uint8)
        before = np.maximum.accumulate(np.concatenate(([0], distance[:-1])))
        age = before - distance
        repeated = self._seen(-distance)
        if (age >= 0).any():  # otherwise every number is newer than all before
            again = np.ones(distance.size, np.bool_)
            again[np.unique(distance, return_index=True)[1]] = False
            repeated |= again
        verdicts = np.where(repeated, Verdict.DUPLICATE, Verdict.FRESH)
        verdicts[age < 0] = Verdict.FRESH
        verdicts[age >= self.model.window] = Verdict.STALE
        self._remember(last, last - distance[verdicts == Verdict.FRESH])
        return verdicts.astype(np.uint8)

    def _seen(self, ages: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether numbers so far behind the newest have come, as far as that is remembered."""
        window = self.model.window
        held = self.state.seen.to_bytes((window + 7) // 8, "little")
        came = np.unpackbits(np.frombuffer(held, np.uint8), count=window, bitorder="little")
        inside = (ages >= 0) & (ages < window)
        found: NDArray[np.bool_] = inside & (came[np.where(inside, ages, 0)] != 0)
        return found

    def _remember(self, ahead: int, ages: NDArray[np.int64]) -> None:
        """Move the newest number ahead, and add numbers so far behind it to those that came."""
        window = self.model.window
        came = np.zeros(window, np.uint8)
        came[ages[ages < window]] = 1
        fresh = int.from_bytes(np.packbits(came, bitorder="little").tobytes(), "little")
        kept = self.state.seen << ahead if ahead < window else 0
        newest = (self.state.newest + ahead) & _MASK
        self.state = DedupState(newest, (kept | fresh) & ((1 << window) - 1))


def _sequence_numbers(numbers: ArrayLike) -> NDArray[np.int64]:
    given = np.asarray(numbers)
    if given.size == 0:
        return np.zeros(0, np.int64)
    if given.ndim != 1 or given.dtype.kind not in "iu":
        raise SCConfigError(
            f"sequence numbers have shape {given.shape} and type {given.dtype}; "
            "they must be whole numbers in one dimension"
        )
    if int(given.min()) < 0 or int(given.max()) > _MASK:
        raise SCConfigError("a sequence number is out of range; it must be from 0 to 2^32 - 1")
    return given.astype(np.int64)


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

    def tick(self, ticks: int = 1) -> None:
        """Ticks ended.

        Raises:
            SCConfigError: a negative number of them.
        """
        if ticks < 0:
            raise SCConfigError(f"{ticks} ticks cannot end; give 0 or more")
        if self.state.left:
            left = max(self.state.left - ticks, 0)
            self.state = BackoffState(left, self.state.span, self.state.number)


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

    def send(self) -> int:
        """Take a credit.

        Returns:
            The packet's sequence number.

        Raises:
            SCConfigError: all credits are taken.
        """
        number = self.sequence
        if self.outstanding >= self.model.credits:
            self.model.send(self.state)  # refuses
        self.sequence = (number + 1) & _MASK
        self.outstanding += 1
        return number

    def acknowledge(self, following: int) -> Acknowledgement:
        """Give the credits of all packets before a number back; what that was, see the model.

        Raises:
            SCConfigError: the number is not from 0 to 2^32 - 1.
        """
        self.state, kind = self.model.acknowledge(self.state, following)
        return kind
