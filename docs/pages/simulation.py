"""Figures of simulators, beside other simulators and the limits of the machine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from statistics import median

from pages.markdown import markdown_table
from pages.results import load_results


def simulation_table() -> str:
    """Float simulation against Brian2."""
    found = load_results("simulation.json")
    task, memory = found["task"], found["memory"]
    updates = task["neurons"] * task["ticks"]
    runs = {"SC-NeuroCore": found["ours"]["float64"]["runs_s"]}
    for mode, label in (("cpp_standalone", "C++ standalone"), ("cython", "Cython")):
        other = found["brian2"][mode]
        runs[f"Brian2 {other['version']}, {label}"] = other["runs_s"]
    rows = [
        [name, *(f"{second(times):.3f} s" for second in (min, median)),
         f"{updates / min(times) / 1e6:.0f}", f"{updates / median(times) / 1e6:.0f}"]
        for name, times in runs.items()
    ]  # fmt: skip
    head = ["Simulator", "Best run", "Median run", "10⁶ updates/s, best", "median"]
    start = found["start_up"]
    return "\n".join(
        [
            f"{task['neurons']:_} LIF neurons, {task['ticks']} ticks of {task['dt_ms']} ms, "
            f"{task['dtype']}, one thread, {len(runs['SC-NeuroCore'])} runs each, spikes recorded; "
            f"{found['machine']['processor']}, Python {found['machine']['python']}. All three give "
            f"{found['ours']['float64']['spikes']} spikes.".replace("_", "\u202f"),
            "",
            *markdown_table(head, rows),
            "",
            f"Memory moves {memory['triad_bytes_per_s'] / 1e9:.1f} GB/s (STREAM triad), enough for "
            f"{memory['tick_major_limit_updates_per_s'] / 1e6:.0f} million updates per second of a "
            "simulator that visits all neurons at every tick; ours keeps a block of neurons in the "
            "cache for many ticks. In a fresh process the first call takes "
            f"{start['cold_first_call_s']:.1f} s to compile the kernel, or "
            f"{start['warm_first_call_s']:.1f} s when it is in the cache.",
        ]
    )


def network_table() -> str:
    """The bit-true simulator beside PyTorch and the adders of the machine."""
    found = load_results("network.json")
    task, peer, roof = found["task"], found["pytorch"], found["adding_alone_per_core_per_s"]
    rows = [
        [name, f"{run['seconds']:.2f}", f"{run['additions'] / run['seconds'] / 1e9:.1f}",
         f"{run['additions'] / run['seconds'] / roof / found['machine']['cores']:.0%}"]
        for name, run in found["simulator"].items()
    ]  # fmt: skip
    return "\n".join(
        [
            f"{task['samples']} samples through {'-'.join(map(str, task['sizes']))} neurons, "
            f"{task['ticks']} ticks, {found['machine']['cores']} cores, written by "
            "`benchmarks/network.py`:",
            "",
            *markdown_table(["Network", "s", "10⁹ additions/s", "of the roof"], rows),
            "",
            f"The roof is adding rows of weights alone: {roof / 1e9:.1f}·10⁹ a second and core. "
            f"The first network in PyTorch {peer['version']}, dense, in 32-bit floats: "
            f"{peer['seconds']:.2f} s, {peer['times']:.1f} times as long.",
        ]
    )


def networks_table() -> str:
    """Networks against NEST and Brian2."""
    found = load_results("networks.json")
    runs = found["brunel"]["runs"]
    names = {"ours": "SC-NeuroCore", "nest": "NEST", "brian2_2": "Brian2 C++, OpenMP",
             "brian2_1": "Brian2 C++, one thread"}  # fmt: skip

    measures = ("rate_hz", "cv", "correlation")

    def spread(rows: Sequence[Mapping[str, float]], name: str) -> str:
        values = [row[name] for row in rows]
        return f"{min(values):.4g} to {max(values):.4g}"

    rows = []
    for key, label in names.items():
        if key in runs:
            several = runs[key]
            bytes_ = several[0].get("bytes_per_synapse") or several[0].get("rss_per_synapse")
            rows.append([label, f"{min(r['simulate_s'] for r in several):.2f}",
                         f"{min(r['build_s'] for r in several):.2f}",
                         f"{bytes_:.1f}" if bytes_ else "",
                         *(spread(several, x) for x in measures)])  # fmt: skip
    head = ["", "Simulate, s", "Build, s", "Bytes a synapse", "Rate, Hz", "CV", "Correlation"]
    columns = []
    for entry in found["microcircuit"]:
        for key in ("ours", "nest"):
            if key in entry:
                row = entry[key]
                size = row.get("bytes_per_synapse") or row.get("rss_per_synapse") or 0.0
                columns.append([f"{row['scale']:g}", names[key], f"{row['synapses'] / 1e6:.1f} M",
                                f"{row['build_s']:.1f}", f"{row['real_time_factor']:.2f}",
                                f"{size:.1f}"])  # fmt: skip
    return "\n".join(
        [
            "Brunel's balanced network, 10 000 neurons, 10 million synapses, 1 s, two threads, the "
            f"best of {len(runs['ours'])} seeds; figures are ranges over the seeds. Bytes of ours "
            "are its synapses, of NEST the growth of the process. The engine delivers "
            f"{found['brunel']['synaptic_events_per_s']:.2g} synaptic events a second, "
            f"{100 * found['share_of_limit']:.0f} % of what the memory's bandwidth of "
            f"{found['bandwidth_bytes_per_s'] / 1e9:.1f} GB/s allows. Written by "
            "`benchmarks/networks.py`:",
            "",
            *markdown_table(head, rows),
            "",
            "The microcircuit of Potjans and Diesmann at two scales; the real-time factor is wall "
            "time over simulated time:",
            "",
            *markdown_table(["Scale", "", "Synapses", "Build, s", "Real-time factor",
                             "Bytes a synapse"], columns),
        ]
    )  # fmt: skip


def plasticity_table() -> str:
    """Plasticity rules against NEST."""
    found = load_results("plasticity.json")
    rows = [
        [f"`{name}`", f"{r['ours']['best_s']:.3f}", f"{r['ours']['ns_per_event']:.1f}",
         f"{r['nest']['run_s']:.2f}"]
        for name, r in found["event_rules"].items()
    ]  # fmt: skip
    task = found["task"]
    return "\n".join(
        [
            f"{task['synapses']} synapses, {task['rate_hz']:g} Hz on both sides, 1 s, one thread. "
            "Written by `benchmarks/plasticity.py`:",
            "",
            *markdown_table(["Rule", "Ours, s", "ns an event", "NEST, s"], rows),
        ]
    )


def events_table() -> str:
    """The event-driven engine against the clock-driven one."""
    found = load_results("event_driven.json")
    rows = [
        [f"{r['cell_rate_hz']:.3g}", f"{r['clock_s']:.3f}", f"{r['event_s']:.4f}"]
        for r in found["runs"]
    ]
    return "\n".join(
        [
            f"{found['cells']} neurons `iaf_psc_exp` for {found['seconds']:g} s, one thread: the "
            "same spikes by both engines. Written by `benchmarks/event_driven.py`:",
            "",
            *markdown_table(["Rate of a cell, Hz", "Clock-driven, s", "Event-driven, s"], rows),
        ]
    )
