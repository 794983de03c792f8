"""The state of a link's gates: how healthy the peer is, whether there is a pause."""

from __future__ import annotations

from dataclasses import astuple

from sc_neurocore.hdl.links import Backoff, BackoffState, HealthState, LinkEvent, PeerHealth


class Guard:
    """Health and back-off of one peer; without a gate nothing is blocked.

    When its health begins to block a peer, that is the failure that begins a pause; a tick in which
    neither blocks is the success that ends the row of failures.

    Args:
        health: the gate, None for none.
        backoff: the gate, None for none.
    """

    def __init__(self, health: PeerHealth | None = None, backoff: Backoff | None = None) -> None:
        self._health, self._backoff = health, backoff
        self._score = health.initial if health else HealthState()
        self._pause = backoff.initial if backoff else BackoffState(0, 1, 1)

    @property
    def unhealthy(self) -> bool:
        """Whether health blocks."""
        return self._score.blocked

    @property
    def backed_off(self) -> bool:
        """Whether there is a pause."""
        return self._pause.blocked

    def note(self, events: LinkEvent) -> None:
        """Something happened."""
        if self._health is None:
            return
        before, self._score = self._score, self._health.step(self._score, events)
        if self._score.blocked and not before.blocked:
            self.fail()

    def fail(self) -> None:
        """A failure: a pause begins, unless there is one."""
        if self._backoff is not None:
            self._pause = self._backoff.step(self._pause, failure=True)

    def end_tick(self) -> None:
        """A tick has ended."""
        if self._backoff is not None:
            fine = not (self._score.blocked or self._pause.blocked)
            self._pause = self._backoff.step(self._pause, tick=True, success=fine)

    def state(self) -> list[list[int]]:
        """Everything that it remembers."""
        return [[int(v) for v in astuple(s)] for s in (self._score, self._pause)]

    def restore(self, state: list[list[int]]) -> None:
        """Go on from a `state`."""
        (score, blocked), pause = state
        self._score, self._pause = HealthState(score, bool(blocked)), BackoffState(*pause)
