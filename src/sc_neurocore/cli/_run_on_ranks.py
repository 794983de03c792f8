"""``run-on-ranks``: one large network on the ranks of a cluster."""

from __future__ import annotations

import io
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table, require_place
from sc_neurocore.exceptions import SCConfigError, SCNeuroError

if TYPE_CHECKING:
    from sc_neurocore.nir_bridge import SCNetwork
    from sc_neurocore.partition import RankRun

_FILE = click.Path(path_type=Path)


@click.command(
    "run-on-ranks",
    epilog=examples(
        "sc-neurocore run-on-ranks network.nir --inputs spikes.npy --ticks 1000",
        "mpiexec -n 4 sc-neurocore run-on-ranks network.nir --inputs spikes.npy --ticks 1000 "
        "--out outputs.npz",
        codes="0 success, 2 bad input, 4 mpi4py, nir or h5py is missing",
    ),
)
@click.argument("network", type=_FILE, metavar="NETWORK.nir")
@click.option("--inputs", type=_FILE, required=True, metavar="FILE",
              help="An array (ticks, M), .npy; one for each Input by its name, .npz.")  # fmt: skip
@click.option("--ticks", type=click.IntRange(1), required=True, metavar="N", help="How long.")
@click.option("--out", type=_FILE, metavar="FILE.npz", help="Write the outputs.")
@json_option
def run_on_ranks(network: Path, inputs: Path, ticks: int, out: Path | None, as_json: bool) -> None:
    """Run a network in float64, each rank with a slice of every population.

    Started by mpiexec on several ranks, or alone. The spikes are the same on any number of ranks,
    as the digest shows.
    """
    from sc_neurocore.nir_bridge import from_nir
    from sc_neurocore.partition import MPIDriver, run_on_ranks

    driver = MPIDriver()

    def loaded() -> tuple[SCNetwork, Mapping[str, Any] | Any]:
        if out is not None:
            require_place(out)
        return from_nir(network), _arrays(inputs)

    try:
        described, given = driver.together(loaded)
        run = run_on_ranks(described, given, ticks, driver.comm)
    except SCNeuroError as error:
        if driver.rank:  # The root says it.
            sys.exit(error.exit_code)
        raise
    if driver.rank == 0:
        if out is not None:
            _write(run, out)
        print_json(_figures(run)) if as_json else _print(run, out)


def _arrays(path: Path) -> Mapping[str, Any] | Any:
    import numpy as np

    try:
        loaded = np.load(path, allow_pickle=False)
        return dict(loaded) if isinstance(loaded, np.lib.npyio.NpzFile) else loaded
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise SCConfigError(f"{path} holds no arrays of numbers: {error}") from None


def _write(run: RankRun, path: Path) -> None:
    import numpy as np

    from sc_neurocore.evidence import atomic_write

    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in run.outputs.items():
            with archive.open(f"{name}.npy", "w") as file:
                np.lib.format.write_array(file, value)
    atomic_write(path, held.getvalue())


def _figures(run: RankRun) -> dict[str, Any]:
    return {
        "ranks": run.ranks,
        "spikes": dict(run.spikes),
        "digest": run.digest,
        "lookahead": run.lookahead,
        "exchanges": run.exchanges,
        "overflows": run.overflows,
        "root": {
            "synapses": run.synapses,
            "synapse_bytes": run.synapse_bytes,
            "seconds": run.seconds,
            "waited": run.waited,
        },
    }


def _print(run: RankRun, out: Path | None) -> None:
    print_table(["population", "spikes"], [[name, f"{n}"] for name, n in run.spikes.items()])
    click.echo(
        f"{run.ranks} rank(s), {run.exchanges} exchanges, one in {run.lookahead} tick(s), "
        f"{run.seconds:.2f} s of which {run.waited:.2f} s were waited"
    )
    click.echo(f"Spikes: {run.digest}")
    if out is not None:
        click.echo(f"Outputs: {out}")
