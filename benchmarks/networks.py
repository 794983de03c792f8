"""Brunel's balanced network and the cortical microcircuit: our engine, NEST and Brian2.

Brunel (2000, doi:10.1023/A:1008925309027): 8000 excitatory and 2000 inhibitory cells, every cell
with 800 and 200 sources, jumps of 0.1 mV, g = 5, external rate twice the threshold rate, delay
1.5 ms, dt 0.1 ms, 1 s. All three simulators use two threads; Brian2 is C++ standalone, with OpenMP
on two threads and on one, of which the faster counts. Every run is a process of its own; building
and simulating are timed apart, compiling neither (Brian2 and ours compile before). The runs take
turns, so that whatever else the machine does meets all alike. The mean rate, the mean CV of the
intervals between spikes and the mean correlation of 5 ms counts of 300 cells, from 0.2 s on, are
compared over the seeds with Welch's t-test.

The microcircuit (Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358) runs at the scales asked for,
beside NEST where that fits into memory.

Brian2 runs under the interpreter that BRIAN2_PYTHON names; without it, it is left out (Brian2 2.9
needs numpy below 2.4, so an environment of its own: `pip install brian2 "numpy<2.3"`).

A delivered spike reads 4 bytes of each of its synapses, so bandwidth over 4 bytes limits a
simulator that keeps synapses in memory. Results go to benchmarks/results/networks.json.

    BRIAN2_PYTHON=brian/bin/python python benchmarks/networks.py [--seeds 5] [--scales 0.1 1.0]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from machine import processor, write_results

THREADS, SECONDS, SETTLED, DELAY, DT = 2, 1.0, 0.2, 1.5, 0.1
J, G, ETA, TAU, THETA, RESET, REFRACTORY = 0.1, 5.0, 2.0, 20.0, 20.0, 10.0, 2.0
FIGURES = ("rate_hz", "cv", "correlation")
#: Bytes that a synapse takes in NEST while it is built, for the decision whether to try.
NEST_BYTES = 90


def sizes(neurons: int) -> tuple[int, int, int, int, float]:
    """Cells and sources per cell, excitatory and inhibitory, and the external rate in Hz."""
    excitatory, inhibitory = neurons * 4 // 5, neurons // 5
    sources = excitatory // 10, inhibitory // 10
    external = ETA * THETA / (J * sources[0] * TAU) * 1000 * sources[0]
    return excitatory, inhibitory, *sources, external


def rss() -> int:
    """Bytes of this process in memory."""
    pages = Path("/proc/self/statm").read_text().split()[1]
    return int(pages) * resource.getpagesize()


def statistics(tick: Any, neuron: Any, neurons: int) -> dict[str, float]:
    """Rate, irregularity and correlation from 0.2 s on."""
    late = tick * DT >= SETTLED * 1000
    tick, neuron = tick[late], neuron[late]
    order = np.lexsort((tick, neuron))
    tick, neuron = tick[order], neuron[order]
    gaps, same = np.diff(tick).astype(float), np.diff(neuron) == 0
    who = neuron[1:][same]
    count = np.bincount(who, minlength=neurons)
    total = np.bincount(who, gaps[same], minlength=neurons)
    square = np.bincount(who, gaps[same] ** 2, minlength=neurons)
    many = count >= 5
    mean = total[many] / count[many]
    variance = square[many] / count[many] - mean**2
    chosen = neuron < 300
    bins = ((tick[chosen] * DT - SETTLED * 1000) // 5).astype(int)
    counts = np.zeros((300, int((SECONDS - SETTLED) * 200)))
    np.add.at(counts, (neuron[chosen], np.minimum(bins, counts.shape[1] - 1)), 1)
    matrix = np.corrcoef(counts[counts.std(axis=1) > 0])
    return {
        "rate_hz": len(tick) / neurons / (SECONDS - SETTLED),
        "cv": float((np.sqrt(variance) / mean).mean()),
        "correlation": float(matrix[np.triu_indices(len(matrix), 1)].mean()),
    }


def ours(seed: int, neurons: int) -> dict[str, Any]:
    """Brunel's network in our engine."""
    from sc_neurocore.network import (
        FixedIndegree,
        Network,
        PoissonInput,
        Population,
        Projection,
        SpikeMonitor,
    )

    def described(count: int) -> tuple[Network, list[SpikeMonitor]]:
        many, few, from_many, from_few, external = sizes(count)
        network = Network(seed)
        params = {"tau_m": TAU, "E_L": 0.0, "V_th": THETA, "V_reset": RESET}
        cells = [
            network.add(Population("iaf_psc_delta", n, params, label, init={"v": 0.0}))
            for n, label in ((many, "E"), (few, "I"))
        ]
        for target in cells:
            for source, weight, k in ((cells[0], J, from_many), (cells[1], -G * J, from_few)):
                topology = FixedIndegree(k)
                network.add(
                    Projection(source, target, weight, delay=f"{DELAY} ms", topology=topology)
                )
            network.add(PoissonInput(target.n, external, J), to=target)
        return network, [network.add(SpikeMonitor(p)) for p in cells]

    start = time.perf_counter()
    described(3000)[0].run(0.01, threads=THREADS)  # compiles, or reads what was compiled
    compiled = time.perf_counter() - start
    network, monitors = described(neurons)
    before, start = rss(), time.perf_counter()
    size = network.build(threads=THREADS)
    built = time.perf_counter() - start
    grown = rss() - before
    start = time.perf_counter()
    network.run(SECONDS, threads=THREADS)
    seconds = time.perf_counter() - start
    first, second = (m.raster_data() for m in monitors)
    tick = np.concatenate([first[0], second[0]])
    neuron = np.concatenate([first[1], second[1] + monitors[0].population.n])
    return {
        "compile_s": compiled, "build_s": built, "simulate_s": seconds, "spikes": len(tick),
        "synapses": size.synapses, "bytes_per_synapse": size.synapse_bytes / size.synapses,
        "rss_per_synapse": grown / size.synapses, **statistics(tick, neuron, neurons),
    }  # fmt: skip


