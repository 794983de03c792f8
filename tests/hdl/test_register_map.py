"""Register maps: what is refused, documents, and the map of the live device."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers import Field, Register, RegisterMap, Value, device_registers

from .maps import SMALL, random_map

#: The pinned offsets and accesses, by hand.
DEVICE = """
00 ID ro / 04 MAP_VERSION ro / 08 DIGEST0 ro / 0c DIGEST1 ro / 10 DIGEST2 ro / 14 DIGEST3 ro /
18 SCRATCH rw / 1c CONTROL wo / 20 STATUS ro / 24 LEVEL wo / 28 CLASS ro / 2c CLOCKS ro /
30 INFERENCES ro / 34 GENERATION ro / 38 INPUT_COUNT ro / 3c INPUT_CRC ro / 80 BANK_SELECT rw /
84 ENTRY_INDEX rw / 88 DATA_LO rw / 8c DATA_HI rw / 90 GUARD rw / 94 COMMAND wo /
98 UPDATE_STATUS ro / 9c READ_LO ro / a0 READ_HI ro / a4 LOADED_COUNT ro / a8 LOADED_CRC ro /
ac EXPECT_COUNT rw / b0 EXPECT_CRC rw / b4 APPLY_TICK rw / b8 TRAPS w1c / c0 PROBE_LAYER rw /
c4 PROBE_TICK rw / c8 PROBE_INDEX rw / cc PROBE_DATA ro / 100 SPIKES_0 ro / 104 SPIKES_1 ro
"""


def test_the_device_has_the_pinned_registers() -> None:
    found = [(r.offset, r.name, r.access) for r in device_registers(2).registers]
    lines = (line.split() for line in DEVICE.replace("\n", " ").split("/"))
    assert found == [(int(offset, 16), name, access) for offset, name, access in lines]
    device = device_registers(2)
    assert (device.name, device.address_bits, device.data_bits) == ("device", 12, 32)
    assert device.register("ID").reset.to_bytes(4, "big") == b"SCNC"
    codes = {v.name: v.number for v in device.register("COMMAND").field("CODE").values}
    assert codes == {"LOAD": 1, "APPLY": 2, "REVERT": 3, "SYNC": 4, "READBACK": 5}
    bits = {f.name: f.low for f in device.register("UPDATE_STATUS").fields}
    assert list(bits) == ["BUSY", "STAGED", "APPLIED", "PENDING", "ACTIVE_HALF", "READ_VALID"]
    assert list(bits.values()) == list(range(6))
    assert {f.name: f.mask for f in device.register("TRAPS").fields} == {
        "GUARD": 1, "ADDRESS": 2, "TRANSACTION": 4, "COMMAND": 8, "USER": 0xFFFFFF00,
    }  # fmt: skip


def test_the_device_has_room_for_960_layers() -> None:
    assert device_registers(960).registers[-1].offset == 0xFFC
    for layers in (0, 961, True, 1.0):
        with pytest.raises(SCConfigError, match=r"layers is .*; it must be a whole number from 1"):
            device_registers(layers)  # type: ignore[arg-type]


@pytest.mark.parametrize("registers", [SMALL, device_registers(3)], ids=lambda m: m.name)
def test_a_map_survives_its_document(registers: RegisterMap) -> None:
    assert RegisterMap.from_dict(json.loads(json.dumps(registers.to_dict()))) == registers


@given(st.integers(0, 2**32), st.sampled_from([32, 64]))
def test_any_map_survives_its_document(seed: int, data_bits: int) -> None:
    registers = random_map(seed, data_bits)
    assert RegisterMap.from_dict(json.loads(json.dumps(registers.to_dict()))) == registers


def test_a_document_leaves_defaults_out() -> None:
    registers = RegisterMap("one", (Register("A", 0, "rw"),))
    assert registers.to_dict() == {
        "name": "one", "registers": [{"name": "A", "offset": 0, "access": "rw"}],
    }  # fmt: skip


def _with(*fields: Field, reset: int = 0, access: str = "rw") -> RegisterMap:
    return RegisterMap("m", (Register("R", 0, access, reset, "", fields),))  # type: ignore[arg-type]


def _named(*names: str) -> RegisterMap:
    return RegisterMap("m", tuple(Register(n, 4 * k, "rw") for k, n in enumerate(names)))


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: RegisterMap("M", ()), "register map 'M': name 'M' must be up to 48 lower-case"),
        (lambda: RegisterMap("m", ()), "registers must be a tuple of at least one Register"),
        (lambda: RegisterMap("m", [1]), "registers must be a tuple of at least one Register"),  # type: ignore[arg-type]
        (lambda: RegisterMap("m", (1,)), "1 is no Register"),  # type: ignore[arg-type]
        (lambda: replace(SMALL, data_bits=16), "data_bits is 16; it must be 32 or 64"),
        (lambda: replace(SMALL, address_bits=2), "address_bits is 2; it must be a whole number"),
        (lambda: replace(SMALL, address_bits=5), "offset is 32; it must be a whole number from 0"),
        (lambda: replace(SMALL, meaning="a\nb"), "must be text on one line"),
        (lambda: replace(SMALL, meaning="a */"), "contains */, which would end a comment"),
        (lambda: _named("lower"), "name 'lower' must be up to 48 upper-case letters"),
        (lambda: _named("A__B"), "name 'A__B' must be"),
        (lambda: _named("A_"), "name 'A_' must be"),
        (lambda: _named("É"), "name 'É' must be"),
        (lambda: _named("A", "A"), "the Verilog name 'a' is used twice"),
        (lambda: _named("A", "AT_A"), "the Verilog name 'at_a' is used twice"),
        (
            lambda: RegisterMap("m", (Register("A", 0, "wo"), Register("A_DATA", 4, "ro"))),
            "the Verilog name 'a_data' is used twice",
        ),
        (lambda: _named("RST_N"), "its port would be 'rst_n', which the clock or the bus has"),
        (lambda: _named("WB_DAT_I"), "its port would be 'wb_dat_i'"),
        (lambda: _named("WRITE"), "its port would be 'write'"),
        (
            lambda: RegisterMap("m", (Register("A", 4, "rw"), Register("B", 4, "rw"))),
            "register B at 0x4 must lie above A at 0x4; order registers by offset",
        ),
        (lambda: RegisterMap("m", (Register("A", 2, "rw"),)), "must be a multiple of 4 bytes"),
        (lambda: RegisterMap("m", (Register("A", -4, "rw"),)), "offset is -4; it must be"),
        (lambda: _with(access="w"), "access is 'w'; it must be ro, rw, wo, w1c"),
        (lambda: _with(reset=1 << 32), "reset is 4294967296; it must be a whole number from 0"),
        (lambda: _with(reset=1, access="w1c"), "reset is 0x1; a w1c register starts at zero"),
        (lambda: _with(Field("F", 0, 2), reset=4), "reset 0x4 sets bits that are in no field"),
        (lambda: _with(Field("F", 32, 1)), "field 'F': low is 32; it must be a whole number from"),
        (lambda: _with(Field("F", 30, 3)), "width is 3; it must be a whole number from 1 to 2"),
        (lambda: _with(Field("F", 0, 0)), "width is 0; it must be a whole number from 1 to 32"),
        (
            lambda: _with(Field("F", 0, 2), Field("G", 1, 2)),
            "field 'G': it shares bits with another field",
        ),
        (lambda: _with(Field("F", 0, 1), Field("F", 1, 1)), "the field 'F' is used twice"),
        (
            lambda: _with(Field("F", 0, 1, values=(Value("V", 2),))),
            "value 'V': number is 2; it must be a whole number from 0 to 1",
        ),
        (
            lambda: _with(Field("F", 0, 1, values=(Value("V", 1), Value("W", 1)))),
            "the number '1' is used twice",
        ),
        (
            lambda: _with(Field("F", 0, 1, values=(Value("MASK", 1),))),
            "the symbol 'R_F_MASK' is used twice",
        ),
        (lambda: SMALL.register("NO"), "there is no register 'NO'; there are VERSION, LEVEL, GO"),
        (lambda: SMALL.register("GO").field("NO"), "there is no field 'NO'; there are NOW, HOW"),
        (lambda: SMALL.register("WORD").field("NO"), "there is no field 'NO'; it has none"),
        (lambda: RegisterMap.from_dict([]), "register map is []; it must be an object"),
        (lambda: RegisterMap.from_dict({"name": "m"}), "register map has no member 'registers'"),
        (
            lambda: RegisterMap.from_dict({"name": "m", "registers": {}}),
            "register map: 'registers' is {}; it must be a list",
        ),
        (
            lambda: RegisterMap.from_dict({"name": "m", "registers": [{"size": 1}]}),
            "register map, registers[0] has a member 'size'; it may have name, offset, access",
        ),
    ],
)
def test_what_is_not_possible_is_refused(build: Callable[[], object], sentence: str) -> None:
    with pytest.raises(SCConfigError, match=re.escape(sentence)) as caught:
        build()
    assert "\n" not in str(caught.value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["name", "registers", "offset", "access", "fields", "x"]), inner
            )
        ),
        max_leaves=20,
    )
)
def test_any_json_is_a_map_or_refused(document: object) -> None:
    try:
        RegisterMap.from_dict(document)
    except SCConfigError as error:
        assert "\n" not in str(error)
