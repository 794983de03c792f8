"""Finite-state machines on packed streams: their tables, their runs, their exact transfer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.bitstream._gufunc import gufunc
from sc_neurocore.bitstream._packed import (
    Words,
    require_match,
    require_stream,
    tail_mask,
)
from sc_neurocore.bitstream._require import require_length, require_probability, require_whole
from sc_neurocore.exceptions import SCConfigError

#: Most states; the tables of a run then stay within a few megabytes.
MAX_STATES = 4096


@dataclass(frozen=True, eq=False)
class Machine:
    """A synchronous state machine of one input and output bit, or of two input and two output bits.

    Clock-exact: the state register ``s`` holds ``reset`` in cycle 0. In cycle ``t`` the circuit
    reads ``s`` and the input bits of cycle ``t`` (``symbol = x`` or ``symbol = x + 2 y``), puts out
    ``output[s, symbol]`` in that same cycle, and at the clock edge ``s`` becomes
    ``next[s, symbol]``. Output bit 0 is the first output stream, bit 1 the second.

    Attributes:
        next: ``(states, 2**inputs)``, the state that follows.
        output: ``(states, 2**inputs)``, the output bits of the cycle.
        reset: state of cycle 0.
    """

    next: NDArray[np.int64]
    output: NDArray[np.int64]
    reset: int

    def __post_init__(self) -> None:
        for name in ("next", "output"):
            table = np.array(getattr(self, name))
            if table.ndim != 2 or table.shape[1] not in (2, 4) or table.dtype.kind not in "iu":
                raise SCConfigError(
                    f"{name} has dtype {table.dtype} and shape {table.shape}; it must be an "
                    "integer array of shape (states, 2) for one input or (states, 4) for two"
                )
            table = table.astype(np.int64)
            table.flags.writeable = False
            object.__setattr__(self, name, table)
        if self.next.shape != self.output.shape:
            raise SCConfigError(
                f"next has shape {self.next.shape} and output {self.output.shape}; "
                "they must be the same"
            )
        states = len(self.next)
        if not 1 <= states <= MAX_STATES:
            raise SCConfigError(f"a machine has {states} states; it must have 1 to {MAX_STATES}")
        symbols = 2 * self.inputs - 1
        for name, table, most in (
            ("next", self.next, states - 1),
            ("output", self.output, symbols),
        ):
            if table.min() < 0 or table.max() > most:
                wrong = table.min() if table.min() < 0 else table.max()
                raise SCConfigError(f"{name} holds {wrong}; it must be from 0 to {most}")
        object.__setattr__(self, "reset", require_whole("reset", self.reset, 0, states - 1))

    @property
    def states(self) -> int:
        """Number of states."""
        return len(self.next)

    @property
    def inputs(self) -> int:
        """Number of input streams."""
        return 1 if self.next.shape[1] == 2 else 2

    def run(self, x: Words, length: int) -> Words:
        """Put out one stream for one input stream, 8 cycles at a time.

        Args:
            x: ``(..., words)`` packed input.
            length: bits of a stream.

        Returns:
            Packed output of the same shape.
        """
        self._require_inputs(1)
        length = require_length(length)
        require_stream("x", x, length)
        out: Words = _run_one(x, self._steps, self.reset, tail_mask(length))
        return out

    def run_two(self, x: Words, y: Words, length: int) -> tuple[Words, Words]:
        """Put out two streams for two input streams, 4 cycles at a time.

        Args:
            x: ``(..., words)`` packed input.
            y: packed input of a shape that broadcasts against ``x``.
            length: bits of a stream.

        Returns:
            The two packed outputs; the second is zero for a machine of one output.
        """
        self._require_inputs(2)
        length = require_length(length)
        require_stream("x", x, length)
        require_stream("y", y, length)
        require_match(("x", "y"), (x, y))
        first, second = _run_two(x, y, self._steps, self.reset, tail_mask(length))
        return first, second

    def transfer(self, x: ArrayLike, y: ArrayLike | None = None) -> NDArray[np.float64]:
        """Long-run share of ones at the first output for independent random input bits, exact.

        The states form a Markov chain, ``P[s, next[s, symbol]] += P(symbol)``. The result is the
        mean of ``output`` under its long-run distribution from ``reset`` on and the input, which
        are independent because a state depends on earlier bits only.

        Args:
            x: probabilities of a one at the first input.
            y: probabilities of a one at the second input, for a machine of two inputs.

        Returns:
            Probabilities, of the broadcast shape of ``x`` and ``y``.

        Raises:
            SCConfigError: a probability outside [0, 1].
        """
        self._require_inputs(1 if y is None else 2)
        given = [require_probability(x, "x")]
        if y is not None:
            given.append(require_probability(y, "y"))
        bits = [np.stack([1 - v, v], axis=-1) for v in given]
        weights = bits[0]
        if len(bits) == 2:  # symbol = x + 2 y
            joint = bits[1][..., :, None] * bits[0][..., None, :]
            weights = joint.reshape(*joint.shape[:-2], 4)
        result = np.empty(weights.shape[:-1])
        for at in np.ndindex(result.shape):
            result[at] = self._transfer(weights[at])
        return result

    def _transfer(self, weights: NDArray[np.float64]) -> float:
        states = np.arange(self.states)
        chain = np.zeros((self.states, self.states))
        for symbol, weight in enumerate(weights):
            np.add.at(chain, (states, self.next[:, symbol]), weight)
        return float(_long_run(chain, self.reset) @ (self.output & 1) @ weights)

    def _require_inputs(self, given: int) -> None:
        if given != self.inputs:
            raise SCConfigError(
                f"the machine has {self.inputs} input{'s' * (self.inputs > 1)}, not {given}"
            )

    @cached_property
    def _steps(self) -> NDArray[np.uint32]:
        """State and 8 input bits to 8 output bits and the state after, ``state << 8 | bits``.

        The input bits are 8 cycles of ``x``, or 4 of ``x`` below 4 of ``y``; output bits likewise.
        """
        cycles = 8 // self.inputs
        chunk = np.arange(256)
        state = np.repeat(np.arange(self.states)[:, None], 256, axis=1)
        out = np.zeros_like(state)
        for cycle in range(cycles):
            symbol = chunk >> cycle & 1
            if self.inputs == 2:
                symbol = symbol | (chunk >> (4 + cycle) & 1) << 1
            bits = self.output[state, symbol]
            out |= (bits & 1) << cycle
            if self.inputs == 2:
                out |= (bits >> 1) << (4 + cycle)
            state = self.next[state, symbol]
        return (state << 8 | out).astype(np.uint32).ravel()


#: Probability of a restart in every cycle; far below any other rate, far above the least float.
_RESTART = 1e-100


def _long_run(chain: NDArray[np.float64], start: int) -> NDArray[np.float64]:
    """Mean time in each state, from ``start`` on.

    State reduction (Grassmann, Taksar & Heyman, Operations Research 33(5), 1985) adds and divides
    positive numbers only, so it is accurate however rarely some states are left. Restarts that are
    too rare to matter make the answer unique where the chain has several ends or alternates.
    """
    count = len(chain)
    order = np.r_[start, np.delete(np.arange(count), start)]
    reduced = chain[np.ix_(order, order)]
    reduced[:, 0] += _RESTART
    for k in range(count - 1, 0, -1):
        reduced[:k, k] /= reduced[k, :k].sum()
        reduced[:k, :k] += np.outer(reduced[:k, k], reduced[k, :k])
    time = np.ones(count)
    for k in range(1, count):
        time[k] = time[:k] @ reduced[:k, k]
        if time[k] > 1:
            time[: k + 1] /= time[k]
    result = np.empty(count)
    result[order] = time / time.sum()
    return result


@gufunc("uint64[:], uint32[:], int64, uint64, uint64[:]", "(w),(s),(),()->(w)")
def _run_one(x: Any, steps: Any, reset: Any, mask: Any, out: Any) -> None:
    state = np.uint64(reset) << np.uint64(8)
    for i in range(x.shape[0]):
        word, made = x[i], np.uint64(0)
        for j in range(8):
            at = np.uint64(8 * j)
            step = np.uint64(steps[state | ((word >> at) & np.uint64(255))])
            made |= (step & np.uint64(255)) << at
            state = step & ~np.uint64(255)
        out[i] = made
    if x.shape[0]:
        out[x.shape[0] - 1] &= mask


@gufunc(
    "uint64[:], uint64[:], uint32[:], int64, uint64, uint64[:], uint64[:]",
    "(w),(w),(s),(),()->(w),(w)",
)
def _run_two(x: Any, y: Any, steps: Any, reset: Any, mask: Any, first: Any, second: Any) -> None:
    state = np.uint64(reset) << np.uint64(8)
    low = np.uint64(15)
    for i in range(x.shape[0]):
        a, b = np.uint64(0), np.uint64(0)
        for j in range(16):
            at = np.uint64(4 * j)
            chunk = ((x[i] >> at) & low) | (((y[i] >> at) & low) << np.uint64(4))
            step = np.uint64(steps[state | chunk])
            a |= (step & low) << at
            b |= ((step >> np.uint64(4)) & low) << at
            state = step & ~np.uint64(255)
        first[i], second[i] = a, b
    if x.shape[0]:
        first[x.shape[0] - 1] &= mask
        second[x.shape[0] - 1] &= mask
