"""What is claimed of the registers behind a bus for all time.

The claims are stated from the register map and the ports of the bus, not from the RTL: what the
bus has asked for is followed at its ports, by ``checkers/registers_<bus>.sv``, and each register
must then do what its access says.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from importlib import resources

from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.formal._block import _CLAIM, _PREFIX
from sc_neurocore.formal._property import Property, PropertySet
from sc_neurocore.formal._prove import ProofResult, Stage, prove
from sc_neurocore.hdl.registers import BUSES, Register, RegisterMap, write_register_rtl

_FOLDER = resources.files("sc_neurocore.formal") / "checkers"
_Claim = tuple[str, str, str]


def register_properties(registers: RegisterMap, bus: str) -> PropertySet:
    """Assertions for the module ``<name>_registers`` of a map, behind a bus.

    Raises:
        SCConfigError: there is no such bus.
    """
    parts = [
        (_FOLDER / "streamed.sv").read_text(encoding="utf-8"),
        _constants(registers),
        (_FOLDER / f"registers_{BUSES[bus].name}.sv").read_text(encoding="utf-8"),
    ]
    written = "".join(parts)
    claims = [Property(name, meaning) for meaning, name in _CLAIM.findall(written)]
    lines = []
    for name, meaning, statement in _claims(registers):
        claims.append(Property(name, meaning))
        lines.append(f"        // {meaning}\n        {_PREFIX}{name}: assert ({statement});\n")
    checker = f"{written}{_past(registers)}    always @* begin\n{''.join(lines)}    end\n"
    return PropertySet(tuple(claims), f"`ifdef FORMAL\n{checker}`endif", _PREFIX)


def prove_registers(
    registers: RegisterMap,
    bus: str,
    *,
    store: EvidenceStore,
    sources: Mapping[str, str] | None = None,
    max_depth: int = 4,
    timeout_s: float = 60.0,
    on_stage: Stage | None = None,
) -> ProofResult:
    """Prove that the registers of a map do what it says, behind a bus, by k-induction.

    Args:
        registers: the map.
        bus: ``axi_lite`` or ``wishbone``.
        store: where the record is kept.
        sources: the module's files if they are not the map's own (faulty ones, say).
        max_depth: largest k of the induction.
        timeout_s: wall-clock limit in seconds of the solver.
        on_stage: called with the running tool's name.

    Raises:
        ProofError: another number of assertions arrives at the solver than was written.
        SCConfigError: there is no such bus.
        SCDependencyError: Yosys or bitwuzla is not installed.
        ToolError: a tool failed.
    """
    module = f"{registers.name}_registers"
    files = write_register_rtl(registers, bus) if sources is None else sources
    claimed = register_properties(registers, bus)
    found = prove(
        claimed.inject_into(files, module),
        module,
        len(claimed.properties),
        store=store,
        prefix=claimed.prefix,
        max_depth=max_depth,
        timeout_s=timeout_s,
        on_stage=on_stage,
    )
    return replace(found, properties=claimed)


def _constants(registers: RegisterMap) -> str:
    low = (registers.word_bytes - 1).bit_length()
    bits = registers.data_bits
    return f"""\
    localparam integer FORMAL_ADDRESS = {registers.address_bits};
    localparam integer FORMAL_DATA = {bits};
    localparam integer FORMAL_LOW = {low};
    reg [FORMAL_DATA-1:0] formal_mask;  // ones where the last write has bytes
    integer formal_i;
    always @* begin
        for (formal_i = 0; formal_i < FORMAL_DATA; formal_i = formal_i + 1)
            formal_mask[formal_i] = formal_write_bytes[formal_i / 8];
    end
"""


def _past(registers: RegisterMap) -> str:
    """Every port towards the hardware as it was in the last clock."""
    word, one = f"[{registers.data_bits - 1}:0] ", ""
    declared, kept = [], []
    for register in registers.registers:
        for port, width in _ports(register, word, one):
            declared.append(f"    reg {width}formal_was_{port};\n")
            kept.append(f"        formal_was_{port} <= {port};\n")
    return f"{''.join(declared)}    always @(posedge clk) begin\n{''.join(kept)}    end\n"


def _ports(register: Register, word: str, one: str) -> list[tuple[str, str]]:
    stem = register.name.lower()
    if register.access == "wo":
        return [(f"{stem}_write", one), (f"{stem}_data", word)]
    extra = [(f"{stem}_set", word)] if register.access == "w1c" else []
    return [(register.port, word), *extra]


def _claims(registers: RegisterMap) -> Iterator[_Claim]:
    """Name, meaning and statement of each claim."""
    address, data = registers.address_bits, registers.data_bits

    def at(register: Register) -> str:
        return f"{address}'d{register.offset}"

    def any_of(way: str, chosen: list[Register]) -> str:
        return " || ".join(f"formal_{way}_at == {at(r)}" for r in chosen) or "1'b0"

    entries = registers.registers
    stored = any_of("write", [r for r in entries if r.access in ("rw", "w1c")])
    strobed = any_of("write", [r for r in entries if r.access == "wo"])
    readable = any_of("read", [r for r in entries if r.readable])
    yield (
        "write_error", "a write is an error unless its register takes it",
        f"!formal_live || !formal_write_answered || formal_write_failed"
        f" == !({stored} || (({strobed}) && (&formal_write_bytes)))",
    )  # fmt: skip
    yield (
        "read_error", "a read is an error, and zero, unless its register is readable",
        f"!formal_live || !formal_read_answered || (formal_read_failed == !({readable})"
        " && (!formal_read_failed || formal_answer == 0))",
    )  # fmt: skip
    for register in entries:
        yield from _claims_of(register, at(register), f"{data}'d{register.mask(data)}", data)


def _claims_of(register: Register, at: str, mask: str, data: int) -> Iterator[_Claim]:
    name, port, stem = register.name, register.port, register.name.lower()
    hit = f"(formal_wrote && formal_write_at == {at})"
    was = f"formal_was_{port}"
    ones = f"({hit} ? formal_mask : {data}'d0)"
    if register.access == "wo":
        strobe = f"formal_was_{stem}_write"
        yield (
            f"{stem}_strobe", f"a write of all bytes of {name}, and nothing else, is one strobe",
            f"!formal_live || formal_reset || {strobe} == ({hit} && (&formal_write_bytes))",
        )  # fmt: skip
        yield (
            f"{stem}_data", f"with the strobe of {name} come the data of the bus",
            f"!formal_live || formal_reset || !{strobe}"
            f" || formal_was_{stem}_data == (formal_write_data & {mask})",
        )  # fmt: skip
        return
    if register.access == "rw":
        changed = f"(({was} & ~{ones}) | (formal_write_data & {ones})) & {mask}"
        yield (
            f"{stem}_value", f"{name} changes by the bytes written to it, and else never",
            f"!formal_live || {port} == (formal_reset ? {data}'d{register.reset} : {changed})",
        )  # fmt: skip
    elif register.access == "w1c":
        changed = f"(({was} & ~(formal_write_data & {ones})) | formal_was_{stem}_set) & {mask}"
        yield (
            f"{stem}_sticky", f"a bit of {name} stays set until a one is written to it",
            f"!formal_live || {port} == (formal_reset ? {data}'d0 : {changed})",
        )  # fmt: skip
    yield (
        f"{stem}_read", f"reading {name} gives what it was in the clock of the read",
        f"!formal_live || !formal_read_answered || formal_read_at != {at}"
        f" || (!formal_read_failed && formal_answer == ({was} & {mask}))",
    )  # fmt: skip
