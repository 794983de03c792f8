"""Devices: registering them, what they say of themselves, and classifying."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import Annotated, Any

import numpy as np
from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, insert, select

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._boards import Boards
from sc_neurocore.compiler_service.service._context import Answer, Changing, Context, Reading
from sc_neurocore.compiler_service.service._documents import (
    Device,
    DeviceIdentity,
    DeviceInference,
    DeviceTelemetry,
    NewDevice,
    NewInference,
)
from sc_neurocore.compiler_service.service._ledger import chain
from sc_neurocore.compiler_service.service._problem import Problem, responses
from sc_neurocore.compiler_service.service._routes_builds import Limit, Offset, built, find, visible
from sc_neurocore.compiler_service.service._tokens import ANY
from sc_neurocore.compiler_service.update import ChainError, Standing, UpdateRefusedError, standing
from sc_neurocore.exceptions import SCConfigError

router = APIRouter(prefix="/v1/devices")

DeviceName = Annotated[str, Path(max_length=80)]


def device_row(context: Context, connection: Connection, name: str) -> Any:
    """The row of a device that the caller has rights to.

    Raises:
        Problem: there is no such device, or the caller has no rights to it.
    """
    if visible(name):
        context.require_device(name)
    return find(connection, tables.device, tables.device.c.name, name, "device")


def standing_of(connection: Connection, name: str) -> Standing | None:
    """What the ledger says of a device.

    Raises:
        Problem: the ledger was changed.
    """
    try:
        return standing(chain(connection, name), name)
    except (ChainError, UpdateRefusedError) as error:
        raise Problem("conflict", f"the ledger of device '{name}' is not sound: {error}") from None


def _document(connection: Connection, row: Any) -> dict[str, Any]:
    plain = ("name", "kind", "build", "state", "reason", "created", "created_by")
    found = {name: row[name] for name in plain}
    here = None
    try:
        here = standing_of(connection, row["name"])
    except Problem as problem:  # the other devices of a list are as they are
        found |= {"state": "failed", "reason": str(problem.detail)}
    return {
        **found,
        "design": None if here is None else here.design,
        "version": 0 if here is None else here.version,
        "parameters": None if here is None else here.parameters,
    }


@router.post(
    "",
    status_code=202,
    response_model=Device,
    responses=responses("malformed", "unauthorised", "forbidden", "unknown", "conflict",
                        "too-large", "media-type", "invalid", "other-body", "too-many"),
)  # fmt: skip
def create_device(context: Changing, document: NewDevice) -> Response:
    """Register a board; it is started, and its ledger begun, in the background."""

    def perform(connection: Connection) -> Answer:
        context.require_device(document.name)
        taken = select(tables.device.c.name).where(tables.device.c.name == document.name)
        if connection.execute(taken).first() is not None:
            raise Problem("conflict", f"there is a device '{document.name}' already")
        row = find(connection, tables.build, tables.build.c.id, document.build, "build")
        if row["options"].get("live") is None:
            raise Problem("conflict", f"the build '{document.build}' is not live; build with live")
        made = {
            "name": document.name,
            "kind": "virtual" if document.port is None else "remote",
            "build": document.build,
            "bundle": built(connection, document.build)["outputs"]["bundle.tar"],
            "address": "" if document.port is None else str(document.port),
            "state": "starting",
            "reason": "",
            "created": time.time(),
            "created_by": context.token.name,
        }
        connection.execute(insert(tables.device), made)
        return 202, _document(connection, made)

    return context.once("admin", perform)


@router.get(
    "",
    response_model=list[Device],
    responses=responses("unauthorised", "invalid", "too-many"),
)
def list_devices(context: Reading, limit: Limit = 50, offset: Offset = 0) -> Response:
    """The devices that the token has rights to, by name."""
    table, rights = tables.device, context.token.devices
    wanted = select(table).order_by(table.c.name).limit(limit).offset(offset)
    if ANY not in rights:
        wanted = wanted.where(table.c.name.in_(rights))
    with context.reading() as connection:
        rows = connection.execute(wanted).all()
        return JSONResponse([_document(connection, row._mapping) for row in rows])


_READS = responses("unauthorised", "forbidden", "unknown", "invalid", "too-many")
_TALKS = responses("unauthorised", "forbidden", "unknown", "conflict", "invalid", "too-many",
                   "device", "unavailable")  # fmt: skip


@router.get("/{device}", response_model=Device, responses=_READS)
def get_device(context: Reading, device: DeviceName) -> Response:
    """One device."""
    with context.reading() as connection:
        return JSONResponse(_document(connection, device_row(context, connection, device)))


@router.get("/{device}/identity", response_model=DeviceIdentity, responses=_TALKS)
def get_identity(context: Reading, device: DeviceName) -> Response:
    """What the board's registers say of its design."""
    with _boards(context, device).for_request(device) as (board, _):
        return JSONResponse(asdict(board.identify()))


@router.get("/{device}/telemetry", response_model=DeviceTelemetry, responses=_TALKS)
def get_telemetry(context: Reading, device: DeviceName) -> Response:
    """What the board reports of itself."""
    with _boards(context, device).for_request(device) as (board, _):
        found = asdict(board.telemetry())
    return JSONResponse({name: found[name] for name in DeviceTelemetry.model_fields})


@router.post(
    "/{device}/classify",
    response_model=DeviceInference,
    responses=responses("malformed", "unauthorised", "forbidden", "unknown", "conflict",
                        "too-large", "media-type", "invalid", "too-many", "device",
                        "unavailable"),
)  # fmt: skip
def classify(
    context: Reading, request: Request, device: DeviceName, document: NewInference
) -> Response:
    """Run one inference on the board."""
    context.require("operator")
    with _boards(context, device).for_request(device) as (board, _):
        try:
            found = board.run(np.array(document.sample, np.int64))
        except (SCConfigError, ValueError) as error:
            raise Problem("invalid", f"body.sample: {error}") from None
    return JSONResponse(
        {
            "prediction": found.prediction,
            "clocks": found.clocks,
            "layer_spikes": list(found.layer_spikes),
            "generation": found.generation,
        }
    )


def _boards(context: Context, device: str) -> Boards:
    """Access to a board that is ready."""
    with context.reading() as connection:
        row = device_row(context, connection, device)
    if row["state"] != "ready":
        reason = f": {row['reason']}" if row["reason"] else ""
        raise Problem("conflict", f"the device '{device}' is {row['state']}{reason}")
    boards: Boards = context.service.boards
    return boards
