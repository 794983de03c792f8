"""The banks of a live design, and the register sequences that update them."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from sc_neurocore.compiler.live_control._bank import (
    ParameterBankSpec,
    TrapSpec,
    require_apart,
    require_name,
)
from sc_neurocore.compiler.live_control._operations import (
    LIVE_REGISTERS,
    WORD,
    MMIOOperation,
    MMIORead,
    MMIOWrite,
    crc32_update_guard,
    update_words,
)
from sc_neurocore.compiler.live_control._require import require_members, require_whole
from sc_neurocore.exceptions import SCConfigError

#: Buses that the registers may be behind.
BUS_PROTOCOLS: tuple[str, ...] = ("axi_lite", "wishbone", "pcie_mmio")
_ALIASES = {"axi4_lite": "axi_lite", "axi": "axi_lite", "pcie": "pcie_mmio"}

#: Bits of a design's own traps.
_USER_TRAPS = {"overflow": 8, "saturation": 9}
_MOST_BANKS = 256

#: A word to be staged: bank, parameter (name or index) and value.
StagedWord = tuple[str, str | int, int]


def _normalise_bus_protocol(protocol: Any) -> str:
    if not isinstance(protocol, str):
        raise SCConfigError(f"bus is {protocol!r}; it must be one of {', '.join(BUS_PROTOCOLS)}")
    name = protocol.strip().lower().replace("-", "_")
    name = _ALIASES.get(name, name)
    if name not in BUS_PROTOCOLS:
        raise SCConfigError(f"bus is {protocol!r}; it must be one of {', '.join(BUS_PROTOCOLS)}")
    return name


@dataclass(frozen=True)
class MMIOUpdateSpec:
    """Banks of live parameters behind the registers of one live control.

    A bank's place in ``banks`` is its index on the bus. `LIVE_REGISTERS` says what the registers
    are; the sequences are operations on them, in order.

    Attributes:
        banks: 1 to 256 banks that do not overlap.
        bus_protocol: ``axi_lite``, ``wishbone`` or ``pcie_mmio``.
        base_address: byte address of the device's register map.
        traps: traps of the design itself.
        name: of the generated module, a Verilog identifier.

    Raises:
        SCConfigError: banks overlap or share a name, or something is not possible.
    """

    banks: tuple[ParameterBankSpec, ...]
    bus_protocol: str = "axi_lite"
    base_address: int = 0
    traps: TrapSpec = field(default_factory=TrapSpec)
    name: str = "live_parameters"

    def __post_init__(self) -> None:
        if not isinstance(self.banks, tuple) or not 1 <= len(self.banks) <= _MOST_BANKS:
            raise SCConfigError(f"banks must be a tuple of 1 to {_MOST_BANKS} ParameterBankSpec")
        for bank in self.banks:
            if not isinstance(bank, ParameterBankSpec):
                raise SCConfigError(f"{bank!r} is no ParameterBankSpec")
        names = [bank.name for bank in self.banks]
        for name in names:
            if names.count(name) > 1:
                raise SCConfigError(f"there are two banks named {name!r}")
        require_apart(self.banks)
        if not isinstance(self.traps, TrapSpec):
            raise SCConfigError(f"{self.traps!r} is no TrapSpec")
        require_name("name of the module", self.name)
        room = 1 << LIVE_REGISTERS.address_bits
        require_whole("base_address", self.base_address, 0, WORD + 1 - room)
        if self.base_address % 4:
            raise SCConfigError(f"base_address is {self.base_address:#x}; make it a multiple of 4")
        object.__setattr__(self, "bus_protocol", _normalise_bus_protocol(self.bus_protocol))

    @property
    def has_traps(self) -> bool:
        """Whether the design itself has a trap."""
        return self.traps.overflow or self.traps.saturation

    @property
    def total_address_space_bytes(self) -> int:
        """Bytes from the start of the first bank to the end of the last."""
        start = min(bank.base_address for bank in self.banks)
        return max(bank.end_address_bytes for bank in self.banks) - start

    # registers ----------------------------------------------------------------------------

    def control_register_addresses(self) -> dict[str, int]:
        """Byte addresses of the live control's registers, by name."""
        return {r.name: self.base_address + r.offset for r in LIVE_REGISTERS.registers}

    def status_bits(self) -> dict[str, int]:
        """Bits of UPDATE_STATUS, by name."""
        return _bits("UPDATE_STATUS")

    def control_bits(self) -> dict[str, int]:
        """Codes to be written to COMMAND, by name."""
        code = LIVE_REGISTERS.register("COMMAND").fields[0]
        return {value.name.lower(): value.number for value in code.values}

    def trap_bits(self) -> dict[str, int]:
        """Bits of TRAPS that this design can set, by name."""
        found = _bits("TRAPS")
        del found["user"]
        return found | {n: bit for n, bit in _USER_TRAPS.items() if getattr(self.traps, n)}

    @property
    def effective_trap_width(self) -> int:
        """Bits of TRAPS up to the highest that can be set."""
        return max(self.trap_bits().values()) + 1

    @property
    def trap_clear_mask(self) -> int:
        """Mask of all traps that can be set."""
        return sum(1 << bit for bit in self.trap_bits().values())

    # banks --------------------------------------------------------------------------------

    def bank_index(self, bank_name: str) -> int:
        """Index of a bank on the bus.

        Raises:
            SCConfigError: there is no such bank.
        """
        return self.banks.index(self.bank_by_name(bank_name))

    def bank_by_name(self, bank_name: str) -> ParameterBankSpec:
        """A bank.

        Raises:
            SCConfigError: there is no such bank.
        """
        for bank in self.banks:
            if bank.name == bank_name:
                return bank
        known = ", ".join(bank.name for bank in self.banks)
        raise SCConfigError(f"there is no bank {bank_name!r}; there are {known}")

    def update_checksum(self, bank_name: str, parameter: str | int, encoded_value: int) -> int:
        """The guard of one word to be staged.

        Raises:
            SCConfigError: there is no such bank or entry, or the value does not fit.
        """
        return crc32_update_guard(*self._words(bank_name, parameter, encoded_value))

    def transaction_checksum(self, updates: Iterable[StagedWord]) -> tuple[int, int]:
        """Count and CRC-32 of words that are staged in this order: what an apply has to expect.

        Raises:
            SCConfigError: there is no such bank or entry, or a value does not fit.
        """
        count = crc = 0
        for update in updates:
            crc = zlib.crc32(update_words(*self._words(*update)), crc)
            count += 1
        return count, crc

    def _words(self, bank_name: str, parameter: str | int, value: int) -> tuple[int, int, int, int]:
        bank = self.bank_by_name(bank_name)
        word = bank.normalise_encoded_word(value)
        entry = bank.entry_index(parameter)
        return self.bank_index(bank_name), entry, word & WORD, word >> 32

    # sequences ----------------------------------------------------------------------------

    def _write(self, register: str, value: int) -> MMIOWrite:
        return MMIOWrite(self.control_register_addresses()[register], value, register)

    def _command(self, name: str) -> MMIOWrite:
        return self._write("COMMAND", self.control_bits()[name])

    def _read(self, register: str) -> MMIORead:
        return MMIORead(self.control_register_addresses()[register], register)

    def _wait(self, **bits: bool) -> MMIORead:
        """A read of UPDATE_STATUS until some of its bits have given values."""
        place = self.status_bits()
        mask = sum(1 << place[name] for name in bits)
        value = sum(1 << place[name] for name, high in bits.items() if high)
        address = self.control_register_addresses()["UPDATE_STATUS"]
        return MMIORead(address, "UPDATE_STATUS", (mask, value))

    def build_update_sequence(
        self, bank_name: str, parameter: str | int, encoded_value: int
    ) -> tuple[MMIOWrite, ...]:
        """Stage one word in the shadow; nothing that runs sees it before an apply.

        The hardware takes it only if all five words before the command arrived as they are here.

        Raises:
            SCConfigError: there is no such bank or entry, or the value does not fit.
        """
        words = self._words(bank_name, parameter, encoded_value)
        names = ("BANK_SELECT", "ENTRY_INDEX", "DATA_LO", "DATA_HI", "GUARD")
        values = (*words, crc32_update_guard(*words))
        writes = [self._write(name, value) for name, value in zip(names, values, strict=True)]
        return (*writes, self._command("load"))

    def build_apply_sequence(
        self, updates: Iterable[StagedWord], tick: int = 0
    ) -> tuple[MMIOWrite, ...]:
        """Make all staged words active at once.

        The hardware does it only if exactly these words were staged, in this order, since shadow
        and active half were alike.

        Args:
            updates: the words that were staged.
            tick: of an inference, from 1 on, at which they become active; 0 is in between.

        Raises:
            SCConfigError: there are none, or one is not possible.
        """
        count, crc = self.transaction_checksum(updates)
        if not count:
            raise SCConfigError("there is nothing to apply; stage at least one word")
        require_whole("tick", tick, 0, WORD)
        return (
            self._write("EXPECT_COUNT", count),
            self._write("EXPECT_CRC", crc),
            self._write("APPLY_TICK", tick),
            self._command("apply"),
        )

    def build_revert_sequence(self) -> tuple[MMIOOperation, ...]:
        """Take an apply back, and wait until the engine was idle and has the old words."""
        return (self._command("revert"), self._wait(busy=False, pending=False))

    def build_commit_sequence(self) -> tuple[MMIOOperation, ...]:
        """Keep what was applied: copy active to shadow, after which there is no way back."""
        return self._sync()

    def build_rollback_sequence(self) -> tuple[MMIOOperation, ...]:
        """Drop what is staged: copy active to shadow, and wait until they are alike."""
        return self._sync()

    def _sync(self) -> tuple[MMIOOperation, ...]:
        done = self._wait(busy=False, pending=False, staged=False, applied=False)
        return (self._command("sync"), done)

    def build_readback_sequence(
        self, bank_name: str, parameter: str | int
    ) -> tuple[MMIOOperation, ...]:
        """Read one active entry; the last two reads are its lower and upper 32 bits.

        Raises:
            SCConfigError: there is no such bank or entry.
        """
        return (
            self._write("BANK_SELECT", self.bank_index(bank_name)),
            self._write("ENTRY_INDEX", self.bank_by_name(bank_name).entry_index(parameter)),
            self._command("readback"),
            self._wait(busy=False, read_valid=True),
            self._read("READ_LO"),
            self._read("READ_HI"),
        )

    def build_selective_trap_clear_sequence(self, trap_mask: int) -> tuple[MMIOWrite, ...]:
        """Clear some traps.

        Raises:
            SCConfigError: the mask has a bit that this design never sets, or none.
        """
        require_whole("trap_mask", trap_mask, 1, WORD)
        if trap_mask & ~self.trap_clear_mask:
            raise SCConfigError(
                f"trap_mask is {trap_mask:#x}; this design has the traps {self.trap_clear_mask:#x}"
            )
        return (self._write("TRAPS", trap_mask),)

    def build_trap_clear_sequence(self) -> tuple[MMIOWrite, ...]:
        """Clear all traps."""
        return self.build_selective_trap_clear_sequence(self.trap_clear_mask)

    # documents ----------------------------------------------------------------------------

    def to_dict(self) -> dict[str, Any]:
        """The contract as JSON values."""
        return {
            "name": self.name, "bus_protocol": self.bus_protocol,
            "base_address": self.base_address, "traps": self.traps.to_dict(),
            "banks": [bank.to_dict() for bank in self.banks],
        }  # fmt: skip

    @classmethod
    def from_dict(cls, payload: Any) -> MMIOUpdateSpec:
        """A contract of JSON values.

        Raises:
            SCConfigError: a member is unknown, missing or not possible.
        """
        found = dict(require_members("update", payload, [f.name for f in fields(cls)]))
        if not isinstance(found["banks"], list):
            raise SCConfigError("the banks of an update must be a list")
        found["banks"] = tuple(ParameterBankSpec.from_dict(bank) for bank in found["banks"])
        found["traps"] = TrapSpec.from_dict(found["traps"])
        return cls(**found)


def _bits(register: str) -> dict[str, int]:
    return {f.name.lower(): f.low for f in LIVE_REGISTERS.register(register).fields}
