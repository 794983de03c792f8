"""``bitstream audit``: values, correlation, runs, drift and products of streams."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from sc_neurocore.cli._build import MISMATCH
from sc_neurocore.cli._output import (
    examples,
    json_option,
    plot_option,
    print_json,
    print_table,
    require_svg,
    write_file,
)
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.bitstream import BitstreamAuditReport, MultiplierCheck, Source


@click.command(
    epilog=examples(
        "sc-neurocore bitstream audit sobol:1@0.5 sobol:2@0.5",
        "sc-neurocore bitstream audit sobol:1@0.5 sobol:1:16:0x8000@0.5   # never multiply these",
        "sc-neurocore bitstream audit lfsr:16:0xACE1@0.3 counter:8@0.7 --length 256 --json",
        "sc-neurocore bitstream audit --bits captured.npy --plot audit.svg",
        codes="0 nothing critical, 2 bad input, 6 a critical finding, or with --multiply two "
        "streams that do not multiply",
    ),
)
@click.argument("streams", nargs=-1, metavar="[SOURCE@PROBABILITY]...")
@click.option("--bits", type=click.Path(path_type=Path), metavar="FILE.npy",
              help="Audit captured bits, shape (N, L), instead.")  # fmt: skip
@click.option("--length", type=click.IntRange(8, 2**24), default=1024, show_default=True,
              help="Bits of a stream.")  # fmt: skip
@click.option("--multiply", is_flag=True,
              help="Also check every pair as a multiplier's inputs, for all values.")  # fmt: skip
@click.option("--limit", type=float, metavar="X",
              help="Largest error of a multiplier; default: 2/√length, at most 1/4.")  # fmt: skip
@click.option("--confidence", type=float, default=0.95, show_default=True,
              help="With which random streams pass.")  # fmt: skip
@plot_option
@json_option
@click.pass_context
def audit(
    ctx: click.Context,
    streams: tuple[str, ...],
    bits: Path | None,
    length: int,
    multiply: bool,
    limit: float | None,
    confidence: float,
    plot: Path | None,
    as_json: bool,
) -> None:
    """Audit streams: value error, correlation, runs, drift, and what to do about them.

    A stream is a source and a probability, such as lfsr:16:0xACE1@0.25. Sources are lfsr, sobol,
    halton, counter, random and entropy, with their fields after colons.
    """
    from sc_neurocore.bitstream import Multiplier, StochasticDoctor, check_multipliers

    require_svg(plot)
    doctor = StochasticDoctor(confidence=confidence)
    if (bits is None) == (not streams):
        raise SCConfigError("give streams as SOURCE@PROBABILITY, or captured bits with --bits")
    checks: Sequence[MultiplierCheck] = ()
    if bits is not None:
        if multiply or limit is not None:
            raise SCConfigError("--multiply and --limit need sources; captured bits have none")
        if ctx.get_parameter_source("length") is not ParameterSource.DEFAULT:
            raise SCConfigError("--length is for sources; captured bits have the length they have")
        captured = _captured(bits)
        try:
            report = doctor.audit_layer(bits.name, captured)
        except SCConfigError as error:
            raise SCConfigError(f"{bits}: {error}") from None
    else:
        sources, probabilities = zip(*map(_stream, streams), strict=True)
        report = _encoded(doctor, streams, sources, probabilities, length)
        if multiply:
            bound = min(0.25, 2 / math.sqrt(length)) if limit is None else limit
            pairs = itertools.combinations(zip(streams, sources, strict=True), 2)
            multipliers = [Multiplier(f"{n} × {m}", a, b) for (n, a), (m, b) in pairs]
            checks = check_multipliers(multipliers, length, limit=bound)
        elif limit is not None:
            raise SCConfigError("--limit is for --multiply; give both")
    if plot is not None:
        from sc_neurocore.bitstream import audit_plot, standalone

        write_file(plot, standalone(audit_plot(report)))
    if as_json:
        print_json(report.to_dict() | {"multipliers": [_check_json(c) for c in checks]})
    else:
        _print(report, checks)
    critical = any(f.severity.value == "critical" for f in report.findings)
    if critical or any(c.verdict != "sound" for c in checks):
        ctx.exit(MISMATCH)


def _stream(text: str) -> tuple[Source, float]:
    from sc_neurocore.bitstream import source_of

    source, at, probability = text.rpartition("@")
    try:
        value = float(probability)
    except ValueError:
        value = math.nan
    if not at or math.isnan(value):
        raise SCConfigError(
            f"stream '{text}' is not SOURCE@PROBABILITY; write for example lfsr@0.5"
        )
    if not 0 <= value <= 1:
        raise SCConfigError(f"stream '{text}' has probability {value:g}; it must be from 0 to 1")
    return source_of(source), value


def _encoded(
    doctor: Any,
    names: Sequence[str],
    sources: Sequence[Source],
    probabilities: Sequence[float],
    length: int,
) -> BitstreamAuditReport:
    from sc_neurocore.bitstream import encode

    words = encode(probabilities, length, sources)
    report: BitstreamAuditReport = doctor.audit_packed(
        "streams", words, length, names=names, expected=probabilities
    )
    return report


def _captured(path: Path) -> Any:
    import numpy as np

    try:
        return np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise SCConfigError(f"{path}: no such file") from None
    except (OSError, ValueError, EOFError):
        raise SCConfigError(f"{path} is no .npy file of bits; numpy.save writes one") from None


def _print(report: BitstreamAuditReport, checks: Sequence[MultiplierCheck]) -> None:
    from sc_neurocore.bitstream import remedy_of

    click.echo(
        f"{report.layer_id}: {len(report.streams)} streams of {report.length} bits, measured"
    )
    click.echo(
        f"limits at {100 * report.confidence:g} %: rate {report.value_limit:.4f}, "
        f"drift {report.drift_limit:.4f}\n"
    )
    print_table(
        ("STREAM", "ONES", "RATE", "ERROR", "LONGEST RUNS 0/1", "DRIFT"),
        [
            (
                s.name,
                str(s.ones),
                f"{s.probability:.4f}",
                "" if s.value_error is None else f"{s.value_error:+.4f}",
                f"{s.longest_zeros}/{s.longest_ones}",
                f"{s.drift:.4f}",
            )
            for s in report.streams
        ],
    )
    if 1 < len(report.streams) <= _SHOWN:
        click.echo("\nSCC:")
        print_table(
            ("", *(str(i) for i in range(len(report.streams)))),
            [
                (f"{i} {s.name}", *(f"{v + 0.0:+.3f}" for v in row))
                for i, (s, row) in enumerate(zip(report.streams, report.scc, strict=True))
            ],
        )
    for f in report.findings:
        click.echo(f"\n{f.severity.value.upper()} {f.kind}: {f.message}.\n  Remedy: {f.remedy}.")
    if not report.findings:
        click.echo("\nNothing found.")
    for c in checks:
        click.echo(f"\nMULTIPLIER {c} ({c.word}).")
        if remedy := remedy_of(c):
            click.echo(f"  Remedy: {remedy}.")


def _check_json(check: MultiplierCheck) -> dict[str, Any]:
    from sc_neurocore.bitstream import remedy_of

    m = check.multiplier
    return {
        "a": str(m.a),
        "b": str(m.b),
        "scc": check.scc,
        "covariance": check.covariance,
        "error": check.error,
        "p": check.p,
        "q": check.q,
        "word": check.word,
        "verdict": check.verdict,
        "remedy": remedy_of(check) or None,
    }


#: Streams whose correlations fit a table.
_SHOWN = 12
