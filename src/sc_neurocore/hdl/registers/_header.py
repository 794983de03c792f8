"""A register map as a C header."""

from __future__ import annotations

from sc_neurocore.hdl.registers._map import RegisterMap


def write_c_header(registers: RegisterMap) -> str:
    """Write a header of C99: the symbols of the map, and reading and writing words.

    Every symbol of `RegisterMap.symbols` is a macro ``<NAME>_<symbol>``.
    """
    stem, prefix, bits = registers.name, registers.name.upper(), registers.data_bits
    word = f"uint{bits}_t"
    symbols = list(registers.symbols())
    width = max(len(name) for name, _ in symbols) + len(prefix) + 1
    macros = {
        name: f"#define {f'{prefix}_{name}':<{width}} UINT{bits}_C({number:#x})\n"
        for name, number in symbols
    }
    body = ""
    for register in registers.registers:
        about = f": {register.meaning}" if register.meaning else ""
        mine = [n for n in (f"{register.name}_OFFSET", f"{register.name}_RESET") if n in macros]
        body += f"\n/* {register.name} ({register.access}){about} */\n"
        body += "".join(macros[name] for name in mine)
        for field in register.fields:
            inner = f"{register.name}_{field.name}"
            if field.meaning:
                body += f"/* {field.name}: {field.meaning} */\n"
            names = [*("LOW", "WIDTH", "MASK"), *(value.name for value in field.values)]
            body += "".join(macros[f"{inner}_{name}"] for name in names)
    about = f"\n * {registers.meaning}" if registers.meaning else ""
    return f"""\
/* Registers `{stem}`, written from their map.{about}
 *
 * Offsets are bytes from the base address. A field is (word & _MASK) >> _LOW.
 */
#ifndef {prefix}_REGISTERS_H
#define {prefix}_REGISTERS_H

#include <stdint.h>
{body}
static inline {word} {stem}_read(volatile const void *base, uint32_t offset)
{{
    return *(volatile const {word} *)((volatile const uint8_t *)base + offset);
}}

static inline void {stem}_write(volatile void *base, uint32_t offset, {word} value)
{{
    *(volatile {word} *)((volatile uint8_t *)base + offset) = value;
}}

static inline {word} {stem}_field({word} value, {word} mask, {word} low)
{{
    return (value & mask) >> low;
}}

#endif
"""
