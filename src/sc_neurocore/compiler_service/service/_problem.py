"""Every refusal of the service, as RFC 9457 problem details."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

MEDIA_TYPE = "application/problem+json"

#: Kind of problem, which is the end of its ``type``, to its status and title.
KINDS: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The body is not JSON"),
    "bad-request": (400, "The request cannot be read"),
    "unauthorised": (401, "A valid token is needed"),
    "forbidden": (403, "The token does not allow this"),
    "unknown": (404, "There is no such thing"),
    "method": (405, "The method is not allowed here"),
    "conflict": (409, "The state does not allow this"),
    "digest-mismatch": (409, "The digests differ"),
    "stale-version": (409, "The version is not newer"),
    "replay-diverged": (409, "The replay of the update diverged"),
    "gate-failed": (409, "A gate refused the update"),
    "too-large": (413, "The body is too large"),
    "media-type": (415, "The media type is not accepted"),
    "invalid": (422, "The document is invalid"),
    "bad-signature": (422, "The signature does not hold"),
    "other-body": (422, "The idempotency key was used for another body"),
    "too-many": (429, "Too many requests"),
    "fault": (500, "A fault in the service"),
    "device": (502, "The device does not answer as it should"),
    "unavailable": (503, "The service cannot do this now"),
}

TYPE = "urn:sc-neurocore:problem:"


class Problem(HTTPException):
    """A refusal: one of `KINDS` with one sentence.

    Args:
        kind: which.
        detail: what is wrong, where, and how to fix it; never a path of this machine.
        headers: of the answer.
    """

    def __init__(self, kind: str, detail: str, headers: Mapping[str, str] | None = None) -> None:
        status, self.title = KINDS[kind]
        self.kind = kind
        super().__init__(status, detail, dict(headers or {}))


class ProblemDocument(BaseModel):
    """A refusal as RFC 9457 has it."""

    model_config = ConfigDict(title="Problem")

    type: str = Field(examples=[f"{TYPE}unknown"])
    title: str = Field(examples=["There is no such thing"])
    status: int = Field(ge=400, le=599, examples=[404])
    detail: str = Field(examples=["there is no device 'bench-1'"])


def answer(problem: Problem) -> JSONResponse:
    """The response that states a problem."""
    return JSONResponse(
        {
            "type": f"{TYPE}{problem.kind}",
            "title": problem.title,
            "status": problem.status_code,
            # Half a surrogate pair is no text that could be sent.
            "detail": str(problem.detail).encode(errors="replace").decode(),
        },
        problem.status_code,
        dict(problem.headers or {}),
        MEDIA_TYPE,
    )


def fault() -> Problem:
    """A fault of our own, of which the client is told nothing."""
    return Problem("fault", "the service failed on this request; its log has the reason")


def responses(*kinds: str) -> dict[int | str, dict[str, Any]]:
    """What a route's documentation says of the problems that it answers with."""
    found: dict[int | str, dict[str, Any]] = {}
    for kind in kinds:
        status, title = KINDS[kind]
        titles = f"{found[status]['description']}; {title}" if status in found else title
        schema = {"$ref": "#/components/schemas/Problem"}
        found[status] = {"description": titles, "content": {MEDIA_TYPE: {"schema": schema}}}
    return found


async def on_http(request: Request, error: Exception) -> JSONResponse:
    """Answer what a route or the router refuses."""
    assert isinstance(error, HTTPException)
    if isinstance(error, Problem):
        return answer(error)
    path = request.url.path
    kind, detail = {
        404: ("unknown", f"there is no '{path[:200]}'"),
        405: ("method", f"{request.method[:20]} is not allowed on '{path[:200]}'"),
    }.get(error.status_code, ("bad-request", str(error.detail)))
    headers = dict(error.headers or {})
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        headers["Allow"] = ", ".join(_allowed(request))
    if error.status_code == HTTPStatus.BAD_REQUEST:
        detail = "the body cannot be read as what its headers say"
    return answer(Problem(kind, detail, headers))


def _allowed(request: Request) -> list[str]:
    """Methods of a path; the router knows only those of the first route that matches."""
    return sorted(
        method.upper()
        for path, methods in request.app.openapi()["paths"].items()
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", path), request.url.path)
        for method in methods
    )


async def on_invalid(request: Request, error: Exception) -> JSONResponse:
    """Answer a document that does not fit its schema."""
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        reason = first.get("ctx", {}).get("error", "it is cut off")
        return answer(Problem("malformed", f"the body is no JSON: {reason}"))
    media = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if tuple(first["loc"]) == ("body",) and media != "application/json":
        return answer(Problem("media-type", "send the document as application/json"))
    where = ".".join(str(part) for part in first["loc"])
    reason = str(first["msg"])
    return answer(Problem("invalid", f"{where}: {reason[:1].lower()}{reason[1:]}"))
