"""What a bank of live parameters holds, and which traps a design has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise
from typing import Any

from sc_neurocore.compiler.live_control._operations import WORD
from sc_neurocore.compiler.live_control._require import require_members, require_whole
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.toolchain._keywords import KEYWORDS

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")


def require_name(place: str, name: Any) -> str:
    """A Verilog identifier.

    Raises:
        SCConfigError: it is none.
    """
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in KEYWORDS:
        raise SCConfigError(
            f"{place} is {name!r}; it must be a Verilog identifier: up to 64 letters, digits and "
            "'_', not starting with a digit, and no keyword"
        )
    return name


@dataclass(frozen=True)
class TrapSpec:
    """Traps of the design itself, besides those of the live control.

    Attributes:
        overflow: a trap tells of overflow.
        saturation: a trap tells of saturation.

    Raises:
        SCConfigError: one is no truth value.
    """

    overflow: bool = False
    saturation: bool = False

    def __post_init__(self) -> None:
        for attribute in fields(self):
            value = getattr(self, attribute.name)
            if not isinstance(value, bool):
                raise SCConfigError(
                    f"{attribute.name} of the traps is {value!r}; it must be true or false"
                )

    def to_dict(self) -> dict[str, Any]:
        """The traps as JSON values."""
        return {"overflow": self.overflow, "saturation": self.saturation}

    @classmethod
    def from_dict(cls, payload: Any) -> TrapSpec:
        """Traps of JSON values.

        Raises:
            SCConfigError: a member is unknown, missing or of another type.
        """
        return cls(**require_members("traps", payload, [f.name for f in fields(cls)]))


@dataclass(frozen=True)
class ParameterBankSpec:
    """A bank of parameters that can be written while the design runs.

    Attributes:
        name: a Verilog identifier.
        base_address: byte address of its first entry, among the addresses of all banks. It
            identifies an entry (`entry_address`); on the bus an entry is chosen by bank and index.
        entries: number of entries.
        word_bits: bits of an entry that the hardware keeps, 1 to 64.
        parameters: names of the entries from the first on, or none.

    Raises:
        SCConfigError: a name, address, number or width is not possible.
    """

    name: str
    base_address: int
    entries: int
    word_bits: int
    parameters: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        place = f"bank {require_name('name of a bank', self.name)!r}"
        require_whole(f"{place}: base_address", self.base_address, 0, WORD)
        require_whole(f"{place}: entries", self.entries, 1, WORD)
        require_whole(f"{place}: word_bits", self.word_bits, 1, 64)
        if not isinstance(self.parameters, tuple):
            raise SCConfigError(f"{place}: parameters must be a tuple of names")
        for name in self.parameters:
            require_name(f"{place}: name of a parameter", name)
        if len(set(self.parameters)) != len(self.parameters):
            twice = next(n for n in self.parameters if self.parameters.count(n) > 1)
            raise SCConfigError(f"{place}: the parameter {twice!r} is named twice")
        if len(self.parameters) > self.entries:
            raise SCConfigError(
                f"{place} has {len(self.parameters)} names of parameters and {self.entries} "
                "entries; name at most one a word"
            )
        if self.base_address % self.entry_width_bytes:
            raise SCConfigError(
                f"{place}: base_address is {self.base_address:#x}; it must be a multiple of the "
                f"{self.entry_width_bytes} bytes of an entry"
            )
        if self.end_address_bytes > WORD + 1:
            raise SCConfigError(f"{place} ends at {self.end_address_bytes:#x}, beyond 32 bits")

    @property
    def entry_width_bits(self) -> int:
        """Bits that an entry takes among the addresses: 32, or 64 if it has more."""
        return 32 if self.word_bits <= 32 else 64

    @property
    def entry_width_bytes(self) -> int:
        """Bytes that an entry takes."""
        return self.entry_width_bits // 8

    @property
    def span_bytes(self) -> int:
        """Bytes from the start of the bank to its end."""
        return self.entries * self.entry_width_bytes

    @property
    def end_address_bytes(self) -> int:
        """First byte address beyond the bank."""
        return self.base_address + self.span_bytes

    @property
    def encoded_word_max(self) -> int:
        """Largest unsigned word of an entry."""
        return (1 << self.word_bits) - 1

    @property
    def signed_code_min(self) -> int:
        """Smallest two's complement code that `normalise_encoded_word` takes."""
        return -(1 << (self.word_bits - 1))

    @property
    def signed_code_max(self) -> int:
        """Largest two's complement code."""
        return (1 << (self.word_bits - 1)) - 1

    def normalise_encoded_word(self, value: int) -> int:
        """The unsigned word of an entry, of an unsigned word or a signed code.

        Raises:
            SCConfigError: it does not fit.
        """
        place = f"value for bank {self.name!r}"
        whole = require_whole(place, value, self.signed_code_min, self.encoded_word_max)
        return whole & self.encoded_word_max

    def entry_index(self, parameter: str | int) -> int:
        """Index of an entry, of its name or index.

        Raises:
            SCConfigError: there is no such entry.
        """
        if isinstance(parameter, str):
            if parameter not in self.parameters:
                known = ", ".join(self.parameters[:8]) or "no entry has a name"
                raise SCConfigError(
                    f"bank {self.name!r} has no parameter {parameter!r} ({known}); give a name or "
                    f"an index from 0 to {self.entries - 1}"
                )
            return self.parameters.index(parameter)
        return require_whole(f"entry of bank {self.name!r}", parameter, 0, self.entries - 1)

    def entry_address(self, parameter: str | int) -> int:
        """Byte address of an entry.

        Raises:
            SCConfigError: there is no such entry.
        """
        return self.base_address + self.entry_index(parameter) * self.entry_width_bytes

    def to_dict(self) -> dict[str, Any]:
        """The bank as JSON values."""
        return {
            "name": self.name, "base_address": self.base_address, "entries": self.entries,
            "word_bits": self.word_bits, "parameters": list(self.parameters),
        }  # fmt: skip

    @classmethod
    def from_dict(cls, payload: Any) -> ParameterBankSpec:
        """A bank of JSON values.

        Raises:
            SCConfigError: a member is unknown, missing or not possible.
        """
        found = dict(require_members("bank", payload, [f.name for f in fields(cls)]))
        if not isinstance(found["parameters"], list):
            raise SCConfigError("the parameters of a bank must be a list of names")
        return cls(**{**found, "parameters": tuple(found["parameters"])})


def require_apart(banks: Iterable[ParameterBankSpec]) -> None:
    """That no two banks overlap.

    Raises:
        SCConfigError: two do.
    """
    placed = sorted(banks, key=lambda bank: bank.base_address)
    for one, other in pairwise(placed):
        if other.base_address < one.end_address_bytes:
            raise SCConfigError(
                f"banks {one.name!r} and {other.name!r} overlap: the first ends at "
                f"{one.end_address_bytes:#x}, the second starts at {other.base_address:#x}"
            )


def place_banks(
    sizes: Mapping[str, tuple[int, int]], base_address: int = 0x1000
) -> tuple[ParameterBankSpec, ...]:
    """Banks one behind the other.

    Args:
        sizes: entries and bits of an entry, by name of the bank.
        base_address: where the first one starts.

    Raises:
        SCConfigError: a name, number or width is not possible.
    """
    found: list[ParameterBankSpec] = []
    at = base_address
    for name, (entries, word_bits) in sizes.items():
        found.append(ParameterBankSpec(name, -(-at // 8) * 8, entries, word_bits))
        at = found[-1].end_address_bytes
    return tuple(found)
