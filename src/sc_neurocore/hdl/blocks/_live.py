"""Live parameters: their control, their banks, and the checksum of what a host writes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import numpy as np

from sc_neurocore.hdl.blocks._block import Block, Fault, Golden, Levels, constant, whole
from sc_neurocore.hdl.blocks._clocking import Pins, step_by_step
from sc_neurocore.hdl.blocks._stimulus import bits, nothing

LOAD, APPLY, REVERT, SYNC, READBACK = range(1, 6)
_WORD = 0xFFFF_FFFF


def crc32(width: int) -> Block:
    """The checksum, carried on over ``width`` bytes."""

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        crc = rng.integers(0, 1 << 32, ticks)
        data = rng.integers(0, 1 << 8 * width, ticks)
        return {"crc": crc, "data": np.where(rng.random(ticks) < 0.1, crc % (1 << 8 * width), data)}

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        pairs = zip(inputs["data"].tolist(), inputs["crc"].tolist(), strict=True)
        found = [zlib.crc32(d.to_bytes(width, "little"), c) for d, c in pairs]
        return {"next": np.array(found, np.int64)}

    return Block(
        "sc_crc32", whole(BYTES=(width, 1, 7)), {"crc": 32, "data": 8 * width}, {"next": 32},
        stimulus, golden, 3,
        (
            Fault("32'hEDB88320", "32'hEDB88321", "divides by another polynomial"),
            Fault("next = ~crc", "next = crc", "starts from zeros"),
        ),
        clocked=False,
    )  # fmt: skip


class LiveControl:
    """What `sc_live_control` does, clock by clock; the pin ``restart`` is its reset.

    Args:
        entries: of each bank.
    """

    def __init__(self, entries: Sequence[int]) -> None:
        self.entries = entries
        self.half = self.generation = self.count = self.sum = 0
        self.staged = self.applied = False
        self.taken: dict[str, int] = {"command": SYNC}
        self.bank = self.entry = self.data = 0
        self.read: int | None = None
        self.clock_of = 0  # clocks since the command was taken, 0 while there is none
        self.phase = ""  # of a swap, a read or a copy: "swap", "settle", "read", "fetch", …

    @property
    def _idle(self) -> bool:
        return not self.clock_of and not self.phase

    def _refusal(self) -> int | None:
        """Number of the trap of the command that was taken, unless its guard decides."""
        code, held = self.taken["command"], self.taken
        allowed = {LOAD: not self.applied, APPLY: self.staged, REVERT: self.applied}
        if code not in range(1, 6) or not allowed.get(code, True):
            return 3
        there = (
            held["bank_select"] < len(self.entries)
            and held["entry_index"] < self.entries[held["bank_select"]]
        )
        if code in (LOAD, READBACK) and not there:
            return 1
        expected = held["expect_count"] == held["count"] and held["expect_crc"] == held["sum"]
        return 2 if code == APPLY and not expected else None

    def _words(self) -> bytes:
        names = ("bank_select", "entry_index", "data_lo", "data_hi")
        return struct.pack("<4I", *(self.taken[name] for name in names))

    def _stores(self) -> bool:
        return self.clock_of == 5 and zlib.crc32(self._words()) == self.taken["guard"]

    def outputs(self, pins: Pins) -> dict[str, int]:
        runs = not pins["restart"]
        traps = 0
        if pins["command_write"] and not self._idle:
            traps |= 8
        if self.clock_of == 1 and (refused := self._refusal()) is not None:
            traps |= 1 << refused
        if self.clock_of == 5 and not self._stores():
            traps |= 1
        swaps = self.phase == "swap"
        applies = swaps and self.taken["command"] == APPLY
        busy = not self._idle and not swaps
        flags = (busy, self.staged, self.applied, swaps, self.generation & 1, self.read is not None)
        read = self.read or 0
        writes = runs and (self._stores() or self.phase == "copy")
        return {
            "update_status": sum(bool(flag) << k for k, flag in enumerate(flags)),
            "read_lo": read & _WORD, "read_hi": read >> 32,
            "loaded_count": self.count, "loaded_crc": self.sum, "generation": self.generation,
            "traps_set": traps if runs else 0,
            "host_write": int(writes),
            "host_read": int(self.phase == "read" and pins["engine_idle"]),
            "host_half": self.half if self.phase == "read" else 1 - self.half,
            "host_bank": self.bank, "host_entry": self.entry,
            "host_data": self.data if writes else 0,
            "target_half": self.half, "swap_pending": int(swaps),
            "swap_tick": self.taken["apply_tick"] if applies else 0,
        }  # fmt: skip

    def clock(self, pins: Pins) -> None:
        if self.phase == "swap" and (pins["swapped"] or pins["restart"]):
            self.staged, self.applied = self.applied, self.staged
            self.generation += 1
            self.phase = ""
        elif pins["restart"]:
            pass
        elif self._idle:
            self._take(pins)
        elif self.clock_of:
            self._decide()
        else:
            self._move(pins)
        if pins["restart"]:
            self.clock_of = self.bank = self.entry = 0
            self.taken["command"], self.read = SYNC, None
            self.phase = "settle" if self.staged or self.applied else ""

    def _take(self, pins: Pins) -> None:
        if not pins["command_write"]:
            return
        self.taken = dict(pins) | {"count": self.count, "sum": self.sum}
        self.taken["command"] = pins["command_data"]
        self.clock_of, self.read = 1, None
        last = max(self.entries) - 1
        self.bank = pins["bank_select"] & ((1 << max(1, (len(self.entries) - 1).bit_length())) - 1)
        self.entry = pins["entry_index"] & ((1 << max(1, last.bit_length())) - 1)
        self.data = pins["data_hi"] << 32 | pins["data_lo"]

    def _decide(self) -> None:
        code = self.taken["command"]
        if self.clock_of == 1 and self._refusal() is not None:
            self.clock_of = 0
        elif code == LOAD:
            if self._stores():
                self.staged = True
                self.count += 1
                self.sum = zlib.crc32(self._words(), self.sum)
            self.clock_of = (self.clock_of + 1) % 6
        else:
            self.clock_of = 0
            self.phase = "swap" if code in (APPLY, REVERT) else "settle"
            if code in (APPLY, REVERT):
                self.half = 1 - self.half
            elif code == SYNC:
                self.bank = self.entry = 0

    def _move(self, pins: Pins) -> None:
        """One clock of a read, and of the copy that may follow it."""
        syncs = self.taken["command"] == SYNC
        following = {"settle": "read", "read": "fetch", "fetch": "answer", "answer": "copy"}
        if self.phase == "swap" or (self.phase == "read" and not pins["engine_idle"]):
            return
        if self.phase == "answer":
            self.data = pins["host_answer"]
            if not syncs:
                self.read, self.phase = self.data, ""
                return
        if self.phase == "copy":
            self.entry += 1
            following["copy"] = "settle"
            if self.entry == self.entries[self.bank]:
                self.entry, self.bank = 0, self.bank + 1
            if self.bank == len(self.entries):
                self.bank %= 1 << max(1, (len(self.entries) - 1).bit_length())
                self.staged = self.applied = False
                self.count = self.sum = 0
                following["copy"] = ""
        if self.phase:
            self.phase = following[self.phase]


def live_control(entries: Sequence[int]) -> Block:
    """What a host may do with banks of so many entries."""
    banks = len(entries)

    def stimulus(rng: np.random.Generator, ticks: int) -> dict[str, Levels]:
        model = LiveControl(entries)
        memory: dict[tuple[int, int, int], int] = {}
        idle, swapped = bits(rng, ticks).tolist(), bits(rng, ticks).tolist()
        answers = [0, 0]
        rows = []
        for tick in range(ticks):
            pins = _host(rng, model, entries)
            pins |= {"engine_idle": idle[tick], "swapped": swapped[tick]}
            pins |= {"host_answer": answers.pop(0), "restart": int(rng.random() < 0.003)}
            seen = model.outputs(pins)
            place = (seen["host_half"], seen["host_bank"], seen["host_entry"])
            if seen["host_write"]:
                memory[place] = seen["host_data"]
            answers.append(memory.get(place, 0) if seen["host_read"] else 0)
            model.clock(pins)
            rows.append(pins)
        return {name: np.array([row[name] for row in rows], np.int64) for name in rows[0]}

    flat = sum(count << 32 * k for k, count in enumerate(entries))
    inputs = dict.fromkeys(
        ("bank_select", "entry_index", "data_lo", "data_hi", "guard", "expect_count", "expect_crc",
         "apply_tick"), 32,
    )  # fmt: skip
    return Block(
        "sc_live_control",
        whole(BANKS=(banks, 1, 256)) | {"ENTRIES": constant(32 * banks, flat)},
        inputs | {"command_write": 1, "command_data": 32, "host_answer": 64, "swapped": 1,
                  "engine_idle": 1},
        {"update_status": 32, "read_lo": 32, "read_hi": 32, "loaded_count": 32, "loaded_crc": 32,
         "generation": 32, "traps_set": 32, "host_write": 1, "host_read": 1, "host_half": 1,
         "host_bank": 8, "host_entry": 32, "host_data": 64, "target_half": 1, "swap_pending": 1,
         "swap_tick": 32},
        stimulus, _golden(entries), 34,
        (
            Fault("command == APPLY   ? staged", "command == APPLY   ? 1'b1",
                  "applies when nothing is staged"),
            Fault("command == REVERT  ? applied", "command == REVERT  ? 1'b1",
                  "reverts what was not applied"),
            Fault("state <= staged || applied ? SETTLE : IDLE", "state <= staged ? SETTLE : IDLE",
                  "forgets in a reset that the halves differ"),
        ),
        paced=False, restarts=True,
        qualified={"host_data": "host_write", "swap_tick": "swap_pending"},
    )  # fmt: skip


def _golden(entries: Sequence[int]) -> Golden:
    """The model's outputs; a reset does not make a new one of it, as parameters stay."""

    def golden(ticks: int, inputs: Mapping[str, Levels]) -> dict[str, Levels]:
        model = LiveControl(entries)
        columns = {name: levels.tolist() for name, levels in inputs.items()}
        rows = []
        for tick in range(ticks):
            pins = {name: column[tick] for name, column in columns.items()}
            rows.append(model.outputs(pins))
            model.clock(pins)
        return {name: np.array([row[name] for row in rows], np.int64) for name in rows[0]}

    return golden


