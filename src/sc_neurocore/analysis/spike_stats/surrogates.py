"""Random trains: point processes, and surrogates that keep some of a train and destroy the rest.

A surrogate has exactly as many spikes as its train: a spike that falls on a step already taken gets
the next free one. The same ``seed`` gives the same train; None draws a new one. Trains come as
64-bit whole numbers, so that sums and products of them cannot overflow.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._library import elephant_train, library, seeded
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "compound_poisson_process",
    "gamma_process",
    "homogeneous_poisson",
    "inhomogeneous_poisson",
    "surrogate_bin_shuffling",
    "surrogate_dither",
    "surrogate_isi_shuffle",
    "surrogate_joint_isi",
    "surrogate_spike_train_shifting",
    "surrogate_trial_shuffle",
]


def homogeneous_poisson(
    rate_hz: float, duration_s: float, dt: float = 0.001, seed: int | None = None
) -> check.Ints:
    """Poisson train of constant rate: a spike in each step with probability 1 − exp(−rate · dt).

    That is a Poisson process of which a step shows whether it holds any event (Heeger 2000).

    Args:
        rate_hz: rate of the process, Hz, 0 or more.
        duration_s: length, s, a multiple of ``dt``.
        dt: time step, s.
        seed: of the draws.

    Returns:
        0 or 1 per time step, shape (duration_s / dt,).
    """
    rate = check.nonnegative(rate_hz, "rate_hz")
    steps = check.steps(duration_s, dt, "duration_s", "s")
    return _bernoulli(np.full(steps, rate), dt, seed)


def inhomogeneous_poisson(
    rate_func: Callable[[float], float],
    duration_s: float,
    dt: float = 0.001,
    seed: int | None = None,
) -> check.Ints:
    """Poisson train whose rate follows a function, taken as constant within a step.

    On a grid this is exact without the thinning that continuous time needs (Lewis & Shedler 1979,
    doi:10.1002/nav.3800260304).

    Args:
        rate_func: rate in Hz at a time in s, 0 or more; called in the middle of each step.
        duration_s: length, s, a multiple of ``dt``.
        dt: time step, s.
        seed: of the draws.

    Returns:
        0 or 1 per time step, shape (duration_s / dt,).
    """
    steps = check.steps(duration_s, dt, "duration_s", "s")
    rates = check.values_of(rate_func, (np.arange(steps, dtype=np.float64) + 0.5) * dt, "rate_func")
    return _bernoulli(rates, dt, seed)


def gamma_process(
    rate_hz: float,
    shape: float,
    duration_s: float,
    dt: float = 0.001,
    seed: int | None = None,
) -> check.Ints:
    """Renewal train with gamma-distributed intervals (Kuffler, FitzHugh & Barlow 1957).

    The coefficient of variation is 1/√shape: 1 is Poisson, more is regular, less is bursty. It
    starts in equilibrium: the time to the first spike is a uniform share of an interval that is
    drawn by its length, as the one that holds a given time is. doi:10.1085/jgp.40.5.683.

    Args:
        rate_hz: mean rate, Hz, at most one spike per step.
        shape: shape of the gamma distribution, above 0.
        duration_s: length, s, a multiple of ``dt``.
        dt: time step, s. Spikes closer than a step move to the next free one.
        seed: of the draws.

    Returns:
        0 or 1 per time step, shape (duration_s / dt,).
    """
    rate, k = check.positive(rate_hz, "rate_hz"), check.positive(shape, "shape")
    steps = check.steps(duration_s, dt, "duration_s", "s")
    draw = check.random(seed)
    mean = 1 / (rate * dt)  # all in steps from here
    if mean < 1:
        raise SCConfigError(f"rate_hz is {rate:g}, but at most 1/dt = {1 / dt:g} Hz fit into steps")
    # Intervals drawn by their length have a gamma distribution with one more for a shape.
    time = draw.random(1) * draw.gamma(k + 1, mean / k)
    pieces = [time]
    while time[-1] < steps and sum(map(len, pieces)) <= steps:
        expected = (steps - time[-1]) / mean
        count = math.ceil(expected + 5 * math.sqrt(expected / k) + 10)
        time = time[-1] + np.cumsum(draw.gamma(k, mean / k, min(count, steps + 1)))
        pieces.append(time)
    times = np.concatenate(pieces)
    return _placed(times[times < steps], steps)


def compound_poisson_process(
    rate_hz: float,
    burst_mean: float,
    duration_s: float,
    dt: float = 0.001,
    seed: int | None = None,
) -> check.Ints:
    """Bursts at the events of a Poisson process (Snyder & Miller 1991).

    Each event has a Poisson number of spikes, which may be 0, in successive steps.

    Args:
        rate_hz: rate of the events, Hz, 0 or more.
        burst_mean: mean number of spikes of an event; ``rate_hz * burst_mean`` is at most one spike
            per step.
        duration_s: length, s, a multiple of ``dt``.
        dt: time step, s.
        seed: of the draws.

    Returns:
        0 or 1 per time step, shape (duration_s / dt,). The mean rate is rate_hz · burst_mean.

    Raises:
        SCConfigError: more spikes were drawn than there are steps.
    """
    rate = check.nonnegative(rate_hz, "rate_hz")
    mean = check.positive(burst_mean, "burst_mean")
    steps = check.steps(duration_s, dt, "duration_s", "s")
    if rate * mean * dt > 1:
        raise SCConfigError(
            f"{rate * mean * dt:g} spikes per step do not fit; lower rate_hz or burst_mean"
        )
    draw = check.random(seed)
    events = draw.integers(0, steps, draw.poisson(rate * steps * dt))
    return _placed(np.repeat(events, draw.poisson(mean, events.size)), steps)


def surrogate_isi_shuffle(binary_train: ArrayLike, seed: int | None = None) -> check.Ints:
    """The same intervals in random order; the first spike stays.

    Keeps the rate and the distribution of intervals, destroys their order.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        seed: of the order.
    """
    spikes, draw = check.train(binary_train), check.random(seed)
    at = np.flatnonzero(spikes)
    gaps = draw.permutation(np.diff(at))
    return _placed(at[:1] + np.concatenate([[0][: at.size], np.cumsum(gaps)]), spikes.size)


def surrogate_dither(
    binary_train: ArrayLike, dither_ms: float = 5.0, dt: float = 0.001, seed: int | None = None
) -> check.Ints:
    """Each spike moved by a random number of steps within ±``dither_ms``.

    A spike that would leave the train is reflected at its end. Keeps slow changes of the rate,
    destroys fine timing (Date, Bienenstock & Geman 1998).

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        dither_ms: largest move, ms, less than the length of the train.
        dt: time step, s.
        seed: of the moves.
    """
    spikes = check.train(binary_train)
    n = spikes.size
    reach = check.whole(check.steps_within(dither_ms, dt, "dither_ms"), "dither_ms / dt", 0, n - 1)
    at = np.flatnonzero(spikes)
    moved = at + check.random(seed).integers(-reach, reach, at.size, endpoint=True)
    moved = np.where(moved < 0, -moved - 1, moved)
    return _placed(np.where(moved >= n, 2 * n - 1 - moved, moved), n)


def surrogate_trial_shuffle(
    trains: Sequence[ArrayLike] | ArrayLike, seed: int | None = None
) -> check.Ints:
    """The same trials in random order.

    Against another neuron in the old order it destroys what the two share from trial to trial.

    Args:
        trains: trials of one neuron, shape (trials, steps).
        seed: of the order.

    Returns:
        Shape (trials, steps).
    """
    return check.random(seed).permutation(check.trains(trains)).astype(np.int64)


def surrogate_joint_isi(
    binary_train: ArrayLike, seed: int | None = None, dt: float = 0.001
) -> check.Ints:
    """Joint-ISI dithering (Gerstein 2004; Louis et al. 2010), by Elephant's ``JointISI``.

    Spikes move by at most 15 ms according to the joint distribution of successive intervals, which
    is kept approximately, doi:10.3389/fncom.2010.00127.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,); with fewer than 3 spikes it is returned
            as it is.
        seed: of the moves.
        dt: time step, s.
    """
    spikes = check.train(binary_train)
    check.positive(dt, "dt")
    check.random(seed)
    if spikes.sum(dtype=np.int64) < 3:
        return spikes.astype(np.int64)
    with seeded(seed):
        given = elephant_train(spikes, dt)
        made = library("elephant.spike_train_surrogates").JointISI(given).dithering(1)[0]
    steps = np.asarray(made.rescale("s").magnitude) / dt
    return _placed(np.minimum(steps, spikes.size - 1), spikes.size)


def surrogate_bin_shuffling(
    binary_train: ArrayLike, bin_size: int = 10, seed: int | None = None
) -> check.Ints:
    """Spikes moved to random steps of their bin (Hatsopoulos et al. 2003).

    Keeps the counts of all bins; a shorter last bin is shuffled too. doi:10.1152/jn.00105.2003.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        bin_size: steps per bin.
        seed: of the moves.
    """
    spikes = check.train(binary_train)
    size = check.whole(bin_size, "bin_size")
    # Sorting by (bin, random number) permutes within bins.
    order = np.lexsort((check.random(seed).random(spikes.size),
                        np.arange(spikes.size) // size))  # fmt: skip
    return spikes[order].astype(np.int64)


def surrogate_spike_train_shifting(
    binary_train: ArrayLike, max_shift: int = 100, seed: int | None = None
) -> check.Ints:
    """The whole train moved by a random number of steps, around its ends (circular shift).

    Keeps everything within the train, destroys its relation to others.

    Args:
        binary_train: 0 or 1 per time step, shape (steps,).
        max_shift: largest shift either way, steps, less than the length; 0 is never drawn.
        seed: of the shift.
    """
    spikes = check.train(binary_train, least=2)
    reach = check.whole(max_shift, "max_shift", 1, spikes.size - 1)
    draw = check.random(seed)
    return np.roll(
        spikes.astype(np.int64), int(draw.integers(1, reach, endpoint=True) * draw.choice([-1, 1]))
    )


def _bernoulli(rates: check.Floats, dt: float, seed: int | None) -> check.Ints:
    chance = -np.expm1(-rates * dt)
    return (check.random(seed).random(rates.size) < chance).astype(np.int64)


def _placed(positions: check.Array, steps: int) -> check.Ints:
    """A binary train with one spike per position; on a step already taken it goes to the next free.

    At the end of the train, to the last free one before.
    """
    if positions.size > steps:
        raise SCConfigError(
            f"{positions.size} spikes do not fit into {steps} steps; lower the rate"
        )
    index = np.arange(positions.size)
    at = np.sort(np.floor(positions).astype(np.int64))
    at = np.maximum.accumulate(at - index) + index
    at = np.minimum(at, steps - positions.size + index)
    found = np.zeros(steps, dtype=np.int64)
    found[at] = 1
    return found
