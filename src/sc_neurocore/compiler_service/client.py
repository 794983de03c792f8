"""The service from Python: the same verbs, and its refusals as exceptions."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from sc_neurocore.exceptions import SCDependencyError, SCNeuroError

if TYPE_CHECKING:
    import httpx

DEFAULT_URL = "http://127.0.0.1:8080"
_ENDED = ("succeeded", "failed", "cancelled")
_BUSY = ("planning", "applying", "rolling_back")
_POLL_SECONDS = 0.2


class ServiceError(SCNeuroError):
    """The service refused, or cannot be reached.

    Attributes:
        status: of the answer; 0 if there was none.
        kind: of the problem, such as ``unknown`` or ``stale-version``.
    """

    exit_code = 9

    def __init__(self, message: str, status: int = 0, kind: str = "unreachable") -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


class Client:
    """A connection to a service.

    Every method raises `ServiceError` if the service refuses or does not answer. Methods that
    change something take an ``idempotency_key``: a repeat with the same key gets the first answer.

    Args:
        url: where the service listens.
        token: what `sc-neurocore serve token create` printed.
        timeout_s: time that an answer may take, in seconds.
        transport: of httpx, for applications in the same process.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        token: str = "",
        *,
        timeout_s: float = 60.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        try:
            import httpx
        except ImportError:
            raise SCDependencyError(
                "the client needs httpx; run: pip install 'sc-neurocore[service]'"
            ) from None
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        try:
            self._http = httpx.Client(
                base_url=url, headers=headers, timeout=timeout_s, transport=transport
            )
        except (httpx.InvalidURL, ValueError, TypeError) as error:
            raise ServiceError(f"'{url}' is no URL of a service: {error}") from None
        self._url = url

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def health(self) -> dict[str, Any]:
        """Whether the service lives, and its version."""
        return self._get("/health")

    def me(self) -> dict[str, Any]:
        """The token that asks."""
        return self._get("/v1/me")

    def create_project(
        self, name: str, description: str = "", *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        """Make a project."""
        document = {"name": name, "description": description}
        return self._post("/v1/projects", document, idempotency_key)

    def projects(self) -> list[dict[str, Any]]:
        """All projects."""
        return self._all("/v1/projects")

    def upload(self, path: Path | str, kind: str | None = None) -> str:
        """Upload a file and return its digest.

        Args:
            path: the file.
            kind: ``nir`` or ``npz``; default: its suffix.
        """
        path = Path(path)
        try:
            data = path.read_bytes()
        except OSError as error:
            raise ServiceError(f"{path} cannot be read: {error.strerror}") from None
        answer = self._send(
            "POST",
            "/v1/files",
            params={"kind": kind or path.suffix.lstrip(".")},
            content=data,
            headers={"Content-Type": "application/octet-stream"},
        )
        return str(answer.json()["digest"])

    def create_build(
        self,
        project: str,
        name: str,
        network: str,
        *,
        samples: str | None = None,
        options: Mapping[str, Any] | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Build an uploaded network.

        Args:
            project: its id.
            name: of the build.
            network: digest of an uploaded file of kind nir.
            samples: digest of an uploaded file of kind npz.
            options: as the service's OpenAPI document lists them.
            idempotency_key: see the class.
        """
        document = {"name": name, "network": network, "options": dict(options or {})}
        if samples is not None:
            document["samples"] = samples
        return self._post(f"/v1/projects/{_part(project)}/builds", document, idempotency_key)

    def builds(self, project: str) -> list[dict[str, Any]]:
        """The builds of a project, newest first."""
        return self._all(f"/v1/projects/{_part(project)}/builds")

    def build(self, build: str) -> dict[str, Any]:
        """One build, with its job."""
        return self._get(f"/v1/builds/{_part(build)}")

    def download(self, build: str, part: str = "bundle") -> bytes:
        """What a build made: its ``bundle`` (tar), ``report`` (JSON) or ``page`` (HTML)."""
        return self._send("GET", f"/v1/builds/{_part(build)}/{part}").content

    def evidence(self, **chosen: str) -> list[dict[str, Any]]:
        """Records of tools that ran; by ``word`` and ``tool``."""
        return self._all("/v1/evidence", **chosen)

    def job(self, job: str) -> dict[str, Any]:
        """One job."""
        return self._get(f"/v1/jobs/{_part(job)}")

    def cancel(self, job: str) -> dict[str, Any]:
        """Stop a job."""
        return self._post(f"/v1/jobs/{_part(job)}/cancel", None, None)

    def follow(self, job: str, after: int = 0) -> Iterator[dict[str, Any]]:
        """The events of a job as they happen, to its end.

        Args:
            job: its id.
            after: number of the last event that is known.
        """
        import httpx

        headers = {"Last-Event-ID": str(after)}
        try:
            with self._http.stream(
                "GET", f"/v1/jobs/{_part(job)}/events", headers=headers
            ) as answer:
                if answer.is_error:
                    answer.read()
                    raise _refusal(answer)
                yield from _events(answer.iter_lines())
        except httpx.HTTPError as error:
            raise self._unreachable(error) from None

    def wait(self, job: str, timeout_s: float = 3600.0) -> dict[str, Any]:
        """Wait until a job has ended, and return it.

        Raises:
            ServiceError: it has not within the time.
        """
        deadline = time.monotonic() + timeout_s
        while (found := self.job(job))["state"] not in _ENDED:
            if time.monotonic() > deadline:
                raise ServiceError(f"the job '{job}' did not end within {timeout_s:g} s")
            time.sleep(_POLL_SECONDS)
        return found

    def create_device(
        self,
        name: str,
        build: str,
        *,
        port: int | None = None,
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Register a board of a live build.

        Args:
            name: of the device.
            build: its id.
            port: where `sc-neurocore board` listens; None for a board that the service starts.
            idempotency_key: see the class.
        """
        document: dict[str, Any] = {"name": name, "build": build}
        if port is not None:
            document["port"] = port
        return self._post("/v1/devices", document, idempotency_key)

    def devices(self) -> list[dict[str, Any]]:
        """The devices that the token has rights to."""
        return self._all("/v1/devices")

    def device(self, device: str) -> dict[str, Any]:
        """One device, and what its ledger says of it."""
        return self._get(f"/v1/devices/{_part(device)}")

    def wait_for_device(self, device: str, timeout_s: float = 600.0) -> dict[str, Any]:
        """Wait until a device is ready, and return it.

        Raises:
            ServiceError: it failed, or is not ready within the time.
        """
        deadline = time.monotonic() + timeout_s
        while (found := self.device(device))["state"] != "ready":
            if found["state"] == "failed" or time.monotonic() > deadline:
                raise ServiceError(
                    f"the device '{device}' is {found['state']}: {found['reason']}", 0, "device"
                )
            time.sleep(_POLL_SECONDS)
        return found

    def identity(self, device: str) -> dict[str, Any]:
        """What a board's registers say of its design."""
        return self._get(f"/v1/devices/{_part(device)}/identity")

    def telemetry(self, device: str) -> dict[str, Any]:
        """What a board reports of itself."""
        return self._get(f"/v1/devices/{_part(device)}/telemetry")

    def classify(self, device: str, sample: Any) -> dict[str, Any]:
        """Run one inference on a board.

        Args:
            device: its name.
            sample: (M,) levels, or (T, M) spikes for the coding ``events``.
        """
        levels = sample.tolist() if hasattr(sample, "tolist") else sample
        return self._post(f"/v1/devices/{_part(device)}/classify", {"sample": levels}, None)

    def plan_update(
        self,
        device: str,
        network: str,
        *,
        tick: int = 0,
        samples: str | None = None,
        limits: Mapping[str, float] | None = None,
        changed_fields: tuple[str, ...] = (),
        idempotency_key: str | None = None,
    ) -> dict[str, Any]:
        """Plan an update of a device to an uploaded network.

        Args:
            device: its name.
            network: digest of an uploaded file of kind nir.
            tick: of an inference at which it takes effect; 0: between two.
            samples: digest of an uploaded file of kind npz: labelled samples to compare old and
                new weights on; None for those of the build, without labels.
            limits: of the gates, shares from 0 to 1: ``min_agreement``, ``max_accuracy_drop``,
                ``max_outside``; those left out are the service's. Only an admin can loosen one.
            changed_fields: what else has changed, such as ``clock``.
            idempotency_key: see the class.
        """
        document: dict[str, Any] = {
            "network": network,
            "tick": tick,
            "limits": dict(limits or {}),
            "changed_fields": list(changed_fields),
        }
        if samples is not None:
            document["samples"] = samples
        return self._post(f"/v1/devices/{_part(device)}/updates", document, idempotency_key)

    def bring_package(self, device: str, package: bytes) -> dict[str, Any]:
        """Bring an update that was planned and signed elsewhere."""
        answer: dict[str, Any] = self._send(
            "POST",
            f"/v1/devices/{_part(device)}/packages",
            content=package,
            headers={"Content-Type": "application/octet-stream"},
        ).json()
        return answer

    def updates(self, device: str) -> list[dict[str, Any]]:
        """The updates of a device, newest first."""
        return self._all(f"/v1/devices/{_part(device)}/updates")

    def update(self, update: str) -> dict[str, Any]:
        """One update."""
        return self._get(f"/v1/updates/{_part(update)}")

    def package(self, update: str) -> bytes:
        """The signed package of an update."""
        return self._send("GET", f"/v1/updates/{_part(update)}/package").content

    def apply_update(self, update: str, *, idempotency_key: str | None = None) -> dict[str, Any]:
        """Apply a planned update."""
        return self._post(f"/v1/updates/{_part(update)}/apply", None, idempotency_key)

    def rollback_update(self, update: str, *, idempotency_key: str | None = None) -> dict[str, Any]:
        """Undo a committed update."""
        return self._post(f"/v1/updates/{_part(update)}/rollback", None, idempotency_key)

    def wait_for_update(self, update: str, timeout_s: float = 600.0) -> dict[str, Any]:
        """Wait until nothing is being done for an update, and return it.

        Raises:
            ServiceError: something still is after the time.
        """
        deadline = time.monotonic() + timeout_s
        while (found := self.update(update))["state"] in _BUSY:
            if time.monotonic() > deadline:
                raise ServiceError(f"the update '{update}' is {found['state']} for {timeout_s:g} s")
            time.sleep(_POLL_SECONDS)
        return found

    def ledger(self, device: str | None = None) -> list[dict[str, Any]]:
        """What happened to devices, oldest first."""
        return self._all("/v1/ledger", **({} if device is None else {"device": device}))

    def verify_ledger(self) -> list[dict[str, Any]]:
        """Whether the chain of each device holds."""
        return self._list("/v1/ledger/verification")

    def audit(self) -> list[dict[str, Any]]:
        """The newest changes that were asked for, and refusals."""
        return self._list("/v1/audit", limit=200)

    def _get(self, path: str, **params: Any) -> dict[str, Any]:
        found: dict[str, Any] = self._send("GET", path, params=params).json()
        return found

    def _list(self, path: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._send("GET", path, params=params).json()
        return found

    def _all(self, path: str, **params: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        while True:
            page = self._list(path, limit=200, offset=len(found), **params)
            found += page
            if len(page) < 200:
                return found

    def _post(self, path: str, document: Any, key: str | None) -> dict[str, Any]:
        headers = {} if key is None else {"Idempotency-Key": key}
        given = {} if document is None else {"json": document}
        answer: dict[str, Any] = self._send("POST", path, headers=headers, **given).json()
        return answer

    def _send(self, method: str, path: str, **given: Any) -> httpx.Response:
        import httpx

        try:
            answer = self._http.request(method, path, **given)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise self._unreachable(error) from None
        if answer.is_error:
            raise _refusal(answer)
        return answer

    def _unreachable(self, error: Exception) -> ServiceError:
        return ServiceError(
            f"no service answers at {self._url} ({error}); start one with `sc-neurocore serve`"
        )


def _part(name: str) -> str:
    """A name as a part of a path."""
    return quote(name, safe="")


def _refusal(answer: httpx.Response) -> ServiceError:
    try:
        problem = answer.json()
        kind = str(problem["type"]).rsplit(":", 1)[1]
        return ServiceError(str(problem["detail"]), answer.status_code, kind)
    except (ValueError, KeyError, IndexError, TypeError):
        return ServiceError(
            f"the answer has status {answer.status_code} and is none of an SC-NeuroCore service",
            answer.status_code,
            "foreign",
        )


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    event: dict[str, Any] = {}
    for line in lines:
        name, _, value = line.partition(": ")
        if name == "id":
            event["number"] = int(value)
        elif name == "event":
            event["kind"] = value
        elif name == "data":
            event |= json.loads(value)
        elif not line and event:
            yield event
            event = {}