def nest(seed: int, neurons: int) -> dict[str, Any]:
    """Brunel's network in NEST."""
    import nest as simulator

    many, few, from_many, from_few, external = sizes(neurons)
    simulator.set_verbosity("M_ERROR")
    simulator.ResetKernel()
    simulator.SetKernelStatus(
        {"resolution": DT, "local_num_threads": THREADS, "rng_seed": seed + 1}
    )
    before, start = rss(), time.perf_counter()
    params = {"tau_m": TAU, "E_L": 0.0, "V_th": THETA, "V_reset": RESET, "V_m": 0.0,
              "t_ref": REFRACTORY, "C_m": 1.0}  # fmt: skip
    excitatory = simulator.Create("iaf_psc_delta", many, params=params)
    inhibitory = simulator.Create("iaf_psc_delta", few, params=params)
    everybody = excitatory + inhibitory
    noise = simulator.Create("poisson_generator", params={"rate": external})
    simulator.Connect(noise, everybody, syn_spec={"weight": J, "delay": DELAY})
    for source, weight, k in ((excitatory, J, from_many), (inhibitory, -G * J, from_few)):
        simulator.Connect(
            source, everybody, {"rule": "fixed_indegree", "indegree": k},
            {"weight": weight, "delay": DELAY},
        )  # fmt: skip
    recorder = simulator.Create("spike_recorder")
    simulator.Connect(everybody, recorder)
    simulator.Prepare()
    built, grown = time.perf_counter() - start, rss() - before
    start = time.perf_counter()
    simulator.Run(SECONDS * 1000)
    seconds = time.perf_counter() - start
    simulator.Cleanup()
    tick = np.rint(np.asarray(recorder.events["times"]) / DT).astype(int) - 1
    neuron = np.asarray(recorder.events["senders"]) - everybody.tolist()[0]
    synapses = neurons * (from_many + from_few)
    return {
        "version": simulator.__version__, "build_s": built, "simulate_s": seconds,
        "spikes": len(tick), "synapses": synapses, "rss_per_synapse": grown / synapses,
        **statistics(tick, neuron, neurons),
    }  # fmt: skip


