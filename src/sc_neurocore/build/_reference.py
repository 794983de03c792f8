"""How close the float neuron is to its equations: an adaptive integrator beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from typing import Any

import numpy as np

from sc_neurocore import __version__
from sc_neurocore.build._source import Source
from sc_neurocore.dynamics import program, reference, simulate
from sc_neurocore.evidence import EvidenceStore, Outcome, Record, code_digest, run_cached

#: Where nothing spikes, a state may differ by this share of its largest magnitude.
STATE_BOUND = 0.01


@dataclass(frozen=True)
class ReferenceCheck:
    """The float model against SciPy's adaptive integrator.

    Attributes:
        integrator: what it was compared with.
        spikes: spikes of the integrator.
        own_spikes: spikes of the float model.
        max_spike_time_error_ms: largest difference of the k-th spikes.
        max_state_error: where neither spikes, the largest difference of a state relative to the
            largest magnitude of that state.
        within_bound: equal counts and every spike within one tick; without spikes, every state
            within `STATE_BOUND`.
    """

    integrator: str
    spikes: int
    own_spikes: int
    max_spike_time_error_ms: float | None
    max_state_error: float | None
    within_bound: bool


def recorded_reference(
    source: Source, *, store: EvidenceStore
) -> tuple[ReferenceCheck | None, Record | None]:
    """`check_reference`, kept in the evidence store."""
    model = source.reference
    if model.method == "map" or model.draws:
        return None, None

    def run() -> Outcome:
        found = check_reference(source)
        assert found is not None
        return Outcome(asdict(found))

    record = run_cached(
        store,
        word="executed",
        tool="reference",
        version=f"{__version__}, SciPy {version('scipy')}",
        options={"drive": asdict(source.drive), "code": code_digest()},
        inputs={"model": repr(program(model))},
        run=run,
    )
    result: Mapping[str, Any] = record.result
    return ReferenceCheck(**result), record


def check_reference(source: Source) -> ReferenceCheck | None:
    """Compare the float model with SciPy; ``None`` for maps and models that draw noise."""
    model, drive = source.reference, source.drive
    if model.method == "map" or model.draws:
        return None
    current = drive.current(model.dt)
    driven = {drive.input: current} if drive.input else None
    # The same shape as in `measure_fidelity`, so that one compiled kernel can serve both.
    column = {drive.input: current[:, None]} if drive.input else None
    record = model.state_names
    floating = simulate(model, column, ticks=len(current), record=record)
    integrated = reference(model, driven, ticks=len(current), record=record)
    ours, theirs = floating.spike_times(), integrated.spike_times()
    count = min(len(ours), len(theirs))
    worst = float(np.abs(ours[:count] - theirs[:count]).max()) if count else None
    near = worst is None or worst <= model.dt * (1 + 1e-9)
    apart = None
    if not len(ours) and not len(theirs):
        apart = 0.0
        for name in record:
            exact = integrated.states[name][:, 0]
            gap = float(np.abs(floating.states[name][:, 0] - exact).max())
            apart = max(apart, gap / max(float(np.abs(exact).max()), 1e-300) if gap else 0.0)
        near = apart <= STATE_BOUND
    return ReferenceCheck(
        integrator="SciPy solve_ivp (LSODA, rtol 1e-9)",
        spikes=len(theirs),
        own_spikes=len(ours),
        max_spike_time_error_ms=worst,
        max_state_error=apart,
        within_bound=len(ours) == len(theirs) and near,
    )
