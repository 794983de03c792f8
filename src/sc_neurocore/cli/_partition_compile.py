"""``partition NET``: the parts of a network, as a directory that can be run."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sc_neurocore.cli._output import examples, json_option, print_json, print_table, progress

if TYPE_CHECKING:
    from sc_neurocore.ir import Crossing, Partitions

#: Samples that the traffic is measured on.
_MEASURED = 32


@click.command(
    "compile",
    short_help="Compile a network for its places.",
    epilog=examples(
        "sc-neurocore partition digits.nir --places hosts.toml --data digits",
        "sc-neurocore partition digits.nir --places chips.toml --out digits-chips --json",
        codes="0 success, 2 bad input, 3 cannot be spread as asked, 4 a package is missing",
    ),
)
@click.argument("network", type=click.Path(path_type=Path))
@click.option("--places", "places_file", type=click.Path(path_type=Path), required=True,
              metavar="FILE.toml", help="Places, wires, and what is pinned where.")  # fmt: skip
@click.option("--data", metavar="digits|mnist|FILE.npz",
              help="Samples whose spikes decide where to cut; else all count alike.")  # fmt: skip
@click.option("--ticks", type=click.IntRange(1), metavar="T",
              help="Ticks of a sample; default: the file's.")  # fmt: skip
@click.option("--scnir", type=click.Path(path_type=Path), metavar="FILE.json",
              help="SC-NIR document: chips compute with streams of bits like its own.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR",
              help="Program directory; default: NET-parts.")  # fmt: skip
@json_option
def compile_command(
    network: Path,
    places_file: Path,
    data: str | None,
    ticks: int | None,
    scnir: Path | None,
    out: Path | None,
    as_json: bool,
) -> None:
    """Compile NETWORK (.nir or .onnx): place, cut, gate and check it, and write DIR."""
    from sc_neurocore.build import check_output
    from sc_neurocore.build.network import read_network
    from sc_neurocore.datasets import load_dataset
    from sc_neurocore.ir import load_scnir, scnir_config_of
    from sc_neurocore.nir_bridge import from_nir
    from sc_neurocore.partition import (
        compile_partitions,
        draw_partitions,
        draw_placement,
        encode_dataset,
        load_places,
        measure_traffic,
        write_program,
    )

    path = out or Path(f"{network.stem}-parts")
    check_output(path)
    file = load_places(places_file)
    source = read_network(network)
    streams = None if scnir is None else scnir_config_of(load_scnir(scnir))
    inputs = None
    if data is not None:
        flat = source.network.flat
        inputs = encode_dataset(flat, source.settings, load_dataset(data), _MEASURED, ticks)
    with progress(quiet=as_json) as on_stage:
        partitions = compile_partitions(
            source.network, file, inputs=inputs, scnir=streams, progress=on_stage
        )
        on_stage("drawing")
        measured = from_nir(partitions.whole)
        traffic = None if inputs is None else measure_traffic(measured, inputs)
        pictures = {
            "before.svg": draw_placement(partitions.whole, traffic),
            "after.svg": draw_partitions(partitions, traffic),
        }
        write_program(partitions, path, pictures)
    report = _report(partitions, traffic)
    if as_json:
        print_json({**report, "directory": str(path)})
        return
    _print(report)
    click.echo(f"Program {report['program'][:8]}: {path}  (open {path / 'after.svg'})")


def _report(partitions: Partitions, traffic: Mapping[str, float] | None) -> dict[str, Any]:
    from sc_neurocore.ir import Neurons

    def neurons(place: str) -> int:
        part = partitions.parts[place]
        found = part.nodes_of(Neurons)
        return sum(node.op.count for node in found if isinstance(node.op, Neurons))

    return {
        "network": partitions.whole.name,
        "program": next(p["program"] for p in partitions.passports.values()),
        "parts": [
            {
                "place": place,
                "kind": partitions.places.places[place].kind,
                "part": partitions.names[place],
                "nodes": len(part.nodes),
                "neurons": neurons(place),
                "sends": len(partitions.sent_by(place)),
                "receives": len(partitions.received_by(place)),
            }
            for place, part in partitions.parts.items()
        ],
        "crossings": [
            {
                "stream": c.stream,
                "node": c.node,
                "source": c.source,
                "target": c.target,
                "neurons": c.size,
                "delay": c.delay,
                "kind": c.kind,
                "decoder": _decoder(partitions, c),
                "batch": c.batch,
                "deadline_ns": c.deadline_ns,
                "spikes_per_tick": None if traffic is None else traffic[c.node],
            }
            for c in partitions.crossings.values()
        ],
    }


def _decoder(partitions: Partitions, crossing: Crossing) -> str:
    """What turns packets into spikes where a crossing arrives."""
    from sc_neurocore.ir import Receive

    op = partitions.parts[crossing.target].nodes[crossing.receive_id].op
    assert isinstance(op, Receive)
    return op.decoder


def _print(report: Mapping[str, Any]) -> None:
    click.echo(f"'{report['network']}' over {len(report['parts'])} places")
    rows = [
        [p["place"], p["kind"], p["part"], str(p["neurons"]), str(p["sends"]), str(p["receives"])]
        for p in report["parts"]
    ]
    print_table(["place", "kind", "part", "neurons", "sends", "receives"], rows)
    if not report["crossings"]:
        return
    click.echo("")
    print_table(
        ["stream", "node", "from", "to", "neurons", "delay", "spikes/tick", "deadline"],
        [
            [
                str(c["stream"]), c["node"], c["source"], c["target"], str(c["neurons"]),
                f"{c['delay']} tick{'s' * (c['delay'] != 1)}",
                "not measured" if c["spikes_per_tick"] is None else f"{c['spikes_per_tick']:.2f}",
                "none" if c["deadline_ns"] is None else f"{c['deadline_ns'] / 1000:g} µs",
            ]
            for c in report["crossings"]
        ],
    )  # fmt: skip
