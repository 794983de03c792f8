"""Every kind of fault, in every style of module, must be refuted and replayed."""

from __future__ import annotations

import pytest

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.formal import (
    MUTANT_KINDS,
    directed_stimulus,
    mutant,
    mutants,
    refute,
    refute_mutant,
)

from .models import ADAPTIVE, EDGE, LIF, QUADRATIC, Built, built

CASES = {
    "one-clock": built(LIF),
    "pipelined": built(ADAPTIVE, pipeline=2),
    "edge": built(EDGE, pipeline=1),
    "shared": built(QUADRATIC, pipeline=None, multipliers="shared"),
}


def one_of_each_kind() -> list[object]:
    seen: dict[str, object] = {}
    for name, case in CASES.items():
        for broken in mutants(case.rtl, case.datapath):
            seen.setdefault(broken.kind, pytest.param(case, broken, id=f"{broken.kind}-{name}"))
    return list(seen.values())


def test_every_kind_of_fault_occurs() -> None:
    assert len(one_of_each_kind()) == len(MUTANT_KINDS)


@pytest.mark.parametrize(("case", "broken"), one_of_each_kind())
def test_a_fault_of_each_kind_is_refuted(case: Built, broken: object, store: EvidenceStore) -> None:
    found = refute(case.datapath, case.rtl, broken, store=store)  # type: ignore[arg-type]
    assert found.refuted and found.violated
    assert found.proof.record.word == "executed"
    assert found.replay is not None and found.replay.expected != found.replay.got


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_every_fault_is_refuted(case: Built, store: EvidenceStore) -> None:
    for broken in mutants(case.rtl, case.datapath):
        found = refute(case.datapath, case.rtl, broken, store=store)
        assert found.refuted and found.replay is not None, (broken.kind, broken.after)


def test_a_mutant_is_one_changed_line_chosen_by_the_seed() -> None:
    case = CASES["one-clock"]
    chosen = [mutant(case.rtl, case.datapath, seed) for seed in range(30)]
    assert chosen[3] == mutant(case.rtl, case.datapath, 3)
    assert len({m.kind for m in chosen}) > 4
    for m in chosen:
        before, after = case.rtl.source.split("\n"), m.rtl.source.split("\n")
        changed = [k + 1 for k, (x, y) in enumerate(zip(before, after, strict=True)) if x != y]
        assert changed == [m.line]
        assert (before[m.line - 1], after[m.line - 1]) == (m.before, m.after)


def test_the_counterexample_is_replayed_to_the_first_departure(store: EvidenceStore) -> None:
    case = CASES["one-clock"]
    (broken,) = [m for m in mutants(case.rtl, case.datapath) if m.kind == "reset value"]
    found = refute(case.datapath, case.rtl, broken, store=store)
    assert set(found.violated) == {"after_spike_0"}
    assert found.replay is not None
    assert found.replay.clock == found.violated["after_spike_0"]
    assert (found.replay.signal, found.replay.expected) == ("v_out", -65 * 256)
    assert found.replay.got == -65 * 256 - 1


def test_a_seed_is_enough(store: EvidenceStore) -> None:
    case = CASES["edge"]
    assert refute_mutant(case.datapath, case.rtl, seed=1, store=store).refuted


def test_the_stimulus_spikes_in_the_model() -> None:
    for case in CASES.values():
        drive = directed_stimulus(case.datapath, case.rtl)
        assert drive.spikes and drive.segments[0][1]["rst_n"] == 0
