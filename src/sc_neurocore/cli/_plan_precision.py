"""``plan-precision``: widths of weights and lengths of streams for an error."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

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
    from numpy.typing import NDArray

    from sc_neurocore.compiler.adaptive_precision import LayerPlan, SynapsePlan

_INFEASIBLE, _REFUTED = 3, 6
#: What each granularity has no use for, and which one has.
_ONLY = {
    "layer": ("synapse", ("formal", "plot", "weigh", "confidence_of", "min_bits", "max_bits")),
    "synapse": ("layer", ("method", "total_budget")),
}
#: Most bytes that the arrays of a file may unpack to.
_MAX_BYTES = 4 << 30


@click.command(
    "plan-precision",
    epilog=examples(
        "sc-neurocore plan-precision digits.nir --target-error 1 --source sobol:1",
        "sc-neurocore plan-precision digits.nir --granularity layer --source sobol:1 "
        "--input-source sobol:2",
        "sc-neurocore plan-precision weights.npz --target-error 5 --out plan.json --plot plan.svg",
        "sc-neurocore plan-precision weights.npz --target-error 5 --formal proof --execute",
        codes="0 target met, 2 bad input, 3 target missed (the plan is still printed and "
        "written), 4 tool missing, 5 tool failed, 6 a claim is not proven",
    ),
)
@click.argument("network", type=click.Path(path_type=Path))
@click.option("--granularity", type=click.Choice(["synapse", "layer"]), default="synapse",
              show_default=True, help="What gets a precision of its own.")  # fmt: skip
@click.option("--target-error", type=float, default=0.01, show_default=True, metavar="E",
              help="Of all synapses, or of each layer; its largest weight is 1.")  # fmt: skip
@click.option("--source", metavar="SOURCE",
              help="Of the weights' numbers, as sobol:1; default: independent bits.")  # fmt: skip
@click.option("--input-source", metavar="SOURCE",
              help="Of the inputs' numbers; bounds are then those of products.")  # fmt: skip
@click.option("--coding", default="auto", show_default=True,
              metavar="auto|unipolar|bipolar|sign-magnitude", help="Of the weights.")  # fmt: skip
@click.option("--weigh", type=click.Choice(["magnitude", "none"]), default="magnitude",
              show_default=True,
              help="Whether errors of small weights count less, or all alike.")  # fmt: skip
@click.option("--confidence", type=float, default=0.95, show_default=True, metavar="P",
              help="Of bounds on random bits.")  # fmt: skip
@click.option("--confidence-of", type=click.Choice(["row", "plan"]), default="row",
              show_default=True, help="Of each synapse's bound, or of all at once.")  # fmt: skip
@click.option("--min-bits", type=int, default=4, show_default=True, metavar="B",
              help="Narrowest weight.")  # fmt: skip
@click.option("--max-bits", type=int, default=16, show_default=True, metavar="B",
              help="Widest weight.")  # fmt: skip
@click.option("--min-length", type=int, default=32, show_default=True, metavar="L",
              help="Shortest stream, a power of two.")  # fmt: skip
@click.option("--max-length", type=int, metavar="L",
              help="Longest stream, a power of two; default: 4096, by layer 1024.")  # fmt: skip
@click.option("--method", default="hoeffding", show_default=True,
              metavar="hoeffding|sensitivity|proportional",
              help="By layer: for the error, or out of the budget.")  # fmt: skip
@click.option("--total-budget", type=int, metavar="L", help="By layer: most of all lengths.")
@click.option("--layer", "chosen", multiple=True, metavar="NAME",
              help="Only this array or node; may be repeated.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="FILE.json",
              help="Write the plan, every row.")  # fmt: skip
@click.option("--formal", type=click.Path(path_type=Path), metavar="DIR",
              help="Write a module with the plan's bounds and what is claimed of it.")  # fmt: skip
@click.option("--execute", is_flag=True, help="Prove those claims.")
@plot_option
@json_option
def plan_precision(
    network: Path,
    granularity: str,
    target_error: float,
    method: Any,
    total_budget: int | None,
    max_length: int | None,
    weigh: str,
    chosen: tuple[str, ...],
    out: Path | None,
    formal: Path | None,
    execute: bool,
    plot: Path | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Plan the widths of weights and the lengths of streams of NETWORK for an error.

    NETWORK is a .nir file, whose weights are taken layer by layer (biases stay out), or an .npz
    file of arrays with one or two axes, a layer each. Nothing is clipped in silence: a target that
    cannot be met is answered with what it would need.
    """
    import numpy as np

    from sc_neurocore.compiler.adaptive_precision import assign_lengths, assign_synapse_precisions

    require_svg(plot)
    if execute and formal is None:
        raise SCConfigError("--execute proves the claims of a bundle; name its directory: --formal")
    by_layer = granularity == "layer"
    _refuse_options_of(granularity)
    weights = _chosen(_read(network), chosen, network)
    shared = {k: options[k] for k in ("source", "input_source", "coding", "confidence")}
    if by_layer:
        plan = assign_lengths(
            list(weights.values()), list(weights), total_budget, options["min_length"],
            1024 if max_length is None else max_length, target_error, method, **shared,
        )  # fmt: skip
        _report_layers(plan, out, as_json)
        feasible, sound = plan.feasible, True
    else:
        found = assign_synapse_precisions(
            list(weights.values()), list(weights),
            [np.ones(a.shape) for a in weights.values()] if weigh == "none" else None,
            target_error, options["min_bits"],
            options["max_bits"], options["min_length"],
            4096 if max_length is None else max_length,
            confidence_of=options["confidence_of"], **shared,
        )  # fmt: skip
        sound = _report_synapses(found, out, plot, formal, execute, as_json)
        feasible = found.feasible
    if not (sound and feasible):
        click.get_current_context().exit(_INFEASIBLE if sound else _REFUTED)


