"""One network over many chips and hosts: sliced at its wires, run with gates on every link."""

from sc_neurocore.partition._mpi import MPIDriver
from sc_neurocore.partition._ranks import RankRun, run_on_ranks, spike_digest

__all__ = ["MPIDriver", "RankRun", "run_on_ranks", "spike_digest"]
