"""One large network on the ranks of a cluster.

Every population is cut into contiguous slices, one for each rank. A rank holds the synapses into
its own neurons and, like every other, all spikes of the last ticks: whoever spiked between two
exchanges is told to all by one collective call. With a smallest delay of d ticks between
populations that is one call in d ticks, for nothing that a neuron does can be noticed elsewhere
sooner (Morrison, Mehring, Geisel, Aertsen and Diesmann, Neural Computation 17, 2005).
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import PartitionError
from sc_neurocore.nir_bridge._inputs import named_arrays
from sc_neurocore.partition._mpi import Alone, Ranks, all_or_none, together
from sc_neurocore.partition._rank_engine import RankEngine
from sc_neurocore.partition._rank_synapses import SparseNetwork, fold_sparse

if TYPE_CHECKING:
    from sc_neurocore.nir_bridge import SCNetwork

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RankRun:
    """What a network did on its ranks; every rank has the same but for the last five.

    Attributes:
        outputs: per Output node, (ticks, *shape).
        spikes: number of spikes of each population.
        events: per population, (spikes, 2): tick and neuron, in order; empty unless recorded.
        digest: SHA-256 of all spikes, see `spike_digest`.
        lookahead: ticks between two exchanges.
        exchanges: collective calls that told spikes: one for each stage of an interval.
        overflows: further calls, because more neurons spiked in an interval than room was made for.
        ranks: how many.
        rank: this one.
        synapses: into the neurons of this rank.
        synapse_bytes: what they occupy.
        seconds: of this rank, from the first tick to the last.
        waited: the part of it that was spent in exchanges.
    """

    outputs: Mapping[str, Array]
    spikes: Mapping[str, int]
    events: Mapping[str, NDArray[np.int64]]
    digest: str
    lookahead: int
    exchanges: int
    overflows: int
    ranks: int
    rank: int
    synapses: int
    synapse_bytes: int
    seconds: float
    waited: float


def run_on_ranks(
    network: SCNetwork,
    inputs: ArrayLike | Mapping[str, ArrayLike],
    ticks: int,
    comm: Ranks | None = None,
    *,
    record: bool = False,
) -> RankRun:
    """Run a network from rest on all ranks of a communicator.

    Every rank calls it with the same arguments. A rank that fails while the network runs (it has
    no memory left, it is interrupted) says so in a line and ends all ranks, for they wait for it.
    Currents are summed in one order, whatever the
    number of ranks: spikes are equal on any number, bit for bit. They equal `SCNetwork.run` where
    the sums of weights are exact (integers over a power of two, for one); elsewhere that sums in
    another order, and the last bit of a current may differ.

    A network with undelayed synapses between populations is computed in stages, each a collective
    call in every tick.

    Args:
        network: any in which only spikes pass between populations.
        inputs: (ticks, M) or, for a constant, (M,), where M may also be the Input's own axes; by
            the name of the Input when there are several.
        ticks: how long.
        comm: an MPI communicator (``MPIDriver().comm``); this process alone if None.
        record: keep every spike.

    Raises:
        PartitionError: membranes would have to travel, or the ranks were given different networks,
            inputs, ticks or options; every rank raises it.
        SCConfigError: inputs or ticks do not fit; every rank raises it.
    """
    ranks: Ranks = Alone() if comm is None else comm
    folded, series = _agreed(ranks, network, inputs, ticks, record)
    with all_or_none(ranks):
        return _run(network, folded, series, ticks, ranks, record)


def _run(
    network: SCNetwork,
    folded: SparseNetwork,
    series: Mapping[str, Array],
    ticks: int,
    ranks: Ranks,
    record: bool,
) -> RankRun:
    engine = RankEngine(network.assumptions, folded, series, ranks)
    digest = hashlib.sha256()
    events: list[NDArray[np.int64]] = []
    totals = np.zeros(len(folded.spiking), dtype=np.int64)
    start = time.perf_counter()
    for first in range(0, ticks, engine.lookahead):
        spiked = engine.interval(first, min(first + engine.lookahead, ticks))
        digest.update(_bytes(spiked))
        totals += engine.count(spiked[:, 1])
        if record:
            events.append(spiked)
    seconds = time.perf_counter() - start
    outputs = {}
    for name, shape in folded.outputs.items():
        pieces = ranks.allgather(np.array(engine.outputs[name]))
        outputs[name] = np.concatenate(pieces, axis=1).reshape(ticks, *shape)
    return RankRun(
        outputs=outputs,
        spikes=dict(zip(folded.spiking, totals.tolist(), strict=True)),
        events=engine.by_population(np.concatenate(events)) if record else {},
        digest=digest.hexdigest(),
        lookahead=engine.lookahead,
        exchanges=engine.exchanges,
        overflows=engine.overflows,
        ranks=ranks.size,
        rank=ranks.rank,
        synapses=engine.synapses,
        synapse_bytes=engine.synapse_bytes,
        seconds=seconds,
        waited=engine.waited,
    )


def spike_digest(network: SCNetwork, spikes: Mapping[str, NDArray[np.bool_]]) -> str:
    """SHA-256 of spikes, comparable with `RankRun.digest`.

    Hashed are pairs of a tick and a neuron, ordered, as little-endian 64-bit numbers; neurons are
    numbered through all populations that can spike, in the order of the network's nodes.

    Args:
        network: that ran.
        spikes: per population, (ticks, *shape), as `SCNetwork.run` records them.
    """
    names = [name for name in network.flat.nodes if name in spikes]
    flat = [np.asarray(spikes[name], dtype=bool).reshape(len(spikes[name]), -1) for name in names]
    return hashlib.sha256(_bytes(np.argwhere(np.concatenate(flat, axis=1)))).hexdigest()


def _bytes(pairs: NDArray[np.int64]) -> bytes:
    return np.ascontiguousarray(pairs, dtype="<i8").tobytes()


def _agreed(
    ranks: Ranks,
    network: SCNetwork,
    inputs: ArrayLike | Mapping[str, ArrayLike],
    ticks: int,
    record: bool,
) -> tuple[SparseNetwork, dict[str, Array]]:
    """The network and its inputs, after all ranks have them and have the same."""

    def made() -> tuple[SparseNetwork, dict[str, Array], str]:
        if not isinstance(ticks, (int, np.integer)) or isinstance(ticks, bool) or ticks < 1:
            raise SCConfigError(f"The number of ticks must be a positive integer, not {ticks!r}.")
        folded = fold_sparse(network)
        series = _series(folded.inputs, inputs, ticks)
        if ranks.size == 1:
            return folded, series, ""
        parts = [network.graph.digest, repr(network.assumptions), repr((ticks, record))]
        hashed = hashlib.sha256("\n".join(parts).encode())
        for name, value in series.items():
            hashed.update(repr((name, value.shape)).encode() + value.tobytes())
        return folded, series, hashed.hexdigest()

    folded, series, mark = together(ranks, made)
    marks = ranks.allgather(mark)
    for rank, other in enumerate(marks):
        if other != marks[0]:
            raise PartitionError(
                f"Rank {rank} was given another network, input, number of ticks or option than "
                "rank 0; give every rank the same."
            )
    return folded, series


def _series(
    shapes: Mapping[str, tuple[int, ...]],
    inputs: ArrayLike | Mapping[str, ArrayLike],
    ticks: int,
) -> dict[str, Array]:
    """Each input as (ticks or 1, size)."""
    series = {}
    for name, value in named_arrays(list(shapes), inputs).items():
        shape = shapes[name]
        size = int(np.prod(shape))
        if value.shape not in (shape, (size,), (ticks, *shape), (ticks, size)):
            raise SCConfigError(
                f"Input {name!r} has shape {value.shape}; expected is ({ticks}, {size}) for "
                f"{ticks} ticks, or ({size},) for a constant."
            )
        series[name] = value.reshape(-1, size)
    return series
