"""Synapses that learn; their golden models are those of `sc_neurocore.hdl`."""

from __future__ import annotations

import numpy as np

from sc_neurocore.hdl._plasticity import OnlineO1Config, PairLane
from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, whole
from sc_neurocore.hdl.blocks._clocking import Clocked, Pins, step_by_step
from sc_neurocore.hdl.blocks._stimulus import numbers

#: Ticks with the same rates of spikes and the same sign of the reward.
_MOOD = 48


def _spikes(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
    """Spikes at rates that change: one side, the other, both or none, rarely or often."""
    rates = {name: np.repeat(rng.choice([0, 0.03, 0.4, 0.95], ticks), _MOOD)[:ticks]
             for name in ("pre", "post")}  # fmt: skip
    return {name: (rng.random(ticks) < rate).astype(np.int64) for name, rate in rates.items()}


class _Pair(Clocked):
    def __init__(self, lane: PairLane, initial: int) -> None:
        self.lane, self.state = lane, (initial, 0, 0)

    def outputs(self, pins: Pins) -> dict[str, int]:
        return dict(zip(("weight", "pre_trace", "post_trace"), self.state, strict=True))

    def clock(self, pins: Pins) -> None:
        w, x, y = self.lane.step(*self.state, pins["pre"], pins["post"])
        self.state = int(w), int(x), int(y)


def stdp(lane: PairLane, initial: int) -> Block:
    """A synapse that learns from pairs of spikes."""
    fields = ("weight_bits", "trace_bits", "pre_shift", "post_shift", "increment", "plus_shift",
              "minus_shift")  # fmt: skip
    return Block(
        "sc_stdp",
        {name.upper(): str(getattr(lane, name)) for name in fields}
        | whole(INITIAL=(initial, 0, lane.max_weight)),
        {"pre": 1, "post": 1},
        {"weight": lane.weight_bits, "pre_trace": lane.trace_bits, "post_trace": lane.trace_bits},
        _spikes, step_by_step(lambda: _Pair(lane, initial)), 12,
        (
            Fault("|sum[WIDE-1:WEIGHT_BITS] ? {WEIGHT_BITS{1'b1}} : ", "", "wraps at the top"),
            Fault("loss > WIDE'(weight) ? {WIDE{1'b0}} : ", "", "wraps at the bottom"),
            Fault("WIDE'(post_faded >>", "WIDE'(post_raised >>", "lets post come before pre"),
            Fault("WIDE'(pre_raised >>", "WIDE'(pre_trace >>", "adds before the trace fades"),
            Fault(".SHIFT(POST_SHIFT)", ".SHIFT(POST_SHIFT + 1)", "forgets more slowly"),
            Fault("else if (enable) begin", "else begin", "learns without enable"),
        ),
    )  # fmt: skip


class _Online(Clocked):
    def __init__(self, config: OnlineO1Config, initial: int) -> None:
        self.config, self.state = config, (initial, 0, 0, 0)
        self.half = 1 << (config.reward_bits - 1)

    def outputs(self, pins: Pins) -> dict[str, int]:
        w, x, y, e = self.state
        pattern = e & ((1 << self.config.eligibility_bits) - 1)
        return {"weight": w, "pre_trace": x, "post_trace": y, "eligibility": pattern}

    def clock(self, pins: Pins) -> None:
        reward = (pins["reward"] ^ self.half) - self.half
        w, x, y, e = self.config.step(*self.state, pins["pre"], pins["post"], reward)
        self.state = int(w), int(x), int(y), int(e)


def online_o1(config: OnlineO1Config, initial: int) -> Block:
    """A synapse that learns from reward.

    The hardware takes every reward of its width, the one below `OnlineO1Config.min_reward`, too.
    """
    mask, lowest = (1 << config.reward_bits) - 1, config.min_reward - 1

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        # Long times of one sign carry the weight to its ends; in others nothing is rewarded.
        sign = np.repeat(rng.choice([-1, 0, 1], ticks), _MOOD)[:ticks]
        size = numbers(rng, ticks, 0, -lowest)
        reward = np.minimum(sign * size, config.max_reward)
        return _spikes(rng, ticks) | {"reward": reward & mask}

    fields = ("weight_bits", "trace_bits", "eligibility_bits", "reward_bits", "increment",
              "trace_shift", "eligibility_shift", "credit_shift", "learning_shift")  # fmt: skip
    return Block(
        "sc_online_o1",
        {name.upper(): str(getattr(config, name)) for name in fields}
        | whole(INITIAL=(initial, 0, config.max_weight)),
        {"pre": 1, "post": 1, "reward": config.reward_bits},
        {"weight": config.weight_bits, "pre_trace": config.trace_bits,
         "post_trace": config.trace_bits, "eligibility": config.eligibility_bits},
        stimulus, step_by_step(lambda: _Online(config, initial)), 16,
        (
            Fault("less < -MOST ? -MOST : ", "", "lets the eligibility leave its range"),
            Fault("sum[SUM_BITS-1] ? {WEIGHT_BITS{1'b0}}\n        : ", "", "wraps at the bottom"),
            Fault("more > MOST ? MOST[ELIGIBILITY_BITS-1:0] : ", "", "wraps the eligibility"),
            Fault("product[PRODUCT_BITS-1] && |", "|", "rounds gains up"),
            Fault("wire up = !eligibility[ELIGIBILITY_BITS-1] && |", "wire up = |",
                  "never forgets blame"),
            Fault("WIDE'(post_faded >>", "WIDE'(post_raised >>", "lets post come before pre"),
            Fault("else if (enable) begin", "else begin", "learns without enable"),
        ),
    )  # fmt: skip
