"""The bounded O(1) online rule: reward-modulated STDP in a fixed number of bits per synapse.

The same arithmetic as the rule ``online_o1``, in integers; the state never grows with the length
of the sequence. Shape of the rule: Florian 2007, doi:10.1162/neco.2007.19.6.1468.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from sc_neurocore.synapses._golden import decay, scaled, within


@dataclass(frozen=True)
class OnlineO1Config:
    """Widths and shifts of one learning lane.

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

    weight_bits: int = 8
    trace_bits: int = 8
    eligibility_bits: int = 8
    reward_bits: int = 8
    increment: int = 64
    trace_shift: int = 4
    eligibility_shift: int = 6
    credit_shift: int = 2
    learning_shift: int = 6

    def __post_init__(self) -> None:
        for name in ("weight_bits", "trace_bits"):
            within(name, getattr(self, name), 1, 16)
        for name in ("eligibility_bits", "reward_bits"):
            within(name, getattr(self, name), 2, 16)
        for name in ("trace_shift", "eligibility_shift", "credit_shift"):
            within(name, getattr(self, name), 0, 15)
        within("learning_shift", self.learning_shift, 0, 31)
        within("increment", self.increment, 0, self.max_trace)

    @property
    def max_weight(self) -> int:
        """Largest weight."""
        return (1 << self.weight_bits) - 1

    @property
    def max_trace(self) -> int:
        """Largest trace."""
        return (1 << self.trace_bits) - 1

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
        """Weight, traces and eligibility after one tick, elementwise on integers.

        Traces decay, the reward acts on the eligibility of the ticks before, the eligibility
        decays; then a presynaptic spike, then a postsynaptic one.
        """
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


@dataclass(frozen=True)
class OnlineO1Snapshot:
    """The whole state of a synapse after a tick.

    Attributes:
        weight: unsigned.
        pre_trace: unsigned.
        post_trace: unsigned.
        eligibility: signed.
        tick: ticks so far.
    """

    weight: int
    pre_trace: int
    post_trace: int
    eligibility: int
    tick: int


class OnlineO1Synapse:
    """One synapse of the bounded rule.

    Args:
        config: widths and shifts.
        weight: initial weight, 0 to ``config.max_weight``.

    Raises:
        SCConfigError: the weight does not fit.
    """

    def __init__(self, config: OnlineO1Config | None = None, weight: int = 0) -> None:
        self.config = OnlineO1Config() if config is None else config
        within("weight", weight, 0, self.config.max_weight)
        self._now = OnlineO1Snapshot(weight, 0, 0, 0, 0)

    @property
    def state_fields(self) -> tuple[str, ...]:
        """Names of what is kept between ticks."""
        return ("weight", "pre_trace", "post_trace", "eligibility")

    @property
    def state_bit_count(self) -> int:
        """Bits that are kept between ticks."""
        return self.config.per_synapse_state_bits

    def snapshot(self) -> OnlineO1Snapshot:
        """The present state."""
        return self._now

    def step(self, pre_spike: int, post_spike: int, reward: int = 0) -> OnlineO1Snapshot:
        """Advance one tick.

        Raises:
            SCConfigError: a spike is not 0 or 1, or the reward does not fit its width.
        """
        within("pre_spike", int(pre_spike), 0, 1)
        within("post_spike", int(post_spike), 0, 1)
        within("reward", reward, self.config.min_reward, self.config.max_reward)
        now = self._now
        fields = self.config.step(
            now.weight, now.pre_trace, now.post_trace, now.eligibility, pre_spike, post_spike,
            reward,
        )  # fmt: skip
        w, x, y, e = (int(value) for value in fields)
        self._now = OnlineO1Snapshot(w, x, y, e, now.tick + 1)
        return self._now


def build_online_o1_memory_proof(
    config: OnlineO1Config | None = None, lengths: tuple[int, ...] = (1, 1_000, 1_000_000)
) -> dict[str, Any]:
    """Bits that a synapse needs for sequences of several lengths: the same for all.

    What backpropagation through time would store is counted beside it: two spike bits and one
    eligibility per tick.
    """
    config = OnlineO1Config() if config is None else config
    per_tick = 2 + config.eligibility_bits
    return {
        "fields": {
            "weight": config.weight_bits,
            "pre_trace": config.trace_bits,
            "post_trace": config.trace_bits,
            "eligibility": config.eligibility_bits,
        },
        "state_bits": config.per_synapse_state_bits,
        "by_length": [
            {"ticks": n, "state_bits": config.per_synapse_state_bits, "history_bits": n * per_tick}
            for n in lengths
        ],
    }
