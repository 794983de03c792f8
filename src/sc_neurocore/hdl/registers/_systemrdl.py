"""A register map in SystemRDL 2.0."""

from __future__ import annotations

from sc_neurocore.hdl.registers._map import Field, Register, RegisterMap

#: How each access is said of a field.
_PROPERTIES = {
    "ro": "sw = r; hw = w;",
    "rw": "sw = rw; hw = r;",
    "wo": "sw = w; hw = r; swmod;",
    "w1c": "sw = rw; onwrite = woclr; hw = w; hwset;",
}


def write_systemrdl(registers: RegisterMap) -> str:
    """Write an ``addrmap`` of the map; a register without fields gets one named like itself."""
    bits, name = registers.data_bits, registers.name
    enums = "".join(
        _enum(r, f) for r in registers.registers for f in whole_fields(r, bits) if f.values
    )
    entries = "".join(_register(r, bits) for r in registers.registers)
    about = f'    desc = "{registers.meaning}";\n' if registers.meaning else ""
    return (
        f"// Registers `{name}`, written from their map.\n\naddrmap {name} {{\n{about}"
        f"    default regwidth = {bits};\n    default accesswidth = {bits};\n\n"
        f"{enums}{entries}}};\n"
    )


def whole_fields(register: Register, bits: int) -> tuple[Field, ...]:
    """Its fields, or one of all bits."""
    return register.fields or (Field(register.name, 0, bits),)


def _type(register: Register, field: Field) -> str:
    return f"{register.name}_{field.name}_e"


def _enum(register: Register, field: Field) -> str:
    values = "".join(
        f"        {v.name} = {field.width}'h{v.number:x}"
        + (f' {{ desc = "{v.meaning}"; }};\n' if v.meaning else ";\n")
        for v in field.values
    )
    return f"    enum {_type(register, field)} {{\n{values}    }};\n\n"


def _register(register: Register, bits: int) -> str:
    about = f'        desc = "{register.meaning}";\n' if register.meaning else ""
    fields = ""
    for field in whole_fields(register, bits):
        properties = [_PROPERTIES[register.access]]
        if field.meaning:
            properties.append(f'desc = "{field.meaning}";')
        if register.resets:
            reset = (register.reset & field.mask) >> field.low
            properties.append(f"reset = {field.width}'h{reset:x};")
        if field.values:
            properties.append(f"encode = {_type(register, field)};")
        high = field.low + field.width - 1
        fields += f"        field {{ {' '.join(properties)} }} {field.name}[{high}:{field.low}];\n"
    return f"    reg {{\n{about}{fields}    }} {register.name} @ {register.offset:#x};\n\n"
