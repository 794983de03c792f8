"""``completion``: the script that makes a shell complete commands, options and model names."""

from __future__ import annotations

import click

from sc_neurocore.cli._output import examples, json_option, print_json

PROGRAM = "sc-neurocore"
VARIABLE = "_SC_NEUROCORE_COMPLETE"


@click.command(
    epilog=examples(
        'eval "$(sc-neurocore completion bash)"      # in ~/.bashrc',
        'eval "$(sc-neurocore completion zsh)"       # in ~/.zshrc',
        "sc-neurocore completion fish > ~/.config/fish/completions/sc-neurocore.fish",
        codes="0 success, 2 an unknown shell",
    ),
)
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@json_option
@click.pass_context
def completion(ctx: click.Context, shell: str, as_json: bool) -> None:
    """Print the completion script of SHELL: bash, zsh or fish."""
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None, "click.Choice allows only shells that click knows"
    script = made(ctx.find_root().command, {}, PROGRAM, VARIABLE).source()
    if as_json:
        print_json({"shell": shell, "script": script})
    else:
        click.echo(script)
