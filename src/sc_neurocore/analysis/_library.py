"""The libraries of the field, loaded when first needed; a missing one is named with its cure."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.exceptions import SCConfigError, SCDependencyError


def library(module: str) -> Any:
    """A module of an optional package.

    Raises:
        SCDependencyError: the package is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError:
        package = {"sklearn": "scikit-learn"}.get(module.split(".")[0], module.split(".")[0])
        raise SCDependencyError(
            f"this analysis needs {package}; install it with: pip install 'sc-neurocore[analysis]'"
        ) from None


def elephant_train(spikes: check.Train, dt: float) -> Any:
    """A binary train as the ``neo.SpikeTrain`` that Elephant reads.

    Spikes lie in the middle of their steps, where no rounding can move them to another bin.
    """
    times = (np.flatnonzero(spikes) + 0.5) * dt
    return library("neo").SpikeTrain(times, units="s", t_stop=spikes.size * dt)


def pyspike_trains(a: ArrayLike, b: ArrayLike, dt: float) -> tuple[Any, Any]:
    """Two binary trains as ``SpikeTrain`` of PySpike, in seconds."""
    first, second = check.pair(a, b)
    end = first.size * check.positive(dt, "dt")
    made = library("pyspike").SpikeTrain
    return made(np.flatnonzero(first) * dt, (0.0, end)), made(
        np.flatnonzero(second) * dt, (0.0, end)
    )


def pyspike_times(
    times_a: ArrayLike, times_b: ArrayLike, t_start: float, t_end: float
) -> tuple[Any, Any]:
    """Two rows of spike times in seconds as ``SpikeTrain`` of PySpike.

    Raises:
        SCConfigError: they are not in order or not in the window, or one time comes twice, which
            PySpike would count once.
    """
    check.window(t_start, t_end)
    found = []
    for value, name in ((times_a, "times_a"), (times_b, "times_b")):
        times = check.times(value, name, t_start, t_end)
        twice = times[1:][times[1:] == times[:-1]]
        if twice.size:
            raise SCConfigError(
                f"{name} has two spikes at {twice[0]:g} s, but this distance needs intervals "
                "above 0; give each time once"
            )
        found.append(library("pyspike").SpikeTrain(times, (t_start, t_end)))
    return found[0], found[1]


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed the two global generators that Elephant draws from, and put them back afterwards."""
    before = np.random.get_state(), random.getstate()
    state = check.random(seed).bit_generator.seed_seq.generate_state(4)  # type: ignore[attr-defined, unused-ignore]
    np.random.seed(state)
    random.seed(state.tobytes())
    try:
        yield
    finally:
        np.random.set_state(before[0])
        random.setstate(before[1])
