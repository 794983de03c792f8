"""``partition run`` of a program whose places are chips: their RTL in one simulation."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sc_neurocore.cli._output import print_table

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from sc_neurocore.ir import Partitions

_COUNTED = ("bad", "foreign", "duplicate", "lost", "late", "expired")


def are_chips(partitions: Partitions, directory: Path) -> bool:
    """Whether the places of a program are chips.

    Raises:
        PartitionError: some are, some are not.
    """
    from sc_neurocore.ir import PartitionError

    places = partitions.places.places
    chips = [place for place in partitions.parts if places[place].kind == "chip"]
    processes = [place for place in partitions.parts if place not in chips]
    if chips and processes:
        raise PartitionError(
            f"'{directory}' has chips ({', '.join(chips)}) and processes ({', '.join(processes)}), "
            "and those do not run together; give all places one `kind` in the places file and "
            "compile again"
        )
    return bool(chips)


def run_on_chips(partitions: Partitions, inputs: NDArray[Any], ticks: int) -> dict[str, Any]:
    """Simulate the chips, and report what they did and where they differ from the whole."""
    from sc_neurocore.evidence import EvidenceStore
    from sc_neurocore.partition import chips_of
    from sc_neurocore.toolchain import available_simulators

    simulator = next(iter(available_simulators()), "verilator")
    began = time.monotonic()
    chips = chips_of(partitions, ticks=ticks)
    done = chips.run(inputs, store=EvidenceStore(), simulator=simulator)
    network = chips.chips.whole
    names = [layer.name for layer in network.layers]
    links = []
    for i, link in enumerate(chips.chips.links):
        arrived = done.spikes if link.target else done.host
        known = i in done.counters
        links.append(
            {
                "source": link.source or "host",
                "target": link.target or "host",
                "spikes": sum(
                    int(inputs.sum()) if k < 0 else int(arrived[names[k]].sum())
                    for k in link.layers
                ),
                "received": {n: done.count(n, i) for n in ("good", *_COUNTED)} if known else None,
            }
        )
    first = done.first
    return {
        "seconds": round(time.monotonic() - began, 6),
        "simulator": done.simulator,
        "clocks": done.clocks.tolist(),
        "compared": done.compared,
        "mismatches": done.mismatches,
        "first_mismatch": None if first is None else vars(first),
        "links": links,
        "answers": {partitions.whole.outputs[0].id: done.predictions.tolist()},
        "evidence": list(done.evidence),
    }


def print_chips(report: dict[str, Any]) -> None:
    """Print such a report."""
    clocks = report["clocks"]
    click.echo(
        f"Program {report['program'][:8]} on virtual chips ({report['simulator']}): "
        f"{report['samples']} samples of {report['ticks']} ticks, "
        f"{sum(clocks) / len(clocks):.0f} clocks each"
    )
    rows = []
    for link in report["links"]:
        got = link["received"] or {}
        packets, *rest = (str(got.get(name, "")) for name in ("good", *_COUNTED))
        rows.append([f"{link['source']} -> {link['target']}", packets, str(link["spikes"]), *rest])
    print_table(["link", "packets", "spikes", *_COUNTED], rows)
    plural = "es" * (report["mismatches"] != 1)
    click.echo(
        f"{report['compared']} spikes compared with the bit-true model of the whole network: "
        f"{report['mismatches']} mismatch{plural}"
    )
    if report["first_mismatch"]:
        at = report["first_mismatch"]
        click.echo(
            f"The first is at sample {at['sample']}, tick {at['tick']}, neuron {at['neuron']} of "
            f"'{at['layer']}', where {at['expected']} is expected"
        )
