"""``models``: the catalogue, one model in full, and whether files are valid."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict
from typing import Any

import click

from sc_neurocore.cli._group import SuggestingGroup
from sc_neurocore.cli._models_plot import plot
from sc_neurocore.cli._models_scan import scan
from sc_neurocore.cli._output import examples, json_option, print_json, print_table
from sc_neurocore.exceptions import SCConfigError


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "sc-neurocore models list",
        "sc-neurocore models show izhikevich2003",
        "sc-neurocore models plot adex -o adex.svg",
        "sc-neurocore models scan lif --parameter I=0:4:21",
        "sc-neurocore models validate my_neuron.toml",
        codes="0 success, 2 bad input or an invalid model",
    ),
)
def models() -> None:
    """List, show, plot, scan and validate neuron models."""


@models.command(
    "list",
    epilog=examples(
        "sc-neurocore models list",
        "sc-neurocore models list --family conductance-based --tag bursting",
        "sc-neurocore models list --json",
        codes="0 success, 2 no such family or tag",
    ),
)
@click.option("--family", metavar="FAMILY", help="Only models of this family.")
@click.option("--tag", "tags", multiple=True, metavar="TAG",
              help="Only models with this measured behaviour; repeat for several.")  # fmt: skip
@json_option
def list_models(family: str | None, tags: tuple[str, ...], as_json: bool) -> None:
    """List the models of the catalogue.

    The behaviour was measured by a probe of each model under its default parameters.
    """
    from sc_neurocore.neurons import catalogue

    found = catalogue()
    if family is not None:
        _require("family", family, {d.family for d in found})
    for tag in tags:
        _require("tag", tag, {t for d in found for t in d.behaviour})
    found = [d for d in found if family in (None, d.family) and set(tags) <= set(d.behaviour)]
    if as_json:
        print_json([asdict(d) for d in found])
        return
    print_table(
        ("NAME", "FAMILY", "BEHAVIOUR", "STATES", "TIER", "TITLE"),
        [
            (d.name, d.family, ", ".join(d.behaviour), str(len(d.states)), str(d.tier), d.title)
            for d in found
        ],
    )


def _require(kind: str, value: str, known: Collection[str]) -> None:
    """Refuse a filter that no model could pass."""
    if value not in known:
        from sc_neurocore.dynamics import suggest

        hint = suggest(value, sorted(known))
        raise SCConfigError(f"no bundled model has the {kind} '{value}'{hint}")


@models.command(
    epilog=examples(
        "sc-neurocore models show lif",
        "sc-neurocore models show my_neuron.toml --json",
        codes="0 success, 2 no such model, or an invalid one",
    ),
)
@click.argument("model")
@json_option
def show(model: str, as_json: bool) -> None:
    """Show a model of the catalogue, or a model file, in full."""
    from sc_neurocore.neurons import describe, load_schema

    document, descriptor = load_schema(model), describe(model)
    if as_json:
        print_json({"descriptor": asdict(descriptor), "document": document})
        return
    dynamics = document["dynamics"]
    click.echo(f"{descriptor.title} ({descriptor.name})")
    click.echo(f"{descriptor.description}\n")
    for line in dynamics["equations"].strip().splitlines():
        click.echo(f"  {line.strip()}")
    for line in dynamics.get("jumps", "").strip().splitlines():
        click.echo(f"  jump {line.strip()}")
    spike = "spike as it becomes true that" if dynamics.get("edge") == "rising" else "spike when"
    for label, key in ((spike, "threshold"), ("then", "reset")):
        if key in dynamics:
            click.echo(f"  {label} {dynamics[key]}")
    if dynamics.get("refractory"):
        click.echo(f"  refractory for {dynamics['refractory']:g} ms")
    click.echo(f"\n  dt {dynamics.get('dt', 0.1):g} ms, method {_method(model)}\n")
    _print_quantities(document)
    if descriptor.behaviour:
        click.echo(f"\nBehaviour (measured): {', '.join(descriptor.behaviour)}.")
    if descriptor.class_name:
        click.echo(f"Class: sc_neurocore.neurons.{descriptor.class_name}")
    click.echo(f"Executions: {', '.join(descriptor.back_ends)}; tier {descriptor.tier} of 3.")
    if descriptor.doi:
        authors = "; ".join(descriptor.authors)
        click.echo(f"Source: {authors} ({descriptor.year}), https://doi.org/{descriptor.doi}")
    if note := document.get("reference", {}).get("note"):
        click.echo(f"Note: {note}")


@models.command(
    epilog=examples(
        "sc-neurocore models validate my_neuron.toml other.json",
        "sc-neurocore models validate            # the whole catalogue",
        codes="0 all are valid, 2 at least one is not",
    ),
)
@click.argument("files", nargs=-1)
@json_option
@click.pass_context
def validate(ctx: click.Context, files: tuple[str, ...], as_json: bool) -> None:
    """Check model files, or without arguments the whole catalogue."""
    from sc_neurocore.neurons import list_bundled_schemas, validate_schema

    found = {name: validate_schema(name) for name in files or list_bundled_schemas()}
    valid = {name: all(f.level != "error" for f in findings) for name, findings in found.items()}
    if as_json:
        print_json(
            {
                name: {"valid": valid[name], "findings": [asdict(f) for f in findings]}
                for name, findings in found.items()
            }
        )
    else:
        for name, findings in found.items():
            if valid[name]:
                click.echo(f"{name}: valid")
            for finding in findings:
                where = "" if str(finding).startswith(f"{name}:") else f"{name}: "
                click.echo(f"{finding.level.capitalize()}: {where}{finding}", err=True)
    if not all(valid.values()):
        ctx.exit(2)


def _method(model: str) -> str:
    from sc_neurocore.neurons import load_model

    return load_model(model).method


def _print_quantities(document: Mapping[str, Any]) -> None:
    kinds = {"states": "init", "parameters": "value", "inputs": "value"}
    rows = [
        (
            name,
            _kind(table, entry),
            f"{entry.get(field, 0.0):g}",
            str(entry.get("unit", "")),
            _range(entry),
            str(entry.get("meaning", "")),
        )
        for table, field in kinds.items()
        for name, entry in document.get(table, {}).items()
    ]
    print_table(("NAME", "KIND", "VALUE", "UNIT", "RANGE", "MEANING"), rows)


def _kind(table: str, entry: Mapping[str, Any]) -> str:
    if entry.get("kind") == "event":
        return "event input"
    return f"{'whole ' if entry.get('type') == 'int' else ''}{table.removesuffix('s')}"


def _range(entry: Mapping[str, Any]) -> str:
    if not {"low", "high"} <= entry.keys():
        return ""
    return f"{entry['low']:g} to {entry['high']:g}"


models.add_command(plot)
models.add_command(scan)
