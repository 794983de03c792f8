"""Updates: plan, gates, apply, status, rollback; and packages that others signed."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

from anyio import to_thread
from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, func, insert, select
from sqlalchemy import update as change

from sc_neurocore.compiler_service import LiveUpdatePolicy
from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._context import Answer, Changing, Context, Reading
from sc_neurocore.compiler_service.service._documents import Limits, NewUpdate, Update
from sc_neurocore.compiler_service.service._problem import Problem, responses
from sc_neurocore.compiler_service.service._queue import enqueue
from sc_neurocore.compiler_service.service._routes_builds import Id, Limit, Offset, find, uploaded
from sc_neurocore.compiler_service.service._routes_devices import (
    DeviceName,
    device_row,
    standing_of,
)
from sc_neurocore.compiler_service.service._updates import network_of
from sc_neurocore.compiler_service.update import (
    GateLimits,
    Standing,
    UpdateRefusedError,
    open_update,
    require_next,
)
from sc_neurocore.compiler_service.update import Update as Signed

router = APIRouter(prefix="/v1")

#: Why a package is refused, as a kind of problem.
_REFUSALS: Mapping[str, str] = {
    "malformed": "invalid",
    "signature": "bad-signature",
    "foreign": "digest-mismatch",
    "replayed": "stale-version",
    "downgraded": "stale-version",
    "base": "digest-mismatch",
    "gate": "gate-failed",
}
_CHANGES = ("malformed", "unauthorised", "forbidden", "unknown", "conflict", "digest-mismatch",
            "stale-version", "replay-diverged", "gate-failed", "too-large", "media-type",
            "invalid", "other-body", "too-many")  # fmt: skip


@router.post(
    "/devices/{device}/updates",
    status_code=202,
    response_model=Update,
    responses=responses(*_CHANGES),
)
def plan_update(context: Changing, device: DeviceName, document: NewUpdate) -> Response:
    """Plan an update: classify it, find its words, record the device, pass the gates, sign."""

    def perform(connection: Connection) -> Answer:
        limits = _limits(context, document.limits)
        row, here = _ready(context, connection, device)
        inputs = {
            "bundle.tar": row["bundle"],
            "network.nir": uploaded(connection, document.network, "nir"),
        }
        if document.samples is not None:
            inputs["samples.npz"] = uploaded(connection, document.samples, "npz")
        current = network_of(connection, device, here.parameters)
        if current is not None:
            inputs["current.nir"] = current
        identity, version = f"update-{secrets.token_hex(8)}", _next(connection, device, here)
        arguments = {
            "update": identity,
            "device": device,
            "version": version,
            "target": f"build {row['build']}",
            "changed_fields": document.changed_fields,
            "limits": asdict(limits),
            "samples": document.samples,
        }
        spec = {"inputs": inputs, "arguments": arguments}
        made = {
            **_EMPTY,
            "id": identity,
            "device": device,
            "state": "planning",
            "version": version,
            "tick": document.tick,
            "network": document.network,
            "job": enqueue(connection, "plan", spec, key=identity),
            "created": time.time(),
            "created_by": context.token.name,
        }
        connection.execute(insert(tables.update), made)
        return 202, made

    return context.once("operator", perform)


@router.post(
    "/devices/{device}/packages",
    status_code=201,
    response_model=Update,
    responses=responses(*_CHANGES, "bad-signature"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)
async def bring_package(context: Changing, request: Request, device: DeviceName) -> Response:
    """Bring an update that was planned and signed elsewhere."""
    context.require("operator")
    if request.headers.get("content-type", "").split(";")[0] != "application/octet-stream":
        raise Problem("media-type", "send the package as application/octet-stream")
    data = await request.body()
    files, keys = context.service.files, context.service.keys

    def opened() -> Signed:
        context.require_device(device)
        try:
            return open_update(data, keys.trusted())
        except UpdateRefusedError as error:
            raise _refusal(error) from None

    made = await to_thread.run_sync(opened)
    digest = hashlib.sha256(data).hexdigest()

    def perform(connection: Connection) -> Answer:
        _, here = _ready(context, connection, device)
        if made.device != device:
            raise Problem("digest-mismatch", f"the package is for device '{made.device}'")
        row = {
            **_EMPTY,
            "id": f"update-{secrets.token_hex(8)}",
            "device": device,
            "state": "planned",
            "version": made.version,
            "base": made.base,
            "parameters": made.result,
            "package": digest,
            "gates": [gate.to_dict() for gate in made.gates],
            "created": time.time(),
            "created_by": context.token.name,
        }
        if made.design != here.design:
            raise Problem(
                "digest-mismatch",
                f"the package is for design {made.design}; '{device}' runs {here.design}",
            )
        _require_gates(made)
        _require_applicable(row, here)
        files.put(data)
        connection.execute(insert(tables.update), row)
        return 201, row

    return await to_thread.run_sync(lambda: context.once("operator", perform, digest))


@router.get(
    "/devices/{device}/updates",
    response_model=list[Update],
    responses=responses("unauthorised", "forbidden", "unknown", "invalid", "too-many"),
)
def list_updates(
    context: Reading, device: DeviceName, limit: Limit = 50, offset: Offset = 0
) -> Response:
    """The updates of a device, newest first."""
    table = tables.update
    with context.reading() as connection:
        device_row(context, connection, device)
        rows = connection.execute(
            select(table)
            .where(table.c.device == device)
            .order_by(table.c.created.desc(), table.c.id)
            .limit(limit)
            .offset(offset)
        ).all()
    return JSONResponse([dict(row._mapping) for row in rows])


@router.get(
    "/updates/{update}",
    response_model=Update,
    responses=responses("unauthorised", "forbidden", "unknown", "invalid", "too-many"),
)
def get_update(context: Reading, update: Id) -> Response:
    """One update."""
    with context.reading() as connection:
        return JSONResponse(dict(_row(context, connection, update)))


@router.get(
    "/updates/{update}/package",
    response_class=Response,
    responses={
        200: {
            "description": "The signed package",
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        },
        **responses("unauthorised", "forbidden", "unknown", "conflict", "invalid", "too-many"),
    },
)
def get_package(context: Reading, update: Id) -> Response:
    """The signed package of an update, to be kept or brought to another service."""
    with context.reading() as connection:
        row = _row(context, connection, update)
    if row["package"] is None:
        raise Problem("conflict", f"the update '{update}' has no package: it is {row['state']}")
    data = context.service.files.read(row["package"])
    return Response(data, media_type="application/octet-stream")


@router.post(
    "/updates/{update}/apply",
    status_code=202,
    response_model=Update,
    responses=responses(*_CHANGES),
)
def apply_update(context: Changing, update: Id) -> Response:
    """Apply a planned update: stage, swap at one tick, read back, commit or roll back."""

    def perform(connection: Connection) -> Answer:
        row = _row(context, connection, update)
        _, here = _ready(context, connection, row["device"])
        if row["state"] not in ("planned", "refused", "reverted"):
            raise Problem("conflict", f"the update '{update}' is {row['state']}; plan another")
        _require_applicable(row, here)
        return 202, _begin(connection, row, None)

    return context.once("operator", perform)


@router.post(
    "/updates/{update}/rollback",
    status_code=202,
    response_model=Update,
    responses=responses(*_CHANGES),
)
def rollback_update(context: Changing, update: Id) -> Response:
    """Undo a committed update by its inverse, under a version of its own."""

    def perform(connection: Connection) -> Answer:
        row = _row(context, connection, update)
        _, here = _ready(context, connection, row["device"])
        if row["state"] != "committed":
            raise Problem("conflict", f"the update '{update}' is {row['state']}, not committed")
        if row["parameters"] != here.parameters:
            raise Problem(
                "digest-mismatch",
                f"another update was committed after '{update}'; roll that back first",
            )
        return 202, _begin(connection, row, _next(connection, row["device"], here))

    return context.once("operator", perform)


_EMPTY: Mapping[str, Any] = {
    "reason": "",
    "rollback_version": None,
    "tick": 0,
    "network": None,
    "base": None,
    "parameters": None,
    "package": None,
    "gates": [],
    "job": None,
}


def _row(context: Context, connection: Connection, update: str) -> Any:
    row = find(connection, tables.update, tables.update.c.id, update, "update")
    context.require_device(row["device"])
    return row


def _ready(context: Context, connection: Connection, device: str) -> tuple[Any, Standing]:
    """A device that can be updated, and what its ledger says.

    Raises:
        Problem: it cannot, or another update of it is on its way.
    """
    row = device_row(context, connection, device)
    # Two requests for one device come one after the other (SQLite has one writer at a time).
    own = select(tables.device.c.name).where(tables.device.c.name == device)
    connection.execute(own.with_for_update())
    here = standing_of(connection, device)
    if row["state"] != "ready" or here is None:
        reason = f": {row['reason']}" if row["reason"] else ""
        raise Problem("conflict", f"the device '{device}' is {row['state']}{reason}")
    table = tables.update
    busy = select(table.c.id).where(table.c.device == device, table.c.state.in_(tables.BUSY))
    if (other := connection.scalar(busy.limit(1))) is not None:
        raise Problem("conflict", f"the update '{other}' of device '{device}' is on its way")
    return row, here


def _limits(context: Context, wanted: Limits) -> GateLimits:
    """The limits of a plan: the service's, and what the caller may change of them.

    Raises:
        Problem: the caller would loosen one, and is no admin.
    """
    own = GateLimits()
    found = replace(own, **wanted.model_dump(exclude_none=True))
    loose = found.looser_than(own)
    if loose and not context.token.holds("admin"):
        name = loose[0]
        raise Problem(
            "forbidden",
            f"{name} {getattr(found, name):g} is looser than the service's {getattr(own, name):g}; "
            f"only the role admin can loosen a limit, and the token '{context.token.name}' is "
            f"{context.token.role}, which can tighten it",
        )
    return found


def _require_gates(made: Signed) -> None:
    """Refuse a package whose signer asked for fewer gates than this service does.

    Raises:
        Problem: one of them is missing.
    """
    passed = {gate.name for gate in made.gates}
    missing = [name for name in LiveUpdatePolicy().validation_gates if name not in passed]
    if missing:
        raise Problem("gate-failed", f"the package has not been through {', '.join(missing)}")


def _require_applicable(row: Mapping[str, Any], here: Standing) -> None:
    """Refuse what the device would refuse, before a job waits for it.

    Raises:
        Problem: the gates, the version or the parameters speak against it.
    """
    for gate in row["gates"]:
        if not gate["passed"]:
            replay = gate["name"] == "digital_twin_replay"
            raise Problem(
                "replay-diverged" if replay else "gate-failed",
                f"the gate {gate['name']} refused the update: {gate['reason']}",
            )
    if row["package"] is None:
        raise Problem("gate-failed", f"there is no package to apply: {row['reason']}")
    try:
        require_next(f"update '{row['id']}'", row["version"], row["base"], here)
    except UpdateRefusedError as error:
        raise _refusal(error) from None


def _begin(connection: Connection, row: Any, rollback: int | None) -> dict[str, Any]:
    """Queue the job that talks to the device."""
    ledger = tables.ledger
    after = connection.scalar(
        select(func.count()).select_from(ledger).where(ledger.c.device == row["device"])
    )
    arguments = {
        "update": row["id"],
        "device": row["device"],
        "package": row["package"],
        "tick": row["tick"] if rollback is None else 0,
        "rollback": rollback,
        "before": row["state"],
        "after": after,
    }
    key = secrets.token_hex(16)
    job = enqueue(connection, "apply", {"inputs": {}, "arguments": arguments}, key=key)
    state = "applying" if rollback is None else "rolling_back"
    values: dict[str, Any] = {"state": state, "reason": "", "job": job}
    if rollback is not None:
        values["rollback_version"] = rollback
    mine = change(tables.update).where(tables.update.c.id == row["id"])
    connection.execute(mine.values(**values))
    return {**row, **values}


def _next(connection: Connection, device: str, here: Standing) -> int:
    """A version above all that were given."""
    table = tables.update
    mine = select(func.max(table.c.version), func.max(table.c.rollback_version))
    given = connection.execute(mine.where(table.c.device == device)).one()
    return 1 + max(here.version, *(x or 0 for x in given))


def _refusal(error: UpdateRefusedError) -> Problem:
    return Problem(_REFUSALS.get(error.reason, "conflict"), str(error))
