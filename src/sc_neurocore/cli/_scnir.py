"""``scnir``: documents of streams: checked, made of a network, audited as handed to hardware."""

from __future__ import annotations

from pathlib import Path

import click

from sc_neurocore.cli._group import SuggestingGroup
from sc_neurocore.cli._output import examples, json_option, print_json


@click.group(
    cls=SuggestingGroup,
    epilog=examples(
        "sc-neurocore scnir export examples/digits/digits.nir --out digits.scnir.json",
        "sc-neurocore scnir validate digits.scnir.json",
        codes="0 success, 2 bad input, 3 streams correlate more than their document allows",
    ),
)
def scnir() -> None:
    """Check, make and audit SC-NIR documents: the streams of a network."""


@scnir.command(
    epilog=examples(
        "sc-neurocore scnir validate digits.scnir.json",
        codes="0 valid, 2 invalid, 3 streams correlate more than the document allows",
    ),
)
@click.argument("document", type=click.Path(path_type=Path))
@json_option
def validate(document: Path, as_json: bool) -> None:
    """Check a document of any version, and measure its correlation constraints."""
    from sc_neurocore.ir import load_scnir, require_scnir_correlations

    found = load_scnir(document)
    checks = require_scnir_correlations(found)
    if as_json:
        print_json({
            "name": found.name,
            "streams": len(found.streams),
            "correlation": [
                {"stream": c.stream, "other": c.other, "scc": c.scc, "allowed": c.max_abs_scc}
                for c in checks
            ],
        })  # fmt: skip
        return
    click.echo(f"{document} is valid: {_count(len(found.streams), 'stream')}.")
    if checks:
        worst = max(checks, key=lambda c: abs(c.scc))
        click.echo(
            f"{_count(len(checks), 'multiplier pair')} within the constraint; the largest SCC is "
            f"{worst.scc:+.3f}, of {worst.stream} and {worst.other} "
            f"(allowed: {worst.max_abs_scc:g})."
        )


@scnir.command(
    epilog=examples(
        "sc-neurocore scnir export examples/digits/digits.nir --out digits.scnir.json",
        codes="0 success, 2 bad input, 4 a package is missing",
    ),
)
@click.argument("model", type=click.Path(path_type=Path))
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE.json",
    help="Where to write it; default the model's name with .scnir.json.",
)  # fmt: skip
@json_option
def export(model: Path, out: Path | None, as_json: bool) -> None:
    """Make the document of a network in a .nir or .onnx file."""
    from sc_neurocore.ir import scnir_to_dict
    from sc_neurocore.nir_bridge import export_scnir_from_nir

    target = out or Path(f"{model.stem}.scnir.json")
    document = export_scnir_from_nir(model, target)
    if as_json:
        print_json(scnir_to_dict(document))
        return
    click.echo(f"{target}: {_count(len(document.streams), 'stream')} of '{document.name}'.")


@scnir.command(
    epilog=examples(
        "sc-neurocore scnir audit handoff/",
        codes="0 sound, 2 incomplete or contradictory",
    ),
)
@click.argument("directory", type=click.Path(path_type=Path))
@json_option
def audit(directory: Path, as_json: bool) -> None:
    """Audit a directory that hands a document and the RTL of its sources on."""
    from sc_neurocore.ir import audit_scnir_hdl_handoff

    report = audit_scnir_hdl_handoff(directory)
    if as_json:
        print_json(report.as_dict())
        return
    click.echo(
        f"{directory} is sound: {_count(report.streams, 'stream')}, each with one source row and "
        "one module."
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
