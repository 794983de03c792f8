"""Faults of the links' modules that small parameters, or a long simulation, bring to light."""

from __future__ import annotations

import pytest

from sc_neurocore.build import cosimulate_block
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.formal import prove_block
from sc_neurocore.hdl.blocks import BLOCKS, Block, Fault
from sc_neurocore.hdl.blocks._links import backoff_block, credit_flow, dedup_window
from sc_neurocore.hdl.links import Backoff, CreditFlow, DedupWindow


@pytest.mark.parametrize(
    ("block", "fault"),
    [
        (credit_flow(CreditFlow(1)), Fault("send && ready", "send", "sends without a credit")),
        pytest.param(
            credit_flow(CreditFlow(2)),
            Fault("rest[WIDTH-1:0] :", "outstanding - 1'b1 :", "returns one credit for all"),
            marks=pytest.mark.exhaustive,
        ),
        (backoff_block(Backoff(4, 6, 3)), Fault("drawn > half ?", "1'b0 ?", "draws too much")),
        (backoff_block(Backoff(4, 6)), Fault("twice > (SPAN+1)'(CAP) ?", "1'b0 ?", "has no cap")),
        (dedup_window(DedupWindow(2)), Fault("in_window && !came", "in_window", "is fresh twice")),
    ],
    ids=lambda value: value.name if isinstance(value, Block) else value.meaning,
)
def test_a_fault_behind_small_parameters_is_refuted(
    block: Block, fault: Fault, store: EvidenceStore
) -> None:
    proof = prove_block(block, store=store, sources=block.broken(fault))
    assert proof.refuted, fault.meaning


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        ("sc_peer_health", Fault(">= 9'(THRESHOLD + HYST", "> 9'(THRESHOLD + HYST", "opens late")),
        (
            "sc_peer_health",
            Fault("next} < 9'(THRESHOLD)", "next} <= 9'(THRESHOLD)", "closes soon"),
        ),
        pytest.param(
            "sc_aer_receiver",
            Fault("&& {1'b0, first} < given", "", "takes no second packet"),
            marks=pytest.mark.exhaustive,
        ),
        ("sc_aer_receiver", Fault("&& {1'b0, first} < given", "&& 1'b0", "gives one twice")),
        pytest.param(
            "sc_aer_receiver",
            Fault("ahead && !past;", "ahead;", "gives spikes of an old tick"),
            marks=pytest.mark.exhaustive,
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value.meaning,
)
def test_a_fault_too_deep_for_the_solver_shows(
    module: str, fault: Fault, store: EvidenceStore
) -> None:
    block = next(block for block in BLOCKS if block.module == module)
    sources = block.broken(fault)
    run = cosimulate_block(block, "yosys", cycles=3000, store=store, sources=sources)
    assert run.first is not None
