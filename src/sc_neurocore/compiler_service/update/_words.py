"""What parameter banks hold: its differences, and what writes make of it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import bank_writes
from sc_neurocore.compiler_service.update import _strict
from sc_neurocore.exceptions import SCConfigError

Words: TypeAlias = Mapping[str, NDArray[np.uint64]]
"""Entries of each bank, by name, as `accelerator.bank_words` gives them."""

Writes: TypeAlias = Mapping[str, Mapping[int, int]]
"""Words to write, by entry, by bank, as `devices.update` takes them."""

#: Entries that one update may write.
MOST_WRITES = 1 << 20


def difference(before: Words, after: Words) -> Writes:
    """The writes that make ``after`` of ``before``; banks that do not change are left out.

    Raises:
        SCConfigError: different banks.
    """
    if {k: v.shape for k, v in before.items()} != {k: v.shape for k, v in after.items()}:
        raise SCConfigError("the parameters lie in different banks; only like banks are compared")
    changed = bank_writes(before, after)
    return frozen({bank: entries for bank, entries in changed.items() if entries})


def overlaid(words: Words, writes: Writes) -> dict[str, NDArray[np.uint64]]:
    """What banks hold after writes.

    Raises:
        SCConfigError: a bank or an entry that does not exist; the message names it.
    """
    found = {bank: np.array(entries, np.uint64) for bank, entries in words.items()}
    for bank, changed in writes.items():
        if bank not in found:
            raise SCConfigError(
                f"there is no bank '{bank}'; the design has {', '.join(sorted(found)) or 'none'}"
            )
        if not changed:
            continue
        entries = np.fromiter(changed.keys(), np.int64, len(changed))
        if entries.min() < 0 or entries.max() >= found[bank].size:
            raise SCConfigError(
                f"bank '{bank}' has entries 0 to {found[bank].size - 1}; "
                f"{max(entries, key=abs)} is written"
            )
        found[bank][entries] = np.fromiter(changed.values(), np.uint64, len(changed))
    return found


def at(words: Words, writes: Writes) -> Writes:
    """What banks hold at the entries that are written."""
    return frozen(
        {bank: {k: int(words[bank][k]) for k in changed} for bank, changed in writes.items()}
    )


def count(writes: Writes) -> int:
    """Entries that are written."""
    return sum(len(changed) for changed in writes.values())


def frozen(writes: Writes) -> Writes:
    """The same, banks and entries in order, read-only."""
    return MappingProxyType(
        {bank: MappingProxyType(dict(sorted(writes[bank].items()))) for bank in sorted(writes)}
    )


def writes_to_json(writes: Writes) -> dict[str, Any]:
    """Pairs of an entry and 16 hexadecimal digits (a double would lose bits), by bank."""
    return {
        bank: [[entry, f"{word:016x}"] for entry, word in sorted(changed.items())]
        for bank, changed in sorted(writes.items())
    }


def writes_from_json(value: Any, where: str) -> Writes:
    """Read what `writes_to_json` wrote.

    Raises:
        UpdateRefusedError: it is none.
    """
    if not isinstance(value, Mapping) or not value:
        raise _strict.fail(f"{where} must be an object of banks that is not empty")
    found: dict[str, dict[int, int]] = {}
    left = MOST_WRITES
    for bank, pairs in value.items():
        _strict.name(bank, f"a bank of {where}")
        rows = _strict.items(pairs, f"{where} of bank '{bank}'", left)
        left -= len(rows)
        entries: dict[int, int] = {}
        last = -1
        for row in rows:
            if not isinstance(row, list) or len(row) != 2:
                raise _strict.fail(f"{where} of bank '{bank}' must be pairs of entry and word")
            last = _strict.whole(row[0], f"an entry of bank '{bank}'", last + 1, (1 << 32) - 1)
            entries[last] = int(_strict.hexadecimal(row[1], f"word {last} of '{bank}'", 16), 16)
        if not entries:
            raise _strict.fail(f"{where} of bank '{bank}' must not be empty")
        found[bank] = entries
    return frozen(found)
