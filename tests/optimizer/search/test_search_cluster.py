"""Measuring as jobs of a Dask cluster gives what measuring here gives."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sc_neurocore.build.network import NetworkSource
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.optimizer.farm import dask_client
from sc_neurocore.optimizer.search import Frame, Numerics, SearchSpace
from sc_neurocore.optimizer.search._evaluate import Evaluator
from sc_neurocore.optimizer.search._measure import engine_sources, measure_all
from sc_neurocore.toolchain import get_target


def test_a_cluster_measures_the_same(
    source: NetworkSource, space: SearchSpace, store: EvidenceStore
) -> None:
    from distributed import LocalCluster

    evaluator = Evaluator(source, None, reference=Frame(8, "rate"), input_bits=4, seed=1)
    made = space.configuration(space.frames[0], [(Numerics(3, 1), 1, 1), (Numerics(5, 1), 1, 1)])
    designs = [engine_sources(evaluator.network(made), evaluator.foldings(made))]
    target = get_target("xilinx7")  # synthesis alone
    with LocalCluster(
        n_workers=1, threads_per_worker=1, processes=False, dashboard_address=None
    ) as cluster:
        there = measure_all(
            designs, target, store, seed=1, timeout_s=100, scheduler=cluster.scheduler_address
        )
    assert there[0].luts > 0
    # A worker of this machine keeps its records where this process finds them.
    here = measure_all(designs, target, EvidenceStore(), seed=1, timeout_s=100)
    assert here == [replace(there[0], cached=True)]


def test_an_address_that_is_none_is_refused() -> None:
    refused = pytest.raises(SCConfigError, match="no Dask scheduler answers at 'nowhere'")
    with refused, dask_client(scheduler="nowhere"):
        pass
