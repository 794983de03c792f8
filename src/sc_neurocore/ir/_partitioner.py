"""The hypergraph partitioner: Mt-KaHyPar (Gottesbüren et al. 2024), deterministic, one thread.

How it works is set in ``partitioner.ini``.
"""

from __future__ import annotations

import functools
import importlib
import importlib.metadata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from sc_neurocore.exceptions import SCDependencyError
from sc_neurocore.ir._clusters import Numbers
from sc_neurocore.ir._problem import Problem

#: Settings of the partitioner.
_SETTINGS = Path(__file__).with_name("partitioner.ini")
#: Of the partitioner's own random numbers; the user's seed numbers the clusters.
_SEED = 1
#: Integer weights of nets: thousandths of a spike per tick.
UNIT = 1_000
#: Integer weights of clusters: parts of the whole load.
_WHOLE = 1_000_000
#: Pins of nets that are partitioned in all attempts together, at most, and attempts, at most.
_PINS, _ATTEMPTS = 20_000, 8


def versions() -> dict[str, str]:
    """The partitioner and its version."""
    return {"mtkahypar": importlib.metadata.version("mtkahypar")}


def partitions(problem: Problem, seed: int) -> Iterator[tuple[Numbers, float]]:
    """Assignments, and the spikes per tick that the partitioner counts for each.

    The partitioner itself is deterministic; the clusters are numbered anew for each attempt, at
    random from the seed.

    Args:
        problem: of at least two places.
        seed: of the numbering.

    Raises:
        SCDependencyError: the partitioner is not installed.
    """
    pins = sum(map(len, problem.clusters.nets))
    random = np.random.default_rng(seed)
    for _ in range(max(1, min(_ATTEMPTS, _PINS // max(1, pins)))):
        yield _partition(problem, random.permutation(len(problem.clusters)))


def _partition(problem: Problem, renumbered: Numbers) -> tuple[Numbers, float]:
    library, initializer = _initialised()
    count, k = len(problem.clusters), problem.places
    context = initializer.context_from_file(str(_SETTINGS))
    context.set_partitioning_parameters(k, problem.imbalance, library.Objective.KM1)
    context.logging = False
    load = np.rint(problem.needs.load.mean(axis=0) * _WHOLE).astype(np.int64)
    limit = np.ceil(np.minimum(problem.limit, 1.0) * _WHOLE).astype(np.int64)
    # Rounding may not make the whole more than the places take together.
    limit += max(0, -(-(int(load.sum()) - int(limit.sum())) // k))
    context.set_individual_target_block_weights(limit.tolist())
    weights = np.zeros(count, np.int64)
    weights[renumbered] = load
    nets = [renumbered[list(pins)].tolist() for pins in problem.clusters.nets]
    spikes = np.maximum(1, np.rint(problem.weights * UNIT)).astype(np.int64)
    hypergraph = initializer.create_hypergraph(
        context, count, len(nets), nets, weights.tolist(), spikes.tolist()
    )
    if (problem.fixed >= 0).any():
        fixed = np.zeros(count, np.int64)
        fixed[renumbered] = problem.fixed
        hypergraph.add_fixed_vertices(fixed.tolist(), k)
    # Its random numbers go on from call to call, unlike with a preset.
    library.set_seed(_SEED)
    result = hypergraph.partition(context)
    return np.array(result.get_partition(), np.int64)[renumbered], result.km1() / UNIT


@functools.cache
def _initialised() -> tuple[Any, Any]:
    try:
        library = importlib.import_module("mtkahypar")
    except ImportError:
        raise SCDependencyError(
            "placing a network needs mtkahypar; run `pip install 'sc-neurocore[partition]'`, or "
            "name the place of every node"
        ) from None
    return library, library.initialize(1, False)
