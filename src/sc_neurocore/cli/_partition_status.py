"""``partition status``: how far the parts of a run are."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table

if TYPE_CHECKING:
    from sc_neurocore.partition import PartStatus

#: A part writes several times a second; after so many seconds without, it is not at work.
_SILENT_S = 5
_HEADERS = ("place", "tick", "spikes sent", "received", "lost", "late", "seconds", "state")


@click.command(
    short_help="Show how far the parts are.",
    epilog=examples(
        "sc-neurocore partition status digits-status",
        "sc-neurocore partition status digits-status --json",
        codes="0 success, 2 no such directory, 3 a file in it is no status, 130 interrupted",
    ),
)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--once", is_flag=True, help="Print the table once, also on a terminal.")
@json_option
def status(directory: Path, once: bool, as_json: bool) -> None:
    """Show what the parts that run with `--status DIRECTORY` last wrote; live on a terminal."""
    from sc_neurocore.exceptions import SCConfigError
    from sc_neurocore.partition import read_status

    if not directory.is_dir():
        raise SCConfigError(f"{directory} is no directory; give the one of `run --status`")
    found = read_status(directory)
    if as_json:
        print_json({place: asdict(part) for place, part in found.items()})
    elif once or not sys.stdout.isatty():
        if found:
            print_table(_HEADERS, _rows(found))
        else:
            click.echo(f"{directory}: no part has written its status here yet")
    else:
        _watch(directory)


def _rows(found: Mapping[str, PartStatus]) -> list[list[str]]:
    return [
        [
            part.place, f"{part.tick} of {part.ticks}", str(part.sent), str(part.received),
            str(part.lost), str(part.late), f"{part.seconds:.1f}",
            _state(part),
        ]
        for part in found.values()
    ]  # fmt: skip


def _state(part: PartStatus) -> str:
    if part.finished:
        return "finished"
    silent = time.time() - part.written
    return f"silent for {silent:.0f} s" if silent > _SILENT_S else "running"


def _watch(directory: Path) -> None:
    """Draw the table anew until every part has finished."""
    from rich.live import Live
    from rich.table import Table

    from sc_neurocore.partition import read_status

    def drawn(found: Mapping[str, Any]) -> Table:
        table = Table(*_HEADERS)
        for row in _rows(found):
            table.add_row(*row)
        return table

    with Live(auto_refresh=False) as live:
        while True:
            found = read_status(directory)
            live.update(drawn(found), refresh=True)
            if found and all(part.finished for part in found.values()):
                return
            time.sleep(0.25)
