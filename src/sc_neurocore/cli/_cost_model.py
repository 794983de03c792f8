"""``cost-model``: estimates of engines, learned from synthesis: collect, fit, validate, predict."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from sc_neurocore.cli._group import SuggestingGroup
from sc_neurocore.cli._output import (
    examples,
    json_option,
    print_json,
    print_table,
    progress,
    require_place,
    write_file,
)

_CODES = "0 success, 2 bad input, 4 an extra or a tool is missing, 130 interrupted"
_files = click.option(
    "--files", "folder", type=click.Path(path_type=Path), metavar="DIR",
    help="A fitted model's files; default: the shipped ones.",
)  # fmt: skip


@click.group(
    "cost-model",
    cls=SuggestingGroup,
    epilog=examples(
        "sc-neurocore cost-model show",
        "sc-neurocore cost-model predict examples/digits/digits.nir --target ecp5-85k",
        codes=_CODES,
    ),
)
def cost_model() -> None:
    """Estimate LUTs, flip-flops, memories and clock; learn the model from synthesis runs."""


@cost_model.command(
    epilog=examples(
        "sc-neurocore cost-model collect --networks 100 --out results.jsonl",
        "sc-neurocore cost-model collect --scheduler tcp://farm:8786 --out results.jsonl",
        "sc-neurocore cost-model collect --network examples/digits/digits.nir --data digits "
        "--out results.jsonl",
        codes=_CODES,
    )
)
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="FILE.jsonl",
              help="Results, one a line; what it holds is not run again.")  # fmt: skip
@click.option("--seed", type=click.IntRange(0), default=1, show_default=True, help="Of the sweep.")
@click.option("--networks", type=click.IntRange(1), default=100, show_default=True,
              help="Random networks, each in two foldings on each family.")  # fmt: skip
@click.option("--layers", type=click.IntRange(0), default=60, show_default=True,
              help="Random parallel stochastic layers.")  # fmt: skip
@click.option("--network", type=click.Path(path_type=Path), metavar="NET.nir",
              help="Instead of the sweep, a network to test on, never to train on.")  # fmt: skip
@click.option("--data", metavar="digits|mnist|FILE.npz", help="Samples for --network.")
@click.option("--target", "targets", multiple=True, metavar="NAME",
              help="Devices for --network; default: ecp5-85k and ice40-hx8k.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True,
              help="Processes on this machine.")  # fmt: skip
@click.option("--scheduler", metavar="tcp://HOST:PORT", help="A running Dask scheduler instead.")
@click.option("--timeout", "timeout_s", type=float, default=300.0, show_default=True, metavar="S",
              help="Limit of each tool run.")  # fmt: skip
@json_option
def collect(
    out: Path,
    seed: int,
    networks: int,
    layers: int,
    network: Path | None,
    data: str | None,
    targets: tuple[str, ...],
    workers: int,
    scheduler: str | None,
    timeout_s: float,
    as_json: bool,
) -> None:
    """Synthesise a sweep of designs as a farm; broken off, it goes on where it was."""
    from sc_neurocore.optimizer.farm import collect as run
    from sc_neurocore.optimizer.farm import network_jobs, sweep

    if network is None:
        jobs = list(sweep(seed, networks, layers))
    else:
        chosen = targets or ("ecp5-85k", "ice40-hx8k")
        jobs = list(network_jobs(network, data=data, targets=chosen, foldings=2, seed=seed))
    with _bar(quiet=as_json) as on_result:
        found = run(
            jobs, out, workers=workers, scheduler=scheduler, timeout_s=timeout_s,
            on_result=on_result,
        )  # fmt: skip
    failed = [r for r in found.values() if r.status == "failed"]
    if as_json:
        print_json({"jobs": len(found), "measured": len(found) - len(failed),
                    "failed": [{"job": r.job.to_json(), "reason": r.reason} for r in failed],
                    "file": str(out)})  # fmt: skip
        return
    click.echo(f"{len(found)} jobs: {len(found) - len(failed)} measured, {len(failed)} failed.")
    for r in failed[:5]:
        click.echo(f"  {r.job.kind} {r.job.group} on {r.job.target}: {r.reason}")
    click.echo(f"Results: {out}")


@cost_model.command(
    epilog=examples(
        "sc-neurocore cost-model fit results.jsonl --out my-model", codes=_CODES,
    )
)  # fmt: skip
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--out", type=click.Path(path_type=Path), required=True, metavar="DIR",
              help="Where the model, its records and its validation go.")  # fmt: skip
@click.option("--blind", multiple=True, type=click.Path(path_type=Path), metavar="FILE.jsonl",
              help="Results of a sweep never looked at: tested on, never fitted to.")  # fmt: skip
@json_option
def fit(results: tuple[Path, ...], out: Path, blind: tuple[Path, ...], as_json: bool) -> None:
    """Fit a model to RESULTS; candidates are compared by grouped cross-validation."""
    from sc_neurocore.optimizer.farm import fit as run

    found, fresh = _results(results), _results(blind)
    with progress(quiet=as_json) as on_stage:
        on_stage(f"fitting to {len(found)} results")
        validation = run(found.values(), out, fresh.values())
    _print_validation(validation, as_json)
    if not as_json:
        click.echo(f"Model: {out}")


@cost_model.command(
    epilog=examples(
        "sc-neurocore cost-model validate --html validation.html", codes=_CODES,
    )
)  # fmt: skip
@_files
@click.option("--html", type=click.Path(path_type=Path), metavar="FILE.html",
              help="Write a page with plots.")  # fmt: skip
@json_option
def validate(folder: Path | None, html: Path | None, as_json: bool) -> None:
    """Compute the held-out errors again from the model's own records, and print them."""
    from sc_neurocore.exceptions import SCConfigError
    from sc_neurocore.optimizer.farm import validate as run
    from sc_neurocore.optimizer.farm import validation_page
    from sc_neurocore.optimizer.farm._files import stated_tests

    if html is not None:
        require_place(html)
    validation = run(folder)
    _print_validation(validation, as_json)
    if html is not None:
        write_file(html, validation_page(folder))
    wrong = [f for _, f in stated_tests(validation) if not f["recomputed"]]
    if wrong:
        raise SCConfigError(
            f"the {wrong[0]['metric']} of {wrong[0]['family']} do not have the errors that the "
            "model states; fit it again"
        )


