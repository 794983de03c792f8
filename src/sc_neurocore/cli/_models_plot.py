"""``models plot``: a model's default protocol as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from sc_neurocore.cli._output import (
    examples,
    json_option,
    print_json,
    require_place,
    write_file,
)
from sc_neurocore.exceptions import SCConfigError


@click.command(
    epilog=examples(
        "sc-neurocore models plot adex -o adex.svg",
        "sc-neurocore models plot my_neuron.toml -o trace.svg",
        codes="0 success, 2 bad input",
    ),
)
@click.argument("model")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path),
              metavar="FILE.svg", help="Where to write the picture.")  # fmt: skip
@json_option
def plot(model: str, output: Path, as_json: bool) -> None:
    """Draw the spikes, states and input of MODEL under its default protocol."""
    from sc_neurocore.build import StateTrace, Traces, standalone, trace_plot
    from sc_neurocore.dynamics import simulate
    from sc_neurocore.neurons import load_schema, model_of, protocol_of

    if output.suffix != ".svg":
        raise SCConfigError(f"--output writes SVG; '{output}' must end in .svg")
    require_place(output)
    document = load_schema(model)
    neuron, protocol = model_of(document), protocol_of(document)
    current = protocol.current(neuron.dt)
    run = simulate(
        neuron, {protocol.input: current}, record=neuron.state_names, engine="interpreted"
    )
    traces = Traces(
        time_ms=run.time,
        stimulus=current,
        states={q.name: StateTrace(q.unit, run.states[q.name][:, 0]) for q in neuron.states},
        spikes_float_ms=run.spike_times(),
        stimulus_name=protocol.input,
        stimulus_unit=next(q.unit for q in neuron.inputs if q.name == protocol.input),
        time_unit="iterations" if neuron.method == "map" else "ms",
    )
    write_file(output, standalone(trace_plot(traces)))
    if as_json:
        print_json(
            {
                "file": str(output),
                "model": neuron.name,
                "duration": protocol.duration,
                "time_unit": traces.time_unit,
                "spikes": len(run.spikes),
            }
        )
    else:
        length = f"{protocol.duration:g} {traces.time_unit}"
        click.echo(f"{output}: {len(run.spikes)} spikes in {length}")
