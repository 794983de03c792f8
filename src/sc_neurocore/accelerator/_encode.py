"""Samples to integer levels, and levels to the events of the first layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.accelerator._network import InputCoding, IntegerNetwork
from sc_neurocore.bitstream import rate_source
from sc_neurocore.exceptions import SCConfigError


def rate_numbers(bits: int, ticks: int) -> NDArray[np.int64]:
    """The shared number of each tick: input j spikes at tick t iff ``numbers[t] < level_j``."""
    return rate_source(bits).values(ticks).astype(np.int64)


def encode_levels(coding: InputCoding, samples: ArrayLike, ticks: int) -> NDArray[np.int64]:
    """Integer form of samples, as the hardware receives them.

    Args:
        coding: of the network.
        samples: ``(S, M)``: real numbers from 0 to 1, rounded to the nearest of the levels
            ``0 … 2**bits``, or integers, which are levels already. With ``events``: zeros and
            ones, ``(S, T, M)``.
        ticks: T.

    Returns:
        ``(S, M)`` levels, or ``(S, T, M)`` events.

    Raises:
        SCConfigError: a wrong shape, or a number out of range or not finite.
    """
    try:
        given = np.asarray(samples)
    except ValueError:
        raise SCConfigError("the samples have different lengths; each needs the same") from None
    shape = (ticks, coding.size) if coding.coding == "events" else (coding.size,)
    if given.ndim != 1 + len(shape) or given.shape[1:] != shape or given.dtype.kind not in "biuf":
        wanted = ", ".join(str(n) for n in ("S", *shape))
        raise SCConfigError(
            f"the samples are {given.dtype} of shape {given.shape}; this network takes numbers of "
            f"shape ({wanted}), S samples"
        )
    top = 1 if coding.coding == "events" else 1 << coding.bits
    real = given.dtype.kind == "f"
    limit = 1 if real else top
    wrong = ~((given >= 0) & (given <= limit))
    if wrong.any():
        place = tuple(int(i) for i in np.unravel_index(int(wrong.argmax()), wrong.shape))
        kind = "real numbers" if real else "integers"
        raise SCConfigError(
            f"the value at {list(place)} of the samples is {given[place]}; {kind} must lie from 0 "
            f"to {limit}; scale the data first"
        )
    if real and coding.coding == "events" and (given != np.rint(given)).any():
        raise SCConfigError("the samples are events and must be zeros and ones")
    levels = np.rint(given * top) if real else given
    return levels.astype(np.int64)


def input_spikes(network: IntegerNetwork, samples: ArrayLike) -> NDArray[np.uint8]:
    """Spikes that enter the first layer, ``(S, T, M)`` of zeros and ones.

    Raises:
        SCConfigError: samples as for `encode_levels`, or the network takes currents.
    """
    levels = encode_levels(network.input, samples, network.ticks)
    if network.input.coding == "direct":
        raise SCConfigError("a network with direct coding has no input spikes, but currents")
    if network.input.coding == "events":
        return levels.astype(np.uint8)
    numbers = rate_numbers(network.input.bits, network.ticks)
    return (numbers[None, :, None] < levels[:, None, :]).astype(np.uint8)


def real_inputs(network: IntegerNetwork, samples: ArrayLike) -> NDArray[np.float64]:
    """What the float network receives for the same samples, ``(S, T, M)``.

    Spikes as zeros and ones; with direct coding the level as a share of the highest, in every tick.

    Raises:
        SCConfigError: samples as for `encode_levels`.
    """
    if network.input.coding != "direct":
        return input_spikes(network, samples).astype(np.float64)
    levels = encode_levels(network.input, samples, network.ticks) / 2.0**network.input.bits
    return np.repeat(levels[:, None], network.ticks, axis=1)
