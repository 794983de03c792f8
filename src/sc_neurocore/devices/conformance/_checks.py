"""The checks: each returns what it saw, or raises what it saw instead."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np

from sc_neurocore.accelerator import simulate_network, simulate_swap
from sc_neurocore.devices import update
from sc_neurocore.devices._device import check_identity
from sc_neurocore.devices._protocol import Operation, Read, Write
from sc_neurocore.devices.conformance._bench import Bench, Difference
from sc_neurocore.exceptions import BusError, DeviceMismatchError

_LOAD, _APPLY, _REVERT = 1, 2, 3
_GUARD, _ADDRESS, _TRANSACTION, _COMMAND = 1, 2, 4, 8
_ALL = (1 << 32) - 1


def identity(bench: Bench) -> str:
    """ID, MAP_VERSION and DIGEST are those of the bundle."""
    got = check_identity(bench.device, bench.design)
    return f"digest {got.digest}"


def wrong_bundle(bench: Bench) -> str:
    """A bundle with another digest is refused."""
    digest = f"{int(bench.design.digest[:1], 16) ^ 1:x}{bench.design.digest[1:]}"
    other = replace(bench.design, digest=digest)
    try:
        check_identity(bench.device, other)
    except DeviceMismatchError:
        return "a digest that differs in one bit is refused"
    raise Difference("a digest that differs in one bit was accepted")


def scratch(bench: Bench) -> str:
    """SCRATCH holds every bit by itself, and all patterns."""
    patterns = [1 << bit for bit in range(32)] + [_ALL ^ 1 << bit for bit in range(32)]
    patterns += [0, _ALL, 0xAAAAAAAA, 0x55555555, 0x01234567]
    at = bench.at("SCRATCH")
    for pattern in patterns:
        bench.device.write(at, pattern)
        bench.expect("SCRATCH", f"{pattern:#010x}", f"{bench.device.read(at):#010x}")
    return f"{len(patterns)} patterns"


def batch(bench: Bench) -> str:
    """A batch of any length is performed in order, each operation once."""
    at, wanted = bench.at("SCRATCH"), []
    operations: list[Operation] = []
    number = 9001
    for k in range(number):
        value = k * 0x9E3779B1 & _ALL
        operations += [Write(at, value), Read(at)]
        wanted.append(value)
    bench.expect("values", True, bench.device.transfer(operations) == wanted)
    return f"{2 * number} operations"


def refusals(bench: Bench) -> str:
    """Reading or writing where nothing is, writing ro and reading wo are refused; no effect."""
    used = {register.offset for register in bench.design.device.registers.registers}
    free = [
        a for a in range(0, 1 << bench.design.device.registers.address_bits, 4) if a not in used
    ]
    refused: list[Operation] = [Read(a) for a in (free[0], free[-1])]
    refused += [Write(free[0], 1), Write(bench.at("ID"), 1), Read(bench.at("CONTROL"))]
    bench.write(scratch=42)
    for operation in refused:
        try:
            bench.device.transfer([operation])
        except BusError:
            continue
        raise Difference(f"{operation} was not refused")
    bench.expect("ID and SCRATCH", [0x53434E43, 42], bench.read("ID", "SCRATCH"))
    return f"{len(refused)} operations refused"


def classify(bench: Bench) -> str:
    """Class, clocks and spikes of every layer are those of the bit-true model."""
    found = bench.expect_inferences(bench.old)
    return f"{len(found)} samples, {sum(got.clocks for got in found)} clocks"


def telemetry(bench: Bench) -> str:
    """The counters and flags say what was done, and no trap is set."""
    before = bench.device.telemetry()
    last = bench.expect_inferences(bench.old)
    now = bench.device.telemetry()
    bench.expect("INFERENCES", before.inferences + len(last), now.inferences)
    bench.expect("busy, done, traps", (False, True, 0), (now.busy, now.done, now.traps))
    bench.expect("spikes", last[-1].layer_spikes, now.layer_spikes)
    return f"{now.inferences} inferences, no trap"


def probe(bench: Bench) -> str:
    """The probe shows the spikes of each layer, neuron by neuron, as in the bit-true model."""
    run = simulate_network(bench.old, bench.samples[:1], spikes=True)
    assert run.spikes is not None
    seen = 0
    used = int(run.ticks_used[0])
    for layer in range(len(bench.old.layers)):
        for tick in sorted({0, used // 2, max(0, used - 2)}):
            got = bench.device.probe(bench.samples[0], layer, tick)
            wanted = run.spikes[layer][0, tick].astype(np.bool_)
            different = np.flatnonzero(got != wanted)
            if len(different):
                raise Difference(f"layer {layer}, tick {tick}, neuron {different[0]} differs")
            seen += len(got)
    return f"{seen} neurons and ticks"


def parameters(bench: Bench) -> str:
    """Every word of every bank, read back, is that of the bundle."""
    return f"{bench.expect_parameters(bench.old)} words"


def staging(bench: Bench) -> str:
    """What is staged has no effect: the active words and the answers stay."""
    number = _stage(bench)
    bench.expect_parameters(bench.old)
    bench.expect_inferences(bench.old)
    return f"{number} words staged"


def applying(bench: Bench) -> str:
    """An apply makes all staged words active, and none before."""
    _stage(bench)
    before = bench.device.identify().generation
    bench.expect("update", "applied", str(update.apply(bench.device)))
    bench.expect("GENERATION", before + 1, bench.device.identify().generation)
    number = bench.expect_parameters(bench.new)
    bench.expect_inferences(bench.new)
    update.revert(bench.device)
    return f"{number} words read back, {len(bench.samples)} samples"


def tick(bench: Bench) -> str:
    """An apply at a tick changes the weights of every layer at that tick of the inference."""
    sample = bench.samples[:1]
    used = int(simulate_network(bench.old, sample).ticks_used[0])
    at = max(1, used // 2)
    wanted = simulate_swap(bench.old, bench.new, sample, at, spikes=True)
    assert wanted.spikes is not None
    _stage(bench)
    seen = 0
    for layer in range(len(bench.old.layers)):
        for probed in (at - 1, at):
            if probed + 1 >= wanted.ticks_used[0]:
                continue
            bench.write(probe_layer=layer, probe_tick=probed)
            got = update.apply_at(bench.device, sample[0], at)
            bench.expect("class", int(wanted.predictions[0]), got.prediction)
            spikes = bench.device.probed(layer)
            different = np.flatnonzero(spikes != wanted.spikes[layer][0, probed])
            if len(different):
                raise Difference(f"layer {layer}, tick {probed}, neuron {different[0]} differs")
            seen += len(spikes)
            update.revert(bench.device)
    return f"tick {at}, {seen} neurons before and after it"


def reverting(bench: Bench) -> str:
    """A revert makes the old words active again."""
    _stage(bench)
    update.apply(bench.device)
    bench.expect("update", "staged", str(update.revert(bench.device)))
    number = bench.expect_parameters(bench.old)
    bench.expect_inferences(bench.old)
    return f"{number} words read back, {len(bench.samples)} samples"


def committing(bench: Bench) -> str:
    """A commit keeps what was applied; the next update starts from there."""
    _stage(bench)
    update.apply(bench.device)
    bench.expect("update", "clean", str(update.commit(bench.device)))
    bench.expect_parameters(bench.new)
    bench.expect_inferences(bench.new)
    update.stage(bench.device, bench.design.device.update, bench.writes(bench.new, bench.old))
    update.apply(bench.device)
    update.commit(bench.device)
    number = bench.expect_parameters(bench.old)
    return f"{number} words, new and old again"


def bad_guard(bench: Bench) -> str:
    """A word with a wrong guard is not loaded; trap 0."""
    words = (0, 0, 1, 0)
    for bit in (0, 13, 31):
        _trapped(bench, _GUARD, partial(_load, bench, words, 1 << bit))
    return "3 guards with one wrong bit"


def bad_address(bench: Bench) -> str:
    """A word for a bank or entry that is not there is not loaded; trap 1."""
    banks = bench.design.device.update.banks
    for bank, entry in ((len(banks), 0), (_ALL, 0), (0, banks[0].entries), (0, _ALL)):
        _trapped(bench, _ADDRESS, partial(_load, bench, (bank, entry, 1, 0), 0))
    return "2 banks and 2 entries that are not there"


def bad_transaction(bench: Bench) -> str:
    """An apply that expects other words is not done; trap 2."""
    _stage(bench)
    before = bench.device.identify().generation
    count, crc = bench.read("EXPECT_COUNT", "EXPECT_CRC")
    for wrong in ((count + 1, crc), (count, crc ^ 1)):
        bench.write(expect_count=wrong[0], expect_crc=wrong[1], apply_tick=0, command=_APPLY)
        bench.expect("update", "staged", str(update.status(bench.device)))
        bench.expect("TRAPS", [_TRANSACTION], bench.read("TRAPS"))
        bench.write(traps=_TRANSACTION)
    bench.expect("GENERATION", before, bench.device.identify().generation)
    update.discard(bench.device)
    return f"{bench.expect_parameters(bench.old)} words unchanged"


def bad_command(bench: Bench) -> str:
    """A command that is unknown, or not allowed now, is not done; trap 3."""
    for code in (0, 6, 99, _ALL, _APPLY, _REVERT):
        _trapped(bench, _COMMAND, partial(bench.write, command=code))
    return "4 unknown commands, 2 not allowed"


def traps(bench: Bench) -> str:
    """Traps stay until they are cleared, each by itself."""
    bench.write(command=99)
    _load(bench, (0, 0, 1, 0), 1)
    bench.device.step(16)
    bench.expect("TRAPS", [_GUARD | _COMMAND], bench.read("TRAPS"))
    bench.write(traps=_COMMAND)
    bench.expect("TRAPS", [_GUARD], bench.read("TRAPS"))
    bench.write(traps=_GUARD)
    bench.expect("TRAPS", [0], bench.read("TRAPS"))
    return "2 set, cleared one by one"


def reset(bench: Bench) -> str:
    """A reset ends the inference, clears traps and drops what is staged; parameters stay."""
    generation = bench.device.identify().generation
    _stage(bench)
    bench.write(command=99, control=1)
    bench.device.reset()
    bench.device.step(8)
    state = bench.device.telemetry()
    bench.expect("busy, done, traps", (False, False, 0), (state.busy, state.done, state.traps))
    bench.device.step(1 << 16)
    bench.expect("update", "clean", str(update.status(bench.device)))
    bench.expect("GENERATION", generation, bench.device.identify().generation)
    number = bench.expect_parameters(bench.old)
    bench.expect_inferences(bench.old)
    return f"{number} words, {len(bench.samples)} samples after it"


def _stage(bench: Bench) -> int:
    writes = bench.writes(bench.old, bench.new)
    update.stage(bench.device, bench.design.device.update, writes)
    return sum(map(len, writes.values()))


def _load(bench: Bench, words: tuple[int, int, int, int], damage: int) -> None:
    guard = zlib.crc32(struct.pack("<4I", *words)) ^ damage
    bank, entry, low, high = words
    bench.write(
        bank_select=bank,
        entry_index=entry,
        data_lo=low,
        data_hi=high,
        guard=guard,
        command=_LOAD,
    )


def _trapped(bench: Bench, trap: int, act: Callable[[], None]) -> None:
    """Check that something sets one trap and does nothing else, and clear it."""
    before = bench.read("LOADED_COUNT", "LOADED_CRC", "GENERATION")
    act()
    bench.device.step(16)
    bench.expect("TRAPS", [trap], bench.read("TRAPS"))
    bench.expect("update", "clean", str(update.status(bench.device)))
    after = bench.read("LOADED_COUNT", "LOADED_CRC", "GENERATION")
    bench.expect("LOADED_COUNT, LOADED_CRC, GENERATION", before, after)
    bench.write(traps=trap)
