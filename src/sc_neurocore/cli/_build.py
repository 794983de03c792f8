"""``build``: the whole ladder, from MODEL to a verified bundle; a network's is `_build_network`."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from sc_neurocore.cli._build_network import build_network, names_network
from sc_neurocore.cli._model_argument import model_argument
from sc_neurocore.cli._output import examples, json_option, print_json, print_table, progress

MISMATCH = 6


class _ByModel(click.Command):
    """A command that hands over to that of networks when MODEL is the file of one."""

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """Parse the arguments as those of a neuron or of a network."""
        if any(names_network(arg) for arg in args):
            try:
                return build_network.make_context(info_name, args, parent, **extra)
            except click.NoSuchOption as error:
                raise _of_the_other(error, self, "a neuron model, and this is a network") from None
        try:
            return super().make_context(info_name, args, parent, **extra)
        except click.NoSuchOption as error:
            raise _of_the_other(
                error, build_network, "a network, a file that ends in .nir or .onnx"
            ) from None

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Options of a neuron's build, then those of a network's."""
        super().format_options(ctx, formatter)
        rows = [row for x in build_network.params if (row := x.get_help_record(ctx)) is not None]
        with formatter.section("Options of a network (NET.nir or NET.onnx)"):
            formatter.write_dl(rows)


def _of_the_other(error: click.NoSuchOption, other: click.Command, kind: str) -> click.UsageError:
    """The refusal of an option, which says so where it belongs to the other kind of MODEL."""
    if any(error.option_name in parameter.opts for parameter in other.params):
        return click.UsageError(f"option '{error.option_name}' is for {kind}", error.ctx)
    return error


@click.command(
    cls=_ByModel,
    epilog=examples(
        "sc-neurocore build lif --target ice40-hx8k",
        "sc-neurocore build digits.nir --target ecp5-85k --backend fixed --data digits",
        "sc-neurocore build hodgkin_huxley --format auto --out hh",
        "sc-neurocore build 'dv/dt = (-v + I)/tau; du/dt = -u/50' --threshold 'v - u > 50' "
        "--reset 'u = u + v/8; v = 0' --param tau=10 --init v=0 --dt 0.1 "
        "--range v=-100:300 --range u=0:300 --range I=0:250",
        codes="0 built and sound, 2 bad input, 3 cannot be compiled or clock infeasible, "
        "4 tool missing, 5 tool failed, 6 built but a rung failed, 130 interrupted",
    ),
)
@model_argument
@click.option("--target", default="ice40-hx8k", show_default=True, help="Device; see `targets`.")
@click.option("--format", "format_", metavar="FORMAT", help="Q format such as Q8.8, or auto.")
@click.option("--clock-mhz", type=float, metavar="MHZ", help="Clock that must be reached.")
@click.option(
    "--overflow",
    default="saturate",
    show_default=True,
    type=click.Choice(["saturate", "wrap", "trap"]),
    help="At a state's bounds.",
)
@click.option(
    "--rounding",
    type=click.Choice(["truncate", "nearest", "nearest_even", "stochastic"]),
    help="At a state; default: the model's, else nearest.",
)
@click.option("--pipeline", metavar="auto|N", default="auto", show_default=True,
              help="Register stages per tick; 0 is one clock per tick.")  # fmt: skip
@click.option("--multipliers", type=click.Choice(["parallel", "shared"]),
              help="One per product, or one for all; default: by device.")  # fmt: skip
@click.option(
    "--parameters",
    type=click.Choice(["constants", "ports", "bank"]),
    default="constants",
    show_default=True,
    help="Folded into the logic (smallest), input ports, or a register bank.",
)
@click.option("--no-pnr", is_flag=True, help="Stop after synthesis.")
@click.option("--cycles", type=int, default=100_000, show_default=True, help="Co-simulated clocks.")
@click.option("--seed", type=int, default=1, show_default=True, help="Stimulus, mutant, placement.")
@click.option("--timeout", "timeout_s", type=float, default=600.0, show_default=True,
              metavar="S", help="Limit of each tool run.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Bundle directory; default: MODEL-TARGET.")  # fmt: skip
