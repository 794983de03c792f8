"""Live parameters in an engine: their banks, the exchange of halves, and the probe of spikes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from sc_neurocore.hdl.blocks._block import Block, Fault, Levels, constant, whole
from sc_neurocore.hdl.blocks._clocking import Pins, step_by_step
from sc_neurocore.hdl.blocks._stimulus import bits, nothing


class LiveRegisters:
    """What `sc_live_registers` does."""

    def __init__(self, bank: int, word_bits: int, entries: int, initial: int) -> None:
        self.bank, self.mask = bank, (1 << word_bits) - 1
        self.word_bits, self.entries = word_bits, entries
        words = [initial >> k * word_bits & self.mask for k in range(entries)]
        self.halves = [words, list(words)]
        # Before the first clock all inputs are 0, and have stood.
        self.selected: int | None = None if bank else 0
        self.answers = [0, 0]

    def outputs(self, pins: Pins) -> dict[str, int]:
        words = enumerate(self.halves[pins["target_half"]])
        return {
            "host_answer": self.answers[0],
            "words": sum(word << k * self.word_bits for k, word in words),
        }

    def clock(self, pins: Pins) -> None:
        half, k = self.halves[pins["host_half"]], self.selected
        self.answers = [self.answers[1], 0]
        if k is not None and pins["host_read"]:
            self.answers[1] = half[k]
        if k is not None and pins["host_write"]:
            half[k] = pins["host_data"] & self.mask
        here = pins["host_bank"] == self.bank and pins["host_entry"] < self.entries
        self.selected = pins["host_entry"] if here else None


def live_registers(bank: int, word_bits: int, entries: int, initial: int) -> Block:
    """A bank whose words are all in use at once."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        def stands(low: int, high: int) -> Levels:
            return np.repeat(rng.integers(low, high, ticks), 2)[:ticks]

        return {
            "host_write": bits(rng, ticks), "host_read": bits(rng, ticks),
            "host_half": bits(rng, ticks), "host_bank": stands(max(0, bank - 1), bank + 2),
            "host_entry": stands(0, entries + 1), "host_data": rng.integers(0, 1 << 63, ticks),
            "target_half": bits(rng, ticks),
        }  # fmt: skip

    return Block(
        "sc_live_registers",
        whole(BANK=(bank, 0, 255), WORD_BITS=(word_bits, 1, 64), ENTRIES=(entries, 1, None))
        | {"INITIAL": constant(word_bits * entries, initial)},
        {"host_write": 1, "host_read": 1, "host_half": 1, "host_bank": 8, "host_entry": 32,
         "host_data": 64, "target_half": 1},
        {"host_answer": 64, "words": word_bits * entries},
        stimulus,
        step_by_step(lambda: LiveRegisters(bank, word_bits, entries, initial)), 8,
        (
            Fault("target_half ? half_1 : half_0;", "half_0;", "always uses one half"),
            Fault("host_bank == 8'(BANK) && ", "", "takes what is for other banks"),
        ),
        paced=False, resets=False,
    )  # fmt: skip


def live_memory(bank: int, word_bits: int, depth: int) -> Block:
    """A bank in memory; what it holds at first is in ``bank.hex``.

    Its reader's word is undefined until the first read, so it is no block to be co-simulated.
    """
    words = "".join(f"{(k * 0x9E3779B9 + 1) % (1 << word_bits):x}\n" for k in range(depth))
    address = max(1, (depth - 1).bit_length())
    return Block(
        "sc_live_memory",
        whole(BANK=(bank, 0, 255), WORD_BITS=(word_bits, 1, None), DEPTH=(depth, 1, None))
        | {"FILE": '"bank.hex"'},
        {"host_write": 1, "host_read": 1, "host_half": 1, "host_bank": 8, "host_entry": 32,
         "host_data": 64, "read_enable": 1, "read_address": address, "read_half": 1},
        {"host_answer": 64, "word": word_bits},
        nothing, lambda ticks, inputs: {}, 9,
        (
            Fault("host_write && selected && slice", "host_write && slice",
                  "takes what is for other banks"),
            Fault("steals ? {host_half, host_address}", "steals ? {read_half, host_address}",
                  "reads the reader's half for the host"),
            Fault("remainder - (SLICE_BITS+1)'(SLICES)", "remainder", "divides wrongly"),
        ),
        paced=False, resets=False, memories={"bank.hex": words},
    )  # fmt: skip


class LiveSwap:
    """What `sc_live_swap` does; the pin ``restart`` is its reset, which keeps the halves."""

    def __init__(self, layers: int, ticks: int) -> None:
        self.last = ticks - 1
        self.half = [0] * layers
        self.tick = [0] * layers
        self.modulus = 1 << ticks.bit_length()
        self.joins: bool | None = None  # of an exchange that is pending

    def outputs(self, pins: Pins) -> dict[str, int]:
        """Levels of the outputs in this clock."""
        return {
            "half": sum(half << k for k, half in enumerate(self.half)),
            "swapped": int(all(half == pins["target_half"] for half in self.half)),
        }

    def clock(self, pins: Pins) -> None:
        """The edge that ends it."""
        target, at = pins["target_half"], pins["swap_tick"]
        ends = [pins["tick_ends"] >> k & 1 for k in range(len(self.tick))]
        after = [(t + e) % self.modulus for t, e in zip(self.tick, ends, strict=True)]
        if pins["swap_pending"] and self.joins:
            begins = [e and t == at % self.modulus for t, e in zip(after, ends, strict=True)]
            self.half = [target if b else half for b, half in zip(begins, self.half, strict=True)]
        if not pins["swap_pending"]:
            self.joins = None
        elif self.joins is None:
            self.joins = at <= self.last and all(t < at for t in after)
        self.tick = after
        if pins["restart"]:
            self.half = [target] * len(ends)
            self.tick = [0] * len(ends)
            self.joins = None


