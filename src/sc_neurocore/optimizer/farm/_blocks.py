"""Blocks of the library in many sizes: those that a stochastic layer consists of."""

from __future__ import annotations

from sc_neurocore.bitstream import Counter, Halton, Lfsr, Sobol
from sc_neurocore.hdl.blocks import (
    BLOCKS,
    Block,
    accumulative_parallel_counter,
    bipolar_multiplier,
    comparator,
    counter,
    desynchroniser_block,
    exp,
    gain,
    halton,
    isolator,
    lfsr,
    mux_tree,
    parallel_counter,
    regenerator,
    relu,
    saturating_adder,
    saturating_up_down_counter,
    shuffler,
    sobol,
    synchroniser_block,
    tanh,
    tracker,
    unipolar_multiplier,
    van_der_corput,
    window_counter,
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