@cost_model.command(epilog=examples("sc-neurocore cost-model show --json", codes=_CODES))
@_files
@json_option
def show(folder: Path | None, as_json: bool) -> None:
    """What the model was learned from, what it can predict, and how well."""
    from sc_neurocore.optimizer.farm import validate as run

    validation = run(folder)
    _print_validation(validation, as_json)
    if as_json:
        return
    spread = validation["placer_spread"]
    if spread["median"] is not None:
        click.echo(
            f"Clocks of one design differ by {100 * spread['median']:.1f} % (standard deviation) "
            f"between the placer's seeds: no model can do better."
        )
    for tool, versions in validation["tools"].items():
        click.echo(f"{tool}: {', '.join(versions)}")


@cost_model.command(
    epilog=examples(
        "sc-neurocore cost-model predict examples/digits/digits.nir --target ecp5-85k",
        "sc-neurocore cost-model predict NET.nir --target ice40-hx8k --backend stochastic "
        "--pe 4 --simd 2",
        codes=_CODES,
    )
)
@click.argument("network", type=click.Path(path_type=Path))
@click.option("--target", default="ice40-hx8k", show_default=True, help="Device; see `targets`.")
@click.option("--backend", default="fixed", show_default=True, metavar="fixed|stochastic")
@click.option("--data", metavar="digits|mnist|FILE.npz", help="Samples that formats fit.")
@click.option("--pe", type=int, metavar="N", help="Neurons of a layer at once.")
@click.option("--simd", type=int, metavar="N", help="Sources that an event carries.")
@click.option("--confidence", type=float, default=0.9, show_default=True, help="Of the intervals.")
@_files
@json_option
def predict(
    network: Path,
    target: str,
    backend: Any,
    data: str | None,
    pe: int | None,
    simd: int | None,
    confidence: float,
    folder: Path | None,
    as_json: bool,
) -> None:
    """Estimate what the engine of NETWORK costs, without any tool run."""
    from sc_neurocore.build.network import NetworkOptions, read_network
    from sc_neurocore.cost import predict as estimate
    from sc_neurocore.optimizer.farm import predicted_engine
    from sc_neurocore.optimizer.farm._files import model_of
    from sc_neurocore.optimizer.farm._report import UNITS
    from sc_neurocore.toolchain import get_target

    device = get_target(target)
    options = NetworkOptions(target=target, backend=backend, data=data, pe=pe, simd=simd)
    with progress(quiet=as_json) as on_stage:
        on_stage("quantising")
        shape, foldings = predicted_engine(read_network(network, options), options)
    model = model_of(folder)
    found = {m: estimate(shape, device.family, m, model=model, confidence=confidence)
             for m in model.metrics(device.family)}  # fmt: skip
    if not found:
        model.part(device.family, "luts")
    folded = [{"pe": f.pe, "simd": f.simd} for f in foldings]
    if as_json:
        figures = {m: _as_json(p) for m, p in found.items()}
        print_json({"network": network.name, "target": target, "word": "estimated",
                    "foldings": folded, "figures": figures})  # fmt: skip
        return
    click.echo(f"Folding: {', '.join(f'{f.pe} x {f.simd}' for f in foldings)} (PE x SIMD)")
    print_table(
        ["figure", "estimated", f"{100 * confidence:g} % interval", "median error", "of 90 %"],
        [[UNITS[m], f"{p.value:.4g}", f"{p.low:.4g} to {p.high:.4g}",
          f"{100 * p.median_error:.1f} %", f"{100 * p.p90_error:.1f} %"]
         for m, p in found.items()],
    )  # fmt: skip
    outside = next(iter(found.values())).extrapolates
    if outside:
        click.echo(f"Outside what the model was trained on: {', '.join(outside)}.")


