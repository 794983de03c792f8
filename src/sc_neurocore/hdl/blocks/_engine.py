"""A layer of the folded engine: its walks, its synapses, the sweep over its neurons."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

import numpy as np

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, constant, whole
from sc_neurocore.hdl.blocks._clocking import (
    EVENT,
    PLANE,
    TICK,
    Clocked,
    Pins,
    fields,
    step_by_step,
    width_of,
    word,
)
from sc_neurocore.hdl.blocks._stimulus import bits, numbers

CLEAR = 3


def _kinds(rng: np.random.Generator, ticks: int) -> Levels:
    return rng.choice([EVENT, EVENT, EVENT, PLANE, TICK], ticks).astype(np.int64)


class Sequencer(Clocked):
    """What `sc_synapse_sequencer` does."""

    def __init__(self, neurons: int, pe: int, passes: int) -> None:
        self.neurons, self.pe, self.passes = neurons, pe, passes
        self.groups = -(-neurons // pe)
        self.busy, self.kind, self.at = True, CLEAR, 0

    def _visits(self) -> int:
        if self.kind == TICK:
            return self.neurons
        return self.groups * (self.passes if self.kind == EVENT else 1)

    def outputs(self, pins: Pins) -> dict[str, int]:
        last = self.at == self._visits() - 1
        if self.kind == TICK:
            group, lane = divmod(self.at, self.pe)
            group_ends = lane == self.pe - 1 or last
        else:
            group, lane, group_ends = self.at % self.groups, 0, True
        return {
            "event_ready": int(pins["step"] and (not self.busy or last)),
            "busy": int(self.busy),
            "kind": self.kind,
            "group": group,
            "lane": lane,
            "group_ends": int(group_ends),
            "pass_ends": int(group_ends and group == self.groups - 1),
            "walk_ends": int(last),
        }

    def clock(self, pins: Pins) -> None:
        if self.outputs(pins)["event_ready"]:
            self.busy, self.kind, self.at = bool(pins["event_valid"]), pins["event_kind"], 0
        elif pins["step"]:
            self.at += 1


def synapse_sequencer(neurons: int, pe: int, passes: int) -> Block:
    """Walks over a layer's accumulators."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        return {"step": bits(rng, ticks), "event_valid": bits(rng, ticks),
                "event_kind": _kinds(rng, ticks)}  # fmt: skip

    return Block(
        "sc_synapse_sequencer",
        whole(NEURONS=(neurons, 1, None), PE=(pe, 1, None), PASSES=(passes, 1, None)),
        {"step": 1, "event_valid": 1, "event_kind": 2},
        {"event_ready": 1, "busy": 1, "kind": 2, "group": width_of(-(-neurons // pe)),
         "lane": width_of(pe), "group_ends": 1, "pass_ends": 1, "walk_ends": 1},
        stimulus, step_by_step(lambda: Sequencer(neurons, pe, passes)), 9,
        (
            Fault("lane == LANE_BITS'(LAST_LANE)", "1'b0", "visits neurons that are not there"),
            Fault("step && (!busy || walk_ends)", "step && (!busy || pass_ends)",
                  "takes the next event before the last pass"),
        ),
        paced=False,
    )  # fmt: skip


class Synapses(Clocked):
    """What `sc_fixed_synapses` and `sc_stochastic_synapses` do.

    Args:
        rows: per tick until they repeat, what a source adds to each neuron.
        pe: neurons in a group.
        simd: sources in an event.
        length: clocks of an event and group.
        acc_bits: width of the accumulators.
    """

    def __init__(
        self, rows: Sequence[Levels], pe: int, simd: int, length: int, acc_bits: int
    ) -> None:
        self.rows, self.simd, self.length, self.acc_bits = rows, simd, length, acc_bits
        self.groups = -(-rows[0].shape[1] // pe)
        self.address_width = width_of(-(-len(rows[0]) // simd))
        self.sums = np.zeros(rows[0].shape[1], dtype=np.int64)
        self.tick = 0
        self.visits: deque[int | None] = deque([None] * self.groups)
        self.shown: int | None = None

    def outputs(self, pins: Pins) -> dict[str, int]:
        step = self.shown is None or pins["current_ready"]
        return {
            "event_ready": int(step and len(self.visits) <= 1),
            "read_enable": int(step),
            "current_valid": int(self.shown is not None),
            "current": 0 if self.shown is None else self.shown,
        }

    def clock(self, pins: Pins) -> None:
        if self.shown is not None and not pins["current_ready"]:
            return
        ready = self.outputs(pins)["event_ready"]
        self.shown = self.visits.popleft() if self.visits else None
        if ready and pins["event_valid"]:
            self._take(*fields(pins["event_data"], self.address_width, self.simd))

    def _take(self, kind: int, address: int, mask: int) -> None:
        count = self.groups
        if kind == EVENT:
            count *= self.length
            table = self.rows[self.tick % len(self.rows)]
            for lane in range(self.simd):
                if mask >> lane & 1 or self.simd == 1:
                    self.sums += table[address * self.simd + lane]
        elif kind == PLANE:
            self.sums *= 2
        self.sums &= (1 << self.acc_bits) - 1
        if kind == TICK:
            self.visits = deque(self.sums.tolist())
            self.sums[:] = 0
            self.tick += 1
        else:
            self.visits = deque([None] * count)


def _synapses(
    module: str,
    weights: Levels,
    pe: int,
    simd: int,
    weight_bits: int,
    acc_bits: int,
    rows: Sequence[Levels],
    length: int,
    words: Sequence[int],
    assertions: int,
    faults: tuple[Fault, ...],
) -> Block:
    sources, neurons = weights.shape
    if sources % simd:
        raise SCConfigError(f"{sources} sources are no multiple of {simd} in an event")
    addresses = sources // simd
    address_width = width_of(addresses)

    def model() -> Synapses:
        return Synapses(rows, pe, simd, length, acc_bits)

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        address = rng.integers(0, addresses, ticks)
        mask = rng.integers(0, 1 << simd, ticks)
        data = [
            word(int(k), int(a), int(m), address_width, simd)
            for k, a, m in zip(_kinds(rng, ticks), address, mask, strict=True)
        ]
        return {"event_valid": bits(rng, ticks), "event_data": np.array(data, np.int64),
                "current_ready": bits(rng, ticks),
                "read_word": numbers(rng, ticks, 0, (1 << lanes) - 1)}  # fmt: skip

    lanes = pe * simd * (weight_bits if module == "sc_fixed_synapses" else 1)
    parameters = whole(
        NEURONS=(neurons, 1, None), PE=(pe, 1, neurons), SIMD=(simd, 1, None),
        ADDRESSES=(addresses, 1, None), ADDRESS_BITS=(address_width, 1, None),
        WEIGHT_BITS=(weight_bits, 2, None), ACC_BITS=(acc_bits, 2, None), DOUBLING=(1, 0, 1),
    )  # fmt: skip
    if module == "sc_stochastic_synapses":
        parameters |= whole(LENGTH=(length, 2, None))
    return Block(
        module, parameters | {"WEIGHTS": '"weights.hex"'},
        # With its own memory it has no use for read_word, nor anybody for read_address.
        {"event_valid": 1, "event_data": 2 + address_width + simd, "current_ready": 1,
         "read_word": lanes},
        {"event_ready": 1, "current_valid": 1, "current": acc_bits, "read_enable": 1},
        stimulus, step_by_step(model), assertions, faults,
        paced=False, qualified={"current": "current_valid"},
        memories={"weights.hex": "".join(f"{value:x}\n" for value in words)},
    )  # fmt: skip


def some_weights(sources: int, neurons: int, bits_: int) -> Levels:
    """Signed weights that use the whole range."""
    j, n = np.arange(sources)[:, None], np.arange(neurons)[None, :]
    return (7 * j + 3 * n + j * n + 5) % (1 << bits_) - (1 << (bits_ - 1))


def _folded(weights: Levels, pe: int, simd: int) -> Levels:
    """Weights by group, address, and place in a word; those that are not there are 0."""
    sources, neurons = weights.shape
    groups = -(-neurons // pe)
    padded = np.zeros((sources, groups * pe), dtype=np.int64)
    padded[:, :neurons] = weights
    return (
        padded.reshape(sources // simd, simd, groups, pe)
        .transpose(2, 0, 3, 1)
        .reshape(-1, pe * simd)
    )


def fixed_synapses(weights: Levels, pe: int, simd: int, bits_: int, acc_bits: int) -> Block:
    """Weights in fixed point, signed, (sources, neurons)."""
    words = [
        sum(int(w) % (1 << bits_) << (k * bits_) for k, w in enumerate(row))
        for row in _folded(weights, pe, simd)
    ]
    return _synapses(
        "sc_fixed_synapses", weights, pe, simd, bits_, acc_bits, [weights], 1, words, 10,
        (
            Fault("pointer <= reads + POINTER_BITS'(ADDRESSES)", "pointer <= reads + 1'b1",
                  "reads the next address instead of the next group"),
            Fault("read_word : stored", "read_word : weights[reads]",
                  "adds the weights of the group after"),
        ),
    )  # fmt: skip


def stochastic_synapses(
    weights: Levels, pe: int, simd: int, bits_: int, acc_bits: int, length: int
) -> Block:
    """Weights as bipolar streams, signed, (sources, neurons)."""
    half = 1 << (bits_ - 1)
    folded = _folded(weights, pe, simd) + half
    words = [
        sum((int(u) >> (bits_ - 1 - z) & 1) << k for k, u in enumerate(row))
        for z in range(bits_)
        for row in folded
    ]
    rows = []
    for tick in range(max(1, (1 << bits_) // length)):
        total = np.zeros_like(weights)
        for k in range(tick * length, (tick + 1) * length):
            # The trailing ones of the clock say which bit of u it is.
            z = len(f"{k:b}") - len(f"{k:b}".rstrip("1"))
            one = (weights + half) >> (bits_ - 1 - z) & 1 if z < bits_ else np.zeros_like(weights)
            total += 2 * one - 1
        rows.append(total)
    return _synapses(
        "sc_stochastic_synapses", weights, pe, simd, bits_, acc_bits, rows, length, words, 9,
        (
            Fault("last_group_next ? coming + 1'b1 : coming", "coming", "repeats a stream clock"),
            Fault("tick <= tick + 1'b1", "tick <= tick", "repeats the first tick's stream"),
        ),
    )  # fmt: skip


class Sweep(Clocked):
    """What `sc_population_sweep` does, without a parameter memory."""

    def __init__(self, neurons: int, initial: int) -> None:
        self.neurons, self.initial = neurons, initial
        self.states = [initial] * neurons
        self.taken = 0
        # In the memories, before the lane: (neuron, state, current); behind it: (neuron, spike,
        # state).
        self.slots: list[tuple[int, int, int] | None] = [None, None, None]

    def _step(self, pins: Pins) -> bool:
        return self.slots[2] is None or bool(pins["spike_ready"])

    def outputs(self, pins: Pins) -> dict[str, int]:
        before, behind = self.slots[1], self.slots[2]
        return {
            "current_ready": int(self._step(pins) and self.taken < self.neurons),
            "lane_valid": int(before is not None),
            "lane_state": before[1] if before else 0,
            "lane_current": before[2] if before else 0,
            "spike_valid": int(behind is not None),
            "spike": behind[1] if behind else 0,
            "spike_state": behind[2] if behind else 0,
        }

    def clock(self, pins: Pins) -> None:
        if not self._step(pins):
            return
        ready = self.outputs(pins)["current_ready"]
        if (leaving := self.slots[2]) is not None:
            self.states[leaving[0]] = leaving[2]
            if leaving[0] == self.neurons - 1:
                self.taken = 0
        entering = None
        if pins["current_valid"] and ready:
            entering = (self.taken, self.states[self.taken], pins["current"])
            self.taken += 1
        behind = self.slots[1]
        if behind is not None:
            behind = (behind[0], pins["lane_fire"], pins["lane_next"])
        self.slots = [entering, self.slots[0], behind]


def population_sweep(neurons: int, current_bits: int, state_bits: int, initial: int) -> Block:
    """One neuron a clock through a lane."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        return {
            "current_valid": bits(rng, ticks),
            "current": numbers(rng, ticks, 0, (1 << current_bits) - 1),
            "lane_next": numbers(rng, ticks, 0, (1 << state_bits) - 1),
            "lane_fire": bits(rng, ticks),
            "spike_ready": bits(rng, ticks),
        }

    return Block(
        "sc_population_sweep",
        whole(NEURONS=(neurons, 1, None), CURRENT_BITS=(current_bits, 1, None),
              STATE_BITS=(state_bits, 1, None))
        | {"INITIAL": constant(state_bits, initial)},
        {"current_valid": 1, "current": current_bits, "lane_next": state_bits, "lane_fire": 1,
         "spike_ready": 1},
        {"current_ready": 1, "lane_valid": 1, "lane_state": state_bits,
         "lane_current": current_bits, "spike_valid": 1, "spike": 1, "spike_state": state_bits},
        stimulus, step_by_step(lambda: Sweep(neurons, initial)), 11,
        (
            Fault("step && !draining", "step", "takes a current before all states are written"),
            Fault("written <= spike_last ? {NEURON_BITS{1'b0}} : written + 1'b1",
                  "written <= written + 1'b1", "writes states beyond the last"),
        ),
        paced=False,
        qualified={"lane_state": "lane_valid", "lane_current": "lane_valid",
                   "spike": "spike_valid", "spike_state": "spike_valid"},
    )  # fmt: skip
