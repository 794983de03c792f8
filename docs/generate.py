"""Write the generated parts of the documentation; the tests check that they are up to date.

Run ``python docs/generate.py`` after a change of a command, of ``names.toml`` or of the benchmark
results.
"""

from __future__ import annotations

import ast
import inspect
import json
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
RESULTS = ROOT / "benchmarks" / "results"
BEGIN, END = "<!-- begin figures -->", "<!-- end figures -->"


def main() -> None:
    """Write every generated file that differs."""
    for path, text in generated().items():
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {path.relative_to(ROOT)}")


def generated() -> dict[Path, str]:
    """Every generated file and what it must hold."""
    readme = ROOT / "README.md"
    return {
        DOCS / "reference" / "cli.md": command_line(),
        DOCS / "reference" / "names.md": names(),
        DOCS / "reference" / "analysis.md": analysis_page(),
        DOCS / "reference" / "figures.md": figures_page(),
        DOCS / "reference" / "cost-validation.md": cost_validation_page(),
        DOCS / "reference" / "catalogue.md": catalogue_page(),
        DOCS / "reference" / "not-included.md": not_included_page(),
        readme: between_markers(readme.read_text(encoding="utf-8"), hardware_table(brief=True)),
    }


def between_markers(text: str, body: str) -> str:
    """``text`` with ``body`` between the markers."""
    before, rest = text.split(BEGIN)
    after = rest.split(END)[1]
    return f"{before}{BEGIN}\n{body}\n{END}{after}"


# The command line ---------------------------------------------------------------------------------


def command_line() -> str:
    """The reference of every command: what its ``--help`` says."""
    import click

    from sc_neurocore.cli import main as program

    parts = [
        "# Command line",
        "",
        "What `--help` says of every command. This page is generated.",
    ]

    def add(command: click.Command, path: str, parent: click.Context | None) -> None:
        settings = {**command.context_settings, "terminal_width": 92, "max_content_width": 92}
        context = click.Context(command, parent, path.split()[-1], **settings)
        parts.extend(["", f"## `{path}`", "", "```text", command.get_help(context).rstrip(), "```"])
        if isinstance(command, click.Group):
            for name in command.list_commands(context):
                found = command.get_command(context, name)
                assert found is not None, name
                add(found, f"{path} {name}", context)

    add(program, "sc-neurocore", None)
    return "\n".join(parts) + "\n"


# Names --------------------------------------------------------------------------------------------


def load_names() -> Mapping[str, Any]:
    """The content of ``names.toml``."""
    return tomllib.loads((DOCS / "names.toml").read_text(encoding="utf-8"))


def names() -> str:
    """Documented names and ours."""
    table = load_names()
    same = [[f"`{theirs}`", f"`{ours}`"] for theirs, ours in sorted(table["same"].items())]
    covered = [
        [f"`{theirs}`", f"`{ours}`", how]
        for theirs, (ours, how) in sorted(table["covered"].items())
    ]
    return "\n".join(
        [
            "# Documented names",
            "",
            "Where a name of the wider documented interface lives here. What is not listed is not",
            "built yet. This page is generated, and a test imports every name under *Here*.",
            "",
            *markdown_table(["Documented", "Here"], same),
            "",
            "The same capability in another shape:",
            "",
            *markdown_table(["Documented", "Here", "How"], covered),
            "",
        ]
    )


# Analysis -----------------------------------------------------------------------------------------