def brian2(seed: int, neurons: int, threads: int) -> dict[str, Any]:
    """Brunel's network in Brian2, compiled before it is timed.

    Synapses are given as pairs, drawn as the others draw them; its own seed Brian2 draws itself.
    What arrives in a tick counts in that tick, as in NEST and ours: synapses act before thresholds
    are looked at, not after. Spikes then leave a tick later, so the delay is a tick less. A cell is
    refractory for a tick less than its period in Brian2, so it is given one more.
    """
    import brian2 as b
    from brian2 import ms, mV

    many, few, from_many, from_few, external = sizes(neurons)
    rng = np.random.default_rng(seed)
    start = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        b.set_device("cpp_standalone", directory=folder, build_on_run=False)
        b.prefs.devices.cpp_standalone.openmp_threads = threads if threads > 1 else 0
        b.defaultclock.dt = DT * ms
        cells = b.NeuronGroup(
            neurons, "dv/dt = -v/tau : volt (unless refractory)", threshold="v >= theta",
            reset="v = v_reset", refractory=(REFRACTORY + DT) * ms, method="exact",
            namespace={"tau": TAU * ms, "theta": THETA * mV, "v_reset": RESET * mV},
        )  # fmt: skip
        noise = b.PoissonInput(cells, "v", N=from_many, rate=external / from_many * b.Hz,
                               weight=J * mV)  # fmt: skip
        parts = []
        for first, count, k, weight in ((0, many, from_many, J), (many, few, from_few, -G * J)):
            synapses = b.Synapses(cells, cells, on_pre=f"v_post += {weight}*mV",
                                  delay=(DELAY - DT) * ms)  # fmt: skip
            synapses.connect(i=first + rng.integers(0, count, neurons * k),
                             j=np.repeat(np.arange(neurons), k))  # fmt: skip
            parts.append(synapses)
        spikes = b.SpikeMonitor(cells)
        network = b.Network(cells, noise, *parts, spikes)
        network.schedule = ["start", "groups", "synapses", "thresholds", "resets", "end"]
        network.run(SECONDS * 1000 * ms)
        b.device.build(directory=folder, compile=True, run=False)
        compiled = time.perf_counter() - start
        start = time.perf_counter()
        b.device.run(folder, with_output=False, run_args=[])
        whole = time.perf_counter() - start
        seconds = b.device._last_run_time
        tick = np.rint(np.asarray(spikes.t / ms) / DT).astype(int)
        return {
            "version": b.__version__, "compile_s": compiled, "build_s": whole - seconds,
            "simulate_s": seconds, "spikes": len(tick), "threads": threads,
            **statistics(tick, np.asarray(spikes.i), neurons),
        }  # fmt: skip


def column(scale: float, milliseconds: float) -> dict[str, Any]:
    """The microcircuit in our engine."""
    from sc_neurocore.network import CorticalColumn

    CorticalColumn(0.01).simulate(10)  # compiles, or reads what was compiled
    described = CorticalColumn(scale, seed=1)
    before, start = rss(), time.perf_counter()
    size = described.network.build(threads=THREADS)
    built, grown = time.perf_counter() - start, rss() - before
    described.simulate(100)
    start = time.perf_counter()
    rasters = described.simulate(milliseconds)
    seconds = time.perf_counter() - start
    return {
        "scale": scale, "neurons": size.neurons, "synapses": size.synapses, "build_s": built,
        "simulate_s": seconds, "real_time_factor": seconds * 1000 / milliseconds,
        "bytes_per_synapse": size.synapse_bytes / size.synapses,
        "rss_per_synapse": grown / size.synapses,
        "rates_hz": described.population_rates(rasters, burn_in_ms=100),
    }  # fmt: skip


