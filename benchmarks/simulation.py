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

from machine import processor, write_results

NEURONS, TICKS, DT, REPEATS = 100_000, 1000, 0.1, 40
E_L, R, TAU, THETA, RESET, REFRACTORY = -65.0, 10.0, 10.0, -50.0, -65.0, 2.0
LOW, HIGH = 1.0, 2.5

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
if mode == "cpp_standalone":
    network.run(duration)
    b.device.build(directory=folder, compile=True, run=False)
else:
    network.run(0*ms)
    network.store()
print("READY", flush=True)
for _ in sys.stdin:
    if mode == "cpp_standalone":
        b.device.run(folder, with_output=False, run_args=[])
        print(b.device._last_run_time, flush=True)
    else:
        network.restore()
        start = time.perf_counter()
        network.run(duration)
        print(time.perf_counter() - start, flush=True)
counts = np.bincount(np.asarray(spikes.i), minlength={NEURONS})
print("RESULT" + json.dumps(dict(
    version=b.__version__, numpy=np.__version__, spikes=int(counts.sum()))))
"""


class Ours:
    """Our kernel in one number type."""

    def __init__(self, dtype: str) -> None:
        import numpy as np

        from sc_neurocore.dynamics import build_model

        self.model = build_model(
            "dv/dt = (E_L - v + R*I)/tau", threshold="v > theta", reset="v = v_reset",
            params={"E_L": E_L, "R": R, "tau": TAU, "theta": THETA, "v_reset": RESET},
            init={"v": E_L}, refractory=REFRACTORY, dt=DT,
        )  # fmt: skip
        self.current = np.linspace(LOW, HIGH, NEURONS)[None, :]
        self.dtype = dtype
        self.first = self.run()

    def run(self) -> float:
        """Seconds of one run."""
        from sc_neurocore.dynamics import simulate

        start = time.perf_counter()
        self.result = simulate(self.model, self.current, ticks=TICKS, dtype=self.dtype)
        return time.perf_counter() - start

    def close(self) -> dict[str, object]:
        """What else was found."""
        return {"first_call_s": self.first, "spikes": len(self.result.spikes)}


class Brian:
    """Brian2 in its own process, which runs once per line it is sent."""

    def __init__(self, python: str, mode: str) -> None:
        one = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        self.folder = tempfile.TemporaryDirectory()
        self.process = subprocess.Popen(
            [python, "-c", BRIAN, mode, self.folder.name], env=os.environ | one,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        while "READY" not in self.line():
            pass
        self.run()

    def line(self) -> str:
        """Next line that the process prints."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("Brian2 failed")
        return line

    def run(self) -> float:
        """Seconds of one run, as Brian2's process measures them."""
        assert self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return float(self.line())

    def close(self) -> dict[str, object]:
        """End the process; what else it found."""
        assert self.process.stdin is not None
        self.process.stdin.close()
        line = self.line()
        self.process.wait()
        self.folder.cleanup()
        found: dict[str, object] = json.loads(line.removeprefix("RESULT"))
        return found


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


def main() -> None:
    rivals: dict[str, Ours | Brian] = {d: Ours(d) for d in ("float64", "float32")}
    if python := os.environ.get("BRIAN2_PYTHON"):
        rivals |= {mode: Brian(python, mode) for mode in ("cython", "cpp_standalone")}
    # In turns, so that whatever else the machine does meets all of them alike.
    runs: dict[str, list[float]] = {name: [] for name in rivals}
    for _ in range(REPEATS):
        for name, rival in rivals.items():
            runs[name].append(rival.run())
    found = {
        name: rival.close() | {"runs_s": runs[name], "best_s": min(runs[name])}
        for name, rival in rivals.items()
    }
    best = min(runs["float64"])
    bandwidth = triad()
    # A simulator that visits all neurons at every tick must at least read and write v, and read
    # the current and the end of the refractory period, 8 bytes each, once they exceed the caches.
    per_update = 4 * 8
    report: dict[str, object] = {
        "machine": {"processor": processor(), "python": platform.python_version()},
        "task": {"neurons": NEURONS, "ticks": TICKS, "dt_ms": DT, "dtype": "float64", "threads": 1},
        "ours": {"method": "exact", "float64": found["float64"], "float32": found["float32"]},
        "updates_per_s": NEURONS * TICKS / best,
        "start_up": start_up(),
        "memory": {
            "triad_bytes_per_s": bandwidth,
            "tick_major_bytes_per_update": per_update,
            "tick_major_limit_updates_per_s": bandwidth / per_update,
            "ours_over_that_limit": NEURONS * TICKS / best / (bandwidth / per_update),
        },
    }
    theirs = {mode: found[mode] for mode in ("cython", "cpp_standalone") if mode in found}
    for mode, result in theirs.items():
        if result["spikes"] != found["float64"]["spikes"]:
            raise SystemExit(f"Brian2 ({mode}) gave {result['spikes']} spikes: not the same task")
        result["times_slower_than_ours"] = min(runs[mode]) / best
    if theirs:
        report["brian2"] = theirs
    write_results("simulation", report)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