def live_swap(layers: int, ticks: int) -> Block:
    """The half that each layer reads."""

    def golden(count: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        made = LiveSwap(layers, ticks)
        rows = []
        columns = {name: levels.tolist() for name, levels in inputs.items()}
        for k in range(count):
            pins = {name: column[k] for name, column in columns.items()}
            rows.append(made.outputs(pins))
            made.clock(pins)
        return {name: np.array([row[name] for row in rows], np.int64) for name in rows[0]}

    def stimulus(rng: np.random.Generator, count: int) -> dict[str, Levels]:
        # Inferences of some ticks of some clocks, and exchanges that stay for a while.
        ends = sum((rng.random(count) < 0.2).astype(np.int64) << k for k in range(layers))
        pending = np.repeat(rng.random(count // 8 + 1) < 0.5, 8)[:count].astype(np.int64)
        target = np.repeat(rng.integers(0, 2, count // 8 + 1), 8)[:count]
        at = np.repeat(rng.integers(0, ticks + 2, count // 8 + 1), 8)[:count]
        return {"tick_ends": np.asarray(ends, np.int64), "target_half": target,
                "swap_pending": pending, "swap_tick": at,
                "restart": (rng.random(count) < 0.02).astype(np.int64)}  # fmt: skip

    return Block(
        "sc_live_swap", whole(LAYERS=(layers, 1, None), TICKS=(ticks, 1, None)),
        {"tick_ends": layers, "target_half": 1, "swap_pending": 1, "swap_tick": 32},
        {"half": layers, "swapped": 1},
        stimulus, golden, 9,
        (
            Fault("comes && begun", "comes || begun", "exchanges in the middle of what has begun"),
            Fault("swap_pending && joins && begins[k]", "swap_pending && begins[k]",
                  "lets layers that are behind exchange alone"),
            Fault("<= rst_n ? next : {TICK_BITS{1'b0}}", "<= next",
                  "counts on from the inference before"),
        ),
        paced=False, restarts=True,
    )  # fmt: skip


class SpikeProbe:
    """What `sc_spike_probe` does; the pin ``restart`` is its reset."""

    def __init__(self, sizes: Sequence[int], ticks: int) -> None:
        self.sizes, self.ticks = sizes, ticks
        self.watched: tuple[int, int] | None = None  # layer, and neurons until its tick ends
        self.kept: list[int] = []
        self.shown = 0

    def outputs(self, pins: Pins) -> dict[str, int]:
        """Levels of the outputs in this clock."""
        return {"data": self.shown}

    def clock(self, pins: Pins) -> None:
        """The edge that ends it."""
        first = 32 * pins["index"]
        self.shown = sum(spike << b for b, spike in enumerate(self.kept[first : first + 32]))
        if pins["start"]:
            layer, tick = pins["layer"], pins["tick"]
            there = layer < len(self.sizes) and tick < self.ticks
            self.watched = (layer, (tick + 1) * self.sizes[layer]) if there else None
            self.kept = []
        elif self.watched is not None and pins["passes"] >> self.watched[0] & 1:
            layer, left = self.watched
            if left <= self.sizes[layer]:
                self.kept.append(pins["spikes"] >> layer & 1)
            self.watched = (layer, left - 1) if left > 1 else None


def spike_probe(sizes: Sequence[int], ticks: int) -> Block:
    """The spikes of a layer in a tick."""
    layers = len(sizes)

    def stimulus(rng: np.random.Generator, count: int) -> dict[str, Levels]:
        return {
            "start": (rng.random(count) < 0.01).astype(np.int64),
            "layer": rng.integers(0, layers + 1, count),
            "tick": rng.integers(0, ticks + 1, count),
            "passes": rng.integers(0, 1 << layers, count),
            "spikes": rng.integers(0, 1 << layers, count),
            "index": rng.integers(0, max(sizes) // 32 + 2, count),
            "restart": (rng.random(count) < 0.003).astype(np.int64),
        }

    packed = "".join(f"{size:08x}" for size in reversed(sizes))
    return Block(
        "sc_spike_probe",
        whole(LAYERS=(layers, 1, None), MOST=(max(sizes), 1, None), TICKS=(ticks, 1, None))
        | {"SIZES": f"{32 * layers}'h{packed}"},
        {"start": 1, "layer": 32, "tick": 32, "passes": layers, "spikes": layers, "index": 32},
        {"data": 32},
        stimulus, step_by_step(lambda: SpikeProbe(sizes, ticks)), 9,
        (
            Fault("here   = left == {TICK_BITS{1'b0}}", "here   = 1'b1", "keeps the first tick"),
            Fault("{spikes[watched], word[30:1]};", "31'd0;", "forgets the neurons before"),
        ),
        paced=False, restarts=True,
    )  # fmt: skip
