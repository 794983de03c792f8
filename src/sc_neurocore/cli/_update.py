"""``update``: live updates through a running service."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from sc_neurocore.cli._group import SuggestingGroup
from sc_neurocore.cli._output import examples, json_option, print_json, print_table
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.compiler_service.client import Client

Command = TypeVar("Command", bound=Callable[..., Any])
_REFUSED = 6
_CODES = (
    "0 done, 2 bad input, 4 extra missing, 6 a gate refused or the device was rolled back, "
    "9 the service refused or does not answer"
)
_GOOD = ("planned", "committed", "rolled_back")
_SHARE = click.FloatRange(0, 1)


def _service(command: Command) -> Command:
    """Options that say which service is meant."""
    for option in (
        json_option,
        click.option("--token-file", type=click.Path(path_type=Path), metavar="FILE",
                     help="Holds the token, mode 0600; default: SC_NEUROCORE_TOKEN, else "
                          "~/.config/sc-neurocore/token."),
        click.option("--url", envvar="SC_NEUROCORE_URL", default="http://127.0.0.1:8080",
                     show_default=True, help="Where the service listens."),
    ):  # fmt: skip
        command = option(command)
    return command


@click.group(
    "update",
    cls=SuggestingGroup,
    epilog=examples(
        "sc-neurocore update plan bench-1 retrained.nir",
        "sc-neurocore update apply update-1a2b3c",
        "sc-neurocore update status --device bench-1",
        codes=_CODES,
    ),
)
def update() -> None:
    """Plan, apply and undo live updates of devices.

    The parameters of a running device are replaced wholly or not at all; a running
    `sc-neurocore serve` does the work and keeps the ledger.
    """


@update.command(
    epilog=examples(
        "sc-neurocore update plan bench-1 retrained.nir",
        "sc-neurocore update plan bench-1 retrained.nir --tick 3 --json",
        "sc-neurocore update plan bench-1 retrained.nir --samples recent.npz --min-agreement 0.95",
        codes=_CODES,
    )
)
@click.argument("device")
@click.argument("network", type=click.Path(path_type=Path))
@click.option("--tick", type=int, default=0, show_default=True, metavar="T",
              help="Tick of an inference at which it takes effect; 0: between two.")  # fmt: skip
@click.option("--samples", type=click.Path(path_type=Path), metavar="FILE.npz",
              help="Labelled samples (x, y) to compare old and new weights on; default: the "
                   "build's, without labels.")  # fmt: skip
@click.option("--min-agreement", type=_SHARE, metavar="SHARE",
              help="Share of samples answered as before; with labels, of those answered "
                   "rightly.")  # fmt: skip
@click.option("--max-accuracy-drop", type=_SHARE, metavar="SHARE",
              help="By how much the share of right answers may fall.")  # fmt: skip
@click.option("--max-outside", type=_SHARE, metavar="SHARE",
              help="Share of inferences outside the telemetry bounds of before.")  # fmt: skip
@_service
def plan(
    device: str,
    network: Path,
    tick: int,
    samples: Path | None,
    min_agreement: float | None,
    max_accuracy_drop: float | None,
    max_outside: float | None,
    as_json: bool,
    **service: Any,
) -> None:
    """Make a signed package of NETWORK's weights for DEVICE, and put it through the gates.

    Limits are shares from 0 to 1; those left out are the service's, and only an admin can loosen
    one.
    """
    if not network.is_file():
        raise SCConfigError(f"{network}: no such file")
    if samples is not None and not samples.is_file():
        raise SCConfigError(f"{samples}: no such file")
    given = {
        "min_agreement": min_agreement,
        "max_accuracy_drop": max_accuracy_drop,
        "max_outside": max_outside,
    }
    limits = {name: value for name, value in given.items() if value is not None}
    with _client(**service) as client:
        replayed = None if samples is None else client.upload(samples, "npz")
        made = client.plan_update(
            device, client.upload(network), tick=tick, samples=replayed, limits=limits
        )
        _finish(client.wait_for_update(made["id"]), as_json)


@update.command(epilog=examples("sc-neurocore update apply update-1a2b3c", codes=_CODES))
@click.argument("identity", metavar="UPDATE")
@_service
def apply(identity: str, as_json: bool, **service: Any) -> None:
    """Apply a planned update: stage, swap at one tick, read back, commit or roll back."""
    with _client(**service) as client:
        client.apply_update(identity)
        _finish(client.wait_for_update(identity), as_json)


@update.command(epilog=examples("sc-neurocore update rollback update-1a2b3c", codes=_CODES))
@click.argument("identity", metavar="UPDATE")
@_service
def rollback(identity: str, as_json: bool, **service: Any) -> None:
    """Undo a committed update, as an update with a version of its own."""
    with _client(**service) as client:
        client.rollback_update(identity)
        _finish(client.wait_for_update(identity), as_json)


@update.command(
    epilog=examples(
        "sc-neurocore update status update-1a2b3c",
        "sc-neurocore update status --device bench-1",
        codes=_CODES,
    )
)
@click.argument("identity", metavar="[UPDATE]", required=False)
@click.option("--device", help="All updates of a device.")
@_service
def status(identity: str | None, device: str | None, as_json: bool, **service: Any) -> None:
    """Show an update, or all of a device."""
    if (identity is None) == (device is None):
        raise SCConfigError("name either an UPDATE or a --device")
    with _client(**service) as client:
        if identity is not None:
            found = client.update(identity)
            print_json(found) if as_json else _print(found)
            return
        assert device is not None
        listed = client.updates(device)
    if as_json:
        print_json(listed)
        return
    rows = [[x["id"], str(x["version"] or ""), x["state"], x["reason"]] for x in listed]
    print_table(["update", "version", "state", "reason"], rows)


def _client(url: str, token_file: Path | None) -> Client:
    from sc_neurocore.compiler_service.client import Client

    return Client(url, _token(token_file))


def _token(file: Path | None) -> str:
    """The token of the environment, else of a file that only its owner can read."""
    if file is None:
        if text := os.environ.get("SC_NEUROCORE_TOKEN"):
            return text.strip()
        base = os.environ.get("XDG_CONFIG_HOME")
        file = (Path(base) if base else Path.home() / ".config") / "sc-neurocore" / "token"
        if not file.exists():
            raise SCConfigError(
                "there is no token: set SC_NEUROCORE_TOKEN, or write it to a file of mode 0600 and "
                "give --token-file; `sc-neurocore serve token create` makes one"
            )
    try:
        if stat.S_IMODE(file.stat().st_mode) & 0o077:
            raise SCConfigError(f"others can read the token in {file}; run: chmod 600 {file}")
        return file.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise SCConfigError(f"the token file {file} cannot be read: {reason}") from None


def _finish(found: dict[str, Any], as_json: bool) -> None:
    print_json(found) if as_json else _print(found)
    if found["state"] not in _GOOD:
        click.get_current_context().exit(_REFUSED)


def _print(found: dict[str, Any]) -> None:
    version = f", version {found['version']}" if found["version"] else ""
    click.echo(f"{found['id']} of {found['device']}{version}: {found['state']}")
    if found["reason"]:
        click.echo(found["reason"])
    if found["gates"]:
        rows = [[x["name"], "passed" if x["passed"] else "refused", x["reason"]]
                for x in found["gates"]]  # fmt: skip
        print_table(["gate", "", "reason"], rows)
