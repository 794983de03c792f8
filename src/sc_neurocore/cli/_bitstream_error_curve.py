"""``bitstream error-curve``: error against length of sources and operations, measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sc_neurocore.cli._output import (
    examples,
    json_option,
    plot_option,
    print_json,
    print_table,
    progress,
    require_svg,
    write_file,
)
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.bitstream import Crossover, ErrorCurve, Family


@click.command(
    "error-curve",
    epilog=examples(
        "sc-neurocore bitstream error-curve --plot error.svg      # all sources and operations",
        "sc-neurocore bitstream error-curve sobol lfsr --operation multiply",
        "sc-neurocore bitstream error-curve sobol:1/sobol:1:16:0x1234 --operation multiply",
        "sc-neurocore bitstream error-curve --max-length 4096 --json",
        codes="0 success, 2 bad input",
    ),
)
@click.argument("sources", nargs=-1, metavar="[SOURCE]...")
@click.option("--operation", "operations", multiple=True, metavar="NAME",
              help="encode, multiply or accumulate; may be repeated. Default: all.")  # fmt: skip
@click.option("--min-length", type=click.IntRange(1, 2**20), default=16, show_default=True,
              help="Shortest stream.")  # fmt: skip
@click.option("--max-length", type=click.IntRange(1, 2**20), default=65536, show_default=True,
              help="Longest stream; every power of two between is measured.")  # fmt: skip
@click.option("--trials", type=int, default=1000, show_default=True,
              help="Values drawn at each length.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the draws.")
@click.option("--confidence", type=float, default=0.95, show_default=True,
              help="Of the band, and of bounds on random sources.")  # fmt: skip
@plot_option
@json_option
def error_curve(
    sources: tuple[str, ...],
    operations: tuple[str, ...],
    min_length: int,
    max_length: int,
    trials: int,
    seed: int,
    confidence: float,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Measure the error of sources and operations against the length of the streams.

    SOURCE is random, lfsr, sobol, halton or counter; or a pair such as lfsr:16:1/sobol:2, which is
    one product: encode measures its first source, and there is no sum. The band is of the rms
    error; the bound is of all errors: over all values, or for random sources over all trials.
    Default: all five.
    """
    from sc_neurocore.bitstream import FAMILIES, OPERATIONS, SERIES, crossovers
    from sc_neurocore.bitstream import error_curve as measure

    require_svg(plot)
    lengths = [2**k for k in range(33) if min_length <= 2**k <= max_length]
    if not lengths:
        raise SCConfigError(
            f"there is no power of two from --min-length {min_length} to --max-length {max_length}"
        )
    if plot is not None and len(lengths) < 2:
        raise SCConfigError(f"a plot needs at least two lengths, but there is only {lengths[0]}")
    if wrong := next((name for name in operations if name not in OPERATIONS), None):
        raise SCConfigError(f"--operation is '{wrong}'; it must be one of {', '.join(OPERATIONS)}")
    if twice := next((text for i, text in enumerate(sources) if text in sources[:i]), None):
        raise SCConfigError(f"source '{twice}' is given twice; give each one once")
    families = [_family(text) for text in sources or FAMILIES]
    if plot is not None and len(families) > SERIES:
        raise SCConfigError(f"--plot has colours for {SERIES} sources, not for {len(families)}")
    if "accumulate" in operations and (pair := next((t for t in sources if "/" in t), None)):
        raise SCConfigError(f"'{pair}' is one product; accumulate takes {', '.join(FAMILIES)}")
    curves = []
    with progress(quiet=as_json) as on_stage:
        for operation in (name for name in OPERATIONS if not operations or name in operations):
            for family in families:
                if operation == "accumulate" and "/" in family.name:
                    continue
                on_stage(f"{family.name}: {operation}")
                curves.append(
                    measure(
                        family, operation, lengths=lengths, trials=trials, seed=seed,
                        confidence=confidence,
                    )
                )  # fmt: skip
    crossed = crossovers(curves)
    if plot is not None:
        from sc_neurocore.bitstream import curve_plot, standalone

        write_file(plot, standalone(curve_plot(curves)))
    if as_json:
        print_json(
            {
                "curves": [c.to_dict() for c in curves],
                "crossovers": [asdict(c) | {"word": "measured"} for c in crossed],
            }
        )
    else:
        _print(curves, crossed)


def _family(text: str) -> Family:
    from sc_neurocore.bitstream import FAMILIES, Family, source_of

    if text in FAMILIES:
        return FAMILIES[text]
    first, slash, second = text.partition("/")
    if not slash:
        raise SCConfigError(
            f"source '{text}' is not one of {', '.join(FAMILIES)}, nor a pair of sources such as "
            "sobol:1/sobol:2"
        )
    return Family.of_pair(source_of(first), source_of(second), text)


def _print(curves: Sequence[ErrorCurve], crossed: Sequence[Crossover]) -> None:
    from sc_neurocore.bitstream import OPERATIONS

    for operation in OPERATIONS:
        shown = [c for c in curves if c.operation == operation]
        if not shown:
            continue
        click.echo(
            f"{operation}: rms error of {min(c.trials for c in shown)} or more trials, measured, "
            f"with its {100 * shown[0].confidence:g} % band; bound of all errors, and how known"
        )
        print_table(
            ("SOURCE", "LENGTH", "RMS", "BAND", "BOUND"),
            [
                (
                    c.family if p is c.points[0] else "",
                    str(p.length),
                    f"{p.rms:.3g}",
                    f"{p.low:.3g} to {p.high:.3g}",
                    str(p.bound),
                )
                for c in shown
                for p in c.points
            ],
        )
        if len(shown[0].points) > 1:
            slopes = ", ".join(f"{c.family} {c.exponent:.2f}" for c in shown)
            click.echo(f"slopes of log error over log length: {slopes}")
        click.echo()
    if crossed:
        click.echo("Lower error, bands apart, at this length and all longer ones; measured:")
        print_table(
            ("OPERATION", "SOURCE", "BEATS", "FROM LENGTH"),
            [(c.operation, c.better, c.worse, str(c.length)) for c in crossed],
        )
