"""Products of packed bitstreams against what the execution units can do.

The roof is a loop of AND, population count and addition on registers alone, compiled for the same
vectors as the kernel and run in turns with it, so that whatever else the machine does meets both.
The kernel takes five instructions for a pair of words where the roof takes six, so its own limit is
6/5 of the roof. Times are the best of many; fractions are ratios of best times of the same run and
count the ANDed bits only: encoding, packing and summing up are overhead. Beside the roof stands the
memory's: rows far larger than the caches, each word of which is read once.

    python benchmarks/bitstream.py

Results go to benchmarks/results/bitstream.json. The figures for narrower vectors come from the same
kernels compiled for AVX2 in a process of its own, against the roof compiled likewise.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable

import numpy as np

from machine import processor, write_results
from sc_neurocore.bitstream import (
    BIPOLAR,
    UNIPOLAR,
    Lfsr,
    NumpyRandom,
    Sharing,
    Sobol,
    and_counts,
    encode,
    encode_thresholds,
    one_pair,
    own_dimensions,
    rank_counts,
    register_phases,
    sc_dense,
    sc_forward,
    shifted_pair,
    xnor_counts,
)
from sc_neurocore.bitstream import _gemm_kernel as kernel
from sc_neurocore.bitstream import _gemm_tile_kernel as tile

ROWS, COLUMNS, LENGTH = 64, 256, 262_144
#: Words of a row that passes through the caches once (256 MiB).
LONG = 2**25
BITS = ROWS * COLUMNS * LENGTH
INPUTS = 16
Task = Callable[[], object]


def best(tasks: dict[str, Task], repeats: int) -> dict[str, float]:
    """Seconds of the fastest run of each task; all run in turns."""
    for task in tasks.values():
        task()
    runs: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(repeats):
        for name, task in tasks.items():
            start = time.perf_counter()
            task()
            runs[name].append(time.perf_counter() - start)
    return {name: min(times) for name, times in runs.items()}


def random_words(*shape: int) -> np.ndarray:
    return np.random.default_rng(len(shape)).integers(0, 2**64, shape, dtype=np.uint64)


def roof_task(bits: int, threads: int = 1) -> Task:
    """As many register-only ANDed bits, on so many threads."""
    count = bits // (kernel.ROOF_BITS * threads)
    mask = np.uint64(0x123456789ABCDEF)

    def run() -> None:
        others = [
            threading.Thread(target=kernel.roof, args=(count, mask)) for _ in range(threads - 1)
        ]
        for other in others:
            other.start()
        kernel.roof(count, mask)
        for other in others:
            other.join()

    return run


def products(repeats: int) -> dict[str, object]:
    """The large product: one core, two, bipolar, and with the encoding of its rows.

    Two threads are compared with two roofs: where other work holds a core, neither doubles.
    """
    words = LENGTH // 64
    a, b = random_words(ROWS, words), random_words(COLUMNS, words)
    rng = np.random.default_rng(1)
    length = LENGTH // INPUTS
    weights = encode(rng.random((COLUMNS, INPUTS)), length, NumpyRandom(5))
    inputs = rng.random((ROWS, INPUTS))
    found = best(
        {
            "roof": roof_task(BITS),
            "and": lambda: and_counts(a, b, threads=1),
            "xnor": lambda: xnor_counts(a, b, length=LENGTH, threads=1),
            "forward": lambda: sc_forward(weights, inputs, length=length, threads=1),
        },
        repeats,
    )
    pairs = best(
        {
            "roof": roof_task(BITS),
            "roof_2": roof_task(BITS, 2),
            "and": lambda: and_counts(a, b, threads=1),
            "and_2": lambda: and_counts(a, b, threads=2),
        },
        repeats,
    )
    plain = best({"numpy": lambda: and_counts(a, b, backend="numpy")}, 3)["numpy"]
    long = random_words(1, LONG)
    other = ~long
    passing = best({"read": long.sum, "and": lambda: and_counts(long, other, threads=1)}, 5)
    bytes_per_s = 8 * LONG / passing["read"]
    least = 8 * words * (ROWS + COLUMNS)
    return {
        "memory": {
            "read_bytes_per_s": bytes_per_s,
            "and_without_reuse_bits_per_s": LONG * 64 / passing["and"],
            "product_reads_at_least_bytes": least,
            "reading_over_product_time": least / bytes_per_s / found["and"],
        },
        "shape": {"rows": ROWS, "columns": COLUMNS, "bits": LENGTH},
        "roof_bits_per_s": BITS / found["roof"],
        "and_bits_per_s": BITS / found["and"],
        "and_over_roof": found["roof"] / found["and"],
        "xnor_over_roof": found["roof"] / found["xnor"],
        "forward": {
            "shape": {"batch": ROWS, "inputs": INPUTS, "outputs": COLUMNS, "length": length},
            "bits_per_s": BITS / found["forward"],
            "over_roof": found["roof"] / found["forward"],
        },
        "two_threads": {
            "roof_speedup": pairs["roof"] / pairs["roof_2"],
            "and_speedup": pairs["and"] / pairs["and_2"],
        },
        "numpy": {
            "bits_per_s": BITS / plain,
            "over_roof": found["roof"] / plain,
            "times_slower_than_ours": plain / found["and"],
        },
    }


def encoding() -> dict[str, float]:
    """Bits encoded per second: 64 streams of one source, or each of its own, 2^18 bits each."""
    p = np.random.default_rng(2).random(ROWS)
    out = np.empty((ROWS, LENGTH // 64), np.uint64)
    registers = [Lfsr().jump(977 * row) for row in range(ROWS)]
    dimensions = [Sobol(row + 1) for row in range(ROWS)]
    tasks: dict[str, Task] = {
        "lfsr": lambda: encode(p, LENGTH, Lfsr(), out=out),
        "lfsr_per_row": lambda: encode(p, LENGTH, registers, out=out),
        "sobol": lambda: encode(p, LENGTH, Sobol(1), out=out),
        "sobol_per_row": lambda: encode(p, LENGTH, dimensions, out=out),
    }
    return {f"{k}_bits_per_s": ROWS * LENGTH / v for k, v in best(tasks, 50).items()}


def overhead() -> dict[str, float]:
    """Seconds per call of arrays so small that the call is all there is."""
    a = random_words(4, 1)
    w, p = a.reshape(1, 4, 1), np.full(4, 0.5)
    register, sequence = Lfsr(), Sobol(1)
    calls = 200

    def many(task: Task) -> Task:
        return lambda: [task() for _ in range(calls)]

    found = best(
        {
            "and_counts": many(lambda: and_counts(a, a)),
            "sc_forward": many(lambda: sc_forward(w, p, length=64)),
            "encode_lfsr": many(lambda: encode(p, 64, register)),
            "encode_sobol": many(lambda: encode(p, 64, sequence)),
        },
        100,
    )
    return {f"{name}_s": seconds / calls for name, seconds in found.items()}


def conditional_multiply_accumulate(x: np.ndarray, w: np.ndarray, length: int) -> np.ndarray:
    """Estimate ``x @ w.T`` by the unary multiply-accumulate of uGEMM, one clock at a time.

    Our own statement, for NumPy, of the arithmetic published by Wu et al., ISCA 2020,
    doi:10.1109/ISCA45697.2020.00040, which UnarySim simulates; no code of theirs. Unipolar: the
    sequence that a weight is compared with advances only at the ones of its input's stream, so that
    both operands may share one sequence; the ones of a clock's products are counted and added to an
    accumulator, which gives out a one for as many as there are inputs and keeps the rest.
    """
    inputs = x.shape[1]
    numbers = Sobol(1).values(length) / 2.0**16
    seen = np.zeros(x.shape, np.intp)
    accumulator = np.zeros((len(x), len(w)), np.int64)
    ones = np.zeros_like(accumulator)
    for number in numbers:
        bit = number < x
        products = bit[:, None] & (numbers[seen][:, None] < w)
        accumulator += np.count_nonzero(products, axis=2)
        given_out = accumulator >= inputs
        accumulator -= inputs * given_out
        ones += given_out
        seen += bit
    estimate: np.ndarray = ones * inputs / length
    return estimate


def unary() -> dict[str, float]:
    """A dense layer by our packed streams and by uGEMM's arithmetic: speed, and error of both.

    The times are those of NumPy executing that arithmetic, not of UnarySim.
    """
    batch, outputs, length = 16, 32, 256
    rng = np.random.default_rng(6)
    x, w = rng.random((batch, INPUTS)), rng.random((outputs, INPUTS))
    tasks: dict[str, Callable[[], np.ndarray]] = {
        "packed": lambda: sc_dense(w, x, length=length, method="bits", threads=1),
        "conditional": lambda: conditional_multiply_accumulate(x, w, length),
    }
    found = best(dict(tasks), 20)
    bits = batch * outputs * INPUTS * length
    table = {"batch": batch, "inputs": INPUTS, "outputs": outputs, "length": length}
    report: dict[str, float] = dict(table)
    for name, task in tasks.items():
        report[f"{name}_bits_per_s"] = bits / found[name]
        report[f"{name}_rms_error"] = float(np.sqrt(((task() - x @ w.T) ** 2).mean()))
    return report | {"packed_times_faster": found["conditional"] / found["packed"]}


def without_bits() -> list[dict[str, float]]:
    """Counting by ranks against encoding and counting, one pair of sources."""
    table = []
    rng = np.random.default_rng(3)
    pair = Sobol(1), Sobol(2)
    for m, n, length in (
        (16, 16, 1024), (64, 256, 256), (64, 256, 4096), (64, 256, 65536), (64, 256, 1048576),
        (1024, 1024, 256), (1024, 1024, 4096), (1024, 1024, 65536),
    ):  # fmt: skip
        x, y = (rng.integers(0, 65537, count) for count in (m, n))
        found = best(
            {
                "ranks": lambda x=x, y=y, k=length: rank_counts(x, y, *pair, k),
                "bits": lambda x=x, y=y, k=length: and_counts(
                    encode_thresholds(x, k, pair[0]), encode_thresholds(y, k, pair[1]), threads=1
                ),
            },
            8,
        )
        row = {"x": m, "y": n, "length": length}
        row |= {f"{name}_s": seconds for name, seconds in found.items()}
        table.append(row | {"ranks_times_faster": found["bits"] / found["ranks"]})
    return table


def sharing_cost() -> list[dict[str, object]]:
    """Error of a dense layer under each sharing plan, and how alike two outputs' errors are.

    Plans of random sources and of registers are the mean of several seeds; Sobol plans have none.
    """
    inputs, outputs, batch, seeds = 64, 8, 100, range(1, 9)
    rng = np.random.default_rng(4)

    def random(seed: int, columns: int, rows: int) -> Sharing:
        own = [NumpyRandom(10**6 * seed + k) for k in range(columns + columns * rows)]
        weights = [own[columns * (o + 1) : columns * (o + 2)] for o in range(rows)]
        return Sharing(tuple(own[:columns]), tuple(map(tuple, weights)))

    plans = {
        "random, all independent": [random(s, inputs, outputs) for s in seeds],
        "random, rows share": [random(s, inputs, 1) for s in seeds],
        "random, one pair": [random(s, 1, 1) for s in seeds],
        "phases of one register": [register_phases(inputs, 4099 * s) for s in seeds],
        "Sobol, one pair": [one_pair()],
        "Sobol, shifted pair": [shifted_pair(inputs)],
        "Sobol, own dimensions": [own_dimensions(inputs)],
    }
    table: list[dict[str, object]] = []
    for coding in (UNIPOLAR, BIPOLAR):
        low = coding.range.low
        w, x = rng.uniform(low, 1, (outputs, inputs)), rng.uniform(low, 1, (batch, inputs))
        for name, drawn in plans.items():
            for length in (64, 256, 1024, 4096):
                errors = np.array(
                    [
                        sc_dense(w, x, length=length, coding=coding, sharing=plan) - x @ w.T
                        for plan in drawn
                    ]
                )
                products = np.einsum("dso,dsp->op", errors, errors)
                scale = np.sqrt(np.outer(products.diagonal(), products.diagonal()))
                alike = (products / scale)[np.triu_indices(outputs, 1)].mean()
                table.append(
                    {
                        "coding": coding.name, "plan": name, "length": length,
                        "rms_error": float(np.sqrt((errors**2).mean())),
                        "alikeness_of_outputs_errors": float(alike),
                    }
                )  # fmt: skip
    return table


def avx2() -> dict[str, object]:
    """This file's products, compiled for a processor without AVX-512."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, __file__, "products"],
            env=os.environ
            | {
                "NUMBA_CPU_NAME": "haswell",
                "NUMBA_CPU_FEATURES": "+avx2,+bmi,+bmi2,+popcnt,+fma,+lzcnt,+movbe,+sse4.2",
                "SC_NEUROCORE_CACHE": folder,
            },
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, object] = json.loads(done.stdout)
    return found


def main() -> None:
    if sys.argv[1:] == ["products"]:
        print(json.dumps({"lanes": tile.LANES} | products(40)))
        return
    report = {
        "machine": {
            "processor": processor(),
            "processors": os.cpu_count(),
            "python": platform.python_version(),
            "numpy": np.__version__,
        },
        "tile": {"lanes": tile.LANES, "rows": tile.ROWS, "columns": tile.COLUMNS},
        "products": products(400),
        "encoding": encoding(),
        "overhead": overhead(),
        "unary": unary(),
        "without_bits": without_bits(),
        "sharing": sharing_cost(),
        "avx2": avx2(),
    }
    write_results("bitstream", report)
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