def _refuse_options_of(granularity: str) -> None:
    """Refuse what would have no effect: options that belong to the other granularity."""
    context = click.get_current_context()
    other, idle = _ONLY[granularity]
    for name in idle:
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise SCConfigError(
                f"--{name.replace('_', '-')} needs a plan by {other}: --granularity {other}"
            )


def _report_layers(plan: LayerPlan, out: Path | None, as_json: bool) -> None:
    import json

    if out is not None:
        write_file(out, json.dumps(plan.to_dict(), indent=2, allow_nan=False) + "\n")
    if as_json:
        print_json(plan.to_dict())
        return
    rows = [
        [r.name, str(r.bitstream_length), f"{r.error_bound:.3g}", f"{r.target_error:.3g}",
         f"{r.sensitivity:.3g}", _yes(r.target_met), r.verdict or ""]
        for r in plan
    ]  # fmt: skip
    print_table(["layer", "length", "error", "target", "sensitivity", "met", "verdict"], rows)
    first = plan[0]
    click.echo(f"\n{plan.verdict}")
    click.echo(f"Bounds: {first.word}, streams of {first.source}, {first.basis}.")


def _report_synapses(
    plan: SynapsePlan,
    out: Path | None,
    plot: Path | None,
    formal: Path | None,
    execute: bool,
    as_json: bool,
) -> bool:
    """Write and print what is asked for; return whether no claim failed its proof."""
    from sc_neurocore._svg import standalone
    from sc_neurocore.compiler.adaptive_precision import (
        precision_plan_manifest,
        precision_plot,
        write_precision_formal_evidence_bundle,
        write_precision_manifest,
    )

    manifest = precision_plan_manifest(plan)
    bundle: Mapping[str, Any] | None = None
    with progress(quiet=as_json) as on_stage:
        if formal is not None:
            on_stage("proving" if execute else "writing")
            bundle = write_precision_formal_evidence_bundle(formal, plan, execute=execute)
        if out is not None:
            on_stage("writing")
            write_precision_manifest(out, manifest)
    if plot is not None:
        write_file(plot, standalone(precision_plot(plan)))
    if as_json:
        shown = {k: manifest[k] for k in manifest if k != "assignments"}
        print_json({**shown, "formal": None if bundle is None else dict(bundle)})
    else:
        _print_synapses(plan, manifest)
        if bundle is not None:
            _print_bundle(bundle, formal)
    return not execute or bundle is None or bundle["formal_claim"]["formal_proof_passed"]


