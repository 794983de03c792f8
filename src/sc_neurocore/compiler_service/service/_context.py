"""What every route works with: the service, the caller, and transactions on their behalf."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import Depends, Header, Request, Response
from fastapi.responses import JSONResponse
from fastapi.security import HTTPBearer
from sqlalchemy import Connection, insert, select
from sqlalchemy.exc import IntegrityError

from sc_neurocore.compiler_service.service._boards import Boards
from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._files import FileStore
from sc_neurocore.compiler_service.service._keys import Keys
from sc_neurocore.compiler_service.service._problem import Problem
from sc_neurocore.compiler_service.service._settings import Settings
from sc_neurocore.compiler_service.service._tables import answer as answers
from sc_neurocore.compiler_service.service._tokens import Role, Token, TokenCache


class RateLimit:
    """A bucket of requests per caller, which fills again steadily.

    Args:
        rate: requests per second in the long run.
        burst: requests at once.
    """

    def __init__(self, rate: float, burst: int) -> None:
        self.rate, self.burst = rate, burst
        self._buckets: dict[str, tuple[float, float]] = {}

    def wait(self, caller: str) -> float:
        """Count a request; return 0, or the seconds until the next is allowed."""
        now = time.monotonic()
        level, then = self._buckets.get(caller, (float(self.burst), now))
        level = min(self.burst, level + (now - then) * self.rate)
        if level < 1.0:
            self._buckets[caller] = (level, now)
            return (1.0 - level) / self.rate
        self._buckets[caller] = (level - 1.0, now)
        if len(self._buckets) > 10_000:  # callers that are full again need no bucket
            full = self.burst / self.rate
            self._buckets = {k: b for k, b in self._buckets.items() if now - b[1] < full}
        return 0.0


@dataclass(frozen=True)
class Service:
    """The parts of a running service.

    Attributes:
        settings: what it was started with.
        database: its tables.
        files: what was uploaded and made.
        boards: access to devices.
        keys: that sign updates.
        tokens: who may ask.
        limit: requests of each token.
        strangers: requests without a valid token, by address.
    """

    settings: Settings
    database: Database
    files: FileStore
    boards: Boards
    keys: Keys
    tokens: TokenCache
    limit: RateLimit
    strangers: RateLimit = field(default_factory=lambda: RateLimit(5.0, 20))

    @classmethod
    def open(cls, settings: Settings) -> Service:
        """Prepare the state directory and open the database."""
        settings.prepare()
        database = Database(settings.url)
        return cls(
            settings,
            database,
            FileStore(settings.state / "files"),
            Boards(settings, database),
            Keys(settings.state / "keys"),
            TokenCache(database),
            RateLimit(settings.rate, settings.burst),
        )


Answer = tuple[int, Any]
"""Status and JSON document of a response."""


class Context:
    """One request: who asks, and transactions for it."""

    def __init__(self, request: Request, key: str | None) -> None:
        self.request = request
        self.service: Service = request.app.state.service
        self.token: Token = request.scope["sc_token"]
        self._key = key

    @contextmanager
    def reading(self, role: Role = "viewer") -> Iterator[Connection]:
        """A transaction that reads, for a caller who holds a role."""
        self.require(role)
        with self.service.database.reading() as connection:
            yield connection

    def once(
        self, role: Role, perform: Callable[[Connection], Answer], body: str | None = None
    ) -> Response:
        """Perform a change once, and answer a repeat of the request as the first time.

        The change and the memory of its answer are one transaction.

        Args:
            role: what the caller must hold.
            perform: makes the change.
            body: digest of the request's body, where it was not read as a document.

        Raises:
            Problem: the key was used for another request, or `perform` refuses.
        """
        self.require(role)
        database = self.service.database
        if self._key is None:
            with database.writing() as connection:
                return _response(*perform(connection))
        asked = self._asked(body)
        try:
            with database.writing() as connection:
                found = self._remembered(connection, asked)
                if found is None:
                    response = _response(*perform(connection))
                    self._remember(connection, asked, response)
                    return response
        except IntegrityError:  # in PostgreSQL, the same request came in beside this one
            with database.reading() as connection:
                found = self._remembered(connection, asked)
            if found is None:
                raise
        return found

    def require(self, role: Role) -> None:
        """Refuse a caller whose role does not include another.

        Raises:
            Problem: of kind ``forbidden``.
        """
        if not self.token.holds(role):
            raise Problem(
                "forbidden",
                f"this needs the role {role}; the token '{self.token.name}' is {self.token.role}",
            )

    def require_device(self, name: str) -> None:
        """Refuse a caller without rights to a device.

        Raises:
            Problem: of kind ``forbidden``.
        """
        if not self.token.may_touch(name):
            raise Problem(
                "forbidden", f"the token '{self.token.name}' has no right to device '{name}'"
            )

    def _asked(self, body: str | None) -> str:
        if body is None:
            # FastAPI has read it; a second reading gives the same bytes.
            body = hashlib.sha256(getattr(self.request, "_body", b"")).hexdigest()
        url = self.request.url
        return hashlib.sha256(f"{url.path}?{url.query} {body}".encode()).hexdigest()

    def _remembered(self, connection: Connection, asked: str) -> Response | None:
        mine = (answers.c.token == self.token.id) & (answers.c.key == self._key)
        row = connection.execute(select(answers).where(mine)).first()
        if row is None:
            return None
        if row.request != asked:
            raise Problem(
                "other-body",
                "the Idempotency-Key was used before for another request; use a new key",
            )
        return Response(row.body, row.status, {**row.headers, "Idempotent-Replayed": "true"})

    def _remember(self, connection: Connection, asked: str, response: Response) -> None:
        row = {
            "token": self.token.id,
            "key": self._key,
            "request": asked,
            "status": response.status_code,
            "headers": {"content-type": response.headers["content-type"]},
            "body": bytes(response.body),
            "created": time.time(),
        }
        connection.execute(insert(answers), row)


def _response(status: int, document: Any) -> Response:
    return JSONResponse(document, status)


_bearer = HTTPBearer(auto_error=False, description="A token that `serve token create` made.")


async def _reading(request: Request, bearer: Annotated[Any, Depends(_bearer)]) -> Context:
    return Context(request, None)


async def _changing(
    request: Request,
    bearer: Annotated[Any, Depends(_bearer)],
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=200,
            pattern=r"^[!-~]+$",
            description="A repeat with the same key and body gets the first answer again.",
        ),
    ] = None,
) -> Context:
    return Context(request, idempotency_key)


Reading = Annotated[Context, Depends(_reading)]
"""Parameter of a route that reads."""

Changing = Annotated[Context, Depends(_changing)]
"""Parameter of a route that changes something."""


def only(row: Any, what: str, name: str) -> Mapping[str, Any]:
    """A row as a mapping, or the refusal that there is none.

    Raises:
        Problem: of kind ``unknown``.
    """
    if row is None:
        raise Problem("unknown", f"there is no {what} '{name[:64]}'")
    found: Mapping[str, Any] = row._mapping
    return found
