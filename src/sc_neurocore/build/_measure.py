"""Area and clock of a compiled module on a device, from synthesis and place and route."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sc_neurocore.compiler import Compiled
from sc_neurocore.evidence import EvidenceStore, Record
from sc_neurocore.toolchain import Target, implement, synthesise

Stage = Callable[[str], None]
#: File name ending of a packed bitstream.
BITSTREAM_SUFFIX = {"ice40": ".bin", "ecp5": ".bit", "gowin": ".fs"}


@dataclass(frozen=True)
class Measurement:
    """What the tools measured.

    Attributes:
        synthesis: record of the bare module's synthesis.
        layout: record of place and route, or ``None`` when it was not run.
        board: record of the wrapped module's synthesis, when the pins demanded one.
    """

    synthesis: Record
    layout: Record | None
    board: Record | None = None

    @property
    def fmax_mhz(self) -> float | None:
        """Clock after routing."""
        value = self.layout.result.get("fmax_mhz") if self.layout else None
        return float(value) if isinstance(value, (int, float)) else None


def measure(
    compiled: Compiled,
    target: Target,
    *,
    place_and_route: bool,
    seed: int,
    store: EvidenceStore,
    timeout_s: float,
    on_stage: Stage | None,
) -> Measurement:
    """Synthesise, and place and route if wanted and possible."""
    rtl = compiled.rtl
    if not (place_and_route and target.place_and_route):
        record = synthesise(
            rtl.sources, rtl.module, target, store=store, timeout_s=timeout_s, on_stage=on_stage
        )
        return Measurement(record, None)
    done = implement(
        rtl.sources,
        rtl.module,
        target,
        clock="clk",
        reset="rst_n",
        store=store,
        freq_mhz=compiled.options.clock_mhz,
        seed=seed,
        timeout_s=timeout_s,
        on_stage=on_stage,
    )
    return Measurement(done.synthesis, done.layout, done.board)


def describe(measurement: Measurement, compiled: Compiled, target: Target) -> dict[str, Any]:
    """The ``synthesis`` section of a report."""
    synthesis, layout = measurement.synthesis, measurement.layout
    counted = (layout or synthesis).result
    keys = ("luts", "ffs", "carries", "brams", "dsps", "area_um2")
    section: dict[str, Any] = {k: counted[k] for k in keys if k in counted}
    for key in keys:
        if key not in section and key in synthesis.result:
            section[key] = synthesis.result[key]
    available = {
        key: value
        for key in ("luts", "ffs", "brams", "dsps")
        if (value := getattr(target, key, None)) is not None
    }
    section["fmax_mhz"] = measurement.fmax_mhz
    section["tool"], section["version"] = synthesis.tool, synthesis.version
    section["word"] = "measured"
    if layout is not None:
        section["tool"] = f"{synthesis.tool} + {layout.tool}"
        section["version"] = f"{synthesis.version} + {layout.version}"
        cells = layout.result.get("logic_cells")
        if isinstance(cells, Mapping):
            section["logic_cells"] = cells["used"]
            available["logic_cells"] = cells["available"]
        elif cells is not None:
            section["logic_cells"] = cells
        section["seed"] = layout.result.get("seed")
        section["wrapper_cells"] = layout.result.get("wrapper_cells")
        section["critical_path"] = [
            _mapped(step, compiled)
            for step in layout.result.get("critical_path") or ()  # type: ignore[union-attr]
        ]
        packed = "bitstream" in layout.blobs and target.family in BITSTREAM_SUFFIX
        name = f"synthesis/{compiled.rtl.module}{BITSTREAM_SUFFIX.get(target.family, '')}"
        section["bitstream"] = name if packed else None
    section["available"] = available
    return section


_SUFFIX = re.compile(r"(_SB_|_LUT|_CCU2C|_DFF|_TRELLIS|_ALU|\[|\.|\$).*$")


def _mapped(step: Any, compiled: Compiled) -> dict[str, Any]:
    """A timing step with the equation it computes."""
    found = dict(step)
    feeds = compiled.rtl.feeds
    for key in ("net", "to", "from"):
        stem = _SUFFIX.sub("", str(found.get(key) or ""))
        if stem in feeds:
            states = feeds[stem]
            sources = [e.source for e in compiled.model.equations if e.target in states]
            found["signal"] = stem
            found["equation"] = "; ".join(sources)
            break
    return found
