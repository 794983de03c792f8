"""The stochastic-computing blocks: golden models, claims, faults, figures."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from sc_neurocore.bitstream import Counter, Halton, Lfsr, Sobol, Source
from sc_neurocore.bitstream.golden import VECTORS
from sc_neurocore.build import cosimulate_block, implement_block, refute_block, verify_block
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCConfigError, ToolError
from sc_neurocore.formal import ProofError, block_properties, prove_block
from sc_neurocore.hdl import LIBRARY, library_source, with_parameters
from sc_neurocore.hdl.blocks import BLOCKS, INNER_BLOCKS, VARIANTS, Block, Fault
from sc_neurocore.hdl.blocks._arithmetic import history_divider, maximum, mux_tree
from sc_neurocore.hdl.blocks._counters import (
    accumulative_parallel_counter,
    parallel_counter,
    saturating_accumulator,
    saturating_up_down_counter,
)
from sc_neurocore.hdl.blocks._decorrelators import isolator, shuffler, tracker
from sc_neurocore.hdl.blocks._machines import tanh
from sc_neurocore.hdl.blocks._sources import sobol
from sc_neurocore.toolchain import available_simulators, get_target, lint

EVERY = (*BLOCKS, *VARIANTS)
BY_MODULE = {block.module: block for block in BLOCKS}
#: Variants whose sums are too wide for the solver's minute; they are co-simulated like all others.
UNDECIDED = {"sc_halton(BASE=3, WIDTH=16, DIGITS=11)", "sc_shuffle_buffer(DEPTH=64)"}
SOURCES = {
    Lfsr(): BY_MODULE["sc_lfsr_fibonacci"],
    Lfsr(form="galois"): BY_MODULE["sc_lfsr_galois"],
    Sobol(2): BY_MODULE["sc_sobol"],
    Halton(): BY_MODULE["sc_van_der_corput"],
    Halton(3, 8): BY_MODULE["sc_halton"],
    Counter(): BY_MODULE["sc_counter"],
}


def _name(block: Block) -> str:
    return re.sub(r"\d+'h(\w{8})\w+", r"\1…", block.name)


every_block = pytest.mark.parametrize("block", BLOCKS, ids=_name)


def test_every_module_of_the_library_but_two_is_in_a_block() -> None:
    files = {f for block in BLOCKS for f in block.sources if f not in block.memories}
    files |= {"sc_serial_multiplier.sv", *(block.file for block in INNER_BLOCKS)}
    assert files == set(LIBRARY)
    assert len(BY_MODULE) == len(BLOCKS)
    assert {block.module for block in VARIANTS} <= set(BY_MODULE)


@pytest.mark.parametrize(
    "block",
    [*BLOCKS, *(pytest.param(block, marks=pytest.mark.exhaustive) for block in VARIANTS)],
    ids=_name,
)
def test_no_front_end_warns(block: Block, store: EvidenceStore) -> None:
    assert lint(block.sources, block.module, store=store).result["warnings"] == []


# Yosys simulates every block here. Verilator compiles for a second or two per block, so by default
# it has only a handful and the sources below; the `exhaustive` tests at the end run every block and
# variant in every simulator, and every fault in proof and simulation.
@pytest.mark.parametrize(
    ("block", "simulator"),
    [
        *((block, "yosys") for block in BLOCKS),
        *((BY_MODULE[f"sc_{name}"], "verilator") for name in ("comparator", "relu", "regenerator")),
    ],
    ids=lambda value: value if isinstance(value, str) else _name(value),
)
def test_the_rtl_follows_its_golden_model(
    block: Block, simulator: str, store: EvidenceStore
) -> None:
    run = cosimulate_block(block, simulator, cycles=1000, store=store)
    assert run.first is None
    assert (run.cycles, run.mismatches) == (1000, 0)


@every_block
def test_every_claim_is_proven_for_all_time(block: Block, store: EvidenceStore) -> None:
    assert len(block_properties(block).properties) == block.assertions
    proof = prove_block(block, store=store)
    assert proof.holds
    assert proof.assertions == block.assertions
    assert proof.method.startswith("k-induction")


@every_block
def test_a_fault_is_refuted(block: Block, store: EvidenceStore) -> None:
    proof = prove_block(block, store=store, sources=block.broken(block.faults[0]))
    assert proof.refuted
    assert proof.trace is not None
    assert proof.trace.violated


@pytest.mark.parametrize("module", ["sc_isolator", "sc_minimum", "sc_tanh"])
def test_a_fault_shows(module: str, store: EvidenceStore) -> None:
    block = BY_MODULE[module]
    mutant = refute_block(block, block.faults[0], store=store)
    assert mutant.violated
    assert mutant.differs is not None


@pytest.mark.parametrize(
    ("module", "fault"),
    [
        ("sc_halton", "lets a remainder reach the divisor"),
        ("sc_tracking_memory", "counts down where the source counts up"),
        ("sc_maximum", "moves without enable"),
        ("sc_minimum", "moves without enable"),
        ("sc_regenerator", "counts zeros"),
    ],
)
def test_a_subtle_fault_is_refuted(module: str, fault: str, store: EvidenceStore) -> None:
    """Faults that earlier claims let through."""
    block = BY_MODULE[module]
    broken = block.broken(next(f for f in block.faults if f.meaning == fault))
    assert prove_block(block, store=store, sources=broken).refuted


@pytest.mark.parametrize("module", ["sc_parallel_counter", "sc_accumulative_parallel_counter"])
def test_one_wrong_count_of_65536_deep_inside_is_refuted(module: str, store: EvidenceStore) -> None:
    block = BY_MODULE[module]
    place = "left[i] ^ other[i] ^ carry[i]"
    tree = Fault(place, f"{place} ^ (INPUTS == 16 && i == 0 && bits == 16'h00ff)", "is rarely off")
    inside = {"sc_ones_tree.sv": tree.break_(block.sources["sc_ones_tree.sv"])}
    assert prove_block(block, store=store, sources=block.sources | inside).refuted


@pytest.mark.parametrize(
    ("module", "parameters"),
    [
        ("sc_lfsr_fibonacci", {"WIDTH": "8"}),
        ("sc_lfsr_galois", {"WIDTH": "24"}),
        ("sc_lfsr_galois", {"SEED": "16'h0000"}),
        ("sc_sobol", {"WIDTH": "8"}),
        ("sc_sobol", {"WIDTH": "17"}),
        ("sc_halton", {"WIDTH": "24"}),
        ("sc_halton", {"BASE": "5"}),
    ],
)
@pytest.mark.parametrize("simulator", available_simulators())
def test_parameters_that_do_not_go_together_stop_elaboration(
    module: str, parameters: dict[str, str], simulator: str, store: EvidenceStore
) -> None:
    block = replace(BY_MODULE[module], parameters={})
    missing = re.findall(r"^ +(\w+) stop \(\);", block.sources[block.file], re.MULTILINE)
    wrong = {block.file: with_parameters(block.sources[block.file], parameters)}
    with pytest.raises(ToolError, match=missing[0]):
        cosimulate_block(block, simulator, cycles=100, store=store, sources=wrong)


def test_a_missing_assertion_is_no_proof(store: EvidenceStore) -> None:
    block = BY_MODULE["sc_counter"]
    more = replace(block, assertions=block.assertions + 1)
    with pytest.raises(ProofError, match="elaborates to 3 assertions where 4 were written"):
        prove_block(more, store=store)


def test_a_first_mismatch_names_clock_port_and_values(store: EvidenceStore) -> None:
    block = BY_MODULE["sc_counter"]
    down = block.broken(Fault("number + 1'b1", "number - 1'b1", "counts down"))
    run = cosimulate_block(block, "yosys", cycles=200, store=store, sources=down)
    assert run.first is not None
    assert (run.first.signal, run.first.expected, run.first.got) == ("number", 1, 65535)


def test_the_numbers_of_the_sources_are_the_published_ones() -> None:
    """First numbers by hand: 0xACE1 shifted, and the van der Corput sequence."""
    rng = np.random.default_rng(0)
    expected = {
        "sc_lfsr_fibonacci": [0xACE1, 0x59C3, 0xB387],
        "sc_lfsr_galois": [0xACE1, 0xE270, 0x7138],
        "sc_counter": [0, 1, 2, 3],
        "sc_van_der_corput": [0, 0x8000, 0x4000, 0xC000],
        "sc_halton": [0, 85, 170, 28],
        "sc_sobol": [0, 0x8000, 0x4000, 0xC000],
    }
    for module, numbers in expected.items():
        block = BY_MODULE[module]
        found = block.golden(64, block.stimulus(rng, 64))["number"]
        assert found[: len(numbers)].tolist() == numbers, module


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_the_rtl_gives_the_published_golden_vectors(source: Source, store: EvidenceStore) -> None:
    """The digest is that of the first 65536 numbers, all of which the RTL is compared with."""
    block = SOURCES[source]
    published = json.loads((VECTORS / f"{source.kind}.json").read_text("utf-8"))
    numbers = block.golden(65536, {})["number"].astype("<u4")
    digest = next(v["digest"] for v in published if v["source"] == str(source))
    assert f"sha256:{hashlib.sha256(numbers.tobytes()).hexdigest()}" == digest
    run = cosimulate_block(block, "verilator", cycles=120_000, store=store)
    assert run.first is None
    assert run.ticks >= 65536


@pytest.mark.parametrize(
    "target", ["ice40-hx8k", pytest.param("ecp5-25k", marks=pytest.mark.exhaustive)]
)
@pytest.mark.parametrize(
    ("module", "ffs"), [("sc_lfsr_fibonacci", 16), ("sc_tanh", 3), ("sc_comparator", 0)]
)
def test_the_flip_flops_of_a_block_are_its_registers(
    module: str, ffs: int, target: str, store: EvidenceStore
) -> None:
    area = implement_block(BY_MODULE[module], get_target(target), store=store)
    assert area.ffs == ffs
    assert area.cells >= area.luts >= 1
    assert area.fmax_mhz > 50


def test_a_report_holds_every_rung(store: EvidenceStore) -> None:
    block = BY_MODULE["sc_scaled_adder"]
    targets = [get_target("ice40-hx8k")]
    report = verify_block(block, store=store, cycles={"yosys": 500}, targets=targets)
    assert report.proof.proven == 5
    assert [run.mismatches for run in report.runs] == [0]
    assert report.mutant.refuted
    assert [area.ffs for area in report.areas] == [1]


def test_unknown_parameters_and_lost_faults_are_refused() -> None:
    source = library_source("sc_tanh.sv")
    with pytest.raises(SCConfigError, match="the module has 0 parameters named 'DEPTH', not one"):
        with_parameters(source, {"DEPTH": "3"})
    assert "parameter integer STATES = 12  // even" in with_parameters(source, {"STATES": "12"})
    with pytest.raises(SCConfigError, match="'nowhere' occurs 0 times in the module, not once"):
        Fault("nowhere", "", "nothing").break_(source)


@pytest.mark.parametrize(
    ("build", "sentence"),
    [
        (lambda: sobol(Sobol(1, 1)), "WIDTH is 1; it must be a whole number of at least 2"),
        (
            lambda: saturating_accumulator(4, 5, -8, 7, 0),
            "STEP_WIDTH is 5; it must be a whole number from 1 to 4",
        ),
        (
            lambda: saturating_accumulator(4, 4, -9, 7, 0),
            "LOW is -9; it must be a whole number from -8 to 7",
        ),
        (
            lambda: saturating_accumulator(4, 4, -8, 5, 6),
            "RESET is 6; it must be a whole number from -8 to 5",
        ),
        (
            lambda: accumulative_parallel_counter(4, 2),
            "WIDTH is 2; it must be a whole number from 3 to 63",
        ),
        (lambda: parallel_counter(64), "INPUTS is 64; it must be a whole number from 1 to 63"),
        (lambda: isolator(0), "DELAY is 0; it must be a whole number of at least 1"),
        (lambda: shuffler(6, Lfsr()), "DEPTH is 6; it must be a power of two"),
        (
            lambda: history_divider(16, Lfsr(3, 1)),
            "DEPTH is 16; it must be a whole number from 2 to 8",
        ),
        (lambda: tracker(4, 5, Lfsr()), "SHIFT is 5; it must be a whole number from 0 to 4"),
        (lambda: maximum(0), "DEPTH is 0; it must be a whole number from 1 to 2047"),
        (lambda: mux_tree(6), "SELECT_WIDTH is 6; it must be a whole number from 1 to 5"),
        (
            lambda: saturating_up_down_counter(4, 4),
            "RESET is 4; it must be a whole number from 0 to 3",
        ),
        (lambda: tanh(3), "states is 3; it must be even"),
    ],
)
def test_parameters_that_a_module_excludes_are_refused(
    build: Callable[[], Block], sentence: str
) -> None:
    with pytest.raises(SCConfigError, match=f"^{re.escape(sentence)}$"):
        build()


@pytest.mark.exhaustive
@pytest.mark.parametrize("block", EVERY, ids=_name)
def test_every_variant_in_every_simulator(block: Block, store: EvidenceStore) -> None:
    for simulator in available_simulators():
        run = cosimulate_block(block, simulator, cycles=20_000, store=store, seed=1)
        assert run.first is None, simulator


@pytest.mark.exhaustive
@pytest.mark.parametrize("block", VARIANTS, ids=_name)
def test_every_variant_is_proven(block: Block, store: EvidenceStore) -> None:
    if block.name in UNDECIDED:
        with contextlib.suppress(ToolError):
            assert prove_block(block, store=store).refuted == 0
    else:
        assert prove_block(block, store=store).holds


@pytest.mark.exhaustive
@every_block
def test_every_fault_is_refuted_and_shows(block: Block, store: EvidenceStore) -> None:
    for fault in block.faults:
        mutant = refute_block(block, fault, store=store)
        assert mutant.refuted, fault.meaning
        assert mutant.differs is not None, fault.meaning
