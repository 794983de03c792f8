"""A register map as a Python module that needs nothing else."""

from __future__ import annotations

from sc_neurocore.hdl.registers._map import RegisterMap

_CLASS = '''
class Registers:
    """The registers at a base address of a link.

    The link is any object with ``read(address)``, which returns a word, and
    ``write(address, value)``. A wrong name or number is a ValueError, raised before the link is
    touched.
    """

    def __init__(self, link, base=0):
        self.link = link
        self.base = base

    def read(self, register):
        """The word in a register."""
        entry = self._find(register)
        if entry["access"] == "wo":
            raise ValueError(f"register {register} cannot be read")
        return self.link.read(self.base + entry["offset"])

    def write(self, register, value):
        """Write a whole word."""
        entry = self._find(register)
        if entry["access"] == "ro":
            raise ValueError(f"register {register} cannot be written")
        self._check(register, value, WORD_BITS)
        self.link.write(self.base + entry["offset"], value)

    def read_fields(self, register):
        """The fields of a register, by name."""
        fields = self._find(register)["fields"]
        word = self.read(register)
        return {name: word >> low & (1 << width) - 1 for name, (low, width) in fields.items()}

    def write_fields(self, register, **values):
        """Write some fields. The others stay as they are if the register is rw, else are zero."""
        entry = self._find(register)
        word = 0
        mask = 0
        for name, value in values.items():
            if name not in entry["fields"]:
                known = ", ".join(entry["fields"]) or "no fields"
                raise ValueError(f"register {register} has no field {name!r}; it has {known}")
            low, width = entry["fields"][name]
            self._check(f"{register}.{name}", value, width)
            word |= value << low
            mask |= ((1 << width) - 1) << low
        if entry["access"] == "rw":
            word |= self.read(register) & ~mask
        self.write(register, word)

    @staticmethod
    def _find(register):
        if register not in REGISTERS:
            raise ValueError(f"there is no register {register!r}; there are {', '.join(REGISTERS)}")
        return REGISTERS[register]

    @staticmethod
    def _check(name, value, bits):
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << bits:
            raise ValueError(f"{name} is {value!r}; it must be a whole number below 2**{bits}")
'''


def write_python_driver(registers: RegisterMap) -> str:
    """Write a module without imports: the symbols of the map, and a class ``Registers``.

    Every symbol of `RegisterMap.symbols` is a constant of that name. ``Registers(link, base)``
    works over any object with ``read(address)`` and ``write(address, value)``, whatever is behind
    it.
    """
    constants = "".join(f"{name} = {number:#x}\n" for name, number in registers.symbols())
    entries = ""
    for r in registers.registers:
        fields = ", ".join(f'"{f.name}": ({f.low}, {f.width})' for f in r.fields)
        about = f"    # {r.meaning}\n" if r.meaning else ""
        entries += (
            f'{about}    "{r.name}": {{"offset": {r.offset:#x}, "access": "{r.access}", '
            f'"fields": {{{fields}}}}},\n'
        )
    about = f"{registers.meaning}\n\n" if registers.meaning else ""
    return f'''\
"""Registers `{registers.name}`, written from their map.

{about}Offsets are bytes. A field is a tuple of its lowest bit and its bits.
"""

WORD_BITS = {registers.data_bits}

{constants}
REGISTERS = {{
{entries}}}

{_CLASS}'''
