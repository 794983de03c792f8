"""The reference of the command line."""

from __future__ import annotations


def command_line() -> str:
    """The reference of every command: what its ``--help`` says."""
    import click

    from sc_neurocore.cli import main as program

    parts = [
        "# Command line",
        "",
        "What `--help` says of every command. This page is generated.",
    ]

    def add(command: click.Command, path: str, parent: click.Context | None) -> None:
        settings = {**command.context_settings, "terminal_width": 92, "max_content_width": 92}
        context = click.Context(command, parent, path.split()[-1], **settings)
        parts.extend(["", f"## `{path}`", "", "```text", command.get_help(context).rstrip(), "```"])
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None, name
                add(found, f"{path} {name}", context)

    add(program, "sc-neurocore", None)
    return "\n".join(parts) + "\n"
