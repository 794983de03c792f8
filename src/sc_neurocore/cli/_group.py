"""Command groups: commands imported on use, near names suggested, errors as one sentence."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

import click

from sc_neurocore.cli._interrupt import interruptible
from sc_neurocore.exceptions import SCNeuroError

INTERRUPTED = 130


class SuggestingGroup(click.Group):
    """A group that answers an unknown command with the nearest known one."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that the arguments start with."""
        name = args[0]
        if not name.startswith("-") and name not in self.list_commands(ctx):
            from sc_neurocore.dynamics import suggest

            hint = suggest(name, self.list_commands(ctx))
            raise click.UsageError(f"there is no command '{name}'{hint}", ctx)
        return super().resolve_command(ctx, args)


class LazyGroup(SuggestingGroup):
    """The top-level group.

    Args:
        package: package of the command modules.
        modules: command name to the module that defines it under that name, in which hyphens
            are underscores.
        options: as for `click.Group`.
    """

    def __init__(
        self, *, package: str = "", modules: Mapping[str, str] | None = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self._package, self._modules = package, dict(modules or {})

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table, which is the order of use."""
        return list(self._modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module."""
        if cmd_name not in self._modules:
            return None
        module = importlib.import_module(f"{self._package}.{self._modules[cmd_name]}")
        found: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return found

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> NoReturn:
        """Run the command line and exit with the code of what happened.

        Args:
            args: arguments; default those of the process.
            prog_name: name shown in help.
            complete_var: variable that asks for shell completion.
            standalone_mode: ignored: errors are always worded here rather than by click.
            extra: as for `click.Command.main`.
        """
        try:
            with interruptible():
                result = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except Exception as error:
            if os.environ.get("SC_NEUROCORE_DEBUG") == "1":
                raise
            message, code = _verdict(error)
            click.echo(message, err=True)
            sys.exit(code)
        # Without standalone mode click returns the code of `ctx.exit`, else the command's None.
        sys.exit(result if isinstance(result, int) else 0)


def _verdict(error: Exception) -> tuple[str, int]:
    """Message and exit code of what stopped a command."""
    match error:
        case SCNeuroError():
            return f"Error: {error}", error.exit_code
        case click.exceptions.NoArgsIsHelpError():
            return error.format_message(), error.exit_code
        case click.NoSuchOption():
            near = f"; did you mean '{error.possibilities[0]}'?" if error.possibilities else ""
            return f"Error: there is no option '{error.option_name}'{near}", error.exit_code
        case click.ClickException():
            return f"Error: {error.format_message()}", error.exit_code
        case click.Abort():
            return "Interrupted.", INTERRUPTED
    return (
        f"Error: unexpected {type(error).__name__}: {error}\n"
        "This is a fault in sc-neurocore; please report it with the output of the same command "
        "under SC_NEUROCORE_DEBUG=1.",
        1,
    )
