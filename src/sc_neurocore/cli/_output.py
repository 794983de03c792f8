"""What commands print: JSON for machines, tables for people, plain columns for pipes."""

from __future__ import annotations

import errno
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from sc_neurocore.exceptions import SCConfigError

Command = TypeVar("Command", bound=Callable[..., Any])

#: Columns this narrow keep their width on a narrow terminal; wider ones share what is left.
_NEVER_WRAPPED = 25

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for machines.")
plot_option = click.option(
    "--plot", type=click.Path(path_type=Path), metavar="FILE.svg", help="Write a plot."
)


def examples(*lines: str, codes: str) -> str:
    """Epilog of a command's help.

    Args:
        lines: example command lines.
        codes: its exit codes in one line.
    """
    listed = "\n".join(f"  {line}" for line in lines)
    return f"\b\nExamples:\n{listed}\n\n\b\nExit codes: {codes}\n"


def print_json(value: Any) -> None:
    """Print one JSON document."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False))


def print_table(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table: drawn on a terminal, plain aligned columns elsewhere."""
    if sys.stdout.isatty():
        _draw(headers, rows)
        return
    widths = [max(len(row[i]) for row in (headers, *rows)) for i in range(len(headers))]
    for row in (headers, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _draw(headers: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    for i, header in enumerate(headers):
        widest = max(len(row[i]) for row in (headers, *rows))
        table.add_column(header, overflow="fold", no_wrap=widest <= _NEVER_WRAPPED)
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    Console().print(table)


def write_file(path: Path, text: str) -> None:
    """Write a file that the user named, whole or not at all.

    Raises:
        SCConfigError: it cannot be written.
    """
    from sc_neurocore.evidence import atomic_write

    require_place(path)
    try:
        atomic_write(path, text)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise SCConfigError(f"{path} cannot be written: {reason}") from None


def require_place(path: Path) -> None:
    """Refuse the name of a file that cannot be written, before anything is run.

    Raises:
        SCConfigError: it is a directory, or is in none.
    """
    if path.is_dir():
        raise SCConfigError(f"{path} is a directory; give the name of a file")
    if not path.parent.is_dir():
        raise SCConfigError(f"{path} cannot be written: {os.strerror(errno.ENOENT)}")


def require_svg(plot: Path | None) -> None:
    """Refuse the name of a plot that does not end in ``.svg``, before anything is run."""
    if plot is not None and plot.suffix != ".svg":
        raise SCConfigError(f"--plot writes SVG; '{plot}' must end in .svg")


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[str], None]]:
    """A spinner that names what is running; silent when nobody watches."""
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda text: bar.update(task, description=text)
