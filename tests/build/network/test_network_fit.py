"""Too large for the target: which resource, by how much, and what would fit."""

from __future__ import annotations

import pytest

from sc_neurocore.build.network import NetworkOptions
from sc_neurocore.build.network._fit import Demand, require_fit
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.toolchain import get_target

HX8K = get_target("ice40-hx8k")


def refusal(used: dict[str, int], *, bits: int = 8, pe: int = 16) -> str:
    with pytest.raises(SCCompilerError) as found:
        require_fit(Demand("net", 10_000, bits, pe), used, HX8K)
    return str(found.value)


def test_what_fits_is_accepted() -> None:
    require_fit(Demand("net", 10, 8, 1), {"luts": 7680, "ffs": 1, "brams": 32, "dsps": 0}, HX8K)


def test_too_many_tables_ask_for_more_folding() -> None:
    assert refusal({"luts": 8000, "ffs": 100, "brams": 3, "dsps": 0}) == (
        "network 'net' does not fit ice40-hx8k: it needs 8000 look-up tables where there are 7680 "
        "(320 too many); what may fit: --pe 8"
    )


def test_too_many_memories_ask_for_fewer_bits_or_synapses() -> None:
    # 32 of 64 blocks: half the bits, or half the synapses.
    assert refusal({"luts": 100, "ffs": 100, "brams": 64, "dsps": 0}, pe=1) == (
        "network 'net' does not fit ice40-hx8k: it needs 64 block RAMs where there are 32 "
        "(32 too many); what may fit: --weight-bits 4 or so few neurons that 5000 synapses are left"
    )


def test_every_resource_that_is_short_is_named() -> None:
    text = refusal({"luts": 7681, "ffs": 7690, "brams": 33, "dsps": 0})
    assert "7681 look-up tables" in text and "7690 flip-flops" in text and "33 block RAMs" in text


def test_a_larger_device_of_the_family_is_named() -> None:
    with pytest.raises(SCCompilerError, match=r"what may fit: .* --target ice40-hx8k"):
        require_fit(Demand("net", 10, 2, 1), {"luts": 6000, "ffs": 1, "brams": 31, "dsps": 0},
                    get_target("ice40-up5k"))  # fmt: skip


def test_options_refuse_what_no_build_can_be() -> None:
    with pytest.raises(SCConfigError, match="--clock-mhz is 2000; it must be below 2000"):
        NetworkOptions(clock_mhz=2000)
    assert NetworkOptions(backend="stochastic", length=1).length == 1
