"""Projects, uploaded files, builds and what they rest on."""

from __future__ import annotations

import secrets
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import JSONResponse
from sqlalchemy import Connection, insert, select

from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service._context import Answer, Changing, Context, Reading, only
from sc_neurocore.compiler_service.service._documents import (
    Build,
    Evidence,
    File,
    FileKind,
    NewBuild,
    NewProject,
    Project,
    job_document,
)
from sc_neurocore.compiler_service.service._problem import Problem, responses
from sc_neurocore.compiler_service.service._queue import enqueue

router = APIRouter(prefix="/v1")

Limit = Annotated[int, Query(ge=1, le=200)]
Offset = Annotated[int, Query(ge=0, le=1 << 31)]
Id = Annotated[str, Path(max_length=80)]

#: First bytes of the kinds of files that are accepted.
_STARTS: dict[str, bytes] = {"nir": b"\x89HDF\r\n\x1a\n", "npz": b"PK\x03\x04"}
_WORDS = Literal["generated", "executed", "proven", "measured", "estimated"]


def visible(text: str) -> bool:
    """Whether a name from a path can stand in a table: short, plain text."""
    return len(text) <= 80 and text.isascii() and text.isprintable()


def find(connection: Connection, table: Any, column: Any, name: str, what: str) -> Any:
    """The row of a name, or the refusal that there is none."""
    row = connection.execute(select(table).where(column == name)).first() if visible(name) else None
    return only(row, what, name if visible(name) else "…")


@router.post(
    "/projects",
    status_code=201,
    response_model=Project,
    responses=responses("malformed", "unauthorised", "forbidden", "conflict", "too-large",
                        "media-type", "invalid", "other-body", "too-many"),
)  # fmt: skip
def create_project(context: Changing, document: NewProject) -> Response:
    """Make a project."""

    def perform(connection: Connection) -> Answer:
        taken = select(tables.project.c.id).where(tables.project.c.name == document.name)
        if connection.execute(taken).first() is not None:
            raise Problem("conflict", f"there is a project '{document.name}' already")
        row = {
            "id": f"project-{secrets.token_hex(8)}",
            **document.model_dump(),
            "created": time.time(),
            "created_by": context.token.name,
        }
        connection.execute(insert(tables.project), row)
        return 201, row

    return context.once("operator", perform)


@router.get(
    "/projects",
    response_model=list[Project],
    responses=responses("unauthorised", "invalid", "too-many"),
)
def list_projects(context: Reading, limit: Limit = 50, offset: Offset = 0) -> Response:
    """All projects, oldest first."""
    table = tables.project
    with context.reading() as connection:
        rows = connection.execute(
            select(table).order_by(table.c.created, table.c.id).limit(limit).offset(offset)
        ).all()
    return JSONResponse([dict(row._mapping) for row in rows])


@router.get(
    "/projects/{project}",
    response_model=Project,
    responses=responses("unauthorised", "unknown", "invalid", "too-many"),
)
def get_project(context: Reading, project: Id) -> Response:
    """One project."""
    with context.reading() as connection:
        row = find(connection, tables.project, tables.project.c.id, project, "project")
    return JSONResponse(dict(row))


@router.post(
    "/files",
    status_code=201,
    response_model=File,
    responses=responses("bad-request", "unauthorised", "forbidden", "too-large", "media-type",
                        "invalid", "other-body", "too-many"),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {
                "application/octet-stream": {"schema": {"type": "string", "format": "binary"}}
            },
        }
    },
)  # fmt: skip
async def upload(context: Changing, request: Request, kind: FileKind) -> Response:
    """Upload a file: a network (nir) or labelled samples (npz). What it holds is read by a job."""
    from anyio import to_thread

    context.require("operator")
    if request.headers.get("content-type", "").split(";")[0] != "application/octet-stream":
        raise Problem("media-type", "send the file as application/octet-stream")

    def accept(start: bytes) -> None:
        if not start.startswith(_STARTS[kind]):
            sentence = f"the body is no file of kind {kind}; allowed: nir (HDF5), npz"
            raise Problem("invalid", sentence)

    digest, size = await context.service.files.receive(request.stream(), accept)

    def perform(connection: Connection) -> Answer:
        known = select(tables.file).where(
            tables.file.c.digest == digest, tables.file.c.kind == kind
        )
        if connection.execute(known).first() is None:
            row = {"digest": digest, "kind": kind, "size": size}
            by = {"created": time.time(), "created_by": context.token.name}
            connection.execute(insert(tables.file), row | by)
        return 201, {"digest": digest, "kind": kind, "size": size}

    return await to_thread.run_sync(lambda: context.once("operator", perform, digest))


@router.post(
    "/projects/{project}/builds",
    status_code=202,
    response_model=Build,
    responses=responses("malformed", "unauthorised", "forbidden", "unknown", "too-large",
                        "media-type", "invalid", "other-body", "too-many"),
)  # fmt: skip
def create_build(context: Changing, project: Id, document: NewBuild) -> Response:
    """Build a network: quantise, simulate, write the engine, co-simulate, prove, place."""

    def perform(connection: Connection) -> Answer:
        find(connection, tables.project, tables.project.c.id, project, "project")
        inputs = {"network.nir": uploaded(connection, document.network, "nir")}
        if document.samples is not None:
            inputs["samples.npz"] = uploaded(connection, document.samples, "npz")
        options = document.options.model_dump()
        _check_options(options)
        spec = {"inputs": inputs, "arguments": {"name": document.name, "options": options}}
        row = {
            "id": f"build-{secrets.token_hex(8)}",
            "project": project,
            "name": document.name,
            "network": document.network,
            "samples": document.samples,
            "options": options,
            "job": enqueue(connection, "build", spec),
            "created": time.time(),
            "created_by": context.token.name,
        }
        connection.execute(insert(tables.build), row)
        return 202, build_document(connection, row)

    return context.once("operator", perform)


