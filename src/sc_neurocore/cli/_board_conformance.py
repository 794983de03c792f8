"""``board conformance``: what every driver of a board must do, checked on one."""

from __future__ import annotations

from pathlib import Path

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table, progress

_FAILED = 6


@click.command(
    short_help="Check all that a device must do.",
    epilog=examples(
        "sc-neurocore board conformance digits-live",
        "sc-neurocore board conformance digits-live --address board.sock",
        "sc-neurocore board conformance --address 7000 --json",
        "sc-neurocore board conformance digits-live --serial /dev/ttyUSB0",
        codes="0 all checks passed, 2 bad input, 4 tool missing, 5 tool failed, 6 a check failed, "
        "8 no board, or a broken link",
    ),
)
@click.argument("bundle", type=click.Path(path_type=Path), required=False)
@click.option("--address", metavar="PATH|PORT", help="A virtual board that runs already.")
@click.option("--serial", metavar="PORT", help="A board behind a serial port.")
@click.option("--baud", type=int, default=115_200, show_default=True, help="Speed of that port.")
@click.option(
    "--samples", type=click.IntRange(1), default=4, show_default=True, help="Samples to classify."
)
@json_option
def conformance(
    bundle: Path | None,
    address: str | None,
    serial: str | None,
    baud: int,
    samples: int,
    as_json: bool,
) -> None:
    """Check that a board does all that a device must: a new virtual one, or the one named.

    A virtual board that runs already says itself which bundle it runs.
    """
    from sc_neurocore.devices import RegisterDevice, SerialDevice, VirtualBoard
    from sc_neurocore.devices.conformance import run_conformance

    if address is not None and serial is not None:
        raise click.UsageError("--address and --serial exclude each other; name one board")
    if bundle is None and address is None:
        raise click.UsageError("name a BUNDLE, or the --address of a virtual board")
    device: RegisterDevice
    with progress(quiet=as_json) as on_stage:
        on_stage("opening the board")
        if address is not None:
            device = VirtualBoard.connect(address, bundle)
        elif serial is not None and bundle is not None:
            device = SerialDevice(serial, bundle, baud=baud)
        elif bundle is not None:
            device = VirtualBoard.start(bundle)
        with device:
            report = run_conformance(device, device.design, samples=samples, on_check=on_stage)
    if as_json:
        print_json(report.to_dict())
    else:
        click.echo(f"{report.device}, '{report.design}', design {report.digest[:32]}")
        rows = [
            [c.name, "passed" if c.passed else "FAILED", c.required, c.evidence]
            for c in report.checks
        ]
        print_table(["check", "result", "required", "evidence"], rows)
        failed = sum(not check.passed for check in report.checks)
        click.echo(f"{len(report.checks) - failed} of {len(report.checks)} checks passed")
    if not report.passed:
        raise click.exceptions.Exit(_FAILED)
