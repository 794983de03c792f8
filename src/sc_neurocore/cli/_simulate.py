"""``simulate``: run a model in floating point and, if asked, in a fixed-point format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from sc_neurocore.cli._model_argument import model_argument
from sc_neurocore.cli._output import (
    examples,
    json_option,
    print_json,
    print_table,
    require_svg,
    write_file,
)
from sc_neurocore.exceptions import SCConfigError

if TYPE_CHECKING:
    from sc_neurocore.build import Drive, Traces
    from sc_neurocore.dynamics import Model

_DURATION = 500.0


@click.command(
    epilog=examples(
        "sc-neurocore simulate lif",
        "sc-neurocore simulate izhikevich2003 --current 10 --duration 1000 --plot trace.svg",
        "sc-neurocore simulate lif --fixed Q8.8 --json",
        "sc-neurocore simulate 'dv/dt = (-v + I)/tau' --threshold 'v > 1' --reset 'v = 0' "
        "--param tau=10 --current 2",
        codes="0 success, 2 bad input, 3 the format cannot hold the model",
    ),
)
@model_argument
@click.option("--current", type=float, metavar="X", help="Input from here on; default: protocol.")
@click.option("--duration", type=float, metavar="MS", help="Length of the run.")
@click.option("--neurons", type=int, default=1, show_default=True, help="Copies to run.")
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of random draws.")
@click.option("--fixed", metavar="FORMAT", help="Also run the bit-true model, e.g. Q8.8 or auto.")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.svg",
              help="Write a plot of the first neuron.")  # fmt: skip
@click.option("--csv", type=click.Path(path_type=Path), metavar="FILE",
              help="Write the trace of the first neuron.")  # fmt: skip
@json_option
def simulate(
    document: dict[str, Any],
    current: float | None,
    duration: float | None,
    neurons: int,
    seed: int,
    fixed: str | None,
    plot: Path | None,
    csv: Path | None,
    as_json: bool,
) -> None:
    """Simulate MODEL: a catalogue name, a .toml or .json file, or equations.

    Without --current the model's own protocol is its stimulus.
    """
    from sc_neurocore.neurons import hardware_model_of, model_of

    require_svg(plot)
    model = (model_of if fixed is None else hardware_model_of)(document)
    drive = _drive(document, model, current, duration)
    notices: tuple[str, ...] = ()
    if fixed is None:
        traces, spikes = _float_run(model, drive, neurons, seed)
    elif neurons == 1:
        traces, fixed, notices = _fixed_run(document, model, drive, fixed, seed)
        spikes = len(traces.spikes_float_ms)
    else:
        raise SCConfigError("--fixed runs one neuron; leave --neurons out")
    if plot is not None:
        from sc_neurocore.build import standalone, trace_plot

        write_file(plot, standalone(trace_plot(traces)))
    if csv is not None:
        write_file(csv, _csv(traces))
    summary = _summary(model, drive, traces, spikes, neurons, seed)
    if fixed is not None:
        summary["fixed"] = _fixed_summary(traces, fixed, notices)
    if as_json:
        print_json(summary)
    else:
        _print_summary(summary, traces)


def _drive(
    document: Mapping[str, Any], model: Model, current: float | None, duration: float | None
) -> Drive:
    """The stimulus: the document's protocol, or a constant ``current``, or the resting input."""
    from sc_neurocore.build import Drive
    from sc_neurocore.dynamics import require_finite, require_positive
    from sc_neurocore.neurons import protocol_of

    length = _DURATION if duration is None else require_positive("--duration", duration)
    if round(length / model.dt) < 1:
        raise SCConfigError(f"--duration is {length:g}; it must be at least one tick, {model.dt:g}")
    if current is not None:
        require_finite("--current", current)
        if not model.inputs:
            raise SCConfigError(f"model '{model.name}' has no input; leave --current out")
    if "protocol" in document:
        p = protocol_of(document)
        drive = Drive(p.input, p.amplitude, p.onset, p.duration, (), p.rest, "protocol", p.period)
        if duration is not None:
            drive = replace(drive, duration=length)
        return drive if current is None else replace(drive, amplitude=current, onset=0.0)
    if not model.inputs:
        return Drive("", 0.0, 0.0, length, (), 0.0, "no input")
    q = min(model.inputs, key=lambda q: q.kind)  # a current, if there is one
    if q.kind == "event" and current is not None:
        raise SCConfigError(
            f"input '{q.name}' of model '{model.name}' takes events; give the document a "
            "[protocol] with a period"
        )
    return Drive(q.name, q.value if current is None else current, 0.0, length, (), q.value, "")


def _float_run(model: Model, drive: Drive, neurons: int, seed: int) -> tuple[Traces, int]:
    """Traces of the first neuron, and the spikes of all."""
    from sc_neurocore.build import StateTrace, Traces
    from sc_neurocore.dynamics import simulate as run

    current = drive.current(model.dt)
    result = run(
        model, {drive.input: current} if drive.input else None, ticks=len(current),
        neurons=neurons, seed=seed, record=model.state_names,
    )  # fmt: skip
    traces = Traces(
        time_ms=result.time,
        stimulus=current,
        states={q.name: StateTrace(q.unit, result.states[q.name][:, 0]) for q in model.states},
        spikes_float_ms=result.spike_times(),
        stimulus_name=drive.input,
        stimulus_unit=next((q.unit for q in model.inputs if q.name == drive.input), ""),
        time_unit=_time_unit(model),
    )
    return traces, len(result.spikes)