def column_in_nest(scale: float, milliseconds: float) -> dict[str, Any]:
    """The same microcircuit in NEST, from the same description."""
    import nest as simulator

    from sc_neurocore.network import CorticalColumn, Normal, PoissonInput

    simulator.set_verbosity("M_ERROR")
    simulator.ResetKernel()
    simulator.SetKernelStatus({"resolution": DT, "local_num_threads": THREADS, "rng_seed": 2})
    described = CorticalColumn(scale)
    before, start = rss(), time.perf_counter()
    groups = {}
    for name, cells in described.populations.items():
        params = {k: v for k, v in cells.params.items() if k != "I"} | {
            "I_e": cells.params["I"], "t_ref": REFRACTORY
        }  # fmt: skip
        groups[name] = simulator.Create("iaf_psc_exp", cells.n, params=params)
        v = cells.init["v"]
        groups[name].V_m = simulator.random.normal(v.mean, v.std)
    for stimulus, cells, _ in described.network.stimuli:
        assert isinstance(stimulus, PoissonInput)
        noise = simulator.Create("poisson_generator", params={"rate": stimulus.rate_hz})
        simulator.Connect(noise, groups[cells.label], syn_spec={"weight": stimulus.weight})
    for p in described.network.projections:
        assert isinstance(p.weight, Normal) and isinstance(p.delay, Normal)
        mean, std = (float(x.split()[0]) for x in (p.delay.mean, p.delay.std))
        simulator.Connect(
            groups[p.source.label], groups[p.target.label],
            {"rule": "fixed_total_number", "N": p.topology.n},
            {
                "weight": simulator.math.redraw(
                    simulator.random.normal(p.weight.mean, p.weight.std),
                    min=p.weight.low, max=p.weight.high,
                ),
                "delay": simulator.math.redraw(
                    simulator.random.normal(mean, std), min=DT / 2, max=np.inf
                ),
            },
        )  # fmt: skip
    after = {"start": 100.0}  # ms
    recorders = {name: simulator.Create("spike_recorder", params=after) for name in groups}
    for name, cells in groups.items():
        simulator.Connect(cells, recorders[name])
    simulator.Prepare()
    built, grown = time.perf_counter() - start, rss() - before
    simulator.Run(100.0)
    start = time.perf_counter()
    simulator.Run(milliseconds)
    seconds = time.perf_counter() - start
    simulator.Cleanup()
    synapses = sum(p.topology.n for p in described.network.projections)
    return {
        "version": simulator.__version__, "scale": scale, "synapses": synapses, "build_s": built,
        "simulate_s": seconds, "real_time_factor": seconds * 1000 / milliseconds,
        "rss_per_synapse": grown / synapses,
        "rates_hz": {
            name: recorders[name].n_events / len(cells) / milliseconds * 1000
            for name, cells in groups.items()
        },
    }  # fmt: skip


def bandwidth() -> float:
    """Bytes per second that two threads read from arrays far larger than the caches."""
    arrays = [np.ones(2**27) for _ in range(THREADS)]
    best = np.inf
    with ThreadPoolExecutor(THREADS) as pool:
        for _ in range(3):
            start = time.perf_counter()
            list(pool.map(np.sum, arrays))
            best = min(best, time.perf_counter() - start)
    return sum(a.nbytes for a in arrays) / best


def _child(*arguments: object, python: str = sys.executable) -> dict[str, Any]:
    """What one run in a process of its own finds."""
    done = subprocess.run(
        [python, __file__, *map(str, arguments)], stdout=subprocess.PIPE, text=True,
        check=True, env={**os.environ, "OMP_NUM_THREADS": str(THREADS)},
    )  # fmt: skip
    line = next(x for x in done.stdout.splitlines() if x.startswith("RESULT"))
    found: dict[str, Any] = json.loads(line.removeprefix("RESULT"))
    return found


