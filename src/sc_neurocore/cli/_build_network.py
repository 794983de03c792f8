"""``build`` of a network: from NET.nir to a verified classifier."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table, progress

_MISMATCH = 6
_SUFFIXES = (".nir", ".onnx")


def names_network(argument: str) -> bool:
    """Whether an argument is the file of a network."""
    return argument.endswith(_SUFFIXES) and not argument.startswith("-")


@click.command(
    "build",
    epilog=examples(
        "sc-neurocore build digits.nir --target ecp5-85k --backend fixed --data digits",
        "sc-neurocore build digits.nir --backend stochastic --length 64 --data digits --no-pnr",
        "sc-neurocore build digits.nir --target ecp5-85k --live axi_lite --data digits",
        codes="0 built and sound, 2 bad input, 3 cannot be compiled or does not fit, "
        "4 tool missing, 5 tool failed, 6 built but a rung failed, 130 interrupted",
    ),
)
@click.argument("network", type=click.Path(path_type=Path))
@click.option("--target", default="ice40-hx8k", show_default=True, help="Device; see `targets`.")
@click.option("--backend", default="fixed", show_default=True, metavar="fixed|stochastic|hybrid",
              help="Arithmetic; hybrid chooses layer by layer.")  # fmt: skip
@click.option("--data", metavar="digits|mnist|FILE.npz",
              help="Labelled samples; without them nothing is said about accuracy.")  # fmt: skip
@click.option("--weight-bits", type=int, metavar="B", help="Width of the weights, 2 to 16.")
@click.option("--length", type=int, metavar="L", help="Stream clocks per tick, a power of two.")
@click.option("--ticks", type=int, metavar="T", help="Ticks per inference; default: the file's.")
@click.option("--coding", metavar="rate|direct|events", help="Of the input; default: the file's.")
@click.option("--input-bits", type=int, metavar="B", help="Levels are 0 to 2**B.")
@click.option("--pe", type=int, metavar="N", help="Neurons of a layer at once; default: what fits.")
@click.option("--simd", type=int, metavar="N", help="Sources that an event carries.")
@click.option("--configuration", type=click.Path(path_type=Path), metavar="FILE.json",
              help="All of these layer by layer, as `optimise` writes it.")  # fmt: skip
@click.option("--latency-us", type=float, metavar="US", help="Longest inference wanted.")
@click.option("--clock-mhz", type=float, metavar="MHZ", help="Clock that must be reached.")
@click.option("--dt", type=float, metavar="S", help="Tick in seconds; default: the file's.")
@click.option("--reset", metavar="reset|subtract", help="What a spike does to the membrane.")
@click.option("--reset-when", metavar="same_tick|next_tick", help="When it does so.")
@click.option("--cuba-order", metavar="current_first|voltage_first",
              help="Which state of a current-based neuron moves first.")  # fmt: skip
@click.option("--delay-rounding", metavar="nearest|floor|ceil", help="Delays to whole ticks.")
@click.option("--live", metavar="axi_lite|wishbone",
              help="Put it behind this bus, its weights exchangeable while it runs.")  # fmt: skip
@click.option("--no-pnr", is_flag=True, help="Stop after synthesis.")
@click.option("--samples", type=int, default=20, show_default=True, metavar="N",
              help="Inferences to co-simulate.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Placement, made-up levels.")
@click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True,
              metavar="S", help="Limit of each tool run.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Bundle directory; default: NET-TARGET-BACKEND.")  # fmt: skip
@json_option
def build_network(
    network: Path,
    target: str,
    backend: Any,
    no_pnr: bool,
    configuration: Path | None,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Build NETWORK: quantise, simulate on data, write the engine, co-simulate, prove, place.

    NETWORK is a trained spiking network in a .nir file, or a dense or convolutional .onnx file.
    """
    from sc_neurocore.build import check_output
    from sc_neurocore.build.network import NetworkOptions, read_configuration, read_network
    from sc_neurocore.build.network import build_network as run

    chosen = NetworkOptions(
        target=target,
        backend=backend,
        place_and_route=not no_pnr,
        configuration=None if configuration is None else read_configuration(configuration),
        **options,
    )
    path = out or Path(f"{network.stem}-{target}-{(chosen.configuration or chosen).backend}")
    check_output(path)
    source = read_network(network, chosen)
    with progress(quiet=as_json) as on_stage:
        done = run(source, chosen, path, on_stage=on_stage)
    if as_json:
        print_json(done.report)
    else:
        _print_report(done.report, path, cached=done.cached)
    if not done.sound:
        click.get_current_context().exit(_MISMATCH)


def _print_report(report: Mapping[str, Any], path: Path, *, cached: bool) -> None:
    network = report["network"]
    lengths = sorted({x["length"] for x in network["layers"] if x["backend"] == "stochastic"})
    streams = f", L = {' and '.join(map(str, lengths))}" if lengths else ""
    click.echo(
        f"{network['name']} ({network['shape']}) on {report['target']}, "
        f"{report['backend']}{streams}"
    )
    rows = [[key[0], key[2:].replace("_", " "), status] for key, status in report["ladder"].items()]
    print_table(["rung", "claim", "status"], rows)
    click.echo("")
    print_table(["figure", "value", "evidence"], _figures(report))
    if report["comparison"]:
        click.echo("")
        click.echo(report["comparison"]["verdict"])
    for sentence in report["assumptions"]:
        click.echo(f"Assumed: {sentence}")
    for notice in report["notices"]:
        click.echo(f"Notice: {notice}")
    click.echo("")
    if cached:
        click.echo("Every tool run was found in the evidence store (nothing changed since).")
    click.echo(f"Bundle: {path}  (open {path / 'report.html'})")


def _figures(report: Mapping[str, Any]) -> list[list[str]]:
    """What was found, with the word of its evidence; what did not run is left out."""
    from sc_neurocore.build.network import microjoules, share

    rows = []
    accuracy = report["accuracy"] or {}
    for key in ("float", "quantised", "bit_true", "rtl_sample"):
        if accuracy.get(key):
            found = accuracy[key]
            name = f"accuracy, {key.replace('_', ' ')}"
            rows.append([name, f"{share(found)} of {found['n']}", "executed"])
    for run in report["cosim"]:
        plural = "s" * (run["samples"] != 1)
        what = f"{run['simulator']}: {run['samples']} inference{plural}, {run['cycles']} clocks, "
        rows.append(["co-simulation", f"{what}{run['mismatches']} mismatches", "executed"])
    formal, synthesis = report["formal"], report["synthesis"]
    if formal:
        proven = f"{formal['proven']} of {formal['assertions']} in {len(formal['blocks'])} blocks"
        rows.append(["properties", proven, formal["word"]])
    if synthesis:
        names = {"logic_cells": "logic cells", "luts": "LUTs", "ffs": "FFs", "brams": "BRAMs",
                 "dsps": "DSPs"}  # fmt: skip
        area = ", ".join(f"{synthesis[k]} {n}" for k, n in names.items() if synthesis.get(k))
        rows.append(["area", area, "measured"])
        if synthesis.get("fmax_mhz") is not None:
            rows.append(["clock", f"{synthesis['fmax_mhz']:.1f} MHz after routing", "measured"])
    for row in (report["latency"] or {}).get("rows", ()):
        rows.append([row["name"], f"{row['mean']:.6g} mean, {row['worst']:.6g} worst", "executed"])
    if report["energy"]:
        energy = report["energy"]
        value = (
            f"{microjoules(energy['joules'])} µJ per inference, to a factor of {energy['factor']}"
        )
        rows.append(["energy", value, "estimated"])
    return rows
