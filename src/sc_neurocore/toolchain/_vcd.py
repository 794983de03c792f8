"""Reading the few signals of a value change dump that a bench asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from sc_neurocore.toolchain._bench import Words


def sample_vcd(
    text: str, signals: Sequence[str], times: npt.NDArray[np.int64]
) -> tuple[Words, npt.NDArray[np.bool_]]:
    """Return the value of each signal at each time, and where it is undefined (x or z).

    Args:
        text: the dump.
        signals: names of variables of the outermost scope.
        times: sample times, in the dump's unit; a change at a sample time counts.

    Returns:
        Two arrays of one row per signal and one column per time.
    """
    header, _, body = text.partition("$enddefinitions")
    codes = _codes(header)
    wanted = {codes[name]: index for index, name in enumerate(signals)}
    changes: list[tuple[list[int], list[str]]] = [([], []) for _ in signals]
    now = 0
    for line in body.splitlines()[1:]:
        mark = line[:1]
        if mark == "#":
            now = int(line[1:])
            continue
        if mark in ("b", "B"):
            value, _, code = line[1:].partition(" ")
        else:
            value, code = mark, line[1:]
        index = wanted.get(code)
        if index is not None:
            changes[index][0].append(now)
            changes[index][1].append(value)
    values = np.zeros((len(signals), len(times)), np.uint64)
    unknown = np.ones(values.shape, np.bool_)
    for index, (when, what) in enumerate(changes):
        if not when:
            continue
        numbers = np.array([_number(word) for word in what], dtype=object)
        place = np.searchsorted(np.array(when), times, side="right") - 1
        sampled = numbers[np.maximum(place, 0)]
        defined = (place >= 0) & np.array([number is not None for number in sampled])
        values[index, defined] = sampled[defined].astype(np.uint64)
        unknown[index] = ~defined
    return values, unknown


def _codes(header: str) -> Mapping[str, str]:
    codes: dict[str, str] = {}
    depth = 0
    for line in header.splitlines():
        words = line.split()
        if words[:1] == ["$scope"]:
            depth += 1
        elif words[:1] == ["$upscope"]:
            depth -= 1
        elif words[:1] == ["$var"] and depth == 1:
            codes[words[4]] = words[3]
    return codes


def _number(word: str) -> int | None:
    return int(word, 2) if set(word) <= {"0", "1"} else None
