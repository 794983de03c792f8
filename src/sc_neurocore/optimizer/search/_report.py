"""The report of a search: one document, the same for the same arguments and evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from math import inf
from typing import Any

import numpy as np

from sc_neurocore import __version__
from sc_neurocore.build.network import Configuration
from sc_neurocore.optimizer._interval import Figure
from sc_neurocore.optimizer._selection import undominated
from sc_neurocore.optimizer.search._budget import QUANTITIES
from sc_neurocore.optimizer.search._candidate import SPEED, Candidate
from sc_neurocore.optimizer.search._result import Round, Search
from sc_neurocore.optimizer.search._select import Nearest

REPORT_SCHEMA = "sc-neurocore.optimise-report.v1"
CONFIGURATION_FILE = "configuration.json"
#: Figures that are measured and predicted, and compared where both are there.
COMPARED = ("luts", "ffs", "brams", "dsps", SPEED, "latency_us")
_METHODS = {
    "search": (
        "Per-layer choices by an integer programme (HiGHS) on additive costs, widened by NSGA-II; "
        "each configuration executed by the bit-true simulator, its clocks counted by the cycle "
        "model, its area and clock predicted by the cost model."
    ),
    "runs": (
        "Each run goes to the configuration of largest expected improvement: the chance of being "
        "inside the budget times the expected gain over the best measured inside. The cost model "
        "is conditioned on each result; where a result leaves its interval, later intervals of "
        "that figure are widened by as much."
    ),
    "latency": (
        "The most clocks of an inference over the samples that were timed, by the clock after "
        "routing (estimated, or measured where it was routed)."
    ),
    "power": (
        "Dynamic power at the fastest clock, from signal changes counted in a simulation of the "
        "engine and assumed capacitances; good to a factor of 5 either way, and so is its interval."
    ),
}


def search_report(search: Search) -> dict[str, Any]:
    """Everything that a search found, as JSON values without times and paths."""
    options, target = search.options, search.options.target
    front = pareto_indices(search.candidates)
    listed = [i for i, c in enumerate(search.candidates) if _shown(search, i, c, front)]
    return {
        "schema": REPORT_SCHEMA,
        "version": __version__,
        "target": target,
        "network": {
            "name": search.source.name,
            "file": search.source.file,
            "sha256": search.source.digest,
            "layers": [layer.name for layer in search.space.layers],
        },
        "data": options.data if options.data in (None, "digits", "mnist") else "a file",
        "budget": options.budget.as_dict(),
        "objective": options.objective,
        "runs": {"allowed": options.runs, "spent": len(search.rounds), "stopped": search.stopped},
        "seed": options.seed,
        "trials": options.trials,
        "assumptions": list(search.assumptions),
        "notices": list(search.notices),
        "accuracy_is": search.accuracy_is,
        "methods": _METHODS,
        "space": _space(search),
        "model": {
            "confidence": search.confidence,
            "errors": {
                metric: {"median": median, "p90": p90}
                for metric, (median, p90) in search.errors.items()
            },
        },
        "candidates": [
            candidate_row(search.candidates[i], front=i in front, number=i) for i in listed
        ],
        "rounds": [_round(n, r) for n, r in enumerate(search.rounds, 1)],
        "verdict": verdict(search),
        "chosen": None if search.chosen is None else _chosen(search, search.chosen),
    }


def describe(configuration: Configuration) -> str:
    """A configuration in one line: ``rate, 16 ticks; lif1 4 bit fixed 8×4; …``."""
    layers = "; ".join(
        f"{x.name} {x.bits} bit {'fixed' if x.length == 1 else f'stream {x.length}'} "
        f"{x.pe}×{x.simd}"
        for x in configuration.layers
    )
    return f"{configuration.coding}, {configuration.ticks} ticks; {layers}"


def pareto_indices(candidates: tuple[Candidate, ...]) -> set[int]:
    """Candidates that no other beats in LUTs, time and accuracy."""
    time = "latency_us" if all("latency_us" in c.figures for c in candidates) else "clocks"
    rows = [
        (c.figures["luts"].value, c.figures[time].value, -c.figures["accuracy"].value)
        for c in candidates
    ]
    return {int(i) for i in np.flatnonzero(undominated(np.array(rows)))}


def _shown(search: Search, index: int, candidate: Candidate, front: set[int]) -> bool:
    return (
        index in front
        or candidate.measured is not None
        or candidate is search.chosen
        or (search.nearest is not None and candidate is search.nearest.candidate)
    )


def candidate_row(candidate: Candidate, *, front: bool, number: int) -> dict[str, Any]:
    """One candidate as a report holds it."""
    return {
        "number": number,
        "name": describe(candidate.configuration),
        "configuration": candidate.configuration.as_dict(),
        "front": front,
        "measured": candidate.measured is not None,
        "figures": figures_of(candidate.figures),
    }


def figures_of(figures: Mapping[str, Figure]) -> dict[str, Any]:
    """Figures as a report holds them; what is endless, is null."""
    return {
        key: {k: (None if v == inf else v) for k, v in figure.as_dict().items()}
        for key, figure in figures.items()
    }


def _space(search: Search) -> dict[str, Any]:
    space = search.space
    return {
        "configurations": space.size,
        "executed": len(search.candidates),
        "frames": [asdict(frame) for frame in space.frames],
        "input_bits": space.input_bits,
        "layers": [
            {
                "name": layer.name,
                "numerics": [
                    {"bits": n.bits, "backend": n.backend, "length": n.length}
                    for n in layer.numerics
                ],
                "pe": list(layer.pes),
                "simd": list(layer.simds),
            }
            for layer in space.layers
        ],
    }


def _round(number: int, done: Round) -> dict[str, Any]:
    measured = done.measured
    rows = []
    for key in COMPARED:
        before = done.candidate.figures.get(key)
        if before is None:
            continue
        value: float | None
        if key == "latency_us":
            fmax = measured.fmax_mhz
            value = None if fmax is None else done.candidate.clocks.worst / fmax
        else:
            value = getattr(measured, key)
        rows.append(
            {
                "quantity": key,
                "predicted": before.as_dict(),
                "measured": value,
                "error": None if not value else before.value / value - 1.0,
                "inside_interval": None if value is None else before.low <= value <= before.high,
            }
        )
    return {
        "run": number,
        "name": describe(done.candidate.configuration),
        "promise": done.promise,
        "failure": measured.failure,
        "figures": rows,
        "evidence": dict(measured.evidence),
    }


def _chosen(search: Search, chosen: Candidate) -> dict[str, Any]:
    found, clocks = search.test, search.test_clocks
    assert clocks is not None
    speed = chosen.figures.get(SPEED)
    return {
        **candidate_row(chosen, front=False, number=search.candidates.index(chosen)),
        "word": "measured" if chosen.measured is not None else "estimated",
        "test_accuracy": None if found is None else found.as_dict(),
        "test_clocks": asdict(clocks),
        "test_latency_us": None if speed is None else {
            "mean": clocks.mean / speed.value, "worst": clocks.worst / speed.value,
            "word": speed.word,
        },
        "command": build_command(search, CONFIGURATION_FILE),
    }  # fmt: skip


def build_command(search: Search, configuration: str) -> str:
    """The command that builds what was chosen."""
    options = search.options
    data = f" --data {options.data}" if options.data is not None else ""
    if options.data not in (None, "digits", "mnist"):
        data = " --data FILE.npz"
    seed = f" --seed {options.seed}" if options.seed != 1 else ""
    return (
        f"sc-neurocore build {search.source.file} --target {options.target}{data}{seed} "
        f"--configuration {configuration}"
    )


def verdict(search: Search) -> dict[str, Any]:
    """Whether there is an answer, in a sentence, and what must give where there is none."""
    if search.chosen is not None:
        measured = search.chosen.measured is not None
        word = "measured inside the budget"
        if not measured:
            word = "estimated, not measured: every whole interval is inside the budget"
            if search.rounds:
                word += "; of what was measured nothing is inside"
        return {"feasible": True, "word": "measured" if measured else "estimated",
                "sentence": f"The best of {search.options.objective}: {word}.",
                "nearest": None}  # fmt: skip
    found = search.nearest
    assert found is not None
    return {
        "feasible": False,
        "word": "measured" if found.candidate.measured is not None else "estimated",
        "sentence": infeasible_sentence(search, found),
        "nearest": {
            "name": describe(found.candidate.configuration),
            "configuration": found.candidate.configuration.as_dict(),
            "figures": figures_of(found.candidate.figures),
            "needed": {k: None if v == inf else v for k, v in found.needed.items()},
            "alone": dict(found.alone),
        },
    }


def infeasible_sentence(search: Search, found: Nearest) -> str:
    """What must give, by how much."""
    limits, asked = search.limits.as_dict(), search.options.budget.as_dict()

    def gives(key: str, value: float) -> str:
        if limits[key] != asked.get(key):  # the device's
            there = f"{limits[key]:.0f} of {search.options.target}"
            return f"a larger device ({key}={shown(key, value)} against the {there})"
        unit = QUANTITIES[key][1]
        change = abs(value / limits[key] - 1.0)
        more = "less" if key == "accuracy" else "more"
        return f"{key}={shown(key, value)}{unit and f' {unit}'} ({100 * change:.1f} % {more})"

    among = f"{len(search.rounds)} measured of " if search.rounds else ""
    head = (
        f"infeasible: none of the {among}{len(search.candidates)} configurations that were looked "
        "at is inside the budget with its whole interval"
    )
    if found.alone:
        ways = ", or with ".join(gives(k, v) for k, v in found.alone.items())
        return f"{head}; one would be with {ways}"
    both = " and ".join(gives(k, v) for k, v in found.needed.items() if v != inf)
    return f"{head}; the nearest needs {both or 'another target: it does not fit this one'}"


def shown(key: str, value: float) -> str:
    """A limit that holds a value, rounded towards holding it."""
    import math

    if key == "accuracy":
        return f"{math.floor(value * 1e4) / 1e4:g}"
    if key in ("luts", "brams", "clocks"):
        return f"{math.ceil(value - 1e-9)}"
    places = 10.0 ** (2 - math.floor(math.log10(max(value, 1e-9))))
    return f"{math.ceil(value * places - 1e-9) / places:.6g}"
