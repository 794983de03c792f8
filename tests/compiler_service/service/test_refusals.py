"""Every refusal is a problem document of one sentence, without a traceback or a path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from sc_neurocore.compiler_service.client import Client, ServiceError

from .running import Running, start

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def http(running: Running) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {running.token()}"}
    with httpx.Client(base_url=running.url, headers=headers) as client:
        yield client


def _require_problem(answer: httpx.Response, status: int, kind: str, detail: str) -> None:
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert (answer.status_code, found["status"]) == (status, status)
    assert found["type"] == f"urn:sc-neurocore:problem:{kind}"
    assert detail in found["detail"]
    assert set(found) == {"type", "title", "status", "detail"}
    assert "Traceback" not in answer.text and "/tmp" not in answer.text
    assert "\n" not in found["detail"]


@pytest.mark.parametrize(
    ("method", "path", "given", "status", "kind", "detail"),
    [
        ("GET", "/v1/projects/none", {}, 404, "unknown", "there is no project 'none'"),
        ("GET", "/v1/builds/none", {}, 404, "unknown", "there is no build 'none'"),
        ("GET", "/v1/jobs/none", {}, 404, "unknown", "there is no job 'none'"),
        ("GET", "/v1/jobs/none/events", {}, 404, "unknown", "there is no job 'none'"),
        ("GET", "/v1/builds/%00", {}, 404, "unknown", "there is no build '…'"),
        ("GET", "/v1/builds/none/../../etc", {}, 404, "unknown", "there is no"),
        ("GET", "/v1/builds/none/manifest", {}, 422, "invalid", "path.part"),
        ("GET", "/nowhere", {}, 401, "unauthorised", "send a valid token"),
        ("GET", "/v1/nowhere", {}, 404, "unknown", "there is no '/v1/nowhere'"),
        ("PUT", "/v1/projects", {}, 405, "method", "PUT is not allowed on '/v1/projects'"),
        ("GET", "/v1/projects?limit=0", {}, 422, "invalid", "query.limit"),
        ("GET", "/v1/evidence/none", {}, 404, "unknown", "no such record"),
        ("POST", "/v1/projects", {"content": b"{", "headers": JSON}, 400, "malformed", "no JSON"),
        ("POST", "/v1/projects", {"content": b"\xff", "headers": JSON}, 400, "bad-request", ""),
        ("POST", "/v1/projects", {"content": b"{}"}, 415, "media-type", "application/json"),
        ("POST", "/v1/projects", {"json": {}}, 422, "invalid", "body.name: field required"),
        ("POST", "/v1/projects", {"json": {"name": "../x"}}, 422, "invalid", "body.name"),
        ("POST", "/v1/projects", {"json": {"name": "a", "b": 1}}, 422, "invalid", "body.b"),
        ("POST", "/v1/projects/none/builds",
         {"json": {"name": "a", "network": "0" * 64}}, 404, "unknown", "no project 'none'"),
        ("POST", "/v1/files?kind=verilog", {"content": b"x"}, 422, "invalid", "query.kind"),
        ("POST", "/v1/files?kind=nir", {"content": b"x"}, 415, "media-type", "octet-stream"),
        ("POST", "/v1/jobs/none/cancel", {}, 404, "unknown", "there is no job 'none'"),
    ],
)  # fmt: skip
def test_refusals(
    http: httpx.Client,
    method: str,
    path: str,
    given: dict[str, Any],
    status: int,
    kind: str,
    detail: str,
) -> None:
    if path == "/nowhere":  # nothing is said to strangers, not even what exists
        answer = http.request(method, path, headers={"Authorization": ""})
        assert answer.headers["www-authenticate"] == "Bearer"
    else:
        answer = http.request(method, path, **given)
    _require_problem(answer, status, kind, detail)


@pytest.mark.parametrize(
    "content",
    [b"module top; initial $system(`ls`); endmodule", b'`include "/etc/passwd"', b"", b"\x89HD"],
)
def test_only_declared_kinds_are_taken(http: httpx.Client, content: bytes) -> None:
    headers = {"Content-Type": "application/octet-stream"}
    for kind in ("nir", "npz"):
        answer = http.post("/v1/files", params={"kind": kind}, content=content, headers=headers)
        _require_problem(answer, 422, "invalid", f"the body is no file of kind {kind}")


def test_a_body_is_refused_while_it_comes(running: Running, http: httpx.Client) -> None:
    limit = running.service.settings.document_kb << 10
    sent = 0

    def endless() -> Iterator[bytes]:
        nonlocal sent
        while sent < 4 * limit:
            sent += 1 << 16
            yield b" " * (1 << 16)

    _require_problem(
        http.post("/v1/projects", content=endless(), headers=JSON), 413, "too-large", "1 MiB"
    )
    stated = http.post("/v1/projects", content=b" " * (limit + 1), headers=JSON)
    _require_problem(stated, 413, "too-large", "the body is larger than 1 MiB")


def test_an_upload_has_its_own_limit(tmp_path: Path) -> None:
    running, stop = start(tmp_path / "state", upload_mb=2)
    try:
        with running.client() as client:
            data = b"\x89HDF\r\n\x1a\n" + bytes(3 << 20)
            (tmp_path / "large.nir").write_bytes(data)
            with pytest.raises(ServiceError, match="the body is larger than 2 MiB") as refused:
                client.upload(tmp_path / "large.nir")
            assert refused.value.status == 413
            (tmp_path / "small.nir").write_bytes(data[: 1 << 20])
            assert len(client.upload(tmp_path / "small.nir")) == 64
        assert not list((tmp_path / "state" / "files").glob(".new-*"))
    finally:
        stop()


def test_options_are_checked_before_they_wait(admin: Client, tmp_path: Path) -> None:
    project = admin.create_project("options")["id"]
    (tmp_path / "a.nir").write_bytes(b"\x89HDF\r\n\x1a\nnothing")
    network = admin.upload(tmp_path / "a.nir")
    for options, message in (
        ({"length": 3, "backend": "stochastic"}, "--length is 3; it must be a power of two"),
        ({"target": "ice41"}, "ice41"),
        ({"data": "/etc/passwd"}, "body.options.data"),
        ({"weight_bits": 99}, "body.options.weight_bits"),
    ):
        with pytest.raises(ServiceError, match=message) as refused:
            admin.create_build(project, "net", network, options=options)
        assert refused.value.status == 422
    with pytest.raises(ServiceError, match="no uploaded file of kind nir") as refused:
        admin.create_build(project, "net", "0" * 64)
    assert refused.value.status == 404
    with pytest.raises(ServiceError, match="no uploaded file of kind npz"):
        admin.create_build(project, "net", network, samples=network)


def test_what_is_not_made_yet_cannot_be_fetched(admin: Client, tmp_path: Path) -> None:
    project = admin.create_project("early")["id"]
    (tmp_path / "a.nir").write_bytes(b"\x89HDF\r\n\x1a\nnothing")
    build = admin.create_build(project, "net", admin.upload(tmp_path / "a.nir"))
    with pytest.raises(ServiceError, match="has made nothing: it is queued") as refused:
        admin.download(build["id"])
    assert (refused.value.status, refused.value.kind) == (409, "conflict")


def test_nobody_answers() -> None:
    with Client("http://127.0.0.1:9", "x") as client, pytest.raises(ServiceError) as refused:
        client.health()
    assert "no service answers at http://127.0.0.1:9" in str(refused.value)
    assert refused.value.exit_code == 9
