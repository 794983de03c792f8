"""``board``: virtual boards started, checked and disturbed."""

from __future__ import annotations

import click

from sc_neurocore.cli._board_conformance import conformance
from sc_neurocore.cli._board_faults import faults
from sc_neurocore.cli._board_start import start
from sc_neurocore.cli._output import examples


class _BoardGroup(click.Group):
    """A group whose first word may be a bundle, which is then started."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``start`` before a bundle."""
        if args and args[0] not in self.commands and args[0] not in ("-h", "--help"):
            args = ["start", *args]
        return super().parse_args(ctx, args)


@click.group(
    cls=_BoardGroup,
    short_help="Run, check and disturb virtual boards.",
    epilog=examples(
        "sc-neurocore board digits-live",
        "sc-neurocore board digits-live --listen board.sock",
        "sc-neurocore board conformance digits-live",
        "sc-neurocore board faults board.sock bus.lost=0.001",
        codes="0 success, 2 bad input, 4 tool missing, 5 tool failed, 6 a check failed, "
        "8 no board, or a broken link",
    ),
)
def board() -> None:
    """Start a virtual board that runs BUNDLE (`board BUNDLE`), check one, disturb one.

    BUNDLE is what `build NET.nir --live axi_lite` wrote.
    """


board.add_command(start)
board.add_command(conformance)
board.add_command(faults)
