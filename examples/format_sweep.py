"""How many fraction bits does a neuron need? Spikes and errors of the bit-true model, per format.

Run ``python examples/format_sweep.py [MODEL]``. Nothing here needs the hardware tools.
"""

from __future__ import annotations

import sys

from sc_neurocore.build import BuildOptions, hardware_options, measure_fidelity, source_of
from sc_neurocore.compiler import QFormat, compile_model
from sc_neurocore.neurons import load_schema
from sc_neurocore.toolchain import get_target


def main(name: str = "lif") -> None:
    """Print one line per format, from 4 to 16 fraction bits."""
    source = source_of(load_schema(name))
    reach = max(max(abs(q.low), abs(q.high)) for q in (*source.model.states, *source.model.inputs))
    integer = 1 + int(reach).bit_length()
    print(f"{source.model.name}, {source.drive.origin}")
    print("format   spikes  float  spike time error (RMS, ms)  clocks per tick  states")
    for fraction in range(4, 17, 2):
        wanted = str(QFormat(integer + fraction, fraction))
        target = get_target("ice40-hx8k")
        options = hardware_options(BuildOptions(format=wanted), source.document, target)
        compiled = compile_model(source.model, options)
        found = measure_fidelity(compiled, source.drive, sweep=False)
        error = found.spike_time_rmse_ms
        carried = ", ".join(f"{p.name} {p.format}" for p in compiled.datapath.states)
        shown = "-" if error is None else f"{error:.3f}"
        print(
            f"{wanted:8} {found.spikes_fixed:6} {found.spikes_float:6}  {shown:>26}  "
            f"{compiled.rtl.cycles:15}  {carried}"
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
