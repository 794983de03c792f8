"""``doctor``: which tools are here, which versions, what is missing, how to get it."""

from __future__ import annotations

import platform
from dataclasses import asdict

import click

from sc_neurocore import __version__
from sc_neurocore.cli._output import examples, json_option, print_json, print_table

#: What `build` needs for its default target to climb the whole ladder.
DEFAULT_BUILD = ("yosys", "nextpnr-ice40", "icepack", "bitwuzla")


@click.command(
    epilog=examples(
        "sc-neurocore doctor",
        "sc-neurocore doctor --json",
        codes="0 the default build works, 4 a tool that it needs is missing",
    ),
)
@json_option
def doctor(as_json: bool) -> None:
    """Say which tools are installed, and how to get those that are not."""
    from sc_neurocore.evidence import cache_dir
    from sc_neurocore.exceptions import SCDependencyError
    from sc_neurocore.toolchain import doctor as examine

    tools = examine()
    missing = [tool for tool in tools if tool.name in DEFAULT_BUILD and not tool.found]
    if as_json:
        print_json(
            {
                "sc_neurocore": __version__,
                "python": platform.python_version(),
                "platform": platform.platform(),
                "cache": str(cache_dir()),
                "default_build_works": not missing,
                "tools": [asdict(t) | {"default": t.name in DEFAULT_BUILD} for t in tools],
            }
        )
    else:
        click.echo(f"sc-neurocore {__version__}, Python {platform.python_version()}")
        click.echo(f"Results of tools are kept in {cache_dir()}\n")
        print_table(
            ("TOOL", "STATE", "FROM", "VERSION", "FOR"),
            [
                (
                    tool.name,
                    "found" if tool.found else "missing" if tool in missing else "optional",
                    tool.origin or "",
                    tool.version or "",
                    tool.role if tool.found else f"{tool.role}; install: {tool.install}",
                )
                for tool in tools
            ],
        )
    if missing:
        names = ", ".join(tool.name for tool in missing)
        ways = " and ".join(dict.fromkeys(f"`{tool.install}`" for tool in missing))
        raise SCDependencyError(f"the default build needs {names}; run {ways}")
    if not as_json:
        click.echo("\nThe default build (ice40-hx8k) has every tool it needs.")
