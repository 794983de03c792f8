"""``partition run``: the parts as processes of this machine, or one of them, or virtual chips."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sc_neurocore.cli._output import (
    examples,
    json_option,
    plot_option,
    print_json,
    print_table,
    progress,
    require_place,
    require_svg,
    write_file,
)
from sc_neurocore.cli._partition_chips import are_chips, print_chips, run_on_chips

if TYPE_CHECKING:
    from sc_neurocore.ir import Partitions
    from sc_neurocore.partition import PartitionRun

_MISMATCH = 6


@click.command(
    short_help="Run a program, all of it or one place.",
    epilog=examples(
        "sc-neurocore partition run digits-parts --data digits --samples 50 --check",
        "sc-neurocore partition run digits-parts --data digits --loss 0.01 --duplicate 0.01",
        "sc-neurocore partition run digits-parts --place right --data digits",
        codes="0 success, 2 bad input, 3 a peer is missing or has another program, or the run "
        "halted, 6 spikes differ from the whole network's, 130 interrupted",
    ),
)
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--place", metavar="NAME", help="Run this place only; the others run elsewhere.")
@click.option("--data", default="digits", show_default=True, metavar="digits|mnist|FILE.npz")
@click.option("--samples", type=click.IntRange(1), default=20, show_default=True, metavar="N")
@click.option("--ticks", type=click.IntRange(1), metavar="T", help="Default: the network's.")
@click.option("--loss", type=float, default=0.0, metavar="P", help="Share of packets lost.")
@click.option("--duplicate", type=float, default=0.0, metavar="P", help="Share that comes twice.")
@click.option("--reorder", type=float, default=0.0, metavar="P", help="Share that is overtaken.")
@click.option("--delay", type=float, default=0.0, metavar="P", help="Share that comes late.")
@click.option("--corrupt", type=float, default=0.0, metavar="P", help="Share with a bit turned.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of these faults.")
@click.option("--status", "status_dir", type=click.Path(path_type=Path), metavar="DIR",
              help="Where each part writes how far it is, for `partition status DIR`.")  # fmt: skip
@click.option("--check", is_flag=True, help="Run the whole network too and compare every spike.")
@plot_option
@json_option
def run(
    directory: Path,
    place: str | None,
    data: str,
    samples: int,
    ticks: int | None,
    loss: float,
    duplicate: float,
    reorder: float,
    delay: float,
    corrupt: float,
    seed: int,
    status_dir: Path | None,
    check: bool,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Run the program in DIRECTORY on samples, and compare its answers with their labels.

    Processes run as processes. Chips run as RTL in a simulator, and every spike is compared with
    the bit-true model of the whole network.
    """
    import numpy as np

    from sc_neurocore.datasets import load_dataset
    from sc_neurocore.exceptions import SCConfigError
    from sc_neurocore.nir_bridge import from_nir
    from sc_neurocore.nir_bridge._graphs import settings_of
    from sc_neurocore.partition import (
        FaultPlan,
        Pace,
        draw_partitions,
        encode_dataset,
        open_program,
        run_place,
        run_program,
        spike_digests,
    )

    rates = (loss, duplicate, reorder, delay, corrupt)
    plan = FaultPlan(*rates, seed=seed) if any(rates) else None
    if place is not None and (plan is not None or check or plot is not None):
        raise click.UsageError(
            "faults, --check and --plot are for all places running here; leave out --place"
        )
    require_svg(plot)
    if plot is not None:
        require_place(plot)
    partitions = open_program(directory)
    chips = are_chips(partitions, directory)
    if chips and (place or plan or check or plot or status_dir):
        raise click.UsageError(
            "the places of this program are chips, in one simulation that is always checked; "
            "--place, faults, --check, --plot and --status are for processes"
        )
    settings = settings_of(partitions.whole.metadata)
    dataset = load_dataset(data)
    inputs = encode_dataset(partitions.whole, settings, dataset, samples, ticks)
    steps = inputs.shape[1]
    if status_dir is not None and not status_dir.is_dir():
        raise SCConfigError(f"{status_dir} is no directory; make it first")
    report: dict[str, Any] = {
        "program": next(str(p["program"]) for p in partitions.passports.values()),
        "samples": len(inputs),
        "ticks": steps,
    }
    with progress(quiet=as_json) as on_stage:
        on_stage("simulating the chips" if chips else "running")
        if chips:
            report |= run_on_chips(partitions, inputs, steps)
        else:
            options: dict[str, Any] = {
                "status_dir": status_dir, "pace": Pace(tick_ns=_tick_ns(partitions))
            }  # fmt: skip
            if place is not None:
                done = run_place(partitions, place, inputs, steps, **options)
            else:
                done = run_program(partitions, inputs, steps, faults=plan, **options)
            report |= _reported(done, len(inputs))
            if check:
                on_stage("running the whole network")
                alone, count = spike_digests(from_nir(partitions.whole), inputs, steps)
                report["compared"] = count
                report["different"] = [n for n, d in alone.items() if done.digests.get(n) != d]
            if plot is not None:
                total = len(inputs) * steps
                traffic = {
                    c.node: done.traffic[c.stream] / total for c in partitions.crossings.values()
                }
                write_file(plot, draw_partitions(partitions, traffic))
    labels = dataset.test_y[: len(inputs)]
    report["correct"] = {
        name: int((np.array(found) == labels).sum()) for name, found in report["answers"].items()
    }
    if as_json:
        print_json(report)
    else:
        print_chips(report) if chips else _print(report)
        for name, count in report["correct"].items():
            click.echo(f"Output '{name}': {count} of {len(inputs)} answers are right")
    if report.get("mismatches") or report.get("different"):
        click.get_current_context().exit(_MISMATCH)


def _reported(done: PartitionRun, samples: int) -> dict[str, Any]:
    return {
        "seconds": round(done.seconds, 6),
        "digests": dict(done.digests),
        "traffic": {str(stream): count for stream, count in done.traffic.items()},
        "links": [link.as_dict() for link in done.links],
        "answers": {
            name: values.sum(axis=1).reshape(samples, -1).argmax(axis=1).tolist()
            for name, values in done.outputs.items()
        },
    }


def _tick_ns(partitions: Partitions) -> int | None:
    """Real time of a tick, as the program was compiled for."""
    for passport in partitions.passports.values():
        passes: Any = passport["passes"]
        for step in passes:
            if step["name"] == "DeriveDeadlines":
                found = step["options"]["tick_ns"]
                return None if found is None else int(found)
    return None


def _print(report: dict[str, Any]) -> None:
    total = report["samples"] * report["ticks"]
    click.echo(
        f"Program {report['program'][:8]}: {report['samples']} samples of {report['ticks']} ticks "
        f"in {report['seconds']:.2f} s ({total / max(report['seconds'], 1e-9):.0f} ticks/s)"
    )
    names = ("lost", "duplicates", "stale", "overtaken", "damaged", "late_dropped")
    rows = []
    for link in report["links"]:
        sent, got = link["sent"] or {}, link["received"] or {}
        rows.append(
            [f"{link['source']} -> {link['target']}", str(sent.get("packets", "")),
             str(sent.get("spikes", "")), str(got.get("spikes", "")),
             *(str(got.get(name, "")) for name in names)]
        )  # fmt: skip
    if rows:
        headers = ["link", "packets", "spikes sent", "let through"]
        print_table([*headers, *(n.replace("_", " ") for n in names)], rows)
    if "different" in report:
        listed = ", ".join(repr(name) for name in report["different"])
        verdict = f"different in {listed}" if listed else "equal"
        click.echo(f"{report['compared']} spikes of the whole network in one process: {verdict}")
