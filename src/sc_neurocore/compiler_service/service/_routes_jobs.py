"""Jobs: their state, their progress as it happens, and stopping them."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Annotated, Any

from anyio import to_thread
from fastapi import APIRouter, Header, Response
from fastapi.responses import JSONResponse, StreamingResponse
from sqlalchemy import Connection, select

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._context import (
    Answer,
    Changing,
    Context,
    Reading,
    Service,
)
from sc_neurocore.compiler_service.service._documents import Job, job_document
from sc_neurocore.compiler_service.service._problem import Problem, responses
from sc_neurocore.compiler_service.service._queue import ENDED, request_cancel
from sc_neurocore.compiler_service.service._routes_builds import Id, find

router = APIRouter(prefix="/v1/jobs")

_POLL_SECONDS, _ALIVE_SECONDS = 0.2, 10.0


@router.get(
    "/{job}",
    response_model=Job,
    responses=responses("unauthorised", "forbidden", "unknown", "invalid", "too-many"),
)
def get_job(context: Reading, job: Id) -> Response:
    """One job."""
    with context.reading() as connection:
        row = _row(context, connection, job)
    return JSONResponse(job_document(row))


@router.post(
    "/{job}/cancel",
    status_code=202,
    response_model=Job,
    responses=responses("unauthorised", "forbidden", "unknown", "conflict", "too-large",
                        "invalid", "other-body", "too-many"),
)  # fmt: skip
def cancel_job(context: Changing, job: Id) -> Response:
    """Stop a job. An update that is being applied is not stopped: it ends whole."""

    def perform(connection: Connection) -> Answer:
        row = _row(context, connection, job)
        if row["state"] in ENDED:
            raise Problem("conflict", f"the job '{job}' has ended: it is {row['state']}")
        request_cancel(connection, job)
        return 202, job_document(find(connection, tables.job, tables.job.c.id, job, "job"))

    return context.once("operator", perform)


@router.get(
    "/{job}/events",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "Server-sent events: the job's history, then what happens, to its end",
            "content": {"text/event-stream": {"schema": {"type": "string"}}},
        },
        **responses("unauthorised", "forbidden", "unknown", "invalid", "too-many"),
    },
)
def follow_job(
    context: Reading,
    job: Id,
    last_event_id: Annotated[
        str | None, Header(pattern=r"^[0-9]{1,9}$", description="Go on after this event.")
    ] = None,
) -> Response:
    """Follow a job: `queued`, `started`, `stage`, `resumed`, and how it ends."""
    with context.reading() as connection:
        _row(context, connection, job)
    stream = _events(context.service, context.token.id, job, int(last_event_id or 0))
    return StreamingResponse(stream, media_type="text/event-stream")


def _row(context: Context, connection: Connection, job: str) -> Any:
    """The row of a job; one for a device is for those who have rights to the device."""
    row = find(connection, tables.job, tables.job.c.id, job, "job")
    device = row["spec"].get("arguments", {}).get("device")
    if device is not None:
        context.require_device(device)
    return row


async def _events(service: Service, token: str, job: str, last: int) -> AsyncIterator[str]:
    def look() -> tuple[list[Any], str]:
        table = tables.event
        newer = select(table).where(table.c.job == job, table.c.number > last)
        mine = select(tables.token.c.revoked).where(tables.token.c.id == token)
        with service.database.reading() as connection:
            if connection.scalar(mine) is not None:
                return [], ENDED[0]
            state = connection.scalar(select(tables.job.c.state).where(tables.job.c.id == job))
            return list(connection.execute(newer.order_by(table.c.number))), str(state)

    spoke = time.monotonic()
    while True:
        # The state is read first: what ends the job is then among the events.
        rows, state = await to_thread.run_sync(look)
        for row in rows:
            last = row.number
            data = json.dumps({"at": row.at, **row.data})
            yield f"id: {row.number}\nevent: {row.kind}\ndata: {data}\n\n"
        if state in ENDED:
            return
        now = time.monotonic()
        spoke = now if rows else spoke
        if now - spoke > _ALIVE_SECONDS:
            yield ": still there\n\n"
            spoke = now
        await asyncio.sleep(_POLL_SECONDS)
