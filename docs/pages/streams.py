"""Figures of streams of bits, of the plans of their lengths, and of coded spikes."""

from __future__ import annotations

from pages.markdown import markdown_table
from pages.results import load_results


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
