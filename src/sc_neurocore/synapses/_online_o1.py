"""The bounded O(1) online rule: reward-modulated STDP in a fixed number of bits per synapse.

The same arithmetic as the rule ``online_o1``, in integers; the state never grows with the length
of the sequence. Shape of the rule: Florian 2007, doi:10.1162/neco.2007.19.6.1468.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sc_neurocore.bitstream._require import require_whole
from sc_neurocore.hdl import OnlineO1Config
from sc_neurocore.synapses._arguments import require_bit


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
        require_whole("weight", weight, 0, self.config.max_weight)
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
        pre, post = require_bit("pre", pre_spike), require_bit("post", post_spike)
        require_whole("reward", reward, self.config.min_reward, self.config.max_reward)
        now = self._now
        fields = self.config.step(
            now.weight, now.pre_trace, now.post_trace, now.eligibility, pre, post, reward,
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
    for n in lengths:
        require_whole("length", n, 1)
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
