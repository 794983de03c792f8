"""How close the fixed-point neuron is to the float one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore import __version__
from sc_neurocore.build._plot import StateTrace, Traces
from sc_neurocore.build._source import Drive
from sc_neurocore.compiler import (
    Compiled,
    Port,
    kernel_source,
    rom_contents,
    simulate_fixed,
    simulate_ticks,
)
from sc_neurocore.dynamics import program, random_draws, simulate
from sc_neurocore.evidence import EvidenceStore, Outcome, Record, code_digest, run_cached
from sc_neurocore.exceptions import BitwidthMismatchError

Raw = NDArray[np.int64]
Real = NDArray[np.float64]

#: Spike counts may differ by this share (and by one spike in any case).
COUNT_BOUND = 0.05
#: Where nothing spikes, or it leaves its register, a state may differ by this share of its largest
#: magnitude, or by `STEPS`.
STATE_BOUND = 0.05
#: Steps of a state's format that never count as a difference.
STEPS = 4


@dataclass(frozen=True)
class Fidelity:
    """Fixed point against float64, same equations, method and tick.

    Attributes:
        spikes_float: spikes of the float run.
        spikes_fixed: spikes of the bit-true run.
        max_abs_error: largest difference per state over the run, in the state's unit.
        allowed_error: what is allowed of it without spikes, or beyond; see `STATE_BOUND`.
        beyond: states that leave their register in floating point, with the farthest value.
        spike_time_rmse_ms: root mean square difference of the k-th spikes; ``None`` without any.
        traces: both runs, for plots.
    """

    spikes_float: int
    spikes_fixed: int
    max_abs_error: Mapping[str, float]
    allowed_error: Mapping[str, float]
    beyond: Mapping[str, float]
    spike_time_rmse_ms: float | None
    traces: Traces

    @property
    def fault(self) -> str | None:
        """What lies outside the bounds, in words; ``None`` if nothing does."""
        allowed = max(1.0, COUNT_BOUND * self.spikes_float)
        if abs(self.spikes_float - self.spikes_fixed) > allowed:
            return f"{self.spikes_fixed} spikes in fixed point, {self.spikes_float} in float"
        for name, error in self.max_abs_error.items():
            if error <= self.allowed_error[name] or (self.spikes_float and name not in self.beyond):
                continue
            why = f"'{name}' leaves its register" if name in self.beyond else "nothing spikes"
            return (
                f"{why}: '{name}' may differ by {self.allowed_error[name]:.3g} but differs by "
                f"{error:.3g}"
            )
        return None


def quantise(port: Port, values: Real) -> Raw:
    """Round real values to a port's codes.

    Raises:
        BitwidthMismatchError: a value lies outside the port.
    """
    raw = np.rint(values * 2.0**port.format.fraction).astype(np.int64)
    if raw.size and (raw.min() < port.low or raw.max() > port.high):
        worst = float(values.flat[np.argmax(np.abs(values))])
        raise BitwidthMismatchError(
            f"stimulus {worst:g} {port.unit}".rstrip()
            + f" does not fit port '{port.name}' in {port.format}, which holds "
            f"[{port.low * port.format.resolution:g}, {port.high * port.format.resolution:g}]"
        )
    return raw


def raw_inputs(compiled: Compiled, drive: Drive, current: Real, seed: int) -> dict[str, Raw]:
    """Raw values of every port for a driven run; ``current`` is (T,) or (T, N).

    Random draws are those of the float run with the same seed, rounded.
    """
    d = compiled.datapath
    resting = {q.name: q.value for q in (*d.model.inputs, *d.model.parameters)}
    result = {}
    for port in (*d.inputs, *d.parameters):
        values = current if port.name == drive.input else np.full(current.shape, resting[port.name])
        result[port.name] = quantise(port, values)
    # The numbers that the float run with this seed draws, so that only rounding differs.
    neurons = 1 if current.ndim == 1 else current.shape[1]
    drawn = random_draws(d.model, len(current), neurons=neurons, seed=seed)
    for port, numbers in zip(d.draws, drawn.values(), strict=True):
        raw = np.rint(numbers * 2.0**port.format.fraction).astype(np.int64)
        result[port.name] = np.clip(raw, port.low, port.high).reshape(current.shape)
    return result


def measure_fidelity(compiled: Compiled, drive: Drive, *, sweep: bool, seed: int = 1) -> Fidelity:
    """Run both executions of the compiled model under its drive.

    Args:
        compiled: the compiled model.
        drive: stimulus.
        sweep: also measure the f–I curve.
        seed: seed of the random draws.
    """
    model, d = compiled.model, compiled.datapath
    current = drive.current(model.dt)
    steps = _sweep(compiled, drive) if sweep else _EMPTY
    # The sweep rides along as further neurons: one float kernel serves both.
    columns = np.stack([current, *(drive.current(model.dt, a) for a in steps)], axis=1)
    driven = {drive.input: columns} if drive.input else None
    floating = simulate(model, driven, ticks=len(current), record=model.state_names, seed=seed)
    inputs = raw_inputs(compiled, drive, columns, seed)
    fixed = simulate_fixed(d, inputs) if inputs else simulate_ticks(d, len(current))
    states, errors, allowed, beyond = {}, {}, {}, {}
    for port in d.states:
        real = floating.states[port.name][:, 0]
        ours = fixed.states[port.name][:, 0] * port.format.resolution
        states[port.name] = StateTrace(port.unit, real, ours)
        step = port.format.resolution
        farthest = float(real[np.argmax(np.abs(real - (port.low + port.high) / 2 * step))])
        errors[port.name] = float(np.abs(real - ours).max())
        allowed[port.name] = max(STATE_BOUND * float(np.abs(real).max()), STEPS * step)
        if not port.low * step - step <= farthest <= port.high * step + step:
            beyond[port.name] = farthest
    times_float = floating.spike_times()
    times_fixed = (np.flatnonzero(fixed.spikes[:, 0]) + 1) * model.dt
    count = min(len(times_float), len(times_fixed))
    rmse = None
    if count:
        gap = times_float[:count] - times_fixed[:count]
        rmse = float(np.sqrt(np.mean(gap * gap)))
    rates_float = rates_fixed = _EMPTY
    if steps.size:
        seconds = (drive.duration - drive.onset) / 1000.0
        rates_float = floating.spike_counts[1:] / seconds
        rates_fixed = fixed.spikes[:, 1:].sum(axis=0) / seconds
    unit = next((q.unit for q in model.inputs if q.name == drive.input), "")
    traces = Traces(
        time_ms=floating.time,
        stimulus=current,
        states=states,
        spikes_float_ms=times_float,
        spikes_fixed_ms=times_fixed,
        fi_current=steps,
        fi_rate_float=rates_float,
        fi_rate_fixed=rates_fixed,
        stimulus_name=drive.input,
        stimulus_unit=unit,
        **_MAP_UNITS if model.method == "map" else {},
    )
    return Fidelity(len(times_float), len(times_fixed), errors, allowed, beyond, rmse, traces)


_MAP_UNITS = {"time_unit": "iterations", "rate_unit": "per 1000 iterations"}
_EMPTY: Real = np.zeros(0)


def _sweep(compiled: Compiled, drive: Drive) -> Real:
    """Amplitudes of the f–I curve that the input port holds; none for a model without spikes."""
    port = next((p for p in compiled.datapath.inputs if p.name == drive.input), None)
    if port is None or compiled.model.threshold is None:
        return _EMPTY
    low, high = port.low * port.format.resolution, port.high * port.format.resolution
    steps = np.asarray([a for a in drive.amplitudes if low <= a <= high])
    return steps if steps.size > 1 else _EMPTY


def recorded_fidelity(
    compiled: Compiled, drive: Drive, *, seed: int, store: EvidenceStore
) -> tuple[Fidelity, Record]:
    """`measure_fidelity` with its sweep, kept in the evidence store with both traces."""
    made: list[Fidelity] = []

    def run() -> Outcome:
        found = measure_fidelity(compiled, drive, sweep=True, seed=seed)
        made.append(found)
        return Outcome(
            {
                "spikes_float": found.spikes_float,
                "spikes_fixed": found.spikes_fixed,
                "max_abs_error": dict(found.max_abs_error),
                "allowed_error": dict(found.allowed_error),
                "beyond": dict(found.beyond),
                "spike_time_rmse_ms": found.spike_time_rmse_ms,
            },
            blobs={_TRACES: found.traces.to_bytes()},
        )

    record = run_cached(
        store,
        word="executed",
        tool="fidelity",
        version=__version__,
        options={"drive": asdict(drive), "seed": seed, "code": code_digest()},
        inputs={
            "float": repr(program(compiled.model)),
            "fixed": kernel_source(compiled.datapath) + repr(rom_contents(compiled.datapath)),
            "ports": repr(
                (compiled.datapath.states, compiled.datapath.inputs, compiled.datapath.init)
            ),
        },
        run=run,
    )
    if made:
        return made[0], record
    result: Mapping[str, Any] = record.result
    traces = Traces.from_bytes(store.blob(record.key, _TRACES))
    return Fidelity(**result, traces=traces), record


_TRACES = "traces.npz"
