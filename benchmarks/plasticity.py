"""A million plastic synapses beside NEST, and what the memory of the machine allows.

Fixed Poisson trains on both sides of a random projection, so that both programs do the same
updates: 2000 sources, 2000 targets, 500 synapses per target, 10 Hz, 1 s in ticks of 0.1 ms, one
thread. NEST runs parrots on both sides and its plastic connections; ours runs `PlasticState`. Mean
weights must agree, or the benchmark stops: a delay that is dendritic there and axonal here is made
up for by shifting the postsynaptic trains, and spikes are kept from meeting in a tick. Times are
processor time of the process; connecting is not counted on either side.

The limit is a bare loop over the same synapses in the same order: it loads, adds and stores
one weight and reads one trace per event. Results go to benchmarks/results/plasticity.json.
"""

from __future__ import annotations

import json
import platform
import time
from typing import Any

import numba
import numpy as np

from machine import processor, write_results
from sc_neurocore.synapses import Events, PlasticState, load_rule

SOURCES, TARGETS, INDEGREE = 2000, 2000, 500
TICKS, DT, DELAY, RATE, REPEATS = 10_000, 0.1, 10, 10.0, 5
SYNAPSES = TARGETS * INDEGREE
TASKS: dict[str, tuple[str, dict[str, float], str, dict[str, float]]] = {
    "stdp_pair": (
        "stdp_pair", {"lr": 0.01, "alpha": 1.0, "tau_minus": 20.0},
        "stdp_synapse", {"lambda": 0.01, "alpha": 1.0, "mu_plus": 0.0, "mu_minus": 0.0, "Wmax": 1.0,
                         "weight": 0.5},
    ),
    "stdp_triplet": (
        "stdp_triplet", {}, "stdp_triplet_synapse", {"Wmax": 1.0, "weight": 0.5},
    ),
    "short_term": (
        "short_term", {"tau_d": 200.0, "tau_f": 20.0},
        "tsodyks2_synapse", {"U": 0.5, "u": 0.5, "tau_rec": 200.0, "tau_fac": 20.0, "weight": 1.0},
    ),
}  # fmt: skip
POST_TAU = {"stdp_pair": 20.0, "stdp_triplet": 33.7, "short_term": 20.0}


