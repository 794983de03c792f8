"""The training set of the cost model: synthesis sweeps as a job farm, fit and validation."""

from __future__ import annotations

from sc_neurocore.optimizer.farm._cluster import dask_client
from sc_neurocore.optimizer.farm._collect import collect, read_results
from sc_neurocore.optimizer.farm._files import fit, placer_spread, validate
from sc_neurocore.optimizer.farm._job import Job, Result
from sc_neurocore.optimizer.farm._network import network_jobs, predicted_engine
from sc_neurocore.optimizer.farm._report import validation_page
from sc_neurocore.optimizer.farm._run import design_of, run_job
from sc_neurocore.optimizer.farm._sc_layer import DECORRELATORS, sc_layer
from sc_neurocore.optimizer.farm._sweep import block_jobs, engine_jobs, held_out, layer_jobs, sweep

__all__ = [
    "DECORRELATORS",
    "Job",
    "Result",
    "block_jobs",
    "collect",
    "dask_client",
    "design_of",
    "engine_jobs",
    "fit",
    "held_out",
    "layer_jobs",
    "network_jobs",
    "placer_spread",
    "predicted_engine",
    "read_results",
    "run_job",
    "sc_layer",
    "sweep",
    "validate",
    "validation_page",
]
