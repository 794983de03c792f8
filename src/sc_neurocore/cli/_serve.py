"""``serve``: the HTTP service, and the tokens that open it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sc_neurocore.cli._group import SuggestingGroup
from sc_neurocore.cli._output import examples, json_option, print_json, print_table
from sc_neurocore.exceptions import SCDependencyError

if TYPE_CHECKING:
    from sc_neurocore.compiler_service.service import Database, Settings

Command = TypeVar("Command", bound=Callable[..., Any])
_CODES = "0 success, 2 bad input, 4 extra missing, 130 interrupted"


def _place(command: Command) -> Command:
    """Options that say which service is meant."""
    for option in (
        click.option("--database", default="", metavar="URL",
                     help="Tables elsewhere: postgresql://USER@HOST/NAME."),
        click.option("--state", type=click.Path(path_type=Path), default=None, metavar="DIR",
                     help="Everything that lasts; default: sc-neurocore/service in "
                          "$XDG_STATE_HOME or ~/.local/state."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(
    "serve",
    cls=SuggestingGroup,
    invoke_without_command=True,
    epilog=examples(
        "sc-neurocore serve token create --role admin --name me",
        "sc-neurocore serve",
        "sc-neurocore serve --port 0 --json",
        "sc-neurocore serve --host 0.0.0.0 --port 8443 --state /srv/neuro --workers 2",
        codes=_CODES,
    ),
)
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Where to listen; beyond this machine only once a token exists.")  # fmt: skip
@click.option("--port", type=click.IntRange(0, 65535), default=8080, show_default=True,
              help="0 for a free one.")  # fmt: skip
@_place
@click.option("--scheduler", default="", metavar="tcp://…", help="Dask scheduler that runs jobs.")
@click.option("--workers", type=int, default=1, show_default=True, metavar="N",
              help="Jobs at once on this machine.")  # fmt: skip
@click.option("--rate", type=float, default=100.0, show_default=True, metavar="N",
              help="Requests per second of a token.")  # fmt: skip
@click.option("--upload-mb", type=int, default=64, show_default=True, metavar="N",
              help="Largest file, in MiB.")  # fmt: skip
@click.option("--job-seconds", type=float, default=3600.0, show_default=True, metavar="S",
              help="Longest job.")  # fmt: skip
@click.option("--job-memory-mb", type=int, default=4096, show_default=True, metavar="N",
              help="Memory of a job, in MiB.")  # fmt: skip
@json_option
@click.pass_context
def serve(context: click.Context, /, host: str, port: int, as_json: bool, **options: Any) -> None:
    """Serve builds, devices and live updates over HTTP.

    Every request needs a token, on this machine too; only /health and /openapi.json do not.
    """
    if context.invoked_subcommand is not None:
        return
    settings = _settings(**options)
    from sc_neurocore.compiler_service.service import serve as run
    from sc_neurocore.compiler_service.service import token_command

    def on_ready(url: str, tokens: bool) -> None:
        if as_json:
            place = {"url": url, "state": str(settings.state), "pid": os.getpid()}
            click.echo(json.dumps({**place, "tokens": tokens}))
            return
        click.echo(f"Serving at {url}, state in {settings.state}")
        if not tokens:
            click.echo(f"No token exists yet. Make one: {token_command(settings)}")

    run(settings, host, port, on_ready)


@serve.group(
    "token",
    cls=SuggestingGroup,
    epilog=examples(
        "sc-neurocore serve token create --role operator --name ci",
        "sc-neurocore serve token list",
        codes=_CODES,
    ),
)
def token() -> None:
    """Make, list and revoke tokens; only their hashes are kept."""


@token.command(
    epilog=examples(
        "sc-neurocore serve token create --role admin --name me",
        "sc-neurocore serve token create --role operator --name ci --device bench-1",
        codes=_CODES,
    )
)
@click.option("--role", type=click.Choice(["viewer", "operator", "admin"]), required=True,
              help="A viewer reads, an operator builds and updates.")  # fmt: skip
@click.option("--name", default="token", show_default=True, help="What it is for.")
@click.option("--device", "devices", multiple=True, metavar="NAME",
              help="Only this device (repeatable); default: all.")  # fmt: skip
@_place
@json_option
def create(role: Any, name: str, devices: tuple[str, ...], as_json: bool, **place: Any) -> None:
    """Make a token and print it once."""
    from sc_neurocore.compiler_service.service import create_token

    database = _database(**place)
    with database.writing() as connection:
        text = create_token(connection, name, role, devices or ("*",))
    if as_json:
        print_json({"token": text, "role": role, "name": name})
        return
    click.echo(text)
    click.echo(
        "It is not shown again; give it as SC_NEUROCORE_TOKEN, or keep it in a file of mode 0600.",
        err=True,
    )


@token.command("list", epilog=examples("sc-neurocore serve token list", codes=_CODES))
@_place
@json_option
def list_(as_json: bool, **place: Any) -> None:
    """List tokens, without their secrets."""
    from dataclasses import asdict

    from sc_neurocore.compiler_service.service import list_tokens

    with _database(**place).reading() as connection:
        found = list_tokens(connection)
    if as_json:
        print_json([asdict(x) for x in found])
        return
    rows = [
        [x.id, x.name, x.role, ", ".join(x.devices), _date(x.created), _date(x.revoked)]
        for x in found
    ]
    print_table(["id", "name", "role", "devices", "made", "revoked"], rows)


@token.command(
    epilog=examples("sc-neurocore serve token revoke 1f2e3d4c5b6a", codes=_CODES),
)
@click.argument("identity", metavar="ID")
@_place
def revoke(identity: str, **place: Any) -> None:
    """Make a token useless, in a running service within a second."""
    from sc_neurocore.compiler_service.service import revoke_token

    with _database(**place).writing() as connection:
        revoke_token(connection, identity)
    click.echo(f"Revoked {identity}.")


def _settings(
    state: Path | None,
    database: str,
    job_seconds: float = 3600.0,
    job_memory_mb: int = 4096,
    **options: Any,
) -> Settings:
    try:
        from sc_neurocore.compiler_service.service import JobLimits, Settings
    except ImportError as error:
        raise SCDependencyError(
            f"the service needs {error.name}; run: pip install 'sc-neurocore[service]'"
        ) from None

    limits = JobLimits(seconds=job_seconds, memory_mb=job_memory_mb)
    return Settings(state=state or _default(), database=database, limits=limits, **options)


def _database(**place: Any) -> Database:
    settings = _settings(**place)
    from sc_neurocore.compiler_service.service import Database

    settings.prepare()
    return Database(settings.url)


def _default() -> Path:
    base = os.environ.get("XDG_STATE_HOME")
    return (Path(base) if base else Path.home() / ".local" / "state") / "sc-neurocore" / "service"


def _date(seconds: float | None) -> str:
    return "" if seconds is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
