"""The live control as it answers a host: registers, halves, traps; without clocks."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence

from sc_neurocore.compiler.live_control._operations import (
    LIVE_REGISTERS,
    WORD,
    MMIOOperation,
    MMIOWrite,
    update_words,
)
from sc_neurocore.compiler.live_control._require import require_whole
from sc_neurocore.compiler.live_control._update import MMIOUpdateSpec
from sc_neurocore.exceptions import SCConfigError

LOAD, APPLY, REVERT, SYNC, READBACK = range(1, 6)
BAD_GUARD, BAD_ADDRESS, BAD_TRANSACTION, BAD_COMMAND = (1 << bit for bit in range(4))


class LiveControlModel:
    """Executes reads and writes of the registers exactly as `sc_live_control` and its banks do.

    A command that needs not wait for the engine is done at once. While the engine is not idle,
    SYNC and READBACK are busy, and APPLY and REVERT pending; `begin_tick` and ``engine_idle``
    say what the engine does. Nothing but `reset` loses a word that is staged.

    Args:
        spec: the banks.
        contents: words of each bank from its first entry on, by name; what is missing is 0.

    Attributes:
        banks: words per entry of half 0 and half 1, by bank.
        generation: applies and reverts so far.
        loaded_count: words staged since the halves were alike.
        loaded_crc: CRC-32 over their 16 bytes each.
        traps: register TRAPS.

    Raises:
        SCConfigError: there is no such bank, or a word does not fit.
    """

    def __init__(
        self, spec: MMIOUpdateSpec, contents: Mapping[str, Sequence[int]] | None = None
    ) -> None:
        self.spec = spec
        self.banks: list[tuple[list[int], list[int]]] = []
        given = dict(contents or {})
        for bank in spec.banks:
            words = [bank.normalise_encoded_word(int(w)) for w in given.pop(bank.name, ())]
            if len(words) > bank.entries:
                raise SCConfigError(
                    f"bank {bank.name!r} has {bank.entries} entries and is given {len(words)} words"
                )
            words += [0] * (bank.entries - len(words))
            self.banks.append((words, list(words)))
        for name in given:
            spec.bank_by_name(name)
        self.generation = self.loaded_count = self.loaded_crc = self.traps = 0
        self.staged = self.applied = False
        self.pending = self.busy = 0  # the command that waits
        self._read: int | None = None
        self._tick = 0
        self._idle = True
        self._registers = {r.name: r.reset for r in LIVE_REGISTERS.registers if r.access == "rw"}
        self._names = {address: n for n, address in spec.control_register_addresses().items()}

    # the engine ---------------------------------------------------------------------------

    @property
    def active_half(self) -> int:
        """The half that the engine reads."""
        return self.generation & 1

    @property
    def engine_idle(self) -> bool:
        """Whether no inference runs; setting it to true ends what waits for that."""
        return self._idle

    @engine_idle.setter
    def engine_idle(self, idle: bool) -> None:
        self._idle = idle
        if idle and self.pending:
            self._swap()
        if idle and self.busy:
            self._transfer()

    def begin_tick(self, tick: int) -> None:
        """Every layer begins a tick of an inference: an apply that waits for it happens."""
        if self.pending and tick == self._tick != 0:
            self._swap()

    def active(self, bank_name: str) -> tuple[int, ...]:
        """The words of a bank that the engine reads."""
        return tuple(self.banks[self.spec.bank_index(bank_name)][self.active_half])

    def shadow(self, bank_name: str) -> tuple[int, ...]:
        """The words of a bank that the host writes."""
        return tuple(self.banks[self.spec.bank_index(bank_name)][1 - self.active_half])

    def reset(self) -> None:
        """The reset input: what is staged is dropped, what is active stays."""
        if self.pending:
            self._swap()
        self._registers = {r.name: r.reset for r in LIVE_REGISTERS.registers if r.access == "rw"}
        self._read, self.busy, self.traps = None, 0, 0
        if self.staged or self.applied:
            self._start(SYNC)

    # the host -----------------------------------------------------------------------------

    def execute(self, operations: Iterable[MMIOOperation]) -> list[int]:
        """Execute operations in order, and return what the reads see.

        Raises:
            SCConfigError: an address has no register of that access, or a read waits for what
                will not happen.
        """
        found = []
        for operation in operations:
            if isinstance(operation, MMIOWrite):
                self.write(operation.address, operation.value)
                continue
            value = self.read(operation.address)
            if operation.until is not None and value & operation.until[0] != operation.until[1]:
                raise SCConfigError(
                    f"register {operation.register} reads {value:#x}, and stays so while the "
                    "engine does what it does now"
                )
            found.append(value)
        return found

    def read(self, address: int) -> int:
        """A register's word.

        Raises:
            SCConfigError: there is none to be read at the address.
        """
        name = self._name(address, "read")
        if name in self._registers:
            return self._registers[name]
        read = 0 if self._read is None else self._read
        shown: dict[str, Callable[[], int]] = {
            "UPDATE_STATUS": self._status,
            "READ_LO": lambda: read & WORD,
            "READ_HI": lambda: read >> 32,
            "LOADED_COUNT": lambda: self.loaded_count & WORD,
            "LOADED_CRC": lambda: self.loaded_crc,
            "TRAPS": lambda: self.traps,
        }
        return shown[name]()

    def write(self, address: int, value: int) -> None:
        """Write a register.

        Raises:
            SCConfigError: there is none to be written at the address, or the value is no word.
        """
        name = self._name(address, "written")
        require_whole(f"value for {name}", value, 0, WORD)
        if name == "COMMAND":
            self._command(value)
        elif name == "TRAPS":
            self.traps &= ~value
        else:
            self._registers[name] = value

    def _name(self, address: int, done: str) -> str:
        name = self._names.get(address)
        register = None if name is None else LIVE_REGISTERS.register(name)
        if register is None or not (register.readable if done == "read" else register.writable):
            raise SCConfigError(f"no register can be {done} at {address:#x}")
        return register.name

    def _status(self) -> int:
        flags = (
            self.busy, self.staged, self.applied, self.pending, self.active_half,
            self._read is not None,
        )  # fmt: skip
        return sum(bool(flag) << bit for bit, flag in enumerate(flags))

    # commands -----------------------------------------------------------------------------

    def _command(self, code: int) -> None:
        if self.busy or self.pending:
            self.traps |= BAD_COMMAND
            return
        self._read = None
        self.traps |= self._refusal(code)
        if self._refusal(code):
            return
        if code == LOAD:
            self._load()
        elif code in (APPLY, REVERT):
            self.pending = code
            self._tick = self._registers["APPLY_TICK"] if code == APPLY else 0
            self.engine_idle = self._idle
        else:
            self._start(code)

    def _refusal(self, code: int) -> int:
        """The trap of a command that is not done, or 0."""
        r = self._registers
        allowed = {
            LOAD: not self.applied, APPLY: self.staged, REVERT: self.applied, SYNC: True,
            READBACK: True,
        }  # fmt: skip
        if not allowed.get(code, False):
            return BAD_COMMAND
        if code in (LOAD, READBACK) and not (
            r["BANK_SELECT"] < len(self.banks)
            and r["ENTRY_INDEX"] < len(self.banks[r["BANK_SELECT"]][0])
        ):
            return BAD_ADDRESS
        if code == LOAD and zlib.crc32(self._words()) != r["GUARD"]:
            return BAD_GUARD
        expected = (r["EXPECT_COUNT"], r["EXPECT_CRC"])
        if code == APPLY and expected != (self.loaded_count, self.loaded_crc):
            return BAD_TRANSACTION
        return 0

    def _words(self) -> bytes:
        r = self._registers
        return update_words(r["BANK_SELECT"], r["ENTRY_INDEX"], r["DATA_LO"], r["DATA_HI"])

    def _load(self) -> None:
        r = self._registers
        kept = self.spec.banks[r["BANK_SELECT"]].encoded_word_max
        word = r["DATA_HI"] << 32 | r["DATA_LO"]
        self.banks[r["BANK_SELECT"]][1 - self.active_half][r["ENTRY_INDEX"]] = word & kept
        self.loaded_count += 1
        self.loaded_crc = zlib.crc32(self._words(), self.loaded_crc)
        self.staged = True

    def _swap(self) -> None:
        self.pending = 0
        self.generation += 1
        self.staged, self.applied = self.applied, self.staged

    def _start(self, code: int) -> None:
        self.busy = code
        self._address = (self._registers["BANK_SELECT"], self._registers["ENTRY_INDEX"])
        self.engine_idle = self._idle

    def _transfer(self) -> None:
        if self.busy == READBACK:
            bank, entry = self._address
            self._read = self.banks[bank][self.active_half][entry]
        else:
            for halves in self.banks:
                halves[1 - self.active_half][:] = halves[self.active_half]
            self.staged = self.applied = False
            self.loaded_count = self.loaded_crc = 0
        self.busy = 0
