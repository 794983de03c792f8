"""Registers behind a bus, described as data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NoReturn

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.toolchain._keywords import KEYWORDS

Access = Literal["ro", "rw", "wo", "w1c"]
#: How software and hardware share a register, by access.
ACCESSES: dict[str, str] = {
    "ro": "driven by the hardware; reading only",
    "rw": "stored; the hardware sees its value",
    "wo": "each write is a strobe to the hardware; reading is an error",
    "w1c": "set by the hardware, bit by bit; writing a one clears the bit",
}
#: Words of a bus, in bits.
DATA_BITS = (32, 64)

_UPPER = re.compile(r"[A-Z](_?[A-Z0-9])*")
_LOWER = re.compile(r"[a-z](_?[a-z0-9])*")
_LONGEST = 48
#: What the writers of RTL use themselves.
_TAKEN = frozenset(
    ["clk", "rst_n", "slave", "write", "write_address", "write_data", "write_mask"]
    + ["write_error", "write_whole", "read_address", "read_data", "read_error"]
)
_PREFIXES = ("s_axi_", "wb_", "formal_")


def _refuse(place: str, sentence: str) -> NoReturn:
    raise SCConfigError(f"{place}: {sentence}")


def _whole(place: str, what: str, value: Any, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        _refuse(place, f"{what} is {value!r}; it must be a whole number from {low} to {high}")


def _named(place: str, name: Any, pattern: re.Pattern[str], letters: str) -> None:
    if not isinstance(name, str) or len(name) > _LONGEST or not pattern.fullmatch(name):
        _refuse(
            place,
            f"name {name!r} must be up to {_LONGEST} {letters} letters and digits, in words joined "
            "by single '_', and start with a letter",
        )


def _means(place: str, meaning: Any) -> None:
    if not isinstance(meaning, str) or not meaning.isprintable():
        _refuse(place, f"meaning {meaning!r} must be text on one line")
    for mark in ("\\", "*/", '"'):
        if mark in meaning:
            _refuse(place, f"meaning {meaning!r} contains {mark}, which would end a comment")


def _once(place: str, what: str, names: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            _refuse(place, f"{what} {name!r} is used twice")
        seen.add(name)


@dataclass(frozen=True)
class Value:
    """A number that a field may hold, and its name.

    Attributes:
        name: in upper case.
        number: the number.
        meaning: one line.
    """

    name: str
    number: int
    meaning: str = ""


@dataclass(frozen=True)
class Field:
    """Some neighbouring bits of a register.

    Attributes:
        name: in upper case.
        low: its lowest bit.
        width: its bits.
        meaning: one line.
        values: the numbers that have a name; any other may be there, too.
    """

    name: str
    low: int
    width: int
    meaning: str = ""
    values: tuple[Value, ...] = ()

    @property
    def mask(self) -> int:
        """Its bits in the register."""
        return ((1 << self.width) - 1) << self.low


@dataclass(frozen=True)
class Register:
    """A word of a register map.

    Attributes:
        name: in upper case; its ports have it in lower case.
        offset: its byte address in the map.
        access: ``ro``, ``rw``, ``wo`` or ``w1c`` (see `ACCESSES`).
        reset: an ``rw`` register's value after a reset; of an ``ro`` register that never changes,
            its value; zero for the others.
        meaning: one line.
        fields: what its bits are; none means one number of all bits. A bit of no field is
            reserved: it reads as zero, and what is written to it is ignored.
    """

    name: str
    offset: int
    access: Access
    reset: int = 0
    meaning: str = ""
    fields: tuple[Field, ...] = ()

    @property
    def readable(self) -> bool:
        """Whether software may read it."""
        return self.access != "wo"

    @property
    def writable(self) -> bool:
        """Whether software may write it."""
        return self.access != "ro"

    @property
    def port(self) -> str:
        """Its name in Verilog: in lower case, and with a ``_`` if that is a keyword."""
        stem = self.name.lower()
        return f"{stem}_" if stem in KEYWORDS else stem

    @property
    def resets(self) -> bool:
        """Whether its value after a reset is known."""
        return self.access in ("rw", "w1c") or self.reset != 0

    def field(self, name: str) -> Field:
        """The field of that name.

        Raises:
            SCConfigError: there is none.
        """
        for field in self.fields:
            if field.name == name:
                return field
        _refuse(f"register {self.name}", f"there is no field {name!r}; {_choice(self.fields)}")

    def mask(self, data_bits: int) -> int:
        """Its bits that are not reserved."""
        if not self.fields:
            return (1 << data_bits) - 1
        return sum(field.mask for field in self.fields)


def _choice(items: Iterable[Field | Register]) -> str:
    names = [item.name for item in items]
    return f"there are {', '.join(names)}" if names else "it has none"


@dataclass(frozen=True)
class RegisterMap:
    """Registers behind one slave port of a bus.

    Attributes:
        name: in lower case; the RTL module is ``<name>_registers``.
        registers: in order of their offsets.
        address_bits: bits of a byte address at the port.
        data_bits: bits of a word, 32 or 64.
        meaning: one line.

    Raises:
        SCConfigError: a name, offset, field or value is not possible, or two collide.
    """

    name: str
    registers: tuple[Register, ...]
    address_bits: int = 12
    data_bits: int = 32
    meaning: str = ""

    def __post_init__(self) -> None:
        place = f"register map {self.name!r}"
        _named(place, self.name, _LOWER, "lower-case")
        _means(place, self.meaning)
        if self.data_bits not in DATA_BITS or isinstance(self.data_bits, bool):
            _refuse(place, f"data_bits is {self.data_bits!r}; it must be 32 or 64")
        _whole(place, "address_bits", self.address_bits, self.word_bytes.bit_length(), 32)
        if not isinstance(self.registers, tuple) or not self.registers:
            _refuse(place, "registers must be a tuple of at least one Register")
        for register in self.registers:
            if not isinstance(register, Register):
                _refuse(place, f"{register!r} is no Register")
            _check_register(register, self)
        for before, after in zip(self.registers, self.registers[1:], strict=False):
            if after.offset <= before.offset:
                _refuse(
                    place,
                    f"register {after.name} at {after.offset:#x} must lie above {before.name} at "
                    f"{before.offset:#x}; order registers by offset, one to a word",
                )
        names = [n for r in self.registers for n in (r.port, f"at_{r.port}", *_extra_ports(r))]
        _once(place, "the Verilog name", names)
        _once(place, "the symbol", (name for name, _ in self.symbols()))

    @property
    def word_bytes(self) -> int:
        """Bytes of a word."""
        return self.data_bits // 8

    @cached_property
    def _by_name(self) -> dict[str, Register]:
        return {register.name: register for register in self.registers}

    def register(self, name: str) -> Register:
        """The register of that name.

        Raises:
            SCConfigError: there is none.
        """
        if name not in self._by_name:
            _refuse(
                f"register map {self.name!r}",
                f"there is no register {name!r}; {_choice(self.registers)}",
            )
        return self._by_name[name]

    def symbols(self) -> Iterator[tuple[str, int]]:
        """Names and numbers that software needs, the same in every language.

        A register ``R`` has ``R_OFFSET``, and ``R_RESET`` if it has a reset value; its field ``F``
        has ``R_F_LOW``, ``R_F_WIDTH``, ``R_F_MASK`` and each value ``V`` of it ``R_F_V``.
        """
        for register in self.registers:
            yield f"{register.name}_OFFSET", register.offset
            if register.resets:
                yield f"{register.name}_RESET", register.reset
            for field in register.fields:
                stem = f"{register.name}_{field.name}"
                yield f"{stem}_LOW", field.low
                yield f"{stem}_WIDTH", field.width
                yield f"{stem}_MASK", field.mask
                for value in field.values:
                    yield f"{stem}_{value.name}", value.number

    def to_dict(self) -> dict[str, Any]:
        """The map as JSON values; what has its default is left out."""
        from sc_neurocore.hdl.registers._document import map_to_dict

        return map_to_dict(self)

    @classmethod
    def from_dict(cls, document: Any) -> RegisterMap:
        """The map of such a document.

        Raises:
            SCConfigError: a key is unknown or missing, or a value is not possible.
        """
        from sc_neurocore.hdl.registers._document import map_from_dict

        return map_from_dict(document)


def _extra_ports(register: Register) -> tuple[str, ...]:
    """Ports that a register has besides, or instead of, the one that is named like it."""
    port = register.port
    return {"wo": (f"{port}_write", f"{port}_data"), "w1c": (f"{port}_set",)}.get(
        register.access, ()
    )


def _check_register(register: Register, owner: RegisterMap) -> None:
    place = f"register map {owner.name!r}, register {register.name!r}"
    _named(place, register.name, _UPPER, "upper-case")
    _means(place, register.meaning)
    port = register.port
    if port in _TAKEN or port.startswith(_PREFIXES):
        _refuse(place, f"its port would be {port!r}, which the clock or the bus has; rename it")
    if register.access not in ACCESSES:
        _refuse(place, f"access is {register.access!r}; it must be {', '.join(ACCESSES)}")
    _whole(place, "offset", register.offset, 0, (1 << owner.address_bits) - owner.word_bytes)
    if register.offset % owner.word_bytes:
        _refuse(
            place, f"offset {register.offset:#x} must be a multiple of {owner.word_bytes} bytes"
        )
    _whole(place, "reset", register.reset, 0, (1 << owner.data_bits) - 1)
    if register.reset and register.access in ("wo", "w1c"):
        _refuse(place, f"reset is {register.reset:#x}; a {register.access} register starts at zero")
    taken = 0
    for field in register.fields:
        _check_field(field, owner, f"{place}, field {field.name!r}")
        if taken & field.mask:
            _refuse(f"{place}, field {field.name!r}", "it shares bits with another field")
        taken |= field.mask
    _once(place, "the field", (field.name for field in register.fields))
    if register.reset & ~register.mask(owner.data_bits):
        _refuse(place, f"reset {register.reset:#x} sets bits that are in no field")


def _check_field(field: Field, owner: RegisterMap, place: str) -> None:
    _named(place, field.name, _UPPER, "upper-case")
    _means(place, field.meaning)
    _whole(place, "low", field.low, 0, owner.data_bits - 1)
    _whole(place, "width", field.width, 1, owner.data_bits - field.low)
    for value in field.values:
        _named(f"{place}, value {value.name!r}", value.name, _UPPER, "upper-case")
        _means(f"{place}, value {value.name!r}", value.meaning)
        _whole(f"{place}, value {value.name!r}", "number", value.number, 0, (1 << field.width) - 1)
    _once(place, "the value", (value.name for value in field.values))
    _once(place, "the number", (str(value.number) for value in field.values))
