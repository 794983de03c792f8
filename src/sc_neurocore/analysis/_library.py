"""The libraries of the field, loaded when first needed; a missing one is named with its cure."""

from __future__ import annotations

import importlib
import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from sc_neurocore.analysis._checks import Train
from sc_neurocore.exceptions import SCDependencyError


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


def elephant_train(spikes: Train, dt: float) -> Any:
    """A binary train as the ``neo.SpikeTrain`` that Elephant reads.

    Spikes lie in the middle of their steps, where no rounding can move them to another bin.
    """
    times = (np.flatnonzero(spikes) + 0.5) * dt
    return library("neo").SpikeTrain(times, units="s", t_stop=spikes.size * dt)


def pyspike_train(times: Any, t_start: float, t_end: float) -> Any:
    """Spike times in seconds as the ``SpikeTrain`` of PySpike."""
    return library("pyspike").SpikeTrain(times, edges=(t_start, t_end))


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Seed the two global generators that Elephant draws from, and put them back afterwards."""
    before = np.random.get_state(), random.getstate()
    state = np.random.SeedSequence(seed).generate_state(4)
    np.random.seed(state)
    random.seed(state.tobytes())
    try:
        yield
    finally:
        np.random.set_state(before[0])
        random.setstate(before[1])
