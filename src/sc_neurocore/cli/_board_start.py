"""``board start``: a virtual board, until Ctrl-C."""

from __future__ import annotations

from pathlib import Path

import click

from sc_neurocore.cli._output import examples, json_option, print_json, progress


@click.command(
    short_help="Run BUNDLE as a board until Ctrl-C.",
    epilog=examples(
        "sc-neurocore board digits-live",
        "sc-neurocore board digits-live --listen board.sock",
        "sc-neurocore board digits-live --listen 7000 --json",
        codes="0 success, 2 not a live bundle, 4 tool missing, 5 tool failed, "
        "8 the address cannot be used, 130 ended with Ctrl-C",
    ),
)
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option(
    "--listen",
    metavar="PATH|PORT",
    help="Unix socket or TCP port of this machine (0: any free port); default a private socket.",
)
@click.option(
    "--seed",
    type=int,
    default=1,
    show_default=True,
    help="Seed of its registers before reset, and of its faults.",
)
@json_option
def start(bundle: Path, listen: str | None, seed: int, as_json: bool) -> None:
    """Run BUNDLE's RTL as a board that others connect to, until Ctrl-C.

    BUNDLE is what `build NET.nir --live axi_lite` wrote.
    """
    with progress(quiet=as_json) as on_stage:
        on_stage("opening the bundle")
        from sc_neurocore.devices import BoardProcess, open_bundle
        from sc_neurocore.exceptions import ToolError

        design = open_bundle(bundle)
        on_stage("compiling the board")
        process = BoardProcess(design, listen=listen, seed=seed)
    try:
        if as_json:
            print_json({"address": process.address, "pid": process.pid, "digest": design.digest})
        else:
            click.echo(f"'{design.name}' runs at {process.address} (Ctrl-C ends it)")
        status = process.wait()
    finally:
        process.stop()
    raise ToolError(f"the virtual board ended by itself (exit status {status})")