def compared(mine: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> dict[str, Any]:
    """Our figures beside another simulator's: p-values of Welch's t-test over the seeds."""
    from scipy.stats import ttest_ind

    found: dict[str, Any] = {}
    for name in FIGURES:
        a, b = ([run[name] for run in runs] for runs in (mine, theirs))
        p = float(ttest_ind(a, b, equal_var=False).pvalue) if len(a) > 1 < len(b) else None
        found[name] = {
            "ours": [float(np.mean(a)), float(np.std(a))],
            "theirs": [float(np.mean(b)), float(np.std(b))], "p_value": p,
            "inside_seed_noise": None if p is None else p > 0.01,
        }  # fmt: skip
    times = [min(run["simulate_s"] for run in runs) for runs in (mine, theirs)]
    found["times_faster"] = times[1] / times[0]
    found["times_faster_by_medians"] = float(
        np.median([r["simulate_s"] for r in theirs]) / np.median([r["simulate_s"] for r in mine])
    )
    return found


def brunel(neurons: int, seeds: int) -> dict[str, Any]:
    """All simulators in turns."""
    python = os.environ.get("BRIAN2_PYTHON")
    pythons = {"ours": sys.executable, "nest": sys.executable}
    rivals = [f"brian2_{threads}" for threads in (THREADS, 1)] if python else []
    pythons |= {name: str(python) for name in rivals}
    runs: dict[str, list[dict[str, Any]]] = {name: [] for name in pythons}
    for seed in range(seeds):
        for name in pythons:
            runs[name].append(_child("--child", name, seed, neurons, python=pythons[name]))
            print(name, json.dumps(runs[name][-1]), flush=True)
    report: dict[str, Any] = {"runs": runs, "nest": compared(runs["ours"], runs["nest"])}
    if rivals:
        best = min(rivals, key=lambda name: min(r["simulate_s"] for r in runs[name]))
        report["brian2"] = {"counted": best, **compared(runs["ours"], runs[best])}
    fastest = min(runs["ours"], key=lambda run: run["simulate_s"])
    per_spike = fastest["synapses"] / neurons
    report["synaptic_events_per_s"] = fastest["spikes"] * per_spike / fastest["simulate_s"]
    return report


def main() -> None:
    """Measure everything and write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("--neurons", type=int, default=10_000)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--scales", type=float, nargs="*", default=[0.1, 1.0])
    parser.add_argument("--milliseconds", type=float, default=1000.0)
    options = parser.parse_args()
    report: dict[str, Any] = {
        "machine": {"processor": processor(), "python": platform.python_version(),
                    "threads": THREADS, "load_before": os.getloadavg()[0]},
        "bandwidth_bytes_per_s": bandwidth(),
        "brunel": brunel(options.neurons, options.seeds),
        "microcircuit": [],
    }  # fmt: skip
    limit = report["bandwidth_bytes_per_s"] / 4
    report["limit_events_per_s"] = limit
    report["share_of_limit"] = report["brunel"]["synaptic_events_per_s"] / limit
    for scale in options.scales:
        entry = {"ours": _child("--child", "column", scale, options.milliseconds)}
        print(json.dumps(entry["ours"]), flush=True)
        if entry["ours"]["synapses"] * NEST_BYTES < _free():
            entry["nest"] = _child("--child", "column_in_nest", scale, options.milliseconds)
            print(json.dumps(entry["nest"]), flush=True)
        report["microcircuit"].append(entry)
    write_results("networks", report)
    for name in ("nest", "brian2"):
        if name in report["brunel"]:
            print(name, json.dumps(report["brunel"][name], indent=1))
    print(
        f"{report['brunel']['synaptic_events_per_s']:.3g} synaptic events per second; memory "
        f"would allow {limit:.3g}"
    )


def _free() -> int:
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(x.split()[1]) * 1024 for x in lines if x.startswith("MemAvailable"))


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        kind, first, second = sys.argv[2:]
        if kind.startswith("brian2_"):
            threads = int(kind.removeprefix("brian2_"))
            print("RESULT" + json.dumps(brian2(int(first), int(second), threads)))
        elif kind in ("ours", "nest"):
            run = {"ours": ours, "nest": nest}[kind]
            print("RESULT" + json.dumps(run(int(first), int(second))))
        else:
            measure = {"column": column, "column_in_nest": column_in_nest}[kind]
            print("RESULT" + json.dumps(measure(float(first), float(second))))
    else:
        main()
