"""The HTTP service that builds networks and updates devices (extra ``service``)."""

from __future__ import annotations

from sc_neurocore.compiler_service.service._app import create_app
from sc_neurocore.compiler_service.service._context import Service
from sc_neurocore.compiler_service.service._database import Database
from sc_neurocore.compiler_service.service._keeper import Keeper
from sc_neurocore.compiler_service.service._runner import Runner
from sc_neurocore.compiler_service.service._serve import (
    listen,
    serve,
    start_worker,
    token_command,
)
from sc_neurocore.compiler_service.service._settings import LOOPBACK, JobLimits, Settings
from sc_neurocore.compiler_service.service._tokens import (
    ROLES,
    Role,
    Token,
    any_token,
    create_token,
    list_tokens,
    revoke_token,
)

__all__ = [
    "LOOPBACK",
    "ROLES",
    "Database",
    "JobLimits",
    "Keeper",
    "Role",
    "Runner",
    "Service",
    "Settings",
    "Token",
    "any_token",
    "create_app",
    "create_token",
    "list_tokens",
    "listen",
    "revoke_token",
    "serve",
    "start_worker",
    "token_command",
]
