"""A sweep over widths reports what synthesis measured, and refusals as refusals."""

from __future__ import annotations

from typing import Any

import pytest

from sc_neurocore.compiler import (
    QFormat,
    auto_quantisation_sweep,
    compile_to_verilog,
    format_quantisation_report,
)
from sc_neurocore.dynamics import build_model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.toolchain import get_target, synthesise

EQUATIONS = {"v": "(I - v)/tau"}
MODEL: dict[str, Any] = {
    "params": {"tau": 1.6},
    "ranges": {"v": (-3, 3), "I": (-2, 2)},
    "threshold": "v > 1",
    "reset": "v = 0",
    "dt": 1.0,
    "method": "euler",
}


def test_areas_are_those_that_synthesis_measures(store: EvidenceStore) -> None:
    rows = auto_quantisation_sweep(EQUATIONS, "ice40-hx8k", [16, 4, 8], store=store, **MODEL)
    assert [(r.data_width, r.fraction) for r in rows] == [(4, 2), (8, 4), (16, 8)]
    refused, narrow, wide = rows
    assert refused.luts is None and "Q2.2 holds [-2, 1.75]" in (refused.refused or "")
    assert narrow.notices == wide.notices == ()
    assert narrow.luts and wide.luts and narrow.luts < wide.luts
    assert narrow.ffs and wide.ffs and narrow.ffs < wide.ffs
    assert wide.guard_bits == 1 and wide.min_step == 2.0**-8
    assert wide.max_representable == QFormat(16, 8).max_value

    text = compile_to_verilog(
        build_model("dv/dt = (I - v)/tau", **MODEL), "neuron", 16, 8, pipeline_stages=0,
        multipliers="parallel",
    )  # fmt: skip
    area = synthesise({"n.sv": text}, "neuron", get_target("ice40-hx8k"), store=store).result
    assert (area["luts"], area["ffs"]) == (wide.luts, wide.ffs)
    assert wide.record is not None and store.get(wide.record) is not None

    slow = MODEL | {"params": {"tau": 64.0}}
    (widened,) = auto_quantisation_sweep(EQUATIONS, "ice40-hx8k", [8], store=store, **slow)
    assert "'v' would stall in Q4.4" in widened.notices[0]

    table = format_quantisation_report(rows)
    assert f"| Q8.8 | 1 | {wide.luts} | {wide.ffs} |" in table
    assert "| Q2.2 | 1 | – | – | – |" in table


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (({},), "equations are empty"),
        ((EQUATIONS, "ice40-hx8k", [8], 1.5), "fraction_ratio is 1.5"),
        ((EQUATIONS, "loihi2", [8]), "loihi2"),
        ((EQUATIONS, "ice40-hx8k", [80]), "80 bits"),
    ],
)
def test_nonsense_is_refused(arguments: Any, message: str, store: EvidenceStore) -> None:
    with pytest.raises(SCConfigError, match=message):
        auto_quantisation_sweep(*arguments, store=store, **MODEL)