def analysis_page() -> str:
    """Every function of `sc_neurocore.analysis`: what it says, its unit, the library behind it."""
    from sc_neurocore import analysis

    modules: dict[str, list[list[str]]] = {}
    for name in sorted(analysis.__all__):
        function = getattr(analysis, name)
        if not inspect.isfunction(function):
            continue
        first, _, rest = inspect.cleandoc(function.__doc__ or "").partition("\n")
        found = re.search(r"^Returns:\n((?: {4}.*\n?|\n)+)", rest, re.MULTILINE)
        said = " ".join(found[1].split()) if found else "–"
        arguments = ", ".join(inspect.signature(function).parameters)
        libraries = ", ".join(sorted(_libraries(function.__module__, name))) or "NumPy"
        cells = [f"`{name}({arguments})`", first.rstrip("."), said, libraries]
        modules.setdefault(function.__module__.removeprefix("sc_neurocore."), []).append(
            [re.sub(r"`+", "`", cell).replace("|", "\\|") for cell in cells]
        )
    parts = [
        "# Analysis",
        "",
        "Binary trains are 0 or 1 per time step, `dt` is in seconds, what ends in `_ms` in",
        "milliseconds, a bin in steps; undefined values are NaN. The library is what computes the",
        "result; NumPy means that the formula is ours, from the source that the",
        "[docstring](api/analysis.md) names. This page is generated.",
    ]
    for module, rows in sorted(modules.items()):
        head = ["Function", "What", "Returns", "Library"]
        parts += ["", f"## `{module}`", "", *markdown_table(head, rows)]
    return "\n".join(parts) + "\n"


def _libraries(module: str, function: str) -> set[str]:
    """The libraries that a function loads, itself or through others of the room."""
    names = {"elephant": "Elephant", "pyspike": "PySpike", "sklearn": "scikit-learn",
             "scipy": "SciPy"}  # fmt: skip
    found: set[str] = set()
    seen, todo = set(), [(module, function)]
    while todo:
        at, name = todo.pop()
        seen.add((at, name))
        tree = ast.parse(inspect.getsource(sys.modules[at])).body
        here = {n.name: n for n in tree if isinstance(n, ast.FunctionDef)}
        body = ast.unparse(here[name])
        found |= {names[p] for p in names if re.search(rf"library\(['\"]{p}|from {p}\b", body)}
        known = {(at, n) for n in here} | {
            (node.module or "", alias.name)
            for node in tree if isinstance(node, ast.ImportFrom) for alias in node.names
            if (node.module or "").startswith("sc_neurocore.analysis.")
        }  # fmt: skip
        todo += [x for x in known - seen if re.search(rf"\b{x[1]}\(", body) and x[1] != "library"]
    return found


# Figures ------------------------------------------------------------------------------------------


def figures_page() -> str:
    """Everything that the benchmarks measured."""
    return "\n".join(
        [
            "# Measured figures",
            "",
            "This page is generated from `benchmarks/results/`. Every number was measured by the",
            "tools that are named with it; `benchmarks/` holds the scripts.",
            "",
            "## Hardware",
            "",
            hardware_table(brief=False),
            "",
            "## Networks as engines",
            "",
            engines_table(),
            "",
            "## Simulation",
            "",
            simulation_table(),
            "",
            "## Bit-true simulation of networks",
            "",
            network_table(),
            "",
            "## Streams of bits",
            "",
            bitstream_table(),
            "",
            "## Precision plans",
            "",
            planner_table(),
            "",
            "## Blocks of the library",
            "",
            blocks_table(),
            "",
            "## Digits over two chips",
            "",
            chips_table(),
            "",
            "## Networks of neurons",
            "",
            networks_table(),
            "",
            "## Plasticity",
            "",
            plasticity_table(),
            "",
            "## Event-driven simulation",
            "",
            events_table(),
            "",
            "## Spike codecs",
            "",
            codecs_table(),
            "",
        ]
    )


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


