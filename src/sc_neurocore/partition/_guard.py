"""The state of a link's gates: how healthy the peer is, whether there is a pause."""

from __future__ import annotations

from dataclasses import astuple

from sc_neurocore.hdl.links import Backoff, BackoffState, HealthState, LinkEvent, PeerHealth
from sc_neurocore.partition._gates import HostBackoff, HostHealth


class Guard:
    """Health and back-off of one peer; without a gate nothing is blocked.

    When its health begins to block a peer, that is the failure that begins a pause; a tick in which
    neither blocks is the success that ends the row of failures.

    Args:
        health: the gate, None for none.
        backoff: the gate, None for none.
    """

    def __init__(self, health: PeerHealth | None = None, backoff: Backoff | None = None) -> None:
        self._health = None if health is None else HostHealth(health)
        self._backoff = None if backoff is None else HostBackoff(backoff)

    @property
    def unhealthy(self) -> bool:
        """Whether health blocks."""
        return self._health is not None and self._health.blocked

    @property
    def backed_off(self) -> bool:
        """Whether there is a pause."""
        return self._backoff is not None and self._backoff.blocked

    def note(self, events: LinkEvent) -> None:
        """Something happened."""
        if self._health is not None:
            before = self._health.blocked
            if self._health.record(events) and not before:
                self.fail()

    def fail(self) -> None:
        """A failure: a pause begins, unless there is one."""
        if self._backoff is not None:
            self._backoff.failed()

    def end_tick(self) -> None:
        """A tick has ended."""
        if self._backoff is None:
            return
        if not (self.unhealthy or self.backed_off):
            self._backoff.succeeded()
        self._backoff.tick()

    def state(self) -> list[list[int]]:
        """Everything that it remembers, of each gate; nothing of one that is not there."""
        gates = (self._health, self._backoff)
        return [[] if gate is None else [int(v) for v in astuple(gate.state)] for gate in gates]

    def restore(self, state: list[list[int]]) -> None:
        """Go on from a `state`."""
        health, pause = state
        if self._health is not None:
            self._health.state = HealthState(health[0], bool(health[1]))
        if self._backoff is not None:
            self._backoff.state = BackoffState(*pause)
