"""``targets``: the devices that we can build for."""

from __future__ import annotations

from dataclasses import asdict

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table


@click.command(
    epilog=examples("sc-neurocore targets", "sc-neurocore targets --json", codes="0 success"),
)
@json_option
def targets(as_json: bool) -> None:
    """List the devices to build for, with their capacities."""
    from sc_neurocore.toolchain import targets as known

    found = list(known().values())
    if as_json:
        print_json(
            [
                asdict(t) | {"place_and_route": t.place_and_route, "available": t.available}
                for t in found
            ]
        )
        return
    print_table(
        ("NAME", "LUTS", "FFS", "BRAMS", "DSPS", "ROUTED", "EXTRA", "DESCRIPTION"),
        [
            (
                t.name,
                *("" if n is None else str(n) for n in (t.luts, t.ffs, t.brams, t.dsps)),
                "yes" if t.place_and_route else "no",
                t.extra if t.available else "–",
                t.description,
            )
            for t in found
        ],
    )
