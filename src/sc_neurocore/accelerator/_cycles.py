"""How many clocks an inference takes, from the spikes alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator._encode import encode_levels, input_spikes
from sc_neurocore.accelerator._geometry import EVENT, PLANE, TICK, Geometry, Stream, geometry
from sc_neurocore.accelerator._network import INPUT, Folding, IntegerNetwork, Integers
from sc_neurocore.exceptions import SCConfigError

Spikes = Sequence[NDArray[np.uint8]]


@dataclass(frozen=True, eq=False)
class Schedule:
    """When what happens in one inference.

    Attributes:
        done: clocks from the edge that takes ``start`` to the one after which ``done`` is high.
        words: by source, the words of its stream: kind, address and mask as in the hardware.
        edges: by source, the edge after ``start`` at which each word is passed; 0 if never.
    """

    done: int
    words: dict[int, Integers]
    edges: dict[int, Integers]


def cycles(
    network: IntegerNetwork,
    foldings: Sequence[Folding],
    samples: ArrayLike,
    spikes: Spikes,
    ticks_used: ArrayLike,
    *,
    early_decision: bool = True,
) -> Integers:
    """Clocks from start to done of each sample, exactly.

    Args:
        network: the network.
        foldings: one per layer.
        samples: as for `simulate_network`.
        spikes: per layer (S, T, N) of zeros and ones, of the bit-true model.
        ticks_used: ticks after which the outcome is certain, (S,), of the bit-true model.
        early_decision: whether the engine stops then.

    Returns:
        Shape (S,).

    Raises:
        SCConfigError: the foldings do not fit the network, or the samples the input.
    """
    model = CycleModel(network, foldings, early_decision=early_decision)
    words = model.input_slots(samples)
    used = np.asarray(ticks_used)
    return np.array(
        [
            model.schedule(words[i], [layer[i] for layer in spikes], int(used[i]), whole=False).done
            for i in range(len(words))
        ],
        dtype=np.int64,
    )


class CycleModel:
    """The timing of an engine."""

    def __init__(
        self,
        network: IntegerNetwork,
        foldings: Sequence[Folding],
        *,
        early_decision: bool = True,
    ) -> None:
        """Prepare the tables of a network's engine."""
        self.network = network
        self.shape: Geometry = geometry(network, foldings)
        self.early = early_decision and network.readout == "count"
        shape = self.shape
        self._layers = np.array(
            [
                (
                    next(i for i, b in enumerate(shape.buffers) if b.target == k),
                    len(layer.projections),
                    shape.layers[k].groups,
                    layer.length,
                    layer.size,
                    shape.streams[k].simd if k in shape.streams else 0,
                )
                for k, layer in enumerate(network.layers)
            ],
            dtype=np.int64,
        )
        self._buffers = np.array(
            # One word more stands at a buffer's output.
            [(b.source + 1, b.target, max(b.depth, 3) - 1, b.preload) for b in shape.buffers],
            dtype=np.int64,
        )

    def input_slots(self, samples: ArrayLike) -> list[Integers]:
        """The words of the input stream of each sample; -1 where the encoder finds no event."""
        coding, ticks = self.network.input, self.network.ticks
        stream = self.shape.streams[INPUT]
        if coding.coding != "direct":
            planes = input_spikes(self.network, samples)
            ends = np.full(ticks, TICK)
        else:
            levels = encode_levels(coding, samples, ticks)
            bits = np.arange(coding.bits, -1, -1)
            planes = ((levels[:, None, :] >> bits[None, :, None]) & 1).astype(np.uint8)
            planes = np.tile(planes, (1, ticks, 1))
            ends = np.tile([PLANE] * coding.bits + [TICK], ticks)
        found = []
        for sample in planes:
            words = stream_words(stream, sample, ends)
            found.append(words[words >= 0] if coding.coding == "events" else words)
        return found

    def schedule(
        self, slots: Integers, spikes: Spikes, ticks_used: int, *, whole: bool = True
    ) -> Schedule:
        """When what happens in one inference.

        Args:
            slots: of `input_slots`.
            spikes: per layer, (T, N).
            ticks_used: ticks after which the outcome is certain.
            whole: all edges up to done are wanted, not only done.

        Raises:
            SCConfigError: the engine would come to a standstill.
        """
        from sc_neurocore.accelerator._cycles_kernel import run_sample

        network, shape = self.network, self.shape
        ticks = network.ticks
        words = {INPUT: slots[slots >= 0]}
        some = []
        for k, spiked in enumerate(spikes):
            stream = shape.streams.get(k)
            if stream is None:
                some.append(np.zeros((ticks, 1), dtype=np.bool_))
                continue
            found = stream_words(stream, spiked, np.full(ticks, TICK))
            some.append(found.reshape(ticks, -1)[:, :-1] >= 0)
            words[k] = found[found >= 0]
        widest = max(x.shape[1] for x in some)
        table = np.zeros((len(some), ticks, widest), dtype=np.bool_)
        for k, x in enumerate(some):
            table[k, :, : x.shape[1]] = x
        input_kinds = np.where(slots < 0, -1, slots >> (shape.streams[INPUT].width - 2))
        counting = network.readout == "count"
        classes = network.layers[network.output].size
        counter = np.array([0, 0, classes, ticks_used if self.early else ticks, 0])
        edges = np.zeros((len(network.layers) + 1, max(map(len, words.values()))), dtype=np.int64)
        done = run_sample(
            self._layers, self._buffers, input_kinds, network.input.coding != "events", table,
            ticks, network.output, network.output + 1 if counting else -1, counter, edges, whole,
        )  # fmt: skip
        if done < 0:
            raise SCConfigError("the engine would come to a standstill; its buffers are too small")
        return Schedule(
            done=int(done),
            words=words,
            edges={source: edges[source + 1, : len(w)] for source, w in words.items()},
        )


def stream_words(stream: Stream, spikes: NDArray[np.uint8], ends: Integers) -> Integers:
    """Words that spikes become, -1 for those that are left out.

    Args:
        stream: how they are packed.
        spikes: (T, N) of zeros and ones.
        ends: kind of the word after each row, (T,).

    Returns:
        Shape (T * (addresses + 1),).
    """
    rows, size = spikes.shape
    padded = np.zeros((rows, stream.addresses * stream.simd), dtype=np.int64)
    padded[:, :size] = spikes
    lanes = padded.reshape(rows, stream.addresses, stream.simd)
    masks = (lanes << np.arange(stream.simd)).sum(axis=2)
    kind_at = stream.width - 2
    events = EVENT << kind_at | np.arange(stream.addresses) << stream.simd | masks
    events = np.where(masks == 0, -1, events)
    return np.concatenate([events, (ends << kind_at)[:, None]], axis=1).reshape(-1)
