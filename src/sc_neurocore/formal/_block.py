"""What is claimed of the library's stochastic-computing blocks for all time.

A block's claims stand in ``checkers/<module>.sv``: each is an assertion ``formal_claim_<name>``
under a comment that says what it means. They are put into the module itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from importlib import resources
from typing import TYPE_CHECKING

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.formal._property import Property, PropertySet
from sc_neurocore.formal._prove import ProofResult, Stage, prove

if TYPE_CHECKING:
    from sc_neurocore.hdl.blocks import Block

_FOLDER = resources.files("sc_neurocore.formal") / "checkers"
_PREFIX = "formal_claim_"
_CLAIM = re.compile(rf"^ *// (.+)\n *{_PREFIX}(\w+): assert\b", re.MULTILINE)


def block_properties(block: Block) -> PropertySet:
    """Assertions for a block, whatever its parameters."""
    checker = (_FOLDER / block.file).read_text(encoding="utf-8")
    claims = tuple(Property(name, meaning) for meaning, name in _CLAIM.findall(checker))
    if block.clocked and block.resets:
        history = "clocked.sv" if block.paced else "streamed.sv"
        checker = (_FOLDER / history).read_text(encoding="utf-8") + checker
    return PropertySet(claims, f"`ifdef FORMAL\n{checker}`endif", _PREFIX)


def prove_block(
    block: Block,
    *,
    store: EvidenceStore,
    sources: Mapping[str, str] | None = None,
    max_depth: int = 4,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> ProofResult:
    """Prove a block's claims for all inputs and all time after a reset, by k-induction.

    Args:
        block: the block.
        store: where the record is kept.
        sources: the block's files if they are not its own (a faulty one, say).
        max_depth: largest k of the induction.
        timeout_s: wall-clock limit in seconds of the solver.
        on_stage: called with the running tool's name.

    Raises:
        ProofError: another number of assertions arrives at the solver than the block has.
        SCCompilerError: the checker cannot be put into the sources.
        SCDependencyError: Yosys or bitwuzla is not installed.
        ToolError: a tool failed.
    """
    claimed = block_properties(block)
    found = prove(
        claimed.inject_into(block.sources if sources is None else sources, block.module),
        block.module,
        block.assertions,
        store=store,
        prefix=claimed.prefix,
        expected_assumptions=claimed.assumptions,
        max_depth=max_depth,
        timeout_s=timeout_s,
        on_stage=on_stage,
    )
    return replace(found, properties=claimed)
