"""Register maps of the tests: one small one with every access, and random ones."""

from __future__ import annotations

import random

from sc_neurocore.hdl.registers import ACCESSES, Field, Register, RegisterMap, Value

SMALL = RegisterMap(
    "small",
    (
        Register("VERSION", 0x00, "ro", 3, "Of the map."),
        Register("LEVEL", 0x04, "rw", 0x1204, fields=(Field("A", 0, 4), Field("B", 8, 8))),
        Register("GO", 0x08, "wo", fields=(Field("NOW", 0, 1, "At once."), Field("HOW", 4, 2))),
        Register("TRAPS", 0x10, "w1c", fields=(Field("X", 0, 3, "Three."), Field("Y", 31, 1))),
        Register("FORCE", 0x14, "wo", meaning="A keyword of Verilog."),
        Register("WIRE", 0x18, "w1c"),
        Register("CLASS", 0x1C, "ro"),
        Register(
            "MODE", 0x20, "rw",
            fields=(Field("KIND", 1, 2, values=(Value("OFF", 0, "Dark."), Value("ON", 2))),),
        ),
        Register("WORD", 0x3C, "rw", 0xDEADBEEF),
    ),
    address_bits=6,
    meaning="Every access.",
)  # fmt: skip


def random_map(seed: int, data_bits: int = 32, address_bits: int = 7) -> RegisterMap:
    """Registers at random offsets, of random accesses and fields."""
    rng = random.Random(seed)
    step = data_bits // 8
    room = (1 << address_bits) // step
    offsets = sorted(rng.sample(range(room), rng.randint(1, min(10, room))))
    entries = []
    for k, word in enumerate(offsets):
        access = rng.choice(tuple(ACCESSES))
        fields, bit = [], 0
        while rng.random() < 0.7 and bit < data_bits:
            low = rng.randint(bit, data_bits - 1)
            width = rng.randint(1, min(12, data_bits - low))
            fields.append(Field(f"F{len(fields)}", low, width))
            bit = low + width
        register = Register(f"R{k}", word * step, access, fields=tuple(fields))  # type: ignore[arg-type]
        reset = rng.getrandbits(data_bits) & register.mask(data_bits) if access == "rw" else 0
        entries.append(Register(f"R{k}", word * step, register.access, reset, "", tuple(fields)))
    return RegisterMap(f"random{seed}", tuple(entries), address_bits, data_bits)
