"""Synapses between two populations, as a description and, once built, as arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import require_finite, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._distributions import Distribution, Normal, Uniform, in_unit_of
from sc_neurocore.network._plastic import Plasticity
from sc_neurocore.network._population import Population, SpikeSourceArray, check_label
from sc_neurocore.network._rules import AllToAll, Bernoulli, OneToOne, Rows, Rule
from sc_neurocore.network._seeds import check_seed, stream
from sc_neurocore.network._storage import require_room
from sc_neurocore.network._synapses import Synapses, pack, read_rows, read_weights
from sc_neurocore.network._units import axes_of, magnitude

_NAMED = {"all_to_all": AllToAll(), "one_to_one": OneToOne()}
Topology = str | Rule | tuple[ArrayLike, ArrayLike, ArrayLike]


class Projection:
    """Synapses from one population to another.

    Attributes:
        source: where the spikes come from.
        target: where they go.
        port: input of the target's model that receives the weights.
        topology: rule, or CSR arrays.
        weight: of the synapses, in the unit of the port.
        delay: of the synapses.
        plasticity: rule of plasticity, or ``None``.
        seed: seed of its own, or ``None`` for a stream of the network's.
        label: name in the network.
        draws: seed of the plasticity's random draws, once it is connected.
    """

    def __init__(
        self,
        source: Population | SpikeSourceArray,
        target: Population,
        weight: ArrayLike | Distribution | None = None,
        probability: float | None = None,
        delay: Any = 1,
        topology: Topology | None = None,
        plasticity: Any = None,
        seed: int | None = None,
        weight_threshold: float = 0.0,
        *,
        port: str | None = None,
        label: str = "",
    ) -> None:
        """Describe a projection; nothing is drawn before the network is built.

        Args:
            source: population or spike sources.
            target: population.
            weight: one number, one per synapse in CSR order, `Normal` or `Uniform`, in the unit
                of the port, or with one; 1 if left out. With CSR arrays the weights are their data.
            probability: connect each pair with it; short for ``topology=Bernoulli(p)``.
            delay: in ticks, or as text or quantity with a unit of time: one for all, one per
                synapse in CSR order, `Normal` or `Uniform` (rounded to whole ticks).
            topology: ``"all_to_all"`` (the default), ``"one_to_one"``, a rule such as
                ``FixedIndegree(100)``, or CSR arrays ``(indptr, indices, data)``.
            plasticity: name of a rule (``"stdp_pair"``), a `Rule`, or a `Plasticity`.
            seed: of the draws; by default a stream of the network's seed.
            weight_threshold: synapses whose weight is at most this in size are left out; 0
                keeps all.
            port: input of the target's model that receives; by default its only event input,
                else ``I``.
            label: name in the network.

        Raises:
            SCConfigError: arguments that do not fit, in one sentence.
        """
        if not isinstance(source, Population | SpikeSourceArray):
            raise SCConfigError(f"source is {source!r}; give a Population or a SpikeSourceArray")
        if not isinstance(target, Population):
            raise SCConfigError(f"target is {target!r}; give a Population")
        self.source, self.target, self.label = source, target, check_label(label)
        self.topology = _chosen(topology, probability)
        self._explicit = isinstance(self.topology, tuple)
        if self._explicit and weight is not None:
            raise SCConfigError(
                "a topology of CSR arrays brings its weights as data; leave weight out"
            )
        self.weight: Any = 1.0 if weight is None else weight
        self.delay, self.plasticity = delay, Plasticity.of(plasticity)
        self.seed = None if seed is None else check_seed(seed)
        self.weight_threshold = require_finite("weight_threshold", weight_threshold)
        if self.weight_threshold < 0:
            raise SCConfigError(f"weight_threshold is {weight_threshold}; it must be 0 or more")
        self.port = target.port(port)
        self._synapses: Synapses | None = None
        self._drawn: tuple[int, float] | None = None
        self.draws = 0

    def __repr__(self) -> str:
        return f"Projection({self.name})"

    @property
    def name(self) -> str:
        """Its label, else source and target."""
        return self.label or f"{self.source.label or '?'} → {self.target.label or '?'}"

    @property
    def synapses(self) -> Synapses:
        """The synapses, once the network is built.

        Raises:
            SCConfigError: it is not built yet.
        """
        if self._synapses is None:
            raise SCConfigError(
                f"projection {self.name} has no synapses yet; add it to a network and build() that"
            )
        return self._synapses

    def hold(self, synapses: Synapses) -> None:
        """Keep other arrays of the same synapses: those that plasticity writes to."""
        self._synapses = synapses

    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.synapses)

    def max_delay(self) -> int:
        """Longest delay in ticks."""
        return self.synapses.longest

    def delay_mode(self) -> str:
        """``"uniform"`` when all synapses share their delay, else ``"per_synapse"``."""
        return "per_synapse" if self.synapses.shift else "uniform"

    def csr(self) -> tuple[NDArray[np.int64], NDArray[np.uint32], NDArray[Any]]:
        """Copies of the synapses as CSR arrays ``(indptr, indices, data)``."""
        s = self.synapses
        return s.starts.copy(), s.indices.copy(), s.data.copy()

    def connect(self, seed: int, dt: float, threads: int = 1) -> Synapses:
        """Draw the synapses; ``seed`` is of the projection's stream, ``dt`` in ms.

        The same arguments again leave them as they are, with what they have learnt.

        Raises:
            SCConfigError: weights or delays that do not fit the synapses, or too many of them.
        """
        if self._synapses is not None and self._drawn == (seed, dt):
            return self._synapses
        self._synapses, self._drawn = None, (seed, dt)
        seed = seed if self.seed is None else self.seed
        self.draws = stream(seed, "plasticity")
        sources, targets = self.source.n, self.target.n
        what = f"projection {self.name}"
        order: NDArray[np.int64] | None = None
        weights: float | NDArray[Any]
        if isinstance(self.topology, tuple):
            rows, data, order = read_rows(self.topology, sources, targets)
            weights = read_weights(what, data, len(rows[1]), 0)
        else:
            same = self.source is self.target
            self._require_room(self.topology.expected(sources, targets))
            rows = self.topology.rows(sources, targets, same, stream(seed, "pairs"), threads)
            weight = self._bare_weight(what)
            weights = read_weights(what, weight, len(rows[1]), stream(seed, "weights"))
        extremes = np.min(weights, initial=0.0), np.max(weights, initial=0.0)
        self.target.require_sign(self.port, *extremes, f"projection {self.name} has a weight")
        count = len(rows[1])
        if self.weight_threshold:
            rows, weights, order = _thinned(rows, weights, order, self.weight_threshold)
        if self.plasticity is not None and isinstance(weights, float):
            weights = np.full(len(rows[1]), weights)
        self._synapses = pack(
            what, rows, targets, weights, self.delay, order, count, dt, stream(seed, "delays")
        )
        return self._synapses

    def _bare_weight(self, what: str) -> Any:
        """The weight as numbers in the unit of the port."""
        unit = next(q.unit for q in self.target.model.inputs if q.name == self.port)
        if isinstance(self.weight, Normal | Uniform):
            return in_unit_of(self.weight, unit, f"the weight of {what}")
        return magnitude(self.weight, unit, f"the weight of {what}")

    def _require_room(self, expected: float) -> None:
        """Refuse more synapses than memory holds."""
        own = self.plasticity is not None or axes_of(self.weight, "weight") > 0
        each = 12 if own else 8 if isinstance(self.weight, Normal | Uniform) else 4
        what = f"projection {self.name} with {expected:.3g} synapses"
        require_room(what, each * expected, "take fewer synapses or smaller populations")


def _thinned(
    rows: Rows, weights: float | NDArray[Any], order: NDArray[np.int64] | None, threshold: float
) -> tuple[Rows, float | NDArray[Any], NDArray[np.int64]]:
    """Leave out the synapses whose weight is at most ``threshold`` in size."""
    starts, words = rows
    kept = np.broadcast_to(np.abs(weights) > threshold, words.shape)
    before = np.concatenate([[0], np.cumsum(kept)])
    chosen = np.flatnonzero(kept)
    if not isinstance(weights, float):
        weights = weights[kept]
    return (before[starts], words[kept]), weights, chosen if order is None else order[chosen]


def _chosen(topology: Topology | None, probability: float | None) -> Any:
    if probability is not None:
        if topology not in (None, "random"):
            raise SCConfigError("give probability or topology, not both")
        return Bernoulli(probability)
    if topology is None:
        return AllToAll()
    if isinstance(topology, str):
        if topology == "random":
            raise SCConfigError("topology 'random' needs a probability")
        if topology not in _NAMED:
            hint = suggest(topology, [*_NAMED, "random"])
            raise SCConfigError(f"topology '{topology}' is not a name{hint}")
        return _NAMED[topology]
    if isinstance(topology, tuple | list) and len(topology) == 3:
        return tuple(topology)
    if not isinstance(topology, Rule):
        raise SCConfigError(
            "a topology is a rule, a name, or three CSR arrays (indptr, indices, data)"
        )
    return topology