def _host(rng: np.random.Generator, model: LiveControl, entries: Sequence[int]) -> dict[str, int]:
    """What stands in the registers: mostly what makes sense now."""

    def number(high: int) -> int:
        return int(rng.integers(0, high))

    bank = number(len(entries)) if rng.random() < 0.95 else number(1 << 32)
    last = entries[bank] if bank < len(entries) else 4
    entry = number(last + (rng.random() < 0.1)) if rng.random() < 0.97 else number(1 << 32)
    words = {"bank_select": bank, "entry_index": entry, "data_lo": number(1 << 32),
             "data_hi": number(1 << 31)}  # fmt: skip
    guard = zlib.crc32(struct.pack("<4I", *words.values()))
    likely = rng.random() < 0.8
    code = int(rng.choice(
        [LOAD, APPLY, REVERT, SYNC, READBACK, number(1 << 32)], p=[0.5, 0.12, 0.1, 0.06, 0.2, 0.02]
    ))  # fmt: skip
    return words | {
        "guard": guard ^ (rng.random() < 0.1) << number(32),
        "expect_count": model.count if likely else number(4),
        "expect_crc": model.sum if likely or rng.random() < 0.5 else number(1 << 32),
        "apply_tick": number(1 << 32),
        "command_write": int(rng.random() < 0.25),
        "command_data": code,
    }  # fmt: skip


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
