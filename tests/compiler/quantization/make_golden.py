"""Write golden.json: what other people's libraries make of numbers in our formats.

Run once, in an environment of its own, with::

    pip install softposit==0.3.4.4 gfloat==0.5.2 apytypes==0.5.1 numpy
    python make_golden.py

SoftPosit (C, by Cerlane Leong) is the reference implementation of posits, gfloat (Graphcore) of the
OCP formats, APyTypes of fixed point as in HLS tools. None is needed to run the tests.
"""

from __future__ import annotations

import json
from pathlib import Path

import apytypes
import gfloat
import gfloat.formats
import numpy as np
import softposit

RNG = np.random.default_rng(1)
MODES = {
    "truncate": apytypes.QuantizationMode.TRN,
    "nearest": apytypes.QuantizationMode.RND_INF,
    "nearest_even": apytypes.QuantizationMode.RND_CONV,
}


def posits(nbits: int, es: int) -> dict[str, object]:
    if es == 2:

        def decode(code: int) -> float:
            posit = softposit.posit_2_t()
            posit.v = code << (32 - nbits)
            return softposit.convertPX2ToDouble(posit)

        def encode(x: float) -> int:
            return softposit.convertDoubleToPX2(x, nbits).v >> (32 - nbits)

    else:
        make = softposit.posit8 if nbits == 8 else softposit.posit16
        to, back = (
            (softposit.convertDoubleToP8, softposit.convertP8ToDouble)
            if nbits == 8
            else (softposit.convertDoubleToP16, softposit.convertP16ToDouble)
        )

        def decode(code: int) -> float:
            posit = make()
            posit.fromBits(code)
            return back(posit.v)

        def encode(x: float) -> int:
            return to(x).v & ((1 << nbits) - 1)

    nar = 1 << (nbits - 1)
    codes = (
        range(256) if nbits == 8 else sorted({*RNG.integers(0, 1 << 16, 100).tolist(), 1, 65535})
    )
    numbers = [(RNG.normal() * 2.0 ** RNG.integers(-60, 60)) for _ in range(40)]
    numbers += [RNG.normal() for _ in range(40)] + [0.0, 1e300, -1e300, 1e-300, -1e-300]
    # Means of neighbours: ties wherever no regime or exponent bit is rounded off.
    near = RNG.integers(1, nar - 2, 60).tolist()
    numbers += [(decode(c) + decode(c + 1)) / 2 for c in near]
    return {
        "nbits": nbits,
        "es": es,
        "decode": [[c, decode(c).hex()] for c in codes if c != nar],
        "encode": [[x.hex(), encode(x)] for x in map(float, numbers)],
    }


def mx(name: str, block: object) -> dict[str, object]:
    element = block.etype
    values = []
    for code in range(1 << element.bits):
        value = gfloat.decode_float(element, code).fval
        values.append(value.hex() if np.isfinite(value) else str(value))
    blocks = []
    for k in range(4):
        numbers = RNG.normal(size=32) * 2.0 ** RNG.integers(-20, 20)
        if k % 2 == 0:  # multiples of a small step have ties
            numbers = np.round(RNG.normal(size=32) * 40) / 16
        # Not the very top of the last binade, where the specification saturates and gfloat's scale
        # of its own choice need not.
        amax = np.abs(numbers).max()
        scale = 2.0 ** (np.floor(np.log2(amax)) - element.emax)
        codes = [
            gfloat.encode_float(
                element, gfloat.round_float(element, x, gfloat.RoundMode.TiesToEven, sat=True)
            )
            for x in numbers / scale
        ]
        blocks.append([[x.hex() for x in numbers.tolist()], int(np.log2(scale)) + 127, codes])
    return {"name": name, "values": values, "blocks": blocks}


def fixed(int_bits: int, frac_bits: int) -> dict[str, object]:
    reach = 1 << (int_bits + frac_bits + 1)
    numbers = (RNG.integers(-reach, reach, 150) * 2.0 ** -(frac_bits + 2)).tolist()
    exact = apytypes.APyFixedArray.from_float(numbers, int_bits=int_bits + 4, frac_bits=40)
    assert exact.to_numpy().tolist() == numbers
    codes = {
        mode: exact.cast(
            int_bits, frac_bits, quantization=how, overflow=apytypes.OverflowMode.SAT
        ).to_numpy()
        for mode, how in MODES.items()
    }
    return {
        "format": f"Q{int_bits}.{frac_bits}",
        "numbers": [x.hex() for x in numbers],
        "codes": {m: (v * 2**frac_bits).astype(int).tolist() for m, v in codes.items()},
    }


def main() -> None:
    f = gfloat.formats
    found = {
        "posit": [posits(n, es) for n, es in ((8, 0), (16, 1), (8, 2), (16, 2))],
        "mx": [
            mx("E4M3", f.format_info_mxfp8_e4m3), mx("E5M2", f.format_info_mxfp8_e5m2),
            mx("E3M2", f.format_info_mxfp6_e3m2), mx("E2M3", f.format_info_mxfp6_e2m3),
            mx("E2M1", f.format_info_mxfp4_e2m1),
        ],
        "fixed": [fixed(8, 8), fixed(2, 6), fixed(4, 12)],
    }  # fmt: skip
    lines = ",\n".join(
        f'"{kind}": [\n' + ",\n".join(json.dumps(x) for x in rows) + "\n]"
        for kind, rows in found.items()
    )
    Path(__file__).with_name("golden.json").write_text("{\n" + lines + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
