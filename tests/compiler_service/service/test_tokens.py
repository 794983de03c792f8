"""Who may do what, how often, and what is written down of it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from sc_neurocore.compiler_service.client import Client, ServiceError
from sc_neurocore.compiler_service.service import _tables as tables
from sc_neurocore.compiler_service.service import create_token, list_tokens, revoke_token
from sc_neurocore.exceptions import SCConfigError

from .running import Running, start

READS = ("/v1/me", "/v1/projects", "/v1/evidence", "/v1/ledger", "/v1/ledger/verification")
ADMIN = ("/v1/tokens", "/v1/audit")


def test_serve_says_as_json_where_it_listens(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "sc_neurocore", "serve", "--port", "0", "--json",
               "--state", str(tmp_path)]  # fmt: skip
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        said = json.loads(process.stdout.readline())
        assert set(said) == {"url", "state", "pid", "tokens"}
        assert said["state"] == str(tmp_path) and said["pid"] == process.pid
        assert said["tokens"] is False
        assert httpx.get(f"{said['url']}/health").json()["status"] == "ok"
        process.send_signal(signal.SIGINT)
        rest, _ = process.communicate(timeout=60)
    assert rest == ""


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_roles(running: Running, role: str) -> None:
    headers = {"Authorization": f"Bearer {running.token(role)}"}
    with httpx.Client(base_url=running.url, headers=headers) as http:
        for path in READS:
            assert http.get(path).status_code == 200
        for path in ADMIN:
            assert http.get(path).status_code == (200 if role == "admin" else 403)
        made = http.post("/v1/projects", json={"name": f"by-{role}"})
        assert made.status_code == (403 if role == "viewer" else 201)
        sent = http.post(
            "/v1/files?kind=nir",
            content=b"\x89HDF\r\n\x1a\n",
            headers={"Content-Type": "application/octet-stream"},
        )
        assert sent.status_code == (403 if role == "viewer" else 201)
        if role == "viewer":
            assert made.json()["detail"] == (
                "this needs the role operator; the token 'viewer-token' is viewer"
            )


def test_tokens_are_kept_as_hashes_and_can_be_revoked(running: Running) -> None:
    text = running.token("viewer")
    identity, secret = text.split("_", 2)[1:]
    database = running.service.database
    with database.reading() as connection:
        assert all(secret not in str(row) for row in connection.execute(select(tables.token)))
        assert identity in [token.id for token in list_tokens(connection)]
    with Client(running.url, text) as client:
        assert client.me()["role"] == "viewer"
        with database.writing() as connection:
            revoke_token(connection, identity)
        time.sleep(1.1)
        with pytest.raises(ServiceError) as refused:
            client.me()
    assert refused.value.status == 401
    with database.writing() as connection, pytest.raises(SCConfigError, match="no valid token"):
        revoke_token(connection, identity)


CHANGES: tuple[Callable[[str], str], ...] = (
    lambda token: token[:-1],
    lambda token: token[:-1] + "~",
    lambda token: token + "a",
    lambda token: token.replace("scn_", "scn_0", 1),
    lambda token: "x",
)


@pytest.mark.parametrize("change", CHANGES)
def test_a_wrong_token_opens_nothing(running: Running, change: Callable[[str], str]) -> None:
    wrong = change(running.token())
    answer = httpx.get(f"{running.url}/v1/me", headers={"Authorization": f"Bearer {wrong}"})
    assert answer.status_code in (401, 429)


def test_names_and_roles_of_tokens_are_checked(running: Running) -> None:
    with running.service.database.writing() as connection:
        for name, role, devices in (
            ("", "viewer", ("*",)),
            ("a", "root", ("*",)),
            ("a", "viewer", ("a/b",)),
        ):
            with pytest.raises(SCConfigError):
                create_token(connection, name, role, devices)  # type: ignore[arg-type]


def test_rates(tmp_path: Path) -> None:
    running, stop = start(tmp_path, rate=0.02, burst=3)
    try:
        url = f"{running.url}/v1/me"
        headers = [{"Authorization": f"Bearer {running.token()}"} for _ in range(2)]
        codes = [httpx.get(url, headers=headers[0]).status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        answer = httpx.get(url, headers=headers[0])
        assert 25 <= int(answer.headers["retry-after"]) <= 50
        assert answer.json()["type"].endswith(":too-many")
        assert httpx.get(url, headers=headers[1]).status_code == 200  # each token has its own
        with httpx.Client() as stranger:
            codes = [stranger.get(url).status_code for _ in range(100)]
        assert codes[0] == 401 and 429 in codes and set(codes) == {401, 429}
        assert httpx.get(f"{running.url}/health").status_code == 200
    finally:
        stop()


def test_changes_and_refusals_are_written_down(running: Running) -> None:
    with running.client("viewer") as viewer:
        with pytest.raises(ServiceError):
            viewer.create_project("refused")
        who = viewer.me()["id"]
    with running.client() as admin:
        admin.create_project("written-down")
        second, first = admin.audit()[:2]
    assert (first["token"], first["method"], first["path"], first["status"]) == (
        who, "POST", "/v1/projects", 403,
    )  # fmt: skip
    assert second["status"] == 201
