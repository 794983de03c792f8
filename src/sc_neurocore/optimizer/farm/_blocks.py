"""Blocks of the library in many sizes: those that a stochastic layer consists of."""

from __future__ import annotations

from collections.abc import Mapping

from sc_neurocore.bitstream import Counter, Halton, Lfsr, Sobol
from sc_neurocore.hdl import library_source, with_parameters
from sc_neurocore.hdl.blocks import BLOCKS, Block
from sc_neurocore.hdl.blocks._arithmetic import (
    bipolar_multiplier,
    mux_tree,
    saturating_adder,
    unipolar_multiplier,
)
from sc_neurocore.hdl.blocks._block import add_inside
from sc_neurocore.hdl.blocks._counters import (
    accumulative_parallel_counter,
    parallel_counter,
    regenerator,
    saturating_up_down_counter,
    window_counter,
)
from sc_neurocore.hdl.blocks._decorrelators import isolator, shuffler, tracker
from sc_neurocore.hdl.blocks._machines import (
    desynchroniser_block,
    exp,
    gain,
    relu,
    synchroniser_block,
    tanh,
)
from sc_neurocore.hdl.blocks._sources import (
    comparator,
    counter,
    halton,
    lfsr,
    sobol,
    van_der_corput,
)

_WIDTHS = (4, 6, 8, 10, 12, 20)
_SIZES = (2, 3, 4, 6, 8, 12, 16, 24, 32, 40, 48, 63)
_POWERS = (4, 8, 16, 32, 64)


def swept_blocks() -> tuple[Block, ...]:
    """Blocks with the parameters of the sweep, the published ones among them."""
    made = [
        *(lfsr(Lfsr(w, 1, form)) for form in ("fibonacci", "galois") for w in _WIDTHS),
        *(sobol(Sobol(2, w)) for w in _WIDTHS),
        *(van_der_corput(w) for w in _WIDTHS),
        *(halton(Halton(base, w)) for base in (3, 5) for w in (6, 10, 12)),
        *(counter(Counter(w)) for w in _WIDTHS),
        *(comparator(w) for w in _WIDTHS),
        *(block(n) for block in (unipolar_multiplier, bipolar_multiplier) for n in (4, 16, 63)),
        *(parallel_counter(n) for n in _SIZES),
        *(accumulative_parallel_counter(n, w) for n in (4, 8, 24, 63) for w in (12, 20)),
        *(saturating_up_down_counter(n, n // 2) for n in (8, 32, 64, 128)),
        *(window_counter(w) for w in (2, 6, 10, 12)),
        *(regenerator(w, Sobol()) for w in (6, 10, 12)),
        *(mux_tree(n) for n in (2, 4, 5)),
        *(saturating_adder(n) for n in (3, 9, 31)),
        *(isolator(n) for n in (3, 8, 16, 24)),
        *(shuffler(n, Lfsr()) for n in _POWERS),
        *(tracker(w, s, Lfsr()) for w in (4, 6, 10, 14) for s in (2, 4)),
        *(machine(n) for machine in (tanh, relu, gain) for n in (4, 16, 64)),
        *(exp(n, n // 4) for n in (8, 32, 64)),
        *(block(n) for block in (synchroniser_block, desynchroniser_block) for n in (3, 8)),
    ]
    kinds = {block.module for block in made}
    known = [block for block in BLOCKS if block.module in kinds]
    return tuple({block.name: block for block in (*known, *made)}.values())


def block_sources(module: str, parameters: Mapping[str, str]) -> dict[str, str]:
    """A module's text with parameters as its defaults, and the files that it needs."""
    top = with_parameters(library_source(f"{module}.sv"), parameters)
    found = {f"{module}.sv": top}
    add_inside(top, found)
    return found
