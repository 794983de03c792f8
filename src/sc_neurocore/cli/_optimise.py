"""``optimise``: the best configuration of a network inside a budget, closed on synthesis runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table, progress

_INFEASIBLE = 3


@click.command(
    "optimise",
    epilog=examples(
        "sc-neurocore optimise digits.nir --target ecp5-85k --data digits "
        "--budget luts=1200,latency_us=500",
        "sc-neurocore optimise digits.nir --data digits --budget latency_us=200,accuracy=0.97 "
        "--runs 8",
        codes="0 a configuration is inside the budget, 2 bad input, 3 none is (the report says "
        "what must give), 4 tool or extra missing, 5 tool failed, 130 interrupted",
    ),
)
@click.argument("network", type=click.Path(path_type=Path))
@click.option("--budget", required=True, metavar="QUANTITY=LIMIT,…",
              help="Most luts, brams, latency_us, clocks, power_mw; least accuracy.")  # fmt: skip
@click.option("--target", default="ice40-hx8k", show_default=True, help="Device; see `targets`.")
@click.option("--data", metavar="digits|mnist|FILE.npz",
              help="Labelled samples; default: agreement with the float network.")  # fmt: skip
@click.option("--runs", type=int, default=0, show_default=True, metavar="N",
              help="Synthesis runs to spend.")  # fmt: skip
@click.option("--objective", default="luts", show_default=True,
              metavar="luts|latency_us|clocks|brams|power_mw|accuracy",
              help="What is made best inside the budget.")  # fmt: skip
@click.option("--trials", type=int, default=96, show_default=True, metavar="N",
              help="Points of the multi-objective search; 0 needs no extra.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True,
              help="Placement, made-up inputs, search.")  # fmt: skip
@click.option("--scheduler", metavar="tcp://…", help="Dask scheduler that runs the synthesis.")
@click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True,
              metavar="S", help="Limit of each tool run.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Directory of the report; default: NET-TARGET-optimised.")  # fmt: skip
@json_option
def optimise(network: Path, budget: str, out: Path | None, as_json: bool, **options: Any) -> None:
    """Search for the best configuration of NETWORK inside a budget.

    Weight bits, back end and stream length, neurons and sources at once of every layer, ticks and
    coding. Accuracy is executed, area and clock are predicted, and up to N predictions measured.
    """
    from sc_neurocore.build import check_output
    from sc_neurocore.build.network import read_network
    from sc_neurocore.optimizer.search import (
        SearchOptions,
        parse_budget,
        search_report,
        write_search,
    )
    from sc_neurocore.optimizer.search import optimise as run

    chosen = SearchOptions(budget=parse_budget(budget), **options)
    path = out or Path(f"{network.stem}-{chosen.target}-optimised")
    check_output(path)
    source = read_network(network, chosen.network_options())
    with progress(quiet=as_json) as on_stage:
        done = run(source, chosen, on_stage=on_stage)
    report = search_report(done)
    write_search(report, path)
    if as_json:
        print_json(report)
    else:
        _print_report(report, network, path, new=done.new_runs)
    if not report["verdict"]["feasible"]:
        click.get_current_context().exit(_INFEASIBLE)


def _print_report(report: Mapping[str, Any], network: Path, path: Path, *, new: int) -> None:
    from sc_neurocore.optimizer.search._page import NAMES, comparison_rows, figure_rows

    space, runs = report["space"], report["runs"]
    click.echo(
        f"{report['network']['name']} on {report['target']}: {space['executed']} of "
        f"{space['configurations']} configurations executed, {runs['spent']} measured"
    )
    shown = report["chosen"] or report["verdict"]["nearest"]
    click.echo(report["verdict"]["sentence"])
    click.echo(("" if report["chosen"] else "Nearest: ") + shown["name"])
    click.echo("")
    rows = figure_rows(shown["figures"], report["budget"])
    test = (report["chosen"] or {}).get("test_accuracy")
    if test:
        text = f"{100 * test['share']:.2f} % of {test['n']}"
        rows.insert(1, ("accuracy, test set", text, "", test["word"]))
    print_table(["figure", "value", "budget", "evidence"], rows)
    table = comparison_rows(report["rounds"])
    if table:
        click.echo("")
        keys = ("quantity", "predicted", "measured", "error", "inside")
        cells = [[str(row["run"]), *(str(row[k]) for k in keys)] for row in table]
        print_table(["run", "quantity", "predicted", "measured", "error", "in interval"], cells)
        click.echo(
            f"{runs['spent']} run{'s' * (runs['spent'] > 1)}, {runs['spent'] - new} found in the "
            "evidence store."
        )
    errors = report["model"]["errors"]
    click.echo("Held-out error of the predictions: " + "; ".join(
        f"{NAMES[k]} {100 * e['median']:.1f} % median, {100 * e['p90']:.1f} % at the "
        "90th percentile"
        for k, e in errors.items()
    ))  # fmt: skip
    if runs["stopped"]:
        click.echo(f"{runs['stopped'][0].upper()}{runs['stopped'][1:]}.")
    click.echo(f"Accuracy: {report['accuracy_is']}.")
    for notice in report["notices"]:
        click.echo(f"Notice: {notice}")
    click.echo("")
    if report["chosen"]:
        command = report["chosen"]["command"].replace(report["network"]["file"], str(network), 1)
        click.echo(
            f"Build: {command.replace('configuration.json', str(path / 'configuration.json'))}"
        )
    click.echo(f"Report: {path}  (open {path / 'report.html'})")
