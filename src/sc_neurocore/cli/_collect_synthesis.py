"""``collect-synthesis``: reports of synthesis as evidence for the optimiser."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table

_FILE = click.Path(path_type=Path)


@click.command(
    "collect-synthesis",
    epilog=examples(
        "sc-neurocore collect-synthesis --design hidden.json --utilisation util.rpt "
        "--power power.rpt --timing timing.rpt --accuracy-score 0.962 --latency-cycles 2048 "
        "--out hidden.evidence.json",
        "sc-neurocore collect-synthesis --design metered.json --utilisation nextpnr.json "
        "--timing nextpnr.json --accuracy-score 0.962 --json",
        codes="0 success, 2 bad input: a report that is unknown, cut off or contradicted, "
        "or a metric that is nowhere",
    ),
)
@click.option("--design", "design_path", type=_FILE, required=True, metavar="FILE.json",
              help="What was chosen for the layer.")  # fmt: skip
@click.option("--utilisation", "utilisation_path", type=_FILE, required=True, metavar="FILE",
              help="Report of the area.")  # fmt: skip
@click.option("--power", "power_path", type=_FILE, metavar="FILE",
              help="Report of the power; else the design says power_mw.")  # fmt: skip
@click.option("--timing", "timing_path", type=_FILE, metavar="FILE", help="Report of the clock.")
@click.option("--accuracy-score", type=float, required=True, metavar="SHARE",
              help="Of the layer, 0 to 1: 1 less its rms error.")  # fmt: skip
@click.option("--latency-cycles", type=int, metavar="N",
              help="Clocks of one run; else the design says it.")  # fmt: skip
@click.option("--clock-mhz", type=float, metavar="MHZ", help="Clock of the run, for the energy.")
@click.option("--inferences-per-run", type=int, metavar="N",
              help="Inferences in a run, for the energy.")  # fmt: skip
@click.option("--out", type=_FILE, metavar="FILE.json",
              help="Where to write the evidence; default or -: standard output.")  # fmt: skip
@json_option
def collect_synthesis(out: Path | None, as_json: bool, **given: Any) -> None:
    """Collect reports of Vivado, Quartus, or Yosys and nextpnr into evidence.

    What each report is, is told from its content. No tool is run, and nothing is made up: reports
    that contradict each other, and metrics that nothing says, are refused.
    """
    from sc_neurocore.optimizer.synthesis_evidence import build_payload_from_reports, write_payload

    payload = build_payload_from_reports(**given)
    to_file = out is not None and str(out) != "-"
    write_payload(payload, out) if to_file or not as_json else print_json(payload)
    if to_file:
        print_json(payload) if as_json else _print(payload, out)


def _print(payload: Mapping[str, Any], out: Path | None) -> None:
    (record,) = payload["observations"]
    figures = {**record["metrics"], **record.get("energy", {})}
    notes = {"luts_used": figures.pop("lut_unit", ""), "power_mw": figures.pop("power_source", "")}
    rows = [
        [key, f"{value:.6g}" if isinstance(value, float) else f"{value}", notes.get(key, "")]
        for key, value in figures.items()
    ]  # fmt: skip
    print_table(["figure", "value", "note"], rows)
    for report in payload["reports"]:
        version = f" of {report['version']}" if "version" in report else ""
        click.echo(f"{report['file']}: {report['kind']}{version}")
    click.echo(f"Evidence: {out}")
