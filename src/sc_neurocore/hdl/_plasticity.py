"""Golden models of the plasticity lanes ``sc_stdp`` and ``sc_online_o1``, in integers.

A lane is one synapse that learns by itself. All functions take integers or integer arrays,
elementwise. Nothing wraps: traces, eligibility and weight saturate at the limits given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sc_neurocore.bitstream._require import require_whole


def decay(value: Any, shift: int) -> Any:
    """Lose ``1/2^shift`` of the size, rounded up: every number reaches 0, both signs alike."""
    size = np.abs(value)
    return np.sign(value) * (size - ((size + (1 << shift) - 1) >> shift))


def scaled(value: Any, shift: int) -> Any:
    """``value/2^shift`` rounded towards 0."""
    return np.sign(value) * (np.abs(value) >> shift)


@dataclass(frozen=True)
class _Lane:
    """What the lanes share: an unsigned weight and unsigned traces.

    Attributes:
        weight_bits: width of the weight.
        trace_bits: width of the traces.
    """

    weight_bits: int = 8
    trace_bits: int = 8

    @property
    def max_weight(self) -> int:
        """Largest weight."""
        return (1 << self.weight_bits) - 1

    @property
    def max_trace(self) -> int:
        """Largest trace."""
        return (1 << self.trace_bits) - 1


@dataclass(frozen=True)
class PairLane(_Lane):
    """Pair STDP in integers: additive, all-to-all, traces that decay by shifts.

    In a tick, in this order:

    1. Both traces lose ``1/2^shift``, rounded up; so a time constant is about ``2^shift`` ticks,
       and a trace without spikes reaches 0.
    2. A presynaptic spike adds ``increment`` to its trace and takes the postsynaptic one, over
       ``2^minus_shift`` and rounded down, off the weight.
    3. A postsynaptic spike adds ``increment`` to its trace and the presynaptic one, over
       ``2^plus_shift`` and rounded down, to the weight.

    Spikes of the same tick therefore count as pre before post. Each step saturates on its own:
    traces at their largest number, the weight at 0 and at its largest number. The rule: Song,
    Miller, Abbott 2000, doi:10.1038/78829.

    Attributes:
        weight_bits: width of the unsigned weight.
        trace_bits: width of the unsigned traces.
        pre_shift: decay of the presynaptic trace.
        post_shift: decay of the postsynaptic trace.
        increment: what a spike adds to its trace.
        plus_shift: potentiation is ``x >> plus_shift``.
        minus_shift: depression is ``y >> minus_shift``.
    """

    pre_shift: int = 4
    post_shift: int = 4
    increment: int = 64
    plus_shift: int = 4
    minus_shift: int = 4

    def __post_init__(self) -> None:
        for name in ("weight_bits", "trace_bits"):
            require_whole(name, getattr(self, name), 1, 31)
        for name in ("pre_shift", "post_shift", "plus_shift", "minus_shift"):
            require_whole(name, getattr(self, name), 0, 31)
        require_whole("increment", self.increment, 0, self.max_trace)

    def step(self, w: Any, x: Any, y: Any, pre: Any, post: Any) -> tuple[Any, Any, Any]:
        """Weight, presynaptic and postsynaptic trace after one tick."""
        x, y = decay(x, self.pre_shift), decay(y, self.post_shift)
        x = np.where(pre, np.minimum(x + self.increment, self.max_trace), x)
        w = np.where(pre, np.maximum(w - scaled(y, self.minus_shift), 0), w)
        y = np.where(post, np.minimum(y + self.increment, self.max_trace), y)
        w = np.where(post, np.minimum(w + scaled(x, self.plus_shift), self.max_weight), w)
        return w, x, y


@dataclass(frozen=True)
class OnlineO1Config(_Lane):
    """The bounded O(1) online rule: reward-modulated STDP in a fixed number of bits.

    In a tick, in this order:

    1. Both traces lose ``1/2^trace_shift``, rounded up.
    2. The weight gains ``reward·eligibility/2^learning_shift``, rounded towards 0, by the
       eligibility of the ticks before.
    3. The eligibility loses ``1/2^eligibility_shift`` of its size, rounded up.
    4. A presynaptic spike adds ``increment`` to its trace and takes the postsynaptic one, over
       ``2^credit_shift`` and rounded down, off the eligibility.
    5. A postsynaptic spike adds ``increment`` to its trace and the presynaptic one, over
       ``2^credit_shift`` and rounded down, to the eligibility.

    Each step saturates on its own: weight and traces between 0 and their largest numbers, the
    eligibility between ``min_eligibility`` and ``max_eligibility``. The state is the weight and
    three traces, whatever the length of the sequence. Shape of the rule: Florian 2007,
    doi:10.1162/neco.2007.19.6.1468.

    Attributes:
        weight_bits: width of the unsigned weight.
        trace_bits: width of the two unsigned traces.
        eligibility_bits: width of the signed eligibility; -2^(n-1) is not used.
        reward_bits: width of the signed reward; -2^(n-1) is not used.
        increment: what a spike adds to its trace.
        trace_shift: traces lose ``1/2^shift`` per tick.
        eligibility_shift: the eligibility loses ``1/2^shift`` per tick.
        credit_shift: a spike changes the eligibility by the other trace over ``2^shift``.
        learning_shift: the weight changes by ``reward·eligibility`` over ``2^shift``.
    """

    eligibility_bits: int = 8
    reward_bits: int = 8
    increment: int = 64
    trace_shift: int = 4
    eligibility_shift: int = 6
    credit_shift: int = 2
    learning_shift: int = 6

    def __post_init__(self) -> None:
        for name in ("weight_bits", "trace_bits"):
            require_whole(name, getattr(self, name), 1, 16)
        for name in ("eligibility_bits", "reward_bits"):
            require_whole(name, getattr(self, name), 2, 16)
        for name in ("trace_shift", "eligibility_shift", "credit_shift"):
            require_whole(name, getattr(self, name), 0, 15)
        require_whole("learning_shift", self.learning_shift, 0, 31)
        require_whole("increment", self.increment, 0, self.max_trace)

    @property
    def max_eligibility(self) -> int:
        """Largest eligibility."""
        return (1 << (self.eligibility_bits - 1)) - 1

    @property
    def min_eligibility(self) -> int:
        """Smallest eligibility: the range is symmetric."""
        return -self.max_eligibility

    @property
    def max_reward(self) -> int:
        """Largest reward."""
        return (1 << (self.reward_bits - 1)) - 1

    @property
    def min_reward(self) -> int:
        """Smallest reward: the range is symmetric."""
        return -self.max_reward

    @property
    def per_synapse_state_bits(self) -> int:
        """Bits that a synapse stores: weight, two traces, eligibility."""
        return self.weight_bits + 2 * self.trace_bits + self.eligibility_bits

    def step(
        self, w: Any, x: Any, y: Any, e: Any, pre: Any, post: Any, reward: Any = 0
    ) -> tuple[Any, Any, Any, Any]:
        """Weight, traces and eligibility after one tick."""
        x, y = decay(x, self.trace_shift), decay(y, self.trace_shift)
        w = np.clip(w + scaled(reward * e, self.learning_shift), 0, self.max_weight)
        e = decay(e, self.eligibility_shift)
        x = np.where(pre, np.minimum(x + self.increment, self.max_trace), x)
        e = np.where(pre, np.maximum(e - scaled(y, self.credit_shift), self.min_eligibility), e)
        y = np.where(post, np.minimum(y + self.increment, self.max_trace), y)
        e = np.where(post, np.minimum(e + scaled(x, self.credit_shift), self.max_eligibility), e)
        return w, x, y, e

    def to_scnir_annotation(self) -> dict[str, str | float]:
        """The online-learning annotation of a weight stream in an SC-NIR document.

        Weights are fractions of ``max_weight`` there; the rate is what one unit of reward times
        one of eligibility adds.
        """
        return {
            "rule": "reward_stdp",
            "learning_rate": 2.0**-self.learning_shift / self.max_weight,
            "weight_min": 0.0,
            "weight_max": 1.0,
        }
