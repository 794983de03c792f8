"""One compiled program per design, and boards that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from sc_neurocore.devices import VirtualBoard
from sc_neurocore.evidence import EvidenceStore

from .designs import design


@pytest.fixture
def start(store: EvidenceStore) -> Iterator[Callable[..., VirtualBoard]]:
    boards: list[VirtualBoard] = []

    def begin(kind: str = "axi_lite", **options: object) -> VirtualBoard:
        boards.append(VirtualBoard.start(design(kind), store=store, **options))  # type: ignore[arg-type]
        return boards[-1]

    yield begin
    for board in boards:
        board.close()


@pytest.fixture
def board(start: Callable[..., VirtualBoard]) -> VirtualBoard:
    return start()
