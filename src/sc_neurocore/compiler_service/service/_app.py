"""The HTTP application."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.responses import Response

from sc_neurocore import __version__
from sc_neurocore.compiler_service.service import (
    _routes_builds,
    _routes_devices,
    _routes_jobs,
    _routes_records,
    _routes_updates,
)
from sc_neurocore.compiler_service.service._context import Service
from sc_neurocore.compiler_service.service._documents import Health
from sc_neurocore.compiler_service.service._guard import Guard
from sc_neurocore.compiler_service.service._problem import (
    ProblemDocument,
    on_http,
    on_invalid,
)

_ROUTERS = tuple(
    module.router
    for module in (
        _routes_builds,
        _routes_jobs,
        _routes_devices,
        _routes_updates,
        _routes_records,
    )
)


def create_app(service: Service) -> FastAPI:
    """The application of a service; its jobs are run by others (`Runner`)."""
    app = FastAPI(
        title="SC-NeuroCore",
        version=__version__,
        summary="Builds networks, and updates the devices that run them, live.",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.service = service
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_middleware(Guard, service=service)
    app.add_api_route("/health", _health, response_model=Health)
    for router in _ROUTERS:
        app.include_router(router)
    app.openapi = lambda: _document(app)  # type: ignore[method-assign]
    return app


async def _health() -> Response:
    """Whether the service lives; needs no token."""
    return JSONResponse({"status": "ok", "version": __version__})


def _document(app: FastAPI) -> dict[str, Any]:
    """OpenAPI, in which every refusal is a problem document."""
    if app.openapi_schema is None:
        found = get_openapi(
            title=app.title, version=app.version, summary=app.summary, routes=app.routes
        )
        schemas = found.setdefault("components", {}).setdefault("schemas", {})
        schemas["Problem"] = ProblemDocument.model_json_schema()
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        app.openapi_schema = found
    return app.openapi_schema