def _fixed_run(
    document: Mapping[str, Any], model: Model, drive: Drive, text: str, seed: int
) -> tuple[Traces, str, tuple[str, ...]]:
    """Traces of the float run and of the bit-true run that a default `build` would verify."""
    from sc_neurocore.build import (
        BuildOptions,
        compile_source,
        hardware_options,
        measure_fidelity,
        source_of,
    )
    from sc_neurocore.toolchain import get_target

    options = BuildOptions(format=text)
    wanted = hardware_options(options, document, get_target(options.target))
    compiled = compile_source(source_of(document), wanted, options.seed)
    fidelity = measure_fidelity(compiled, drive, sweep=False, seed=seed)
    traces = replace(fidelity.traces, time_unit=_time_unit(model))
    if text == "auto":
        text += f" ({', '.join(f'{p.name} {p.format}' for p in compiled.datapath.states)})"
    return traces, text, compiled.datapath.notices


def _time_unit(model: Model) -> str:
    return "iterations" if model.method == "map" else "ms"


def _csv(traces: Traces) -> str:
    import numpy as np

    ticks = np.arange(len(traces.time_ms))
    dt = float(traces.time_ms[0])
    columns: dict[str, Any] = {f"time_{traces.time_unit}": traces.time_ms}
    if traces.stimulus_name:
        columns[traces.stimulus_name] = traces.stimulus
    spikes = {"": traces.spikes_float_ms}
    columns |= {name: state.floating for name, state in traces.states.items()}
    if traces.spikes_fixed_ms is not None:
        columns |= {f"{name}_fixed": state.fixed for name, state in traces.states.items()}
        spikes["_fixed"] = traces.spikes_fixed_ms
    for suffix, times in spikes.items():
        columns[f"spike{suffix}"] = np.isin(ticks, np.rint(times / dt).astype(int) - 1).astype(int)
    rows = zip(*(values.tolist() for values in columns.values()), strict=True)
    lines = [",".join(columns), *(",".join(f"{cell:.12g}" for cell in row) for row in rows)]
    return "\n".join(lines) + "\n"


def _summary(
    model: Model, drive: Drive, traces: Traces, spikes: int, neurons: int, seed: int
) -> dict[str, Any]:
    duration = len(traces.time_ms) * model.dt
    return {
        "model": model.name,
        "method": model.method,
        "dt": model.dt,
        "time_unit": traces.time_unit,
        "duration": duration,
        "neurons": neurons,
        "seed": seed,
        "stimulus": {
            "input": drive.input or None,
            "amplitude": drive.amplitude,
            "unit": traces.stimulus_unit,
            "onset": drive.onset,
            "period": drive.period,
        },
        "spikes": spikes,
        "rate": 1000.0 * spikes / (neurons * duration),
        "rate_unit": "Hz" if traces.time_unit == "ms" else "per 1000 iterations",
        "spike_times": traces.spikes_float_ms.tolist(),
        "final": {name: float(state.floating[-1]) for name, state in traces.states.items()},
    }


def _fixed_summary(traces: Traces, text: str, notices: tuple[str, ...]) -> dict[str, Any]:
    assert traces.spikes_fixed_ms is not None, "the bit-true model has run"
    return {
        "format": text,
        "spikes": len(traces.spikes_fixed_ms),
        "spike_times": traces.spikes_fixed_ms.tolist(),
        "max_abs_error": {
            name: float(abs(state.fixed - state.floating).max())
            for name, state in traces.states.items()
            if state.fixed is not None
        },
        "notices": list(notices),
    }


def _print_summary(summary: Mapping[str, Any], traces: Traces) -> None:
    unit, stimulus = summary["time_unit"], summary["stimulus"]
    click.echo(
        f"{summary['model']}: {summary['neurons']} × {summary['duration']:g} {unit}, "
        f"dt {summary['dt']:g}, method {summary['method']}"
    )
    if stimulus["input"] is not None:
        height = f"{stimulus['amplitude']:g} {stimulus['unit']}".rstrip()
        again = "" if stimulus["period"] is None else f" every {stimulus['period']:g} {unit}"
        start = f"from {stimulus['onset']:g} {unit}"
        click.echo(f"stimulus: {stimulus['input']} = {height} {start}{again}")
    click.echo(f"spikes: {summary['spikes']} ({summary['rate']:.4g} {summary['rate_unit']})")
    if fixed := summary.get("fixed"):
        click.echo(f"spikes in {fixed['format']}: {fixed['spikes']}")
    click.echo()
    headers = ["STATE", "UNIT", "MIN", "MAX", "LAST"]
    rows = [
        [name, s.unit, *(f"{x:.6g}" for x in (s.floating.min(), s.floating.max(), s.floating[-1]))]
        for name, s in traces.states.items()
    ]
    if fixed:
        headers.append("LARGEST ERROR")
        for row in rows:
            row.append(f"{fixed['max_abs_error'][row[0]]:.4g}")
    print_table(headers, rows)
    for notice in (fixed or {}).get("notices", ()):
        click.echo(f"Notice: {notice}", err=True)
