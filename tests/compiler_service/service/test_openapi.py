"""The OpenAPI document, and requests made up from it: no fault, nothing undocumented."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from .running import Running

#: What a check cannot know: a document that fits its schema may name what does not exist, and
#: files are told by their content.
_NOT_FOR_US = ("positive_data_acceptance", "unsupported_method")


def _document(running: Running) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{running.url}/openapi.json").json()
    return found


def test_every_refusal_is_documented_as_a_problem(running: Running) -> None:
    document = _document(running)
    operations = [
        (path, method, operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]
    assert len(operations) > 30
    for path, method, operation in operations:
        if path == "/health":
            continue
        codes = operation["responses"]
        assert {"401", "429"} <= set(codes), (path, method)
        if method == "post":
            assert "413" in codes, path
        for code, response in codes.items():
            if code[0] in "45":
                (media,) = response["content"]
                assert media == "application/problem+json", (path, code)
        assert operation["security"] == [{"HTTPBearer": []}], path
    assert "HTTPValidationError" not in json.dumps(document)


def _explore(running: Running, folder: Path, *options: str) -> None:
    """Run schemathesis against the service; its report is the message of a failure."""
    command = [
        sys.executable, "-m", "schemathesis.cli", "run", f"{running.url}/openapi.json",
        "--header", f"Authorization: Bearer {running.token()}", "--seed", "1", "--no-color",
        "--exclude-checks", ",".join(_NOT_FOR_US), *options,
    ]  # fmt: skip
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def test_made_up_requests(running: Running, tmp_path: Path) -> None:
    _explore(running, tmp_path, "--phases", "fuzzing", "--max-examples", "3")


@pytest.mark.exhaustive
def test_made_up_requests_in_all_phases(running: Running, tmp_path: Path) -> None:
    # Hundreds of them come without a token; the limit for strangers has a test of its own.
    running.service.strangers.burst = 10_000
    _explore(running, tmp_path, "--max-examples", "50")
