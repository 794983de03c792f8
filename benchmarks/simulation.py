"""100 000 LIF neurons: our kernel, Brian2, and what the memory of the machine allows.

Both run the same neurons, one thread, float64: the exact update of dv/dt = (E_L − v + R·I)/tau,
dt 0.1 ms, 2 ms refractory period, one constant current per neuron, spikes recorded, every run from
the initial state. Brian2 holds a neuron for one tick less than its refractory period, so it is
given one tick more; the spike counts must then agree, or the benchmark stops. Brian2's C++ is
compiled with its default flags, which include -ffast-math; ours is not allowed to reorder.

Brian2 needs its own environment, named by BRIAN2_PYTHON:

    python -m venv brian && brian/bin/pip install brian2 cython setuptools "numpy<2.3"
    BRIAN2_PYTHON=brian/bin/python python benchmarks/simulation.py

Without it, only our own figures are measured. Results go to benchmarks/results/simulation.json.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

NEURONS, TICKS, DT, REPEATS = 100_000, 1000, 0.1, 10
E_L, R, TAU, THETA, RESET, REFRACTORY = -65.0, 10.0, 10.0, -50.0, -65.0, 2.0
LOW, HIGH = 1.0, 2.5
RESULTS = Path(__file__).parent / "results" / "simulation.json"

BRIAN = f"""
import json, sys, time
import numpy as np
import brian2 as b
from brian2 import ms, second, defaultclock
mode, folder = sys.argv[1], sys.argv[2]
b.prefs.codegen.max_cache_dir_size = 0
if mode == "cpp_standalone":
    b.set_device("cpp_standalone", directory=folder, build_on_run=False)
else:
    b.prefs.codegen.target = "cython"
defaultclock.dt = {DT}*ms
group = b.NeuronGroup(
    {NEURONS},
    "dv/dt = ({E_L} - v + {R}*drive)/({TAU}*ms) : 1 (unless refractory)\\ndrive : 1 (constant)",
    threshold="v > {THETA}", reset="v = {RESET}", refractory={REFRACTORY + DT}*ms, method="exact")
group.v = {E_L}
group.drive = np.linspace({LOW}, {HIGH}, {NEURONS})
spikes = b.SpikeMonitor(group)
network = b.Network(group, spikes)
duration = {TICKS * DT}*ms
runs = []
if mode == "cpp_standalone":
    network.run(duration)
    b.device.build(directory=folder, compile=True, run=False)
    for _ in range({REPEATS}):
        b.device.run(folder, with_output=False, run_args=[])
        runs.append(b.device._last_run_time)
else:
    network.run(0*ms)
    network.store()
    for _ in range({REPEATS} + 1):
        network.restore()
        start = time.perf_counter()
        network.run(duration)
        runs.append(time.perf_counter() - start)
    runs = runs[1:]
counts = np.bincount(np.asarray(spikes.i), minlength={NEURONS})
print("RESULT" + json.dumps(dict(
    version=b.__version__, numpy=np.__version__, runs_s=runs, spikes=int(counts.sum()))))