def engines_table() -> str:
    """Trained networks after place and route, and what others publish."""
    found = load_results("engines.json")
    head = ["Network", "Device", "Weights", "PE×SIMD", "Float, %", "Bit-true, %", "LUT4",
            "Block RAMs", "MHz", "Clocks", "µs, mean", "µs, worst", "µJ, estimated"]  # fmt: skip
    rows = []
    for engine in found["engines"]:
        layers = engine["layers"]
        kinds = sorted({
            f"{x['bits']} bits" + (f", L = {x['length']}" if x["backend"] == "stochastic" else "")
            for x in layers
        })  # fmt: skip
        shares = ["–", "–"]
        if engine["accuracy"]:
            shares = [_interval(engine["accuracy"][rung]) for rung in ("float", "bit_true")]
        rows.append([
            ", ".join(dict.fromkeys((engine["network"], engine["shape"]))), engine["target"],
            f"{engine['backend']}: {'; '.join(kinds)}",
            ", ".join(f"{x['pe']}×{x['simd']}" for x in layers), *shares,
            f"{engine['luts']}", f"{engine['brams']}", f"{engine['fmax_mhz']:.1f}",
            f"{engine['cycles']['mean']:.0f}", f"{engine['us']['mean']:.0f}",
            f"{engine['us']['worst']:.0f}", f"{engine['joules_estimated'] * 1e6:.2g}",
        ])  # fmt: skip
    published = "; ".join(
        f"{x['engine']}: {x['area']}, {x['us']} µs" + (f", {x['mw']} mW" if "mw" in x else "")
        for x in found["published"]
    )
    return "\n".join(
        [
            "After place and route, encoder and counter included; PE×SIMD per layer; accuracy on "
            "the whole test set with its 95 % interval; clocks from start to done with early "
            "decision, by the cycle model that co-simulation finds exact. Energy is estimated to a "
            "factor of five. Written by `benchmarks/engines.py`:",
            "",
            *markdown_table(head, rows),
            "",
            f"Published MNIST engines, on other devices and not measured here: {published}.",
        ]
    )


