"""Saturating counters as functions: tanh, exponential, ReLU-like and linear gain.

Each is a `Machine`: an up-down counter of ``states`` states that a one moves up, a zero down, and
that stays at its ends. With input bits independent of one another, ``p = (1 + x)/2`` and
``r = p/(1 - p) = (1 + x)/(1 - x)``, the counter is in state ``i`` with probability proportional to
``r**i``, from which the transfer curves below follow exactly (Brown & Card, IEEE Transactions on
Computers 50(9), 2001, give their limits). `Machine.transfer` solves the same chain numerically.

Streams whose bits depend on the bits before follow other curves. Over 65535 bits and 19 values
from 0.05 to 0.95, the largest difference of the share of ones from `Machine.transfer` was:

======================  ============  ===========  =============  ================
source of the stream    tanh, 8       exp, 16, 2   relu, 8        gain, 32 (k 1/2)
======================  ============  ===========  =============  ================
random numbers          0.006         0.005        0.002          0.006
LFSR, Fibonacci         0.124         0.161        0.015          0.027
LFSR, Galois            0.098         0.108        0.008          0.015
Sobol, dimension 1      0.309         0.455        0.125          0.021
Sobol, dimension 2      0.500         0.655        0.017          0.025
======================  ============  ===========  =============  ================

`shuffle_buffer` of 64 cells, addressed at random, before the first three leaves at most 0.05.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.bitstream._machine import MAX_STATES, Machine
from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.exceptions import SCConfigError


@lru_cache(maxsize=64)
def tanh_machine(states: int = 8) -> Machine:
    """Hyperbolic tangent of a bipolar stream, bipolar: ``y = tanh(states/2 * atanh(x))``.

    That is ``(1 - u)/(1 + u)`` with ``u = ((1 - x)/(1 + x))**(states/2)``, close to
    ``tanh(states x / 2)`` for small ``x``.

    Clock-exact: counter ``s`` of ``states`` states, reset ``states/2``; the output of a cycle is
    ``s >= states/2`` of the register, before the cycle's input bit moves it.

    Args:
        states: number of states, even, from 2.
    """
    half = _half(states)
    state = np.arange(states)
    return Machine(_counter(states), _moore(state >= half), half)


@lru_cache(maxsize=64)
def exp_machine(states: int = 16, gain: int = 2) -> Machine:
    """Decaying exponential of a bipolar stream, unipolar: ``y ~ exp(-2 gain x)`` for ``x > 0``.

    Exactly ``y = (1 - r**(states - gain))/(1 - r**states)``, ``(states - gain)/states`` at
    ``x = 0``, and close to 1 for ``x < 0``.

    Clock-exact: counter ``s`` of ``states`` states, reset ``states/2``; the output of a cycle is
    ``s < states - gain`` of the register, before the cycle's input bit moves it.

    Args:
        states: number of states, even, from 2.
        gain: states at the top in which the output is zero, from 1 to ``states - 1``.
    """
    half = _half(states)
    require_whole("gain", gain, 1, states - 1)
    state = np.arange(states)
    return Machine(_counter(states), _moore(state < states - gain), half)


@lru_cache(maxsize=64)
def relu_machine(states: int = 8) -> Machine:
    """Rectifier of a bipolar stream, bipolar: ``y = x/(1 + ((1 - x)/(1 + x))**(states/2))``.

    Above its middle the counter lets the input through; below, the output alternates, which is
    bipolar zero. The curve is smooth: ``y ~ x sigmoid(states x)`` for small ``x``.

    Clock-exact: counter ``c`` of ``states`` states, reset ``states/2``, and a toggle ``q``, reset
    0. While ``c >= states/2`` the output of a cycle is its input bit and ``q`` holds; otherwise
    the output is ``q`` and ``q`` inverts at the clock edge. ``c`` then moves by the input bit.
    State ``s`` of the machine is ``c + states q``.

    Args:
        states: states of the counter, even, from 2.
    """
    half = _half(states, MAX_STATES // 2)
    c = np.arange(states)
    move = _counter(states)
    upper = (c >= half)[:, None]
    after = [move + states * np.where(upper, q, 1 - q) for q in (0, 1)]
    out = [np.where(upper, np.array([0, 1]), q) for q in (0, 1)]
    return Machine(np.concatenate(after), np.concatenate(out), half)


@lru_cache(maxsize=64)
def gain_machine(states: int = 32) -> Machine:
    """Linear gain of a bipolar stream, bipolar: ``y = min(max(g x, -1), 1)``, two inputs.

    The second input is a unipolar stream of probability ``k``, independent of the first, that sets
    ``g = (1 + k)/(1 - k)``; it gates the steps away from the middle. The straight line is the
    limit of many states; with ``m = states/2`` exactly ``P(one) = p A / (p A + q B)`` where
    ``q = 1 - p``, ``A = sum((k p/q)**i for i in range(m))`` and
    ``B = sum((k q/p)**i for i in range(m))``.

    Clock-exact: counter ``s`` of ``states`` states, reset ``states/2``; the output of a cycle is
    ``s >= states/2`` of the register. At the clock edge a one moves ``s`` up if ``s < states/2`` or
    the gating bit is one, a zero moves it down if ``s >= states/2`` or the gating bit is one, and
    ``s`` stays at its ends.

    Args:
        states: number of states, even, from 2.
    """
    half = _half(states)
    state = np.arange(states)[:, None]
    x, k = np.array([0, 1, 0, 1]), np.array([0, 0, 1, 1])
    inward = np.where(x == 1, state < half, state >= half)
    move = np.where(inward | (k == 1), 2 * x - 1, 0)
    after = np.clip(state + move, 0, states - 1)
    return Machine(after, np.repeat((state >= half).astype(np.int64), 4, axis=1), half)


def _half(states: int, most: int = MAX_STATES) -> int:
    if require_whole("states", states, 2, most) % 2:
        raise SCConfigError(f"states is {states}; it must be even")
    return states // 2


def _counter(states: int) -> NDArray[np.int64]:
    """Next state of a saturating up-down counter: down for a zero, up for a one."""
    state = np.arange(states)
    return np.stack([np.maximum(state - 1, 0), np.minimum(state + 1, states - 1)], axis=1)


def _moore(ones: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Output that depends on the state alone."""
    return np.repeat(ones.astype(np.int64)[:, None], 2, axis=1)
