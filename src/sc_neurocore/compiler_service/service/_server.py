"""How the server speaks HTTP: what a client says of itself is not believed, nor waited for long."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

#: Seconds that open streams get when the server is stopped.
_GRACE = 3
#: Seconds in which the head of a request must have come.
HEAD_SECONDS = 20.0


class _Impatient(H11Protocol):
    """HTTP/1.1 that closes a connection on which the head of a request does not come to its end.

    One on which nothing comes after an answer is closed by uvicorn itself.
    """

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._watch()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        self._forget()
        super().connection_lost(exc)

    def _watch(self) -> None:
        if self.conn.their_state is not h11.IDLE:
            self._forget()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._give_up)

    def _forget(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        self._deadline = None
        if self.conn.their_state is h11.IDLE:
            self.transport.close()


def server_config(app: FastAPI, **options: Any) -> uvicorn.Config:
    """Settings of uvicorn for an application of the service."""
    return uvicorn.Config(
        app,
        http=_Impatient,
        access_log=False,
        server_header=False,
        # Who asks is who is connected: a header that says otherwise would avoid the rate limit.
        proxy_headers=False,
        limit_concurrency=2000,
        h11_max_incomplete_event_size=1 << 16,
        **{"log_level": "warning", "timeout_graceful_shutdown": _GRACE, **options},
    )
