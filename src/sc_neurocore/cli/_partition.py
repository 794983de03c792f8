"""``partition``: one network over many places: compiled, run, watched."""

from __future__ import annotations

import click

from sc_neurocore.cli._output import examples
from sc_neurocore.cli._partition_compile import compile_command
from sc_neurocore.cli._partition_run import run
from sc_neurocore.cli._partition_status import status


class _PartitionGroup(click.Group):
    """A group whose first word may be the file of a network, which is then compiled."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``compile`` before a file."""
        first = args[0] if args else "--help"
        if first.endswith((".nir", ".onnx")):
            args = ["compile", *args]
        elif first not in self.commands and not first.startswith("-"):
            from sc_neurocore.dynamics import suggest

            raise click.UsageError(
                f"'{first}' is neither a .nir or .onnx file nor a command"
                f"{suggest(first, self.commands)}",
                ctx,
            )
        return super().parse_args(ctx, args)


@click.group(
    cls=_PartitionGroup,
    short_help="Spread a network over chips and hosts.",
    epilog=examples(
        "sc-neurocore partition digits.nir --places hosts.toml --data digits",
        "sc-neurocore partition run digits-parts --data digits",
        "sc-neurocore partition run digits-parts --data digits --loss 0.01",
        "sc-neurocore partition status digits-status",
        codes="0 success, 2 bad input, 3 the network cannot be spread or run as asked, "
        "4 a package is missing, 130 interrupted",
    ),
)
def partition() -> None:
    """Compile NETWORK for its places (`partition NET.nir --places FILE.toml`), run it, watch it."""


partition.add_command(compile_command)
partition.add_command(run)
partition.add_command(status)
