"""What was done: the ledger, the audit log, and who asks."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query, Response
from fastapi.responses import JSONResponse
from sqlalchemy import select

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._context import Reading
from sc_neurocore.compiler_service.service._documents import (
    AuditEntry,
    LedgerEntry,
    Me,
    Verification,
)
from sc_neurocore.compiler_service.service._ledger import verify_ledger
from sc_neurocore.compiler_service.service._problem import responses
from sc_neurocore.compiler_service.service._routes_builds import Limit, Offset
from sc_neurocore.compiler_service.service._tokens import ANY, list_tokens

router = APIRouter(prefix="/v1")


@router.get("/me", response_model=Me, responses=responses("unauthorised", "too-many"))
def get_me(context: Reading) -> Response:
    """The token that asks."""
    return JSONResponse(asdict(context.token))


@router.get(
    "/tokens",
    response_model=list[Me],
    responses=responses("unauthorised", "forbidden", "too-many"),
)
def get_tokens(context: Reading) -> Response:
    """All tokens, without their secrets."""
    with context.reading("admin") as connection:
        return JSONResponse([asdict(token) for token in list_tokens(connection)])


@router.get(
    "/ledger",
    response_model=list[LedgerEntry],
    responses=responses("unauthorised", "invalid", "too-many"),
)
def list_ledger(
    context: Reading,
    device: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_.-]{1,64}$")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """What happened to the devices that the token has rights to, oldest first."""
    table, rights = tables.ledger, context.token.devices
    wanted = select(table).order_by(table.c.device, table.c.sequence)
    wanted = wanted.limit(limit).offset(offset)
    if device is not None:
        wanted = wanted.where(table.c.device == device)
    if ANY not in rights:
        wanted = wanted.where(table.c.device.in_(rights))
    with context.reading() as connection:
        rows = connection.execute(wanted).all()
    return JSONResponse([dict(row._mapping) for row in rows])


@router.get(
    "/ledger/verification",
    response_model=list[Verification],
    responses=responses("unauthorised", "too-many"),
)
def get_verification(context: Reading) -> Response:
    """Compute every digest of every chain again."""
    with context.reading() as connection:
        names = connection.scalars(select(tables.ledger.c.device).distinct()).all()
        found = [
            verify_ledger(connection, name)
            for name in sorted(names)
            if context.token.may_touch(name)
        ]
    return JSONResponse(found)


@router.get(
    "/audit",
    response_model=list[AuditEntry],
    responses=responses("unauthorised", "forbidden", "invalid", "too-many"),
)
def list_audit(context: Reading, limit: Limit = 50, offset: Offset = 0) -> Response:
    """Changes that were asked for and refusals, newest first."""
    table = tables.audit
    with context.reading("admin") as connection:
        rows = connection.execute(
            select(table).order_by(table.c.number.desc()).limit(limit).offset(offset)
        ).all()
    return JSONResponse([dict(row._mapping) for row in rows])
