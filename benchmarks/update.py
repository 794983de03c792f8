"""How long it takes from a retrained network's file to a signed update, and what that is made of.

The device is the digits network, live. The new file differs in 1 000 weights by one step of their
format. One plan is: quantise the new network on the device's scales, pack its banks, find the words
that differ, classify the change by the contract, make the package and its canonical JSON, and sign
it. Reading the NIR file before is measured apart and with it. The gates (the bit-true replay of the
test set with old and new weights, telemetry bounds, the rollback package) are measured apart, and
so is opening a package. Times on the clock depend on what else the machine does; processor time
hardly does.

Then the 1 000 weights are swapped on a virtual board that runs BUNDLE's RTL, at each tick of an
inference in turn, and every spike of every tick that the inference is sure to end is probed. It
must be that of the bit-true model in which the weights change at that tick, and of no other tick.

    sc-neurocore build examples/digits/digits.nir --live axi_lite --target ecp5-85k --no-pnr
    python benchmarks/update.py BUNDLE

Results go to benchmarks/results/update.json.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from machine import write_results
from sc_neurocore.accelerator import simulate_swap
from sc_neurocore.build.network import (
    LiveBundle,
    NetworkOptions,
    NetworkSource,
    find_samples,
    open_live_bundle,
    read_network,
)
from sc_neurocore.compiler_service.update import (
    Draft,
    draft_update,
    generate_key,
    open_update,
    package_update,
    pass_gates,
    sign_update,
)
from sc_neurocore.datasets import load_dataset
from sc_neurocore.devices import VirtualBoard, Write, update
from sc_neurocore.digital_twin import Twin, bank_digest
from sc_neurocore.ir import Affine
from sc_neurocore.nir_bridge import SCNetwork, from_nir, write_nir

RUNS, GATE_RUNS, CHANGED = 200, 10, 1000
ROOT = Path(__file__).resolve().parent.parent
DIGITS = ROOT / "examples" / "digits" / "digits.nir"
#: Seconds on the clock, and of the processor.
Pair = tuple[float, float]


def retrained(source: NetworkSource, path: Path) -> None:
    """Write the network with some weights one step towards zero."""
    rng = np.random.default_rng(1)
    graph = source.network.graph
    nodes, left = dict(graph.nodes), CHANGED
    for name, step in source.settings["weight_scale"].items():
        op = nodes[name].op
        assert isinstance(op, Affine)
        weight = np.array(op.weight)
        free = np.flatnonzero(np.abs(weight) >= step)
        chosen = rng.choice(free, min(left, len(free)), replace=False)
        weight.flat[chosen] -= step * np.sign(weight.flat[chosen])
        left -= len(chosen)
        nodes[name] = replace(nodes[name], op=replace(op, weight=weight))
    write_nir(graph.replace(nodes=nodes), path)


def summary(seconds: ArrayLike) -> dict[str, float]:
    """Milliseconds at some shares of the runs."""
    wall, processor = np.array(seconds).T * 1e3
    return {
        "p50_ms": float(np.percentile(wall, 50)),
        "p95_ms": float(np.percentile(wall, 95)),
        "worst_ms": float(wall.max()),
        "processor_p50_ms": float(np.percentile(processor, 50)),
        "processor_p95_ms": float(np.percentile(processor, 95)),
    }


def timed(task: Callable[[], object], times: list[Pair]) -> object:
    wall, processor = time.perf_counter(), time.process_time()
    found = task()
    times.append((time.perf_counter() - wall, time.process_time() - processor))
    return found


def live_swap(bundle: LiveBundle, change: Draft, sample: NDArray[np.int64]) -> dict[str, object]:
    """Swap at each tick of an inference on the virtual board, and probe every spike."""
    old, new = bundle.network, change.network
    assert new is not None
    ticks = range(1, old.ticks)
    runs = {t: simulate_swap(old, new, sample[None], t, spikes=True) for t in ticks}
    # A tick before the last one used is sent whole, whatever the engine is certain of then.
    ends = min(int(run.ticks_used[0]) for run in runs.values()) - 1
    models = {t: np.concatenate([x[0, :ends] for x in runs[t].spikes], 1) for t in ticks}
    visible, neurons = [t for t in ticks if t < ends], models[1].shape[1]
    with VirtualBoard.start(bundle) as board:
        spec, seconds = bundle.device.update, {}

        def clock(name: str, task: Callable[[], object]) -> None:
            begin = time.perf_counter()
            task()
            seconds[name] = time.perf_counter() - begin

        clock("stage_s", lambda: update.stage(board, spec, change.writes))
        wrong, exact = 0, 0
        for t in visible:
            seen = np.zeros((ends, neurons), np.uint8)
            for tick in range(ends):
                row = []
                for layer in range(len(old.layers)):
                    board.transfer([Write(board.at("PROBE_LAYER"), layer),
                                    Write(board.at("PROBE_TICK"), tick)])  # fmt: skip
                    update.apply_at(board, sample, t)
                    row.append(board.probed(layer))
                    update.revert(board)
                seen[tick] = np.concatenate(row)
            wrong += int((seen != models[t]).sum())
            like = [k for k in visible if np.array_equal(models[k], seen)]
            exact += like == [t]
        clock("apply_s", lambda: update.apply(board))
        found = {}
        clock("read_back_s", lambda: found.update(update.read_back(board, spec)))
        return {
            "words": sum(map(len, change.writes.values())),
            **seconds,
            "read_back_equals_planned": bank_digest(found) == bank_digest(change.after),
            "ticks_swapped_at": visible,
            "spikes_compared": len(visible) * ends * neurons,
            "spikes_dropped_or_repeated": wrong,
            "swaps_visible_at_exactly_their_tick": exact,
        }


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path, help="the digits network, live")
    bundle = open_live_bundle(parser.parse_args().bundle)
    load = os.getloadavg()[0]
    dataset = load_dataset("digits")
    source = read_network(DIGITS, NetworkOptions(data="digits"))
    key = generate_key()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "retrained.nir"
        retrained(source, path)
        twin = Twin.of(bundle, clock_mhz=50.0)
        samples = find_samples(dataset, twin.network.input, twin.network.ticks, 10, 0)
        given = {"request_id": "req-1", "target_name": "ecp5-85k"}

        def draft(network: SCNetwork) -> Draft:
            return draft_update(twin, network, **given)

        names = ("read", "draft", "package", "gates", "open")
        times: dict[str, list[Pair]] = {name: [] for name in names}
        first = draft(from_nir(path))
        gates, probes = pass_gates(twin, first, samples.inputs, labels=samples.labels)

        def package(of: Draft) -> bytes:
            update = package_update(of, gates, probes, device="bench", design=twin.design,
                                    version=1)  # fmt: skip
            return sign_update(update, key)

        for _ in range(RUNS):
            network = timed(lambda: from_nir(path), times["read"])
            assert isinstance(network, SCNetwork)
            found = timed(lambda network=network: draft(network), times["draft"])
            assert isinstance(found, Draft)
            data = timed(lambda found=found: package(found), times["package"])
            assert isinstance(data, bytes)
            timed(lambda data=data: open_update(data, [key.public_key()]), times["open"])
        for _ in range(GATE_RUNS):
            timed(lambda: pass_gates(twin, first, samples.inputs, labels=samples.labels),
                  times["gates"])  # fmt: skip
    plan = np.array(times["draft"]) + np.array(times["package"])
    swap = live_swap(bundle, first, samples.inputs[0])
    report = {
        "machine": {
            "processors": os.cpu_count(),
            "load_average": load,
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "network": {
            "name": source.name,
            "weights": int(twin.network.synapses),
            "weights_changed": CHANGED,
            "words_changed": sum(len(words) for words in first.writes.values()),
            "words": sum(len(words) for words in first.before.values()),
            "package_bytes": len(data),
        },
        "runs": RUNS,
        "plan_to_package": {
            "includes": "quantising on the device's scales, packing the banks, the difference, the "
            "contract's classification, the package, its canonical JSON, the signature",
            **summary(plan),
        },
        "of_which": {
            "quantise_pack_compare_classify": summary(times["draft"]),
            "package_and_sign": summary(times["package"]),
        },
        "reading_the_file_before": summary(times["read"]),
        "file_to_package": summary(plan + np.array(times["read"])),
        "gates": {
            "inferences": len(samples.inputs),
            "runs": GATE_RUNS,
            "passed": [gate.name for gate in gates if gate.passed],
            "results": {gate.name: gate.reason for gate in gates},
            **summary(times["gates"]),
        },
        "open_and_verify": summary(times["open"]),
        "live_swap": swap,
    }
    write_results("update", report)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