@json_option
def build(
    document: dict[str, Any],
    target: str,
    format_: str | None,
    pipeline: str,
    no_pnr: bool,
    out: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Build MODEL: simulate, compile to Verilog, co-simulate, prove, synthesise, place and route.

    MODEL is a catalogue name, a .toml or .json file, or equations separated by ';'; or a trained
    network, NET.nir or NET.onnx, with options of its own.
    """
    from sc_neurocore.build import BuildOptions, check_output, source_of
    from sc_neurocore.build import build as run

    chosen = BuildOptions(
        target=target,
        format=format_,
        pipeline=_stages(pipeline),
        place_and_route=not no_pnr,
        **options,
    )
    path = out or Path(f"{document['model']['name']}-{target}")
    check_output(path)
    source = source_of(document)
    with progress(quiet=as_json) as on_stage:
        done = run(source, chosen, path, on_stage=on_stage)
    if as_json:
        print_json(done.report)
    else:
        _print_report(done.report, path, cached=done.cached)
    if not done.sound:
        click.get_current_context().exit(MISMATCH)


def _stages(text: str) -> int | None:
    from sc_neurocore.exceptions import SCConfigError

    if text == "auto":
        return None
    if not text.isdigit() or int(text) > 64:
        raise SCConfigError(f"--pipeline is '{text}'; allowed: auto or a number from 0 to 64")
    return int(text)


def _print_report(report: Mapping[str, Any], path: Path, *, cached: bool) -> None:
    click.echo(
        f"{report['model']['title']} on {report['target']}, {report['format']}{_chosen(report)}"
    )
    rows = [[key[0], key[2:].replace("_", " "), status] for key, status in report["ladder"].items()]
    print_table(["rung", "claim", "status"], rows)
    click.echo("")
    print_table(["figure", "value", "evidence"], _figures(report))
    for notice in report["notices"]:
        click.echo(f"Notice: {notice}")
    click.echo("")
    if cached:
        click.echo("Every tool run was found in the evidence store (nothing changed since).")
    click.echo(f"Bundle: {path}  (open {path / 'report.html'})")


def _chosen(report: Mapping[str, Any]) -> str:
    """The formats of the states that ``auto`` chose."""
    if report["format"] != "auto":
        return ""
    return ": " + ", ".join(
        f"{x} {report['formats'][x]}" for x in report["fidelity"]["max_abs_error"]
    )


def _area(synthesis: Mapping[str, Any]) -> str:
    names = {"logic_cells": "logic cells", "luts": "LUTs", "ffs": "FFs", "brams": "BRAMs",
             "dsps": "DSPs"}  # fmt: skip
    if "area_um2" in synthesis:
        return f"{synthesis['area_um2']:.0f} µm²"
    return ", ".join(f"{synthesis[k]} {name}" for k, name in names.items() if synthesis.get(k))


def _figures(report: Mapping[str, Any]) -> list[list[str]]:
    """What was found, with the word of its evidence; what did not run is left out."""
    fidelity, formal, fmax = report["fidelity"], report["formal"], report["synthesis"]["fmax_mhz"]
    ticks = report["cycles_per_tick"]
    rows = [["area", _area(report["synthesis"]), "measured"]]
    if fmax is not None:
        rows.append(["clock", f"{fmax:.1f} MHz after routing", "measured"])
    rows.append(["tick", f"{ticks} clock{'s' if ticks > 1 else ''}", "generated"])
    spikes = f"{fidelity['spikes_fixed']} fixed, {fidelity['spikes_float']} float"
    rows.append(["spikes", spikes, "executed"])
    for run in report["cosim"]:
        found = f"{run['simulator']}: {run['cycles']} cycles, {run['mismatches']} mismatches"
        rows.append(["co-simulation", found, "executed"])
    if formal:
        proven = f"{formal['proven']} of {formal['assertions']} by {formal['method']}"
        rows.append(["properties", proven, "proven" if formal["proven"] else "executed"])
        if formal["mutant_refuted"] is not None:
            refuted = "refuted" if formal["mutant_refuted"] else "NOT refuted"
            rows.append(["broken variant", refuted, "executed"])
    if report["equivalence"]:
        equivalence = report["equivalence"]
        rows.append(["netlist", equivalence["status"], equivalence.get("word", "proven")])
    return rows