def projection() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows by source: first synapse of each, targets; and the sources of all."""
    rng = np.random.default_rng(0)
    sources = rng.integers(0, SOURCES, SYNAPSES)
    targets = np.repeat(np.arange(TARGETS), INDEGREE)
    order = np.lexsort((targets, sources))
    sources, targets = sources[order], targets[order]
    return np.searchsorted(sources, np.arange(SOURCES + 1)), targets, sources


def trains(rate: float) -> tuple[np.ndarray, np.ndarray]:
    """Spikes at the synapses, ``(tick, neuron)``: presynaptic in even ticks, others in odd.

    At the end every source spikes once more, because NEST updates a weight at such spikes only.
    """
    rng = np.random.default_rng(1)
    found = []
    for odd, count in ((0, SOURCES), (1, TARGETS)):
        hits = rng.random((TICKS // 2, count)) < 2 * rate * DT / 1000
        hits[: 2 * DELAY] = False
        hits[-1] = rate > 0 and not odd
        tick, who = np.nonzero(hits)
        found.append(np.stack([2 * tick + odd, who]))
    return found[0], found[1]


def ours(task: str, rate: float, repeats: int = REPEATS) -> dict[str, Any]:
    rule_name, parameters, _, _ = TASKS[task]
    rule = load_rule(rule_name).with_parameters(parameters)
    indptr, targets, _ = projection()
    before, after = trains(rate)
    arrivals, spikes = Events.of(TICKS, *before), Events.of(TICKS, *after)
    times, out = [], np.zeros((TICKS, TARGETS))
    for _ in range(repeats):
        state = PlasticState.of(rule, indptr, targets, TARGETS, dt=DT)
        start = time.process_time()
        state.advance(0, TICKS, arrivals=arrivals, spikes=spikes, out=out)
        times.append(time.process_time() - start)
    row = np.diff(indptr)
    events = int(row[before[1]].sum())
    if rule.on_post:
        events += len(after[0]) * INDEGREE
    return {
        "runs_s": times, "best_s": min(times), "synapse_events": events,
        "ns_per_event": 1e9 * min(times) / max(events, 1),
        "mean_weight": float(state.get("w").mean()), "handed_over": float(out.sum() / repeats),
    }  # fmt: skip


def in_nest(task: str, rate: float) -> dict[str, Any]:
    import nest

    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.ResetKernel()
    nest.set(resolution=DT, local_num_threads=1)
    _, _, model, settings = TASKS[task]
    _, targets, sources = projection()
    before, after = trains(rate)
    cells = {}
    for name, count, events, shift in (("a", SOURCES, before, 0), ("b", TARGETS, after, DELAY)):
        cells[name] = nest.Create("parrot_neuron", count)
        drive = nest.Create("spike_generator", count)
        order = np.argsort(events[1], kind="stable")
        parts = np.split(events[0][order], np.searchsorted(events[1][order], np.arange(1, count)))
        drive.set([{"spike_times": np.round((p + 1 - shift - DELAY) * DT, 1)} for p in parts])
        nest.Connect(drive, cells[name], "one_to_one", {"delay": DELAY * DT})
    cells["b"].set(tau_minus=POST_TAU[task], tau_minus_triplet=125.0)
    nest.CopyModel(model, "plastic")
    a, b = np.array(cells["a"].tolist()), np.array(cells["b"].tolist())
    start = time.process_time()
    count = np.ones(SYNAPSES)
    nest.Connect(a[sources], b[targets], "one_to_one", {
        "synapse_model": "plastic", "receptor_type": np.ones(SYNAPSES, int),
        "delay": DELAY * DT * count, **{k: v * count for k, v in settings.items()},
    })  # fmt: skip
    connect = time.process_time() - start
    nest.Prepare()
    start = time.process_time()
    nest.Run(TICKS * DT + 2)
    spent = time.process_time() - start
    nest.Cleanup()
    weights = np.asarray(nest.GetConnections(synapse_model="plastic").weight)
    return {
        "version": nest.__version__, "run_s": spent, "connect_s": connect,
        "mean_weight": float(weights.mean()),
    }  # fmt: skip


@numba.njit  # type: ignore[untyped-decorator]
def _bare(  # type: ignore[no-untyped-def]
    w, x, y, out, indptr, target, tptr, tsyn, tterm, ap, aid, pp, pid, ticks
):
    for t in range(ticks):
        for s in range(ap[t], ap[t + 1]):
            for k in range(indptr[aid[s]], indptr[aid[s] + 1]):
                j = target[k]
                w[k] -= y[j]
                out[t, j] += w[k]
        for s in range(pp[t], pp[t + 1]):
            for q in range(tptr[pid[s]], tptr[pid[s] + 1]):
                w[tsyn[q]] += x[tterm[q]]


def limit(rate: float) -> float:
    """Seconds of the bare loop."""
    indptr, targets, _ = projection()
    before, after = trains(rate)
    arrivals, spikes = Events.of(TICKS, *before), Events.of(TICKS, *after)
    state = PlasticState.of(load_rule("stdp_pair"), indptr, targets, TARGETS, dt=DT)
    w, x, y, out = (
        np.zeros(SYNAPSES),
        np.ones(SOURCES),
        np.ones(TARGETS),
        np.zeros((TICKS, TARGETS)),
    )
    rows = (state.indptr, state.target, *state.transpose)
    events = (arrivals.start, arrivals.index, spikes.start, spikes.index)
    best = float("inf")
    for _ in range(REPEATS + 1):
        start = time.process_time()
        _bare(w, x, y, out, *rows, *events, TICKS)
        best = min(best, time.process_time() - start)
    return best


def every_tick() -> dict[str, float]:
    """Rules that visit every synapse in every tick: dopamine, and e-prop."""
    found = {}
    indptr, targets, _ = projection()
    for name in ("stdp_dopamine", "eprop", "homeostatic_scaling"):
        state = PlasticState.of(load_rule(name), indptr, targets, TARGETS, dt=DT)
        state.advance(0, 10)
        start = time.process_time()
        state.advance(10, 50)
        found[name] = 1e9 * (time.process_time() - start) / (50 * SYNAPSES)
    return found


def main() -> None:
    tasks: dict[str, Any] = {}
    for task in TASKS:
        mine, theirs = ours(task, RATE), in_nest(task, RATE)
        if not np.isclose(mine["mean_weight"], theirs["mean_weight"], rtol=1e-9):
            raise SystemExit(
                f"{task}: mean weight {mine['mean_weight']} here, {theirs['mean_weight']} in NEST"
            )
        tasks[task] = {
            "ours": mine, "nest": theirs, "nest_over_ours": theirs["run_s"] / mine["best_s"],
        }  # fmt: skip
    bare = limit(RATE)
    scaling = {str(rate): ours("stdp_pair", rate, 3)["best_s"] for rate in (0.0, 5.0, 10.0, 20.0)}
    report = {
        "machine": {"processor": processor(), "python": platform.python_version(), "threads": 1},
        "task": {
            "synapses": SYNAPSES, "sources": SOURCES, "targets": TARGETS, "rate_hz": RATE,
            "ticks": TICKS, "dt_ms": DT,
        },
        "event_rules": tasks,
        "limit": {
            "bare_loop_s": bare,
            "stdp_pair_over_bare_loop": tasks["stdp_pair"]["ours"]["best_s"] / bare,
        },
        "stdp_pair_s_by_rate_hz": scaling,
        "every_tick_rules_ns_per_synapse_and_tick": every_tick(),
    }  # fmt: skip
    write_results("plasticity", report)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
