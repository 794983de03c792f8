"""What stands before every route: size, token, rate; and what is written down after it."""

from __future__ import annotations

import math
import time
from typing import Any

from anyio import move_on_after, to_thread
from sqlalchemy import insert
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sc_neurocore.compiler_service.service._context import Service
from sc_neurocore.compiler_service.service._problem import Problem, answer, fault
from sc_neurocore.compiler_service.service._tables import audit
from sc_neurocore.compiler_service.service._tokens import Token

#: What needs no token: whether it lives, and what it offers.
PUBLIC = ("/health", "/openapi.json", "/docs")
#: Paths that take a file rather than a document.
_UPLOADS = ("/v1/files", "/packages")

_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'; sandbox"),
)
#: Bytes, and seconds, of a refused body that are read for the sake of the answer.
_DRAIN, _DRAIN_SECONDS = 256 << 20, 5.0


class Guard:
    """ASGI middleware: refuses before anything is read, counts what is.

    Args:
        app: what it stands before.
        service: whose limits and tokens hold.
    """

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *_HEADERS]
                await self._write_down(scope, status)
            await send(message)

        limited = _Limited(receive, self._largest(scope["path"]))
        try:
            self._admit(scope)
            limited.check(scope)
        except Problem as problem:
            await limited.drain()
            await answer(problem)(scope, receive, sending)
            return
        try:
            await self.app(scope, limited, sending)
        except Exception:
            if not status:  # else the answer has begun
                await answer(fault())(scope, receive, sending)
            raise

    def _admit(self, scope: Scope) -> None:
        """Find out who asks.

        Raises:
            Problem: nobody that is known, or too often.
        """
        if scope["path"] in PUBLIC:
            return
        scheme, _, text = Headers(scope=scope).get("authorization", "").partition(" ")
        token: Token | None = None
        if scheme.lower() == "bearer":
            token = self.service.tokens.find(text.strip())
        if token is None:
            self._count(self.service.strangers, f"address {_address(scope)}", scope)
            raise Problem(
                "unauthorised",
                "send a valid token as 'Authorization: Bearer …'; make one with "
                "`sc-neurocore serve token create`",
                {"WWW-Authenticate": "Bearer"},
            )
        scope["sc_token"] = token
        self._count(self.service.limit, token.id, scope)

    def _count(self, limit: Any, caller: str, scope: Scope) -> None:
        seconds = limit.wait(caller)
        if seconds:
            scope["sc_too_many"] = True
            raise Problem(
                "too-many",
                f"more than {limit.rate:g} requests per second; wait {math.ceil(seconds)} s",
                {"Retry-After": str(math.ceil(seconds))},
            )

    def _largest(self, path: str) -> int:
        settings = self.service.settings
        if path.endswith(_UPLOADS):
            return settings.upload_mb << 20
        return settings.document_kb << 10

    async def _write_down(self, scope: Scope, status: int) -> None:
        """Note every change and every refusal; not what is refused for coming too often."""
        read = scope["method"] in ("GET", "HEAD", "OPTIONS")
        refused = status in (401, 403) or status >= 500
        if (read and not refused) or scope.get("sc_too_many"):
            return
        token = scope.get("sc_token")
        row = {
            "at": time.time(),
            "token": token.id if token else "",
            "address": _address(scope),
            "method": scope["method"][:16],
            "path": scope["path"][:200].replace("\0", "?"),
            "status": status,
        }
        await to_thread.run_sync(self._insert, row)

    def _insert(self, row: dict[str, Any]) -> None:
        with self.service.database.writing() as connection:
            connection.execute(insert(audit), row)


class _Limited:
    """The body of a request, refused as soon as it is larger than allowed."""

    def __init__(self, receive: Receive, largest: int) -> None:
        self._receive, self._largest, self._size, self._ended = receive, largest, 0, False

    async def __call__(self) -> Message:
        message = await self._next()
        if self._size > self._largest:
            await self.drain()
            raise self._problem()
        return message

    def check(self, scope: Scope) -> None:
        """Refuse a body that says itself that it is too large."""
        stated = Headers(scope=scope).get("content-length", "0")
        if stated.isdecimal() and int(stated) > self._largest:
            raise self._problem()

    async def drain(self) -> None:
        """Drop what is still coming, within reason: who is sending does not listen."""
        with move_on_after(_DRAIN_SECONDS):
            while not self._ended and self._size < _DRAIN:
                await self._next()

    async def _next(self) -> Message:
        message = await self._receive()
        if message["type"] == "http.request":
            self._size += len(message.get("body", b""))
            self._ended = not message.get("more_body", False)
        else:
            self._ended = True
        return message

    def _problem(self) -> Problem:
        largest = self._largest
        size = f"{largest >> 20} MiB" if largest >= 1 << 20 else f"{largest >> 10} KiB"
        return Problem("too-large", f"the body is larger than {size}", {"Connection": "close"})


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""
