"""``verify``: run and prove the RTL of a bundle again, edited or not."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from sc_neurocore.cli._build import MISMATCH
from sc_neurocore.cli._output import examples, json_option, print_json, print_table, progress


@click.command(
    epilog=examples(
        "sc-neurocore verify lif-ice40-hx8k",
        codes="0 sound, 2 not a bundle or damaged, 4 tool missing, 5 tool failed, "
        "6 a mismatch or a refuted property",
    ),
)
@click.argument("bundle", type=click.Path(path_type=Path))
@json_option
def verify(bundle: Path, as_json: bool) -> None:
    """Co-simulate and prove the rtl/ of BUNDLE as it lies on disk."""
    from sc_neurocore.build import verify_bundle
    from sc_neurocore.build.network import holds_network

    if holds_network(bundle):
        _verify_network(bundle, as_json=as_json)
        return
    with progress(quiet=as_json) as on_stage:
        found = verify_bundle(bundle, on_stage=on_stage)
    formal = found.proof.formal
    if as_json:
        print_json(
            {
                "sound": found.sound,
                "changed": list(found.changed),
                "cosim": [
                    {
                        "simulator": r.simulator,
                        "cycles": r.cycles,
                        "mismatches": r.mismatches,
                        "first_mismatch": None if r.first is None else str(r.first),
                    }
                    for r in found.cosim
                ],
                "formal": formal,
            }
        )
    else:
        _print_changed(found.changed)
        rows = [
            [
                f"co-simulation in {r.simulator}",
                f"{r.cycles} cycles, {r.mismatches} mismatches"
                + (f"; {r.first}" if r.first else ""),
            ]
            for r in found.cosim
        ]
        rows += [
            [
                f"property {p['name']}",
                _status(p["status"], bool(formal["refuted"]))
                + ("" if p["status"] == "proven" else f": {p['meaning']}"),
            ]
            for p in formal.get("properties", [])
        ]
        rows += [["proof", found.proof.rung]]
        print_table(["check", "result"], rows)
        _print_cached(found.cached)
    if not found.sound:
        click.get_current_context().exit(MISMATCH)


def _verify_network(bundle: Path, *, as_json: bool) -> None:
    from sc_neurocore.build.network import verify_network

    with progress(quiet=as_json) as on_stage:
        found = verify_network(bundle, on_stage=on_stage)
    if as_json:
        print_json(
            {"sound": found.sound, "changed": list(found.changed), "cosim": list(found.cosim)}
        )
    else:
        _print_changed(found.changed)
        rows = [
            [
                f"co-simulation in {run['simulator']}",
                f"{run['samples']} inference{'s' * (run['samples'] != 1)}, {run['cycles']} clocks, "
                f"{run['mismatches']} mismatches"
                + (f"; {run['first_mismatch']}" if run["first_mismatch"] else ""),
            ]
            for run in found.cosim
        ]
        print_table(["check", "result"], rows)
        _print_cached(found.cached)
    if not found.sound:
        click.get_current_context().exit(MISMATCH)


def _print_changed(names: Sequence[str]) -> None:
    for name in names:
        click.echo(f"rtl/{name} differs from the manifest; checking it as it is.")


def _print_cached(cached: bool) -> None:
    if cached:
        click.echo("Every tool run was found in the evidence store (nothing changed since).")


def _status(status: str, refuted: bool) -> str:
    """A property's status; after a counterexample the prover leaves the others open."""
    return "left open, as another is refuted" if status == "unknown" and refuted else status