def _results(paths: tuple[Path, ...]) -> dict[str, Any]:
    from sc_neurocore.exceptions import SCConfigError
    from sc_neurocore.optimizer.farm import read_results

    found: dict[str, Any] = {}
    for path in paths:
        if not path.exists():
            raise SCConfigError(f"{path}: no such file; make it with cost-model collect")
        found.update(read_results(path))
    return found


def _as_json(p: Any) -> dict[str, Any]:
    return {"value": p.value, "low": p.low, "high": p.high, "confidence": p.confidence,
            "median_error": p.median_error, "p90_error": p.p90_error,
            "extrapolates": list(p.extrapolates)}  # fmt: skip


def _print_validation(validation: Mapping[str, Any], as_json: bool) -> None:
    from sc_neurocore.optimizer.farm._report import TABLE_HEAD, table_rows

    if as_json:
        print_json(validation)
        return
    training, kept = validation["training"], validation["held_out"]
    click.echo(
        f"Trained on {training['engines']} engines of {training['networks']} networks; tested on "
        f"{kept['engines']} of {kept['networks']} others. Errors are of the latter."
    )
    if blind := validation["blind"]:
        click.echo(
            f"Tested once more on {blind['engines']} engines of {blind['networks']} networks that "
            "nobody had looked at before: the blind rows, whose errors every estimate states."
        )
    print_table(list(TABLE_HEAD), table_rows(validation))


@contextmanager
def _bar(quiet: bool) -> Iterator[Any]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
               TimeElapsedColumn())  # fmt: skip
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def on_result(done: int, total: int, result: Any) -> None:
            name = f"{result.job.kind} on {result.job.target}"
            bar.update(task, completed=done, total=total, description=name)

        yield on_result
