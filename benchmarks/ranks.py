"""One recurrent network on one rank and on two: spikes, synaptic events, and what memory allows.

5000 LIF neurons, a fifth of all possible synapses (5 million), delays of 5 ticks. A spike makes the
kernel read 12 bytes of each of its 1000 synapses, from memory, for they are more than the caches
hold: bandwidth over 12 bytes is the limit, for the bandwidth that as many processes get when they
add up large arrays at the same time. `SCNetwork` multiplies the dense matrix in every tick. Results
go to benchmarks/results/ranks.json.

    python benchmarks/ranks.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import Any

import numpy as np

from machine import processor, write_results
from sc_neurocore.ir import Affine, Assumptions, Edge, Graph, Input, Neurons, Node, Output
from sc_neurocore.nir_bridge import SCNetwork
from sc_neurocore.partition import MPIDriver, run_on_ranks, spike_digest

SIZE, CHANNELS, DENSITY, DELAY, DT = 5000, 200, 0.2, 5, 1 / 1024
TICKS, CHECKED, REPEATS = 1000, 100, 3


def _network() -> tuple[SCNetwork, np.ndarray[Any, Any]]:
    """Random, a quarter of the neurons inhibitory; weights are whole 4096ths, so sums are exact."""
    rng = np.random.default_rng(0)
    weight = rng.integers(1, 9, (SIZE, SIZE)) * (rng.random((SIZE, SIZE)) < DENSITY) / 4096
    weight[:, : SIZE // 4] *= -4
    drive = rng.integers(0, 32, (SIZE, CHANNELS)) * (rng.random((SIZE, CHANNELS)) < 0.1) / 1024
    lif = {"tau": 8 * DT, "r": 8.0, "v_leak": 0.0, "v_threshold": 1.0}
    nodes = [
        Node("in", Input((CHANNELS,))),
        Node("drive", Affine(drive)),
        Node("cells", Neurons("lif", {k: np.full(SIZE, v) for k, v in lif.items()})),
        Node("loop", Affine(weight)),
        Node("read", Affine(np.ones((1, SIZE)))),
        Node("out", Output((1,))),
    ]
    edges = [Edge("in", "drive"), Edge("drive", "cells"), Edge("cells", "loop", delay=DELAY),
             Edge("loop", "cells"), Edge("cells", "read"), Edge("read", "out")]  # fmt: skip
    inputs = (rng.random((TICKS, CHANNELS)) < 0.4).astype(float)
    return SCNetwork(Graph.of("random", nodes, edges, dt=DT), Assumptions(dt=DT)), inputs


def _bandwidth(driver: MPIDriver) -> float:
    """Bytes per second that all ranks read together."""
    numbers = np.ones(2**24)
    best = np.inf
    for _ in range(5):
        driver.barrier()
        start = time.perf_counter()
        numbers.sum()
        best = min(best, max(driver.comm.allgather(time.perf_counter() - start)))
    return driver.size * numbers.nbytes / best


def _rank() -> None:
    """What every rank measures; the root prints it."""
    driver = MPIDriver()
    network, inputs = _network()
    run_on_ranks(network, inputs[:10], 10, driver.comm)  # compiles
    runs = [run_on_ranks(network, inputs, TICKS, driver.comm) for _ in range(REPEATS)]
    seconds = min(max(each) for each in zip(*driver.comm.allgather([r.seconds for r in runs]),
                                            strict=True))  # fmt: skip
    checked = run_on_ranks(network, inputs[:CHECKED], CHECKED, driver.comm)
    synapses, held, waited = np.sum(
        driver.comm.allgather([checked.synapses, checked.synapse_bytes, runs[0].waited]), axis=0
    )
    bandwidth = _bandwidth(driver)
    spikes = runs[0].spikes["cells"]
    found = {
        "ranks": driver.size,
        "seconds": seconds,
        "waited_s_per_rank": waited / driver.size,
        "spikes": spikes,
        "spikes_per_s": spikes / seconds,
        "synaptic_events_per_s": spikes * (synapses / SIZE) / seconds,
        "synapses": int(synapses),
        "bytes_per_synapse": held / synapses,
        "exchanges": runs[0].exchanges,
        "overflows": runs[0].overflows,
        "digest": runs[0].digest,
        "bandwidth_bytes_per_s": bandwidth,
        "limit_events_per_s": bandwidth / 12,
    }
    found["share_of_limit"] = found["synaptic_events_per_s"] / found["limit_events_per_s"]
    if driver.size == 1:
        start = time.perf_counter()
        one = network.run(inputs[:CHECKED], record=True)
        dense = (time.perf_counter() - start) / CHECKED
        found["sc_network"] = {
            "seconds_per_tick": dense,
            "times": dense / (seconds / TICKS),
            "equal": spike_digest(network, one.spikes) == checked.digest,
        }
    if driver.rank == 0:
        print(json.dumps(found))


def main() -> None:
    """Measure on one rank and on two, and write."""
    found = []
    for ranks in (1, 2):
        done = subprocess.run(
            ["mpiexec", "-n", f"{ranks}", sys.executable, __file__, "rank"],
            stdout=subprocess.PIPE, text=True, check=True,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        )  # fmt: skip
        found.append(json.loads(done.stdout))
        print(json.dumps(found[-1], indent=1))
    assert found[0]["digest"] == found[1]["digest"]
    report = {
        "machine": {"processor": processor(), "cores": os.cpu_count(),
                    "load_1min": os.getloadavg()[0]},
        "task": {"neurons": SIZE, "density": DENSITY, "delay": DELAY, "ticks": TICKS},
        "runs": found,
        "speed_up": found[0]["seconds"] / found[1]["seconds"],
    }  # fmt: skip
    write_results("ranks", report)


if __name__ == "__main__":
    _rank() if sys.argv[1:] == ["rank"] else main()
