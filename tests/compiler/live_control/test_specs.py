"""Specifications of live parameters, their sequences, and what the model makes of these."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from dataclasses import FrozenInstanceError, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.compiler.live_control import (
    LIVE_REGISTERS,
    LiveControlModel,
    MMIORead,
    MMIOUpdateSpec,
    MMIOWrite,
    ParameterBankSpec,
    TrapSpec,
    crc32_update_guard,
    place_banks,
)
from sc_neurocore.exceptions import SCConfigError

from .commands import Command, commands, writes

GAIN = ParameterBankSpec("gain", 0x1000, 4, 10, ("first", "second"))
WIDE = ParameterBankSpec("wide", 0x1010, 2, 40)
SPEC = MMIOUpdateSpec((GAIN, WIDE), traps=TrapSpec(overflow=True, saturation=True))


def test_a_bank_knows_its_place() -> None:
    assert (GAIN.entry_width_bits, GAIN.entry_width_bytes, GAIN.span_bytes) == (32, 4, 16)
    assert (WIDE.entry_width_bits, WIDE.span_bytes, WIDE.end_address_bytes) == (64, 16, 0x1020)
    assert GAIN.end_address_bytes == WIDE.base_address == 0x1010
    assert GAIN.entry_index("second") == GAIN.entry_index(1) == 1
    assert GAIN.entry_address("second") == 0x1004
    assert WIDE.entry_address(1) == 0x1018
    assert SPEC.total_address_space_bytes == 0x20
    assert place_banks({"gain": (4, 10), "wide": (2, 40)}) == (replace(GAIN, parameters=()), WIDE)
    assert place_banks({"a": (3, 1), "b": (1, 33)})[1].base_address == 0x1010


def test_words_are_unsigned_or_in_twos_complement() -> None:
    assert (GAIN.signed_code_min, GAIN.signed_code_max, GAIN.encoded_word_max) == (-512, 511, 1023)
    assert GAIN.normalise_encoded_word(-1) == 1023
    assert GAIN.normalise_encoded_word(-512) == 512
    assert GAIN.normalise_encoded_word(1023) == 1023
    for value in (-513, 1024, True, 1.0):
        with pytest.raises(SCConfigError, match=r"value for bank 'gain' is .*; it must be a whole"):
            GAIN.normalise_encoded_word(value)  # type: ignore[arg-type]


def test_the_registers_are_those_of_a_device() -> None:
    addresses = replace(SPEC, base_address=0x4000_0000).control_register_addresses()
    assert addresses["BANK_SELECT"] == 0x4000_0080
    assert addresses["TRAPS"] == 0x4000_00B8
    assert len(addresses) == len(LIVE_REGISTERS.registers) == 15
    assert SPEC.status_bits() == {
        "busy": 0, "staged": 1, "applied": 2, "pending": 3, "active_half": 4, "read_valid": 5,
    }  # fmt: skip
    assert SPEC.control_bits() == {
        "load": 1, "apply": 2, "revert": 3, "sync": 4, "readback": 5,
    }  # fmt: skip
    assert SPEC.trap_bits() == {
        "guard": 0, "address": 1, "transaction": 2, "command": 3, "overflow": 8, "saturation": 9,
    }  # fmt: skip
    assert (SPEC.has_traps, SPEC.effective_trap_width, SPEC.trap_clear_mask) == (True, 10, 0x30F)
    bare = replace(SPEC, traps=TrapSpec())
    assert (bare.has_traps, bare.effective_trap_width, bare.trap_clear_mask) == (False, 4, 0xF)


@given(words=st.tuples(*[st.integers(0, 0xFFFFFFFF)] * 4))
def test_the_guard_is_the_checksum_of_four_little_endian_words(words: tuple[int, ...]) -> None:
    assert crc32_update_guard(*words) == zlib.crc32(struct.pack("<4I", *words))


def test_an_update_is_five_words_and_a_command() -> None:
    found = SPEC.build_update_sequence("wide", 1, -2)
    assert [(w.register, w.address, w.value) for w in found] == [
        ("BANK_SELECT", 0x80, 1), ("ENTRY_INDEX", 0x84, 1), ("DATA_LO", 0x88, 0xFFFFFFFE),
        ("DATA_HI", 0x8C, 0xFF), ("GUARD", 0x90, SPEC.update_checksum("wide", 1, -2)),
        ("COMMAND", 0x94, 1),
    ]  # fmt: skip
    assert found[4].value == zlib.crc32(bytes.fromhex("0100000001000000feffffffff000000"))


def test_a_whole_update_on_the_model() -> None:
    model = LiveControlModel(SPEC, {"gain": [1, 2, 3, 4], "wide": [5, 6]})
    updates = [("gain", "first", 100), ("wide", 0, -1), ("gain", 3, 7)]
    for update in updates:
        model.execute(SPEC.build_update_sequence(*update))
    assert (model.active("gain"), model.shadow("gain")) == ((1, 2, 3, 4), (100, 2, 3, 7))
    model.execute(SPEC.build_apply_sequence(updates))
    assert (model.active("gain"), model.active("wide")) == ((100, 2, 3, 7), ((1 << 40) - 1, 6))
    assert model.execute(SPEC.build_readback_sequence("wide", 0))[-2:] == [0xFFFFFFFF, 0xFF]
    model.execute(SPEC.build_revert_sequence())
    assert (model.active("gain"), model.generation) == ((1, 2, 3, 4), 2)
    model.execute(SPEC.build_apply_sequence(updates))
    model.execute(SPEC.build_commit_sequence())
    assert model.active("gain") == model.shadow("gain") == (100, 2, 3, 7)
    model.execute(SPEC.build_update_sequence("gain", 1, 9))
    model.execute(SPEC.build_rollback_sequence())
    assert model.active("gain") == model.shadow("gain") == (100, 2, 3, 7)
    assert model.traps == 0


@pytest.mark.parametrize(
    "change",
    [
        lambda w: w[:1] + w[2:],  # a lost write of an entry
        lambda w: [*w[:2], replace(w[2], value=w[2].value ^ 4), *w[3:]],  # a corrupted word
        lambda w: [*w[:2], replace(w[2], address=0x8C), *w[3:]],  # a misdirected word
        lambda w: w[:5],  # a lost command
        lambda w: [*w, w[5]],  # a doubled command
        lambda w: [*w, *w],  # a doubled update
        lambda w: w[6:],  # a lost update
    ],
)
def test_no_fault_between_host_and_registers_is_applied(
    change: Callable[[list[MMIOWrite]], list[MMIOWrite]],
) -> None:
    model = LiveControlModel(SPEC, {"gain": [1, 2, 3, 4]})
    model.execute([*SPEC.build_update_sequence("gain", 3, 512)])
    model.execute(change([*SPEC.build_update_sequence("gain", 1, 100)]))
    model.execute(SPEC.build_apply_sequence([("gain", 3, 512), ("gain", 1, 100)]))
    assert model.active("gain") == (1, 2, 3, 4)
    assert model.traps & 0b0100


def test_an_apply_waits_for_its_tick_and_a_revert_for_the_end() -> None:
    model = LiveControlModel(SPEC)
    update = ("gain", 0, 5)
    model.engine_idle = False
    model.execute(SPEC.build_update_sequence(*update))
    model.execute(SPEC.build_apply_sequence([update], tick=3))
    model.begin_tick(2)
    assert model.active("gain")[0] == 0
    model.execute(SPEC.build_update_sequence("gain", 1, 1))  # not while one is pending
    assert model.traps == 0b1000
    model.begin_tick(3)
    assert model.active("gain")[0] == 5
    assert model.execute(SPEC.build_selective_trap_clear_sequence(0b1000)) == []
    assert model.traps == 0
    with pytest.raises(SCConfigError, match="register UPDATE_STATUS reads 0x1c, and stays so"):
        model.execute(SPEC.build_revert_sequence())
    model.begin_tick(4)
    assert model.active("gain")[0] == 5
    model.engine_idle = True
    assert model.active("gain")[0] == 0


def test_a_reset_drops_what_is_staged_and_keeps_what_is_active() -> None:
    model = LiveControlModel(SPEC)
    model.execute(SPEC.build_update_sequence("gain", 0, 5))
    model.execute(SPEC.build_apply_sequence([("gain", 0, 5)]))
    model.reset()
    assert model.active("gain") == model.shadow("gain") == (5, 0, 0, 0)
    model.execute(SPEC.build_update_sequence("gain", 0, 6))
    model.reset()
    assert (model.active("gain")[0], model.shadow("gain")[0], model.loaded_count) == (5, 5, 0)


@given(given_=st.lists(commands(SPEC), max_size=40))
def test_what_holds_after_any_commands(given_: list[Command]) -> None:
    model = LiveControlModel(SPEC, {"gain": [1, 2, 3, 4]})
    old: tuple[Any, ...] = ()
    for command in given_:
        before = [model.active(bank.name) for bank in SPEC.banks]
        generation, was_applied = model.generation, model.applied
        model.execute(writes(SPEC, model, command))
        now = [model.active(bank.name) for bank in SPEC.banks]
        if model.generation == generation:
            assert now == before
        elif was_applied:
            assert now == list(old)
        else:
            old = tuple(before)
        alike = all(model.active(b.name) == model.shadow(b.name) for b in SPEC.banks)
        assert alike or model.staged or model.applied
        assert not (model.staged and model.applied)
        if command.code == 4:
            assert alike
            assert model.loaded_count == model.loaded_crc == 0


def test_documents_go_both_ways_and_are_read_strictly() -> None:
    document = json.loads(json.dumps(SPEC.to_dict()))
    assert MMIOUpdateSpec.from_dict(document) == SPEC
    with pytest.raises(SCConfigError, match="update has a member 'more'; it may have banks, bus_"):
        MMIOUpdateSpec.from_dict({**document, "more": 1})
    with pytest.raises(SCConfigError, match="bank has no member 'entries', which it must have"):
        bank = {k: v for k, v in document["banks"][0].items() if k != "entries"}
        MMIOUpdateSpec.from_dict({**document, "banks": [bank]})
    with pytest.raises(SCConfigError, match="overflow of the traps is 1; it must be true or false"):
        MMIOUpdateSpec.from_dict({**document, "traps": {"overflow": 1, "saturation": False}})
    with pytest.raises(SCConfigError, match="update is 3; it must be an object"):
        MMIOUpdateSpec.from_dict(3)
    with pytest.raises(FrozenInstanceError):
        SPEC.name = "other"  # type: ignore[misc]


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (
            lambda: MMIOUpdateSpec((GAIN, ParameterBankSpec("other", 0x100C, 1, 1))),
            "banks 'gain' and 'other' overlap: the first ends at 0x1010, the second starts at "
            "0x100c",
        ),
        (lambda: MMIOUpdateSpec((GAIN, GAIN)), "there are two banks named 'gain'"),
        (lambda: MMIOUpdateSpec(()), "banks must be a tuple of 1 to 256 ParameterBankSpec"),
        (
            lambda: MMIOUpdateSpec((GAIN,), "spi"),
            "bus is 'spi'; it must be one of axi_lite, wishbone, pcie_mmio",
        ),
        (
            lambda: MMIOUpdateSpec((GAIN,), base_address=2),
            "base_address is 0x2; make it a multiple of 4",
        ),
        (
            lambda: ParameterBankSpec("gain", 0, 1, 65),
            "bank 'gain': word_bits is 65; it must be a whole number from 1 to 64",
        ),
        (
            lambda: ParameterBankSpec("wide", 4, 1, 64),
            "bank 'wide': base_address is 0x4; it must be a multiple of the 8 bytes of an entry",
        ),
        (
            lambda: ParameterBankSpec("a", 0, 1, 1, ("x", "y")),
            "bank 'a' has 2 names of parameters and 1 entries; name at most one a word",
        ),
        (
            lambda: ParameterBankSpec("a", 0, 2, 1, ("x", "x")),
            "bank 'a': the parameter 'x' is named twice",
        ),
        (
            lambda: SPEC.build_update_sequence("gain", "third", 0),
            "bank 'gain' has no parameter 'third' (first, second); give a name or an index from "
            "0 to 3",
        ),
        (
            lambda: SPEC.build_update_sequence("gain", 4, 0),
            "entry of bank 'gain' is 4; it must be a whole number from 0 to 3",
        ),
        (lambda: SPEC.bank_index("none"), "there is no bank 'none'; there are gain, wide"),
        (
            lambda: SPEC.build_apply_sequence([]),
            "there is nothing to apply; stage at least one word",
        ),
        (
            lambda: SPEC.build_selective_trap_clear_sequence(0x10),
            "trap_mask is 0x10; this design has the traps 0x30f",
        ),
        (lambda: MMIOWrite(2, 0), "address of the write is 0x2; it must be a multiple of 4"),
        (
            lambda: MMIORead(4, until=(1, 2)),
            "the read from 0x4 waits for 0x2 under the mask 0x1, where it can never be seen",
        ),
        (lambda: LiveControlModel(SPEC).read(0x94), "no register can be read at 0x94"),
        (lambda: LiveControlModel(SPEC).write(0x98, 0), "no register can be written at 0x98"),
    ],
)
def test_what_is_not_possible_is_refused(build: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SCConfigError) as found:
        build()
    assert str(found.value) == sentence


def test_the_name_of_a_bus_may_be_written_as_usual() -> None:
    assert MMIOUpdateSpec((GAIN,), "AXI4-Lite").bus_protocol == "axi_lite"
    assert MMIOUpdateSpec((GAIN,), "pcie").bus_protocol == "pcie_mmio"