def _print_synapses(plan: SynapsePlan, manifest: Mapping[str, Any]) -> None:
    rows = [
        [x["name"], " × ".join(map(str, x["shape"])), _span(x["bit_widths"]),
         _span(x["bitstream_lengths"]), f"{x['max_total_error_bound']:.3g}",
         str(x["synapses_above_target"]), f"{x['max_output_error_bound']:.3g}"]
        for x in manifest["layers"]
    ]  # fmt: skip
    # The sum of the errors of one output's synapses: a bound of the output only if none is weighed.
    heads = ["layer", "shape", "bits", "lengths", "largest error", "above target", "per output"]
    print_table(heads, rows)
    streams, total, costs = manifest["streams"], manifest["aggregate"], manifest["cost_summary"]
    click.echo(f"\n{plan.verdict}")
    click.echo(f"Streams: {streams['source']}, weights in {streams['coding']} coding.")
    click.echo(
        f"Root of the sum of squares of all errors: at most {total['root_sum_square']:.3g}, "
        f"target {plan.target_error:g}."
    )
    if plan.confidence is None:
        click.echo(f"Sum of all errors: at most {total['error_bound']:.3g}, always.")
    else:
        click.echo(
            f"Sum of all errors: at most {total['error_bound']:.3g} at "
            f"{100 * plan.confidence:g} %, if the streams are independent."
        )
        together = streams["simultaneous_confidence"]
        click.echo(
            f"All {len(plan)} bounds hold at once with at least {100 * together:.3g} %."
            if together
            else "Of all bounds at once nothing is claimed: --confidence-of plan."
        )
    saved = costs["estimated_lut_savings_vs_uniform_length"] / (
        costs["uniform_length_reference_cost"] or 1
    )
    click.echo(
        f"Relative cost (bits × log2 of length, not LUTs): {costs['estimated_lut_cost']:.6g}, "
        f"{100 * saved:.1f} % less than with {costs['max_bitstream_length']} bits for all."
    )


def _print_bundle(bundle: Mapping[str, Any], folder: Path | None) -> None:
    claim, proof = bundle["formal_claim"], bundle["proof"]
    if proof is None:
        click.echo(f"Formal bundle: {folder}, generated, {claim['assertions']} claims, not proven.")
        return
    word = "proven" if claim["formal_proof_passed"] else "NOT proven"
    click.echo(
        f"Formal bundle: {folder}, {word}: {proof['proven']} of {proof['assertions']} claims "
        f"({proof['method']})."
    )


def _span(ends: Sequence[int]) -> str:
    low, high = ends
    return str(low) if low == high else f"{low}–{high}"


def _yes(value: bool | None) -> str:
    return "yes" if value else "no"


def _read(path: Path) -> dict[str, NDArray[Any]]:
    if path.suffix == ".nir":
        return _read_nir(path)
    if path.suffix == ".npz":
        return _read_npz(path)
    raise SCConfigError(f"{path}: a plan is made of a .nir or an .npz file; the name says neither")


def _read_nir(path: Path) -> dict[str, NDArray[Any]]:
    """Weights of every linear node; a convolution's filters are its outputs."""
    import numpy as np

    from sc_neurocore.ir import LinearOp
    from sc_neurocore.nir_bridge import from_nir

    found = {}
    for node in from_nir(str(path)).flat.nodes_of(LinearOp):
        weight = getattr(node.op, "weight", None)
        if weight is not None:
            array = np.asarray(weight)
            # Filters of a convolution are outputs; leading axes of a dense layer hold more of them.
            convolves = hasattr(node.op, "stride")
            found[node.id] = array.reshape((len(array), -1) if convolves else (-1, array.shape[-1]))
    if not found:
        raise SCConfigError(f"{path}: there is no layer with weights")
    return found


def _read_npz(path: Path) -> dict[str, NDArray[Any]]:
    import numpy as np

    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > _MAX_BYTES:
            raise SCConfigError(f"{path}: unpacks to {size} bytes; at most {_MAX_BYTES} are read")
        with np.load(path, allow_pickle=False) as file:
            arrays = {name: np.asarray(file[name]) for name in file.files}
    except (OSError, ValueError, EOFError, MemoryError, zipfile.BadZipFile, zlib.error,
            NotImplementedError, RuntimeError) as error:  # fmt: skip
        if isinstance(error, SCConfigError):
            raise
        text = getattr(error, "strerror", None) or (str(error) or type(error).__name__)
        raise SCConfigError(
            f"{path}: cannot be read as .npz ({text.splitlines()[0]}); write it with "
            "numpy.savez(file, name=weights)"
        ) from None
    if not arrays:
        raise SCConfigError(f"{path}: holds no array")
    return arrays


def _chosen(
    arrays: dict[str, NDArray[Any]], names: Sequence[str], path: Path
) -> dict[str, NDArray[Any]]:
    for name in names:
        if name not in arrays:
            raise SCConfigError(f"{path}: there is no layer '{name}' (layers: {', '.join(arrays)})")
    return {n: a for n, a in arrays.items() if not names or n in names}
