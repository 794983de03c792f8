"""Running the checks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path

from sc_neurocore.build.network import LiveBundle
from sc_neurocore.devices import update
from sc_neurocore.devices._bundle import open_bundle
from sc_neurocore.devices._protocol import Device
from sc_neurocore.devices.conformance import _checks
from sc_neurocore.devices.conformance._bench import Bench, Difference
from sc_neurocore.devices.conformance._report import Check, ConformanceReport
from sc_neurocore.exceptions import DeviceError, SCNeuroError

#: The checks by name, in the order of execution; what each requires is its docstring.
CHECKS: Mapping[str, Callable[[Bench], str]] = {
    "identity": _checks.identity,
    "wrong bundle": _checks.wrong_bundle,
    "scratch register": _checks.scratch,
    "batch": _checks.batch,
    "refusals": _checks.refusals,
    "classify": _checks.classify,
    "telemetry": _checks.telemetry,
    "probe": _checks.probe,
    "parameters": _checks.parameters,
    "stage": _checks.staging,
    "apply": _checks.applying,
    "apply at a tick": _checks.tick,
    "revert": _checks.reverting,
    "commit": _checks.committing,
    "bad guard": _checks.bad_guard,
    "bad address": _checks.bad_address,
    "bad transaction": _checks.bad_transaction,
    "bad command": _checks.bad_command,
    "traps": _checks.traps,
    "reset": _checks.reset,
}


def run_conformance(
    device: Device,
    bundle: Path | str | LiveBundle,
    *,
    samples: int = 4,
    on_check: Callable[[str], None] = lambda name: None,
) -> ConformanceReport:
    """Run all checks against a board that runs a bundle with the bundle's parameters.

    The board ends as it began: with these parameters, clean, its traps cleared.

    Args:
        device: the board.
        bundle: what it should run.
        samples: inferences of each comparison.
        on_check: told the name of each check when it starts.

    Raises:
        BundleError: the bundle is damaged, or not live.
    """
    design = open_bundle(bundle)
    bench = Bench.of(device, design, samples)
    found = []
    for name, check in CHECKS.items():
        on_check(name)
        with contextlib.suppress(DeviceError):
            _tidy(bench)
        try:
            passed, evidence = True, check(bench)
        except (Difference, SCNeuroError) as error:
            passed, evidence = False, str(error)
        required = (check.__doc__ or "").strip()
        found.append(Check(name, required, passed, evidence))
    with contextlib.suppress(DeviceError):
        _tidy(bench)
    return ConformanceReport(device.name, design.name, design.digest, tuple(found))


def _tidy(bench: Bench) -> None:
    """Undo what a check that failed may have left."""
    if bench.read("STATUS")[0] & 1:  # events that were refused leave an inference without end
        bench.device.reset()
    now = update.status(bench.device)
    if now.applied:
        update.revert(bench.device)
    if not now.clean:
        update.discard(bench.device)
    traps = bench.read("TRAPS")[0]
    if traps:
        bench.write(traps=traps)
