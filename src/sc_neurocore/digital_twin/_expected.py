"""What the bit-true model and the cycle model say that an engine answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.accelerator import INPUT, CycleModel, IntegerNetwork, NetworkRun, Schedule
from sc_neurocore.digital_twin._answers import Answers, Integers
from sc_neurocore.exceptions import SCConfigError


@dataclass(frozen=True, eq=False)
class Expected:
    """Of S samples.

    An engine that is certain of the class does not finish its ticks: what its layers had sent by
    then is counted, what they would have sent is not.

    Attributes:
        levels: of the samples.
        answers: what the device must say.
        sent: spikes of each layer that had been sent, (S, T, N) of zeros and ones.
        whole: those of all ticks, likewise. A spike that is not sent may have been computed or not.
    """

    levels: Integers
    answers: Answers
    sent: tuple[NDArray[np.uint8], ...]
    whole: tuple[NDArray[np.uint8], ...]


def expect(
    network: IntegerNetwork,
    model: CycleModel,
    levels: Integers,
    run: NetworkRun,
    generation: int,
) -> Expected:
    """Answers that follow from a run of the bit-true model.

    Args:
        network: whose.
        model: the timing of its engine.
        levels: of the samples.
        run: of the same samples, with spikes.
        generation: that the device reports.
    """
    if run.spikes is None:
        raise SCConfigError("the run holds no spikes; simulate with spikes=True")
    number = len(levels)
    clocks = np.zeros(number, np.int64)
    sent = tuple(np.zeros_like(x) for x in run.spikes)
    slots = model.input_slots(levels)
    for i in range(number):
        schedule = model.schedule(slots[i], [x[i] for x in run.spikes], int(run.ticks_used[i]))
        clocks[i] = schedule.done
        for k in schedule.words:
            if k != INPUT:
                _keep_sent(model, schedule, k, sent[k][i])
    layer_spikes = np.array([x.sum(axis=(1, 2)) for x in sent], np.int64).T.reshape(number, -1)
    generations = np.full(number, generation, np.int64)
    answers = Answers(run.predictions.astype(np.int64), clocks, generations, layer_spikes)
    return Expected(levels, answers, sent, run.spikes)


def _keep_sent(
    model: CycleModel, schedule: Schedule, layer: int, spikes: NDArray[np.uint8]
) -> None:
    """Set the spikes of a layer, (T, N), whose words were passed by the end of an inference."""
    stream = model.shape.streams[layer]
    words, edges = schedule.words[layer], schedule.edges[layer]
    ends = words >> (stream.width - 2) != 0
    tick = np.cumsum(ends) - ends
    passed = ~ends & (edges > 0) & (edges <= schedule.done)
    address = (words >> stream.simd) & ((1 << stream.address_bits) - 1)
    for lane in range(stream.simd):
        at = passed & (words >> lane & 1 == 1)
        spikes[tick[at], address[at] * stream.simd + lane] = 1
