"""Faults of the gates' modules that only small parameters bring within the solver's reach."""

from __future__ import annotations

import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.formal import prove_block
from sc_neurocore.hdl.blocks import Block, Fault
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