@router.get(
    "/projects/{project}/builds",
    response_model=list[Build],
    responses=responses("unauthorised", "unknown", "invalid", "too-many"),
)
def list_builds(context: Reading, project: Id, limit: Limit = 50, offset: Offset = 0) -> Response:
    """The builds of a project, newest first."""
    build, job = tables.build, tables.job
    with context.reading() as connection:
        find(connection, tables.project, tables.project.c.id, project, "project")
        rows = connection.execute(
            select(build)
            .where(build.c.project == project)
            .order_by(build.c.created.desc(), build.c.id)
            .limit(limit)
            .offset(offset)
        ).all()
        wanted = select(job).where(job.c.id.in_([row.job for row in rows]))
        jobs = {row.id: row._mapping for row in connection.execute(wanted)}
    found = [{**row._mapping, "job": job_document(jobs[row.job])} for row in rows]
    return JSONResponse(found)


@router.get(
    "/builds/{build}",
    response_model=Build,
    responses=responses("unauthorised", "unknown", "invalid", "too-many"),
)
def get_build(context: Reading, build: Id) -> Response:
    """One build, with the job that makes it."""
    with context.reading() as connection:
        row = find(connection, tables.build, tables.build.c.id, build, "build")
        return JSONResponse(build_document(connection, row))


@router.get(
    "/builds/{build}/{part}",
    response_class=Response,
    responses={
        200: {
            "description": "bundle: a tar archive; report: JSON; page: the report for people",
            "content": {"application/x-tar": {}, "application/json": {}, "text/html": {}},
        },
        **responses("unauthorised", "unknown", "conflict", "invalid", "too-many"),
    },
)
def get_build_part(
    context: Reading, build: Id, part: Literal["bundle", "report", "page"]
) -> Response:
    """What a build made."""
    name, media = {
        "bundle": ("bundle.tar", "application/x-tar"),
        "report": ("report.json", "application/json"),
        "page": ("report.html", "text/html"),
    }[part]
    with context.reading() as connection:
        digest = built(connection, build)["outputs"][name]
    return Response(context.service.files.read(digest), media_type=media)


@router.get(
    "/evidence",
    response_model=list[Evidence],
    responses=responses("unauthorised", "invalid", "too-many"),
)
def list_evidence(
    context: Reading,
    word: _WORDS | None = None,
    tool: Annotated[str | None, Query(max_length=80)] = None,
    limit: Limit = 50,
    offset: Offset = 0,
) -> Response:
    """Records of tools that ran for builds, sorted by tool and key."""
    context.require("viewer")
    records = [
        record
        for record in _store(context).records()
        if word in (None, record.word) and tool in (None, record.tool)
    ]
    return JSONResponse([_evidence(record) for record in records[offset : offset + limit]])


@router.get(
    "/evidence/{key}",
    response_model=Evidence,
    responses=responses("unauthorised", "unknown", "invalid", "too-many"),
)
def get_evidence(context: Reading, key: Id) -> Response:
    """One record, by the key that reports name."""
    context.require("viewer")
    record = _store(context).get(key) if visible(key) else None
    if record is None:
        raise Problem("unknown", "there is no such record of evidence")
    return JSONResponse(_evidence(record))


def uploaded(connection: Connection, digest: str, kind: str) -> str:
    """The digest of an uploaded file, or the refusal that there is none."""
    table = tables.file
    known = select(table.c.digest).where(table.c.digest == digest, table.c.kind == kind)
    if connection.execute(known).first() is None:
        raise Problem("unknown", f"there is no uploaded file of kind {kind} {digest[:12]}…")
    return digest


def built(connection: Connection, build: str) -> Any:
    """Result of a build's job, or the refusal that there is none yet."""
    row = find(connection, tables.build, tables.build.c.id, build, "build")
    job = connection.execute(select(tables.job).where(tables.job.c.id == row["job"])).one()
    if job.result is None:
        raise Problem("conflict", f"the build '{build}' has made nothing: it is {job.state}")
    return job.result


def build_document(connection: Connection, row: Any) -> dict[str, Any]:
    """A row of the build table as a `Build`."""
    job = connection.execute(select(tables.job).where(tables.job.c.id == row["job"])).one()
    return {**row, "job": job_document(job._mapping)}


def _check_options(options: dict[str, Any]) -> None:
    """Refuse what the build would refuse, before it waits in the queue."""
    from sc_neurocore.build.network import NetworkOptions
    from sc_neurocore.exceptions import SCConfigError
    from sc_neurocore.toolchain import get_target

    try:
        get_target(NetworkOptions(**options).target)
    except SCConfigError as error:
        raise Problem("invalid", f"body.options: {error}") from None


def _store(context: Context) -> Any:
    from sc_neurocore.evidence import EvidenceStore

    return EvidenceStore(context.service.settings.cache / "evidence.sqlite")


def _evidence(record: Any) -> dict[str, Any]:
    found: dict[str, Any] = dict(record.to_json())
    found.pop("log")  # a tool's log names directories of this machine
    return found