def _interval(proportion: Mapping[str, float]) -> str:
    return "{:.2f}\u00a0({:.2f}–{:.2f})".format(
        *(100 * proportion[key] for key in ("share", "low", "high"))
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


def bitstream_table() -> str:
    """Products and encoding beside what the processor could do."""
    found = load_results("bitstream.json")
    products, machine, encoding = found["products"], found["machine"], found["encoding"]
    shape, forward, numpy = products["shape"], products["forward"], products["numpy"]
    size = f"{shape['rows']} × {shape['columns']} × {shape['bits']} bits"
    rows = [
        ["AND, count and add in registers alone (the roof)", products["roof_bits_per_s"]],
        [f"`and_counts`, {size}", products["and_bits_per_s"]],
        ["`sc_forward`, encoding included", forward["bits_per_s"]],
        ["NumPy `bitwise_count`, the same product", numpy["bits_per_s"]],
        ["Encoding, LFSR shared by the streams", encoding["lfsr_bits_per_s"]],
        ["Encoding, Sobol shared by the streams", encoding["sobol_bits_per_s"]],
        ["Encoding, a register of its own per row", encoding["lfsr_per_row_bits_per_s"]],
        ["Encoding, a Sobol dimension of its own per row", encoding["sobol_per_row_bits_per_s"]],
    ]
    roof = products["roof_bits_per_s"]
    cells = [
        [name, f"{rate / 1e9:.0f}", f"{rate / roof:.0%}" if k < 4 else "–"]
        for k, (name, rate) in enumerate(rows)
    ]
    two, overhead = products["two_threads"], found["overhead"]
    return "\n".join(
        [
            f"One core of {machine['processor']}, Python {machine['python']}, NumPy "
            f"{machine['numpy']}, written by `benchmarks/bitstream.py`:",
            "",
            *markdown_table(["What", "Gbit/s", "of the roof"], cells),
            "",
            "The product takes five instructions for a pair of words where the roof takes six, so "
            "its own limit is 6/5 of the roof. "
            f"XNOR products run at {products['xnor_over_roof']:.0%} of the roof. Two threads are "
            f"{two['and_speedup']:.2f} times as fast as one (the roof itself "
            f"{two['roof_speedup']:.2f} times). A small call costs "
            f"{overhead['and_counts_s'] * 1e6:.1f} µs (`and_counts`) and "
            f"{overhead['sc_forward_s'] * 1e6:.1f} µs (`sc_forward`).",
        ]
    )


def planner_table() -> str:
    """Planning a million synapses, and how many meet their target."""
    found = load_results("planner.json")
    speed, memory, documented = found["speed"], found["memory"], found["documented"]
    limit, machine = speed["limit"], found["machine"]
    rows = [
        ["the plan", f"{1e3 * speed['plan_s']:.0f} ms"],
        ["its manifest", f"{1e3 * speed['manifest_s']:.0f} ms"],
        ["both", f"{1e3 * speed['plan_and_manifest_s']:.0f} ms"],
        ["every row made once", f"{speed['iterate_all_rows_s']:.1f} s"],
        [f"the manifest as a file of {speed['json_mb']:.0f} MB", f"{speed['json_s']:.1f} s"],
        ["so many bytes to the disk", f"{speed['same_bytes_to_disk_s']:.1f} s"],
    ]
    outcomes = [
        [f"{o['target_error']:g}", f"`{o['source']}`", f"{o['share_meeting_target']:.1%}",
         f"{o['share_silently_above_target']:.0%}"]
        for o in found["outcomes"]
    ]  # fmt: skip
    return "\n".join(
        [
            f"{speed['synapses']} synapses, one thread of a machine whose {machine['processors']} "
            f"processors had a load of {machine['load_average']:.1f}, Python {machine['python']}, "
            f"NumPy {machine['numpy']}, written by `benchmarks/planner.py`:",
            "",
            *markdown_table(["What", "Best run"], rows),
            "",
            f"The plan touches {limit['bytes_touched'] / 1e6:.0f} MB at least, "
            f"{1e3 * limit['least_s']:.1f} ms at the {limit['copy_bytes_per_s'] / 1e9:.0f} GB/s of "
            f"a copy in the same run; it takes {limit['plan_over_least']:.0f} times that, for "
            "every synapse is compared with the edge of every class. Plan and manifest allocate "
            f"{memory['peak_allocated_mb']:.0f} MB above the weights; with the file written, the "
            f"process holds {memory['resident_peak_with_json_mb']:.0f} MB. Documented for another "
            f"implementation, not measured here: {documented['plan_and_manifest_s']} s, "
            f"{documented['peak_mb']} MB, {documented['share_silently_above_target']:.0%} of the "
            "synapses above target without a word.",
            "",
            *markdown_table(["Target", "Source", "Meet it", "Miss it unsaid"], outcomes),
        ]
    )


def blocks_table() -> str:
    """Proofs, co-simulation and area of the RTL library."""
    blocks = load_results("blocks.json")["blocks"]
    head = ["Block", "Parameters", "Proven", "Clocks compared", "HX8K cells", "FFs", "MHz",
            "ECP5 cells", "FFs", "MHz"]  # fmt: skip
    rows = []
    for block in blocks:
        runs = block["cosimulated"].values()
        differing = sum(run["mismatches"] for run in runs)
        compared = f"{sum(run['cycles'] for run in runs)}" + f", {differing} differ" * bool(
            differing
        )
        areas = []
        for area in (block["implemented"][name] for name in ("ice40-hx8k", "ecp5-25k")):
            areas += [f"{area['logic_cells']}", f"{area['ffs']}", f"{area['fmax_mhz']:.0f}"]
        given = ", ".join(f"{k} {v}" for k, v in block["parameters"].items() if len(v) < 12)
        rows.append([f"`{block['block']}`", given,
                     f"{block['proven']} of {block['assertions']}", compared, *areas])  # fmt: skip
    simulators = ", ".join(blocks[0]["cosimulated"])
    return "\n".join(
        [
            f"Each block was compared with its golden model clock by clock in {simulators}, proven "
            f"by {blocks[0]['method'].split(',')[0]}, and a seeded fault was refuted. Area and "
            "clock are after place and route, between flip-flops at every port; ECP5 cells leave "
            "flip-flops out. Written by `benchmarks/blocks.py`:",
            "",
            *markdown_table(head, rows),
        ]
    )


def chips_table() -> str:
    """What the links of a chip take beside its engine."""
    found = load_results("chips.json")
    names = ("luts", "ffs", "brams")
    rows = [
        [f"`{row['chip']}`", *(f"{row[part][n]}" for part in ("chip", "engine") for n in names)]
        for row in found["chips"]
    ]
    head = ["Chip", "LUTs", "FFs", "RAM blocks", "Engine's LUTs", "FFs", "RAM blocks"]
    return "\n".join(
        [
            f"The hidden population of digits on one chip and its answer on another, on "
            f"{found['target']}: engine, receivers with their windows, and transmitters, packets "
            f"of up to {found['link']['depth']} addresses. Counted after synthesis, before place "
            "and route. Written by `benchmarks/chips.py`:",
            "",
            *markdown_table(head, rows),
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


def codecs_table() -> str:
    """Ratio and speed of the spike codecs beside zstd."""
    found = load_results("codecs.json")
    kinds = found["rasters"]
    lines = [
        f"Rasters of {found['neurons']} channels and {found['ticks']} ticks: each cell is how many "
        "times smaller than one bit per tick and channel the stream is, and MB of such bits coded "
        "and decoded per second of processor time. The first row is the ratio of the entropy of "
        "random spikes at each channel's rate, which only structure beyond rates passes. Written "
        "by `benchmarks/codecs.py`:",
        "",
    ]
    bound = ["entropy", *(f"{kind['entropy_ratio']:.1f}" for kind in kinds.values())]
    rows = [
        [label, *(f"{r['ratio']:.1f} ({r['encode_mb_s']:.0f}, {r['decode_mb_s']:.0f})"
                  for r in (kind["codecs"][label] for kind in kinds.values()))]
        for label in next(iter(kinds.values()))["codecs"]
    ]  # fmt: skip
    return "\n".join([*lines, *markdown_table(["", *kinds], [bound, *rows])])


def hardware_table(*, brief: bool) -> str:
    """Area and clock of the catalogue; ``brief`` keeps the README to what fits its width."""
    found = load_results("hardware.json")
    models = sorted(found["models"], key=lambda row: (row["logic_cells"], row["model"]))
    head = ["Model", "Format", "Logic cells", "Block RAMs", "MHz", "Clocks per tick"]
    rows = [
        [row["model"], row["format"], str(row["logic_cells"]), str(row["brams"]),
         f"{row['fmax_mhz']:.1f}", str(row["clocks_per_tick"])]
        for row in models
    ]  # fmt: skip
    if not brief:
        head += ["10³ ticks/s", "Method", "Tick"]
        for cells, row in zip(rows, models, strict=True):
            tick = "–" if row["method"] == "map" else f"{row['dt_ms']:g}\u00a0ms"
            cells += [f"{row['ticks_per_second'] / 1e3:.0f}", row["method"], tick]
    (tools,) = {row["tools"] for row in models}
    return "\n".join(
        [
            f"Area and clock on `{found['target']}` after place and route ({tools}), written by "
            "`benchmarks/hardware.py`:",
            "",
            *markdown_table(head, rows),
        ]
    )


# The catalogue ------------------------------------------------------------------------------------


def catalogue_page() -> str:
    """Every model: what it is, what it does, how far up the ladder it went."""
    from sc_neurocore.neurons import TAGS, catalogue

    rows_of = {row["model"]: row for row in load_results("catalogue.json")["models"]}
    rows = []
    for d in catalogue():
        row = rows_of.get(d.name, {})
        rows.append(
            [
                f"`{d.name}`",
                f"`{d.class_name}`" if d.class_name else "",
                d.family,
                ", ".join(d.behaviour),
                str(len(d.states)),
                str(d.tier),
                _rungs(row),
                _area(row),
                _spikes(row),
                f"[{d.year}](https://doi.org/{d.doi})" if d.doi else "",
            ]
        )
    head = ["Model", "Class", "Family", "Behaviour", "States", "Tier", "Rungs", "Area", "Spikes",
            "Source"]  # fmt: skip
    tags = [[f"`{tag}`", f"{meaning}."] for tag, meaning in TAGS.items()]
    return "\n".join(
        [
            "# The catalogue",
            "",
            "This page is generated from the model files, from the behaviour that "
            "`python -m sc_neurocore.neurons.behaviour` measured, and from what "
            "`benchmarks/catalogue.py` built. *Rungs* are those of the "
            "[verification ladder](../explanation/ladder.md) that were climbed: `–` is one that "
            "does not apply, `✗` one that failed, `·` one that was not climbed. *Area* is after "
            "place and route, *Spikes* are those of the fixed-point and the float run of the "
            "default protocol. What is left out, and why, is [listed](not-included.md).",
            "",
            *markdown_table(head, rows),
            "",
            "## Behaviour",
            "",
            "Each tag is measured under the default parameters; none is declared. To fire "
            "steadily is to spike in the second half of the run at three ticks or more.",
            "",
            *markdown_table(["Tag", "Measured when"], tags),
            "",
        ]
    )


def _rungs(row: Mapping[str, Any]) -> str:
    """One sign per rung."""
    text = ""
    for i, status in enumerate(row.get("rungs", {}).values(), 1):
        if status == "climbed":
            text += str(i)
        else:
            text += "✗" if status.startswith("failed") else "–" if "not applic" in status else "·"
    return text or "not climbed"


def _area(row: Mapping[str, Any]) -> str:
    if not row.get("logic_cells") or row.get("fmax_mhz") is None:
        return ""
    return f"{row['logic_cells']} cells, {row['fmax_mhz']:.0f} MHz ({row['target']})"


def _spikes(row: Mapping[str, Any]) -> str:
    if row.get("spikes_fixed") is None:
        return ""
    return f"{row['spikes_fixed']} of {row['spikes_float']}"


def not_included_page() -> str:
    """Documented models that are left out."""
    data = tomllib.loads((DOCS / "not_included.toml").read_text(encoding="utf-8"))
    rows = [[f"`{name}`", reason] for name, reason in sorted(data.items())]
    return "\n".join(
        [
            "# Models that are not included",
            "",
            "The catalogue holds published models that were derived again from their primary "
            "sources. These documented names are left out. This page is generated from "
            "`docs/not_included.toml`.",
            "",
            *markdown_table(["Class", "Why"], rows),
            "",
        ]
    )


# Cost model ---------------------------------------------------------------------------------------


def cost_validation_page() -> str:
    """What the shipped cost model was fitted to, and its errors on what it never saw."""
    folder = ROOT / "src" / "sc_neurocore" / "cost" / "data"
    v = json.loads((folder / "validation.json").read_text(encoding="utf-8"))
    names = {"luts": "LUTs", "ffs": "flip-flops", "brams": "block RAMs", "dsps": "multipliers",
             "fmax_mhz": "clock"}  # fmt: skip
    training, kept, jobs, spread = v["training"], v["held_out"], v["jobs"], v["placer_spread"]

    def share(x: float) -> str:
        return f"{100 * x:.1f} %"

    figures = [
        [
            f["family"], names[f["metric"]], f["form"],
            f"{f['training_rows']} of {f['training_networks']}",
            f"{f['tested_rows']} of {f['tested_networks']}", share(f["median_error"]),
            share(f["p90_error"]), share(f["worst_error"]), share(f["coverage"]),
        ]
        for f in v["figures"]
    ]  # fmt: skip
    tests = [
        [
            f["family"], names[f["metric"]], f"{f['tested_rows']} of {f['tested_networks']}",
            share(f["median_error"]), share(f["p90_error"]), share(f["worst_error"]),
            share(f["coverage"]),
        ]
        for f in (v["blind"]["tests"] if v["blind"] else [])
    ]  # fmt: skip
    blind = (
        [
            "## Engines: errors of the blind test",
            "",
            f"{v['blind']['engines']} engines of {v['blind']['networks']} networks of sweep "
            f"{v['blind']['sweeps']}: compared with no model before all rules, features and "
            f"weights of this one (`{v['model'][:12]}`) were settled, and not fitted to. These are "
            "the errors that every estimate states.",
            "",
            *markdown_table(
                ["Family", "Figure", "Tested on rows of networks", "Median", "90th percentile",
                 "Worst", "Inside"],
                tests,
            ),
            "",
        ]
        if tests
        else []
    )  # fmt: skip
    candidates = [
        [f["family"], names[f["metric"]], name, share(c["median_error"]), share(c["p90_error"])]
        for f in v["figures"]
        for name, c in f["candidates"].items()
    ]
    blocks = [
        [f"`{b['kind']}`", b["family"], names[b["metric"]], str(b["rows"]),
         share(b["median_error"]), share(b["p90_error"])]
        for b in v["blocks"]
        if b["metric"] in ("luts", "ffs")
    ]  # fmt: skip
    tools = "; ".join(f"{tool} {', '.join(found)}" for tool, found in v["tools"].items())
    noise = (
        f"Clocks of one design differ between seeds of the placer by {share(spread['median'])} "
        f"(median standard deviation of {spread['designs']} designs, the largest "
        f"{share(spread['largest'])}): no model of the clock can do better."
        if spread["designs"]
        else ""
    )
    return "\n".join(
        [
            "# Validation of the cost model",
            "",
            "This page is generated from the model that is shipped; `sc-neurocore cost-model "
            "validate` computes its errors again from the shipped records and draws them.",
            "",
            f"Trained on {training['engines']} engines of {training['networks']} networks, tested "
            f"on {kept['engines']} engines of {kept['networks']} others. Of all jobs "
            f"{jobs['measured']} were measured, {jobs['does not fit']} do not fit their device, "
            f"{jobs['failed otherwise']} failed otherwise. Tools: {tools}.",
            "",
            noise,
            "",
            *blind,
            "## Engines: errors on held-out networks",
            "",
            "Rules, features and the robust weight were chosen while these errors were looked at.",
            "",
            "Relative errors; of counts that are mostly 0 (block RAMs, multipliers) relative to 1 "
            "at least. The last column is the share inside intervals made for 90 %.",
            "",
            *markdown_table(
                ["Family", "Figure", "Model", "Trained on rows of networks",
                 "Tested on rows of networks", "Median", "90th percentile", "Worst", "Inside"],
                figures,
            ),
            "",
            "## Candidates: errors of cross-validation by network",
            "",
            "Of the first two the better one is shipped: they predict with NumPy from the records.",
            "",
            *markdown_table(
                ["Family", "Figure", "Candidate", "Median", "90th percentile"], candidates
            ),
            "",
            "## Blocks: errors of what was left out",
            "",
            "Relative to 10 cells at least. `sc_layer` is a whole parallel stochastic layer.",
            "",
            *markdown_table(
                ["Block", "Family", "Figure", "Rows", "Median", "90th percentile"], blocks
            ),
            "",
        ]
    )  # fmt: skip


def load_results(name: str) -> Any:
    """A result file of the benchmarks."""
    return json.loads((RESULTS / name).read_text(encoding="utf-8"))


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a Markdown table."""
    yield f"| {' | '.join(head)} |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield f"| {' | '.join(row)} |"


if __name__ == "__main__":
    main()
