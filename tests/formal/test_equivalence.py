"""Netlists against their RTL: equal ones, broken ones, and ones nobody may judge."""

from __future__ import annotations

import json
import random

import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError, ToolError
from sc_neurocore.formal import equivalent
from sc_neurocore.toolchain import get_target, synthesise

from .models import ADAPTIVE, LIF, QUADRATIC, Built, built

TARGETS = [
    "ice40-hx8k",
    "ecp5-25k",
    "gowin-gw1n9",
    pytest.param("xilinx7", marks=pytest.mark.exhaustive),
]


def netlist(case: Built, target: str, store: EvidenceStore) -> bytes:
    record = synthesise(case.rtl.sources, case.rtl.module, get_target(target), store=store)
    return store.blob(record.key, "netlist.json")


@pytest.mark.parametrize("target", TARGETS)
def test_a_netlist_equals_its_rtl(target: str, store: EvidenceStore) -> None:
    case = built(LIF, pipeline=1)
    found = equivalent(
        case.rtl.sources, "lif", netlist(case, target, store), get_target(target).family,
        store=store,
    )  # fmt: skip
    assert found.word == "proven"
    assert found.result["status"] == "equivalent", found.result["reason"]
    assert found.result["outputs"] == 2 + 1 + case.datapath.states[0].width  # busy, valid, spike
    assert found.result["registers"] > case.datapath.states[0].width


@pytest.mark.exhaustive
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(
    "case",
    [built(ADAPTIVE, pipeline=2), built(QUADRATIC, pipeline=None, multipliers="shared")],
    ids=["pipelined", "shared"],
)
def test_more_netlists_equal_their_rtl(case: Built, target: str, store: EvidenceStore) -> None:
    found = equivalent(
        case.rtl.sources, case.rtl.module, netlist(case, target, store),
        get_target(target).family, store=store,
    )  # fmt: skip
    assert found.result["status"] == "equivalent", found.result["reason"]


def test_one_wrong_bit_of_a_lookup_table_is_found(store: EvidenceStore) -> None:
    case = built(LIF, pipeline=1)
    document = json.loads(netlist(case, "ice40-hx8k", store))
    cells = document["modules"]["lif"]["cells"]
    luts = sorted(name for name, c in cells.items() if c["type"] == "SB_LUT4")
    for name in random.Random(2).sample(luts, 2):
        parameters = cells[name]["parameters"]
        right = parameters["LUT_INIT"]
        # The entry for all inputs low is reachable whatever pins are tied to ground.
        parameters["LUT_INIT"] = right[:-1] + ("1" if right[-1] == "0" else "0")
        found = equivalent(case.rtl.sources, "lif", json.dumps(document), "ice40", store=store)
        assert found.result["status"] == "different" and found.word == "executed"
        witness = found.result["witness"]
        assert witness["rtl"] != witness["netlist"]  # type: ignore[index, call-overload]
        assert str(witness["signal"]) in str(found.result["reason"])  # type: ignore[index, call-overload]
        parameters["LUT_INIT"] = right


def test_a_swapped_register_is_found(store: EvidenceStore) -> None:
    case = built(LIF, pipeline=1)
    document = json.loads(netlist(case, "ice40-hx8k", store))
    cells = document["modules"]["lif"]["cells"]
    name = next(n for n, c in sorted(cells.items()) if c["type"] == "SB_DFFESS")
    cells[name]["type"] = "SB_DFFESR"
    cells[name]["connections"]["R"] = cells[name]["connections"].pop("S")
    cells[name]["port_directions"]["R"] = cells[name]["port_directions"].pop("S")
    found = equivalent(case.rtl.sources, "lif", json.dumps(document), "ice40", store=store)
    assert found.result["status"] == "different"


def test_another_design_is_different(store: EvidenceStore) -> None:
    case = built(LIF, pipeline=1)
    changed = {n: t.replace("sd12800", "sd12799") for n, t in case.rtl.sources.items()}
    assert changed != case.rtl.sources
    found = equivalent(changed, "lif", netlist(case, "ice40-hx8k", store), "ice40", store=store)
    assert found.result["status"] == "different"


def test_a_cell_without_a_model_is_unknown_and_never_equivalent(store: EvidenceStore) -> None:
    case = built(LIF, pipeline=1)
    document = json.loads(netlist(case, "ice40-hx8k", store))
    cells = document["modules"]["lif"]["cells"]
    name = next(n for n, c in sorted(cells.items()) if c["type"] == "SB_CARRY")
    cells[name]["type"] = "SB_MYSTERY"
    found = equivalent(case.rtl.sources, "lif", json.dumps(document), "ice40", store=store)
    assert (found.result["status"], found.word) == ("unknown", "executed")
    assert found.result["reason"] == (
        "cell SB_MYSTERY occurs, which the comparison has no model for"
    )


def test_a_lost_register_name_is_unknown(store: EvidenceStore) -> None:
    case = built(LIF, pipeline=1)
    document = json.loads(netlist(case, "ice40-hx8k", store))
    nets = document["modules"]["lif"]["netnames"]
    for name in ("v", "v_out"):
        del nets[name]
    found = equivalent(case.rtl.sources, "lif", json.dumps(document), "ice40", store=store)
    assert found.result["status"] == "unknown"
    assert "has no counterpart in the netlist" in str(found.result["reason"])


def test_other_ports_are_unknown(store: EvidenceStore) -> None:
    one, other = built(LIF, pipeline=1), built(ADAPTIVE, pipeline=1)
    found = equivalent(
        {"lif.sv": other.rtl.source.replace("module adaptive", "module lif")}, "lif",
        netlist(one, "ice40-hx8k", store), "ice40", store=store,
    )  # fmt: skip
    assert found.result["status"] == "unknown"
    assert found.result["reason"] == "the ports of netlist and RTL differ"


def test_a_text_that_is_no_netlist_is_refused(store: EvidenceStore) -> None:
    case = built(LIF)
    for text in ("{}", "not json", '{"modules": {"lif": 3}}'):
        with pytest.raises(ToolError, match="is not a Yosys JSON netlist of it"):
            equivalent(case.rtl.sources, "lif", text, "ice40", store=store)
    with pytest.raises(SCConfigError, match="family 'asic' has no cell models; known are ice40"):
        equivalent(case.rtl.sources, "lif", "{}", "asic", store=store)
