"""Keeping what was found: ``proven`` if it holds, else ``executed``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from sc_neurocore.evidence import EvidenceStore, Outcome, Record, run_cached


class _Inconclusive(Exception):
    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome


def keep(
    store: EvidenceStore,
    run: Callable[[], Outcome],
    holds: Callable[[Mapping[str, Any]], bool],
    **described: Any,
) -> Record:
    """Run and record under ``proven`` if the result holds, under ``executed`` if not.

    What holds is found again next time; what does not is run again.
    """

    def attempt() -> Outcome:
        outcome = run()
        if not holds(outcome.result):
            raise _Inconclusive(outcome)
        return outcome

    try:
        return run_cached(store, word="proven", run=attempt, **described)
    except _Inconclusive as found:
        outcome = found.outcome
        return run_cached(store, word="executed", run=lambda: outcome, **described)