"""


def ours() -> dict[str, object]:
    import numpy as np

    from sc_neurocore.dynamics import build_model, simulate

    model = build_model(
        "dv/dt = (E_L - v + R*I)/tau", threshold="v > theta", reset="v = v_reset",
        params={"E_L": E_L, "R": R, "tau": TAU, "theta": THETA, "v_reset": RESET},
        init={"v": E_L}, refractory=REFRACTORY, dt=DT,
    )  # fmt: skip
    current = np.linspace(LOW, HIGH, NEURONS)[None, :]
    figures: dict[str, object] = {"method": model.method}
    for dtype in ("float64", "float32"):
        start = time.perf_counter()
        result = simulate(model, current, ticks=TICKS, dtype=dtype)
        first = time.perf_counter() - start
        runs = []
        for _ in range(REPEATS):
            start = time.perf_counter()
            result = simulate(model, current, ticks=TICKS, dtype=dtype)
            runs.append(time.perf_counter() - start)
        figures[dtype] = {
            "first_call_s": first, "runs_s": runs, "best_s": min(runs),
            "spikes": len(result.spikes),
        }  # fmt: skip
    return figures


def triad() -> float:
    """Bytes per second of a = b + s·c over arrays far larger than the caches (STREAM triad)."""
    import numba
    import numpy as np

    @numba.njit  # type: ignore[untyped-decorator]
    def run(a, b, c, s):  # type: ignore[no-untyped-def]
        for i in range(len(a)):
            a[i] = b[i] + s * c[i]

    size = 100_000_000
    a, b, c = (np.ones(size) for _ in range(3))
    run(a[:10], b[:10], c[:10], 3.0)
    best = min(_timed(run, a, b, c, 3.0) for _ in range(3))
    return 3 * 8 * size / best


def _timed(function: object, *args: object) -> float:
    start = time.perf_counter()
    function(*args)  # type: ignore[operator]
    return time.perf_counter() - start


def start_up() -> dict[str, float]:
    """First call of a fresh process with an empty, then with a filled kernel cache."""
    program = (
        "import time; t = time.perf_counter()\n"
        "from sc_neurocore.dynamics import build_model, simulate\n"
        "a = time.perf_counter()\n"
        "m = build_model('dv/dt = (-v + I)/tau', threshold='v > 1', reset='v = 0',"
        " params={'tau': 10.0})\n"
        "simulate(m, 2.0, ticks=1000); b = time.perf_counter()\n"
        "simulate(m, 2.0, ticks=1000); c = time.perf_counter()\n"
        "print(a - t, b - a, c - b)"
    )
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in ("cold", "warm"):
            done = subprocess.run(
                [sys.executable, "-c", program], env=os.environ | {"SC_NEUROCORE_CACHE": folder},
                capture_output=True, text=True, check=True,
            )  # fmt: skip
            imported, first, again = map(float, done.stdout.split())
            figures |= {
                f"{name}_import_s": imported, f"{name}_first_call_s": first,
                f"{name}_second_call_s": again,
            }  # fmt: skip
    return figures


def brian(python: str, mode: str) -> dict[str, object]:
    one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [python, "-c", BRIAN, mode, folder],
            env=os.environ | one,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise SystemExit(f"Brian2 ({mode}) failed:\n{done.stderr[-2000:]}")
    line = next(x for x in done.stdout.splitlines() if x.startswith("RESULT"))
    found = json.loads(line.removeprefix("RESULT"))
    return found | {"best_s": min(found["runs_s"])}


def main() -> None:
    own = ours()
    best = own["float64"]["best_s"]  # type: ignore[index]
    bandwidth = triad()
    # A simulator that visits all neurons at every tick must at least read and write v, and read
    # the current and the end of the refractory period, 8 bytes each, once they exceed the caches.
    per_update = 4 * 8
    report: dict[str, object] = {
        "machine": {"processor": _processor(), "python": platform.python_version()},
        "task": {"neurons": NEURONS, "ticks": TICKS, "dt_ms": DT, "dtype": "float64", "threads": 1},
        "ours": own,
        "updates_per_s": NEURONS * TICKS / best,
        "start_up": start_up(),
        "memory": {
            "triad_bytes_per_s": bandwidth,
            "tick_major_bytes_per_update": per_update,
            "tick_major_limit_updates_per_s": bandwidth / per_update,
            "ours_over_that_limit": NEURONS * TICKS / best / (bandwidth / per_update),
        },
    }
    if python := os.environ.get("BRIAN2_PYTHON"):
        theirs = {mode: brian(python, mode) for mode in ("cython", "cpp_standalone")}
        for mode, found in theirs.items():
            if found["spikes"] != own["float64"]["spikes"]:  # type: ignore[index]
                raise SystemExit(
                    f"Brian2 ({mode}) gave {found['spikes']} spikes: not the same task"
                )
            found["times_slower_than_ours"] = found["best_s"] / best  # type: ignore[operator]
        report["brian2"] = theirs
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(report, indent=2) + "\n")
    print(json.dumps(report, indent=2))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(x.split(":")[1].strip() for x in lines if x.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


if __name__ == "__main__":
    main()
