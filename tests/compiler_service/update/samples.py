"""Updates of the board in memory."""

from __future__ import annotations

import numpy as np
from tests.compiler_service.update.board import DIGEST, answer_of

from sc_neurocore.compiler_service import LiveUpdateKind, LiveUpdatePackage, LiveUpdatePolicy
from sc_neurocore.compiler_service.update import (
    Answer,
    GateResult,
    Probe,
    Update,
    Words,
    bank_digest,
    difference,
)

DEVICE = "bench-1"
GATES = LiveUpdatePolicy().validation_gates


def package(request: str = "req-1") -> LiveUpdatePackage:
    return LiveUpdatePackage(
        f"{request}:hot_swap", request, "pynq-z2", LiveUpdateKind.HOT_SWAP, ("weights",), False,
        GATES,
    )  # fmt: skip


def answer(words: Words, sample: tuple[int, ...]) -> Answer:
    found = answer_of(words, np.array(sample))
    return Answer(found.prediction, found.clocks, found.layer_spikes)


def update_between(old: Words, new: Words, version: int) -> Update:
    samples = ((1, 2, 3), (0, 0, 0))
    return Update(
        package=package(f"req-{version}"),
        device=DEVICE,
        design=DIGEST,
        version=version,
        base=bank_digest(old),
        result=bank_digest(new),
        writes=difference(old, new),
        inverse=difference(new, old),
        gates=tuple(GateResult(name, True, "as it should") for name in GATES),
        probes=tuple(Probe(s, answer(old, s), answer(new, s)) for s in samples),
    )
