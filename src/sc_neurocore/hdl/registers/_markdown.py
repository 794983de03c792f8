"""A register map as a page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable

from sc_neurocore.hdl.registers._map import ACCESSES, Field, Register, RegisterMap


def write_markdown(registers: RegisterMap) -> str:
    """Write a table of the registers, and one of the fields of each that has some."""
    digits = -(-registers.address_bits // 4)
    rows = [
        (
            f"`{r.offset:#0{digits + 2}x}`",
            f"[`{r.name}`](#{r.name.lower()})" if r.fields else f"`{r.name}`",
            r.access,
            f"`{r.reset:#x}`" if r.resets else "",
            r.meaning,
        )
        for r in registers.registers
    ]
    used = {r.access for r in registers.registers}
    parts = [
        f"# Registers `{registers.name}`",
        *([registers.meaning] if registers.meaning else []),
        f"Words of {registers.data_bits} bits; offsets are bytes from the base address. A bit of "
        "no field reads as zero. An address of no register, reading `wo`, writing `ro` and "
        "writing part of `wo` are answered with an error.",
        "\n".join(f"- **{a}**: {meaning}." for a, meaning in ACCESSES.items() if a in used),
        _table(("Offset", "Register", "Access", "Reset", "Meaning"), rows),
        *(_fields(r) for r in registers.registers if r.fields),
    ]
    return "\n\n".join(parts) + "\n"


def _fields(register: Register) -> str:
    rows: list[tuple[str, ...]] = []
    for field in register.fields:
        rows.append((_bits(field), f"`{field.name}`", field.meaning))
        rows += [(f"= {v.number}", f"`{v.name}`", v.meaning) for v in field.values]
    return f"## {register.name}\n\n" + _table(("Bits", "Field", "Meaning"), rows)


def _bits(field: Field) -> str:
    high = field.low + field.width - 1
    return str(field.low) if field.width == 1 else f"{high}:{field.low}"


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(
        "| " + " | ".join(cell.replace("|", "\\|") for cell in r) + " |" for r in lines
    )
