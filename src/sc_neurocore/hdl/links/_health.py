"""How far a peer can be trusted: golden model of `sc_peer_health` and of the host's gate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntFlag

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.hdl.links._constants import CONSTANTS

_HEALTH = CONSTANTS["health"]
MAX_SCORE = 255


class LinkEvent(IntFlag):
    """What happened on a link; several things may have in one step."""

    GOOD = 1
    BAD_CRC = 2
    LOST = 4
    LATE = 8
    SILENT = 16


@dataclass(frozen=True)
class HealthState:
    """What is known of a peer.

    Attributes:
        score: 0 to 255.
        blocked: whether nothing is sent to it and nothing taken from it.
    """

    score: int = MAX_SCORE
    blocked: bool = False


@dataclass(frozen=True)
class PeerHealth:
    """A score that good packets raise and faults lower; a peer with too low a score is blocked.

    In a step the reward, if there is one, is added and the penalties of all that happened taken
    off; the sum is held within 0 and 255. A score below ``threshold`` blocks, and one of
    ``threshold + hysteresis`` or more opens again. Packets of a blocked peer are thrown away, but
    good ones count: that is how it recovers.

    Attributes:
        reward: of a good packet, 0 to 255 like the penalties.
        bad_crc: penalty of a wrong checksum.
        lost: penalty of a sequence number that did not come.
        late: penalty of a packet after its deadline.
        silent: penalty of a tick in which nothing came.
        threshold: scores below it block, 1 to 255.
        hysteresis: how far a score must rise above the threshold to open; both together are at
            most 255.

    Raises:
        SCConfigError: one is out of its range.
    """

    reward: int = _HEALTH["reward"].value
    bad_crc: int = _HEALTH["bad_crc"].value
    lost: int = _HEALTH["lost"].value
    late: int = _HEALTH["late"].value
    silent: int = _HEALTH["silent"].value
    threshold: int = _HEALTH["threshold"].value
    hysteresis: int = _HEALTH["hysteresis"].value

    def __post_init__(self) -> None:
        for name in ("reward", "bad_crc", "lost", "late", "silent"):
            require_whole(name, getattr(self, name), 0, MAX_SCORE)
        require_whole("threshold", self.threshold, 1, MAX_SCORE)
        require_whole("hysteresis", self.hysteresis, 0, MAX_SCORE - self.threshold)

    @property
    def initial(self) -> HealthState:
        """Fully trusted."""
        return HealthState()

    def change(self, events: LinkEvent) -> int:
        """What events add to the score before it is held within its ends."""
        worth = {
            LinkEvent.GOOD: self.reward,
            LinkEvent.BAD_CRC: -self.bad_crc,
            LinkEvent.LOST: -self.lost,
            LinkEvent.LATE: -self.late,
            LinkEvent.SILENT: -self.silent,
        }
        return sum(worth[event] for event in LinkEvent(events))

    def step(self, state: HealthState, events: LinkEvent) -> HealthState:
        """The state after what happened together."""
        score = min(max(state.score + self.change(events), 0), MAX_SCORE)
        if score < self.threshold:
            return HealthState(score, True)
        return HealthState(score, state.blocked and score < self.threshold + self.hysteresis)
