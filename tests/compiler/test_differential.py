"""Random models under every option: RTL, both bit-true kernels and plain integers agree."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from sc_neurocore.build import cosimulate, make_stimulus
from sc_neurocore.compiler import Compiled, HardwareOptions, compile_model
from sc_neurocore.compiler import _bittrue as bittrue
from sc_neurocore.dynamics import Model
from sc_neurocore.evidence import EvidenceStore
from sc_neurocore.exceptions import SCCompilerError, SCConfigError
from sc_neurocore.toolchain import lint

from .exact import node_values
from .models import designs

quick = settings(
    max_examples=30, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck)
)
thorough = settings(quick, max_examples=3000, derandomize=False)


def compiled_or_refused(model: Model, options: HardwareOptions) -> Compiled | None:
    """Compile; a refusal must be one sentence of a kind the user can act on."""
    try:
        return compile_model(model, options)
    except (SCCompilerError, SCConfigError) as error:
        text = str(error)
        assert 20 < len(text) < 400
        assert "\n" not in text
        event(text[:40])
        return None


def check_rtl(design: tuple[Model, HardwareOptions], store: EvidenceStore, simulator: str) -> None:
    compiled = compiled_or_refused(*design)
    if compiled is None:
        return
    stimulus = make_stimulus(compiled, 300, 1, {})
    run = cosimulate(compiled, stimulus, simulator, store=store)
    assert run.mismatches == 0, f"{run.first}\n{compiled.rtl.source}"
    event("compared")


@quick
@given(designs())
def test_rtl_is_the_bit_true_model(
    store: EvidenceStore, design: tuple[Model, HardwareOptions]
) -> None:
    check_rtl(design, store, "yosys")


@settings(quick, max_examples=5)
@given(designs())
def test_rtl_is_the_bit_true_model_in_verilator(
    store: EvidenceStore, design: tuple[Model, HardwareOptions]
) -> None:
    check_rtl(design, store, "verilator")


@pytest.mark.exhaustive
@thorough
@given(designs())
def test_rtl_is_the_bit_true_model_many_times(
    store: EvidenceStore, design: tuple[Model, HardwareOptions]
) -> None:
    check_rtl(design, store, "yosys")


@settings(quick, max_examples=6)
@given(designs())
def test_generated_verilog_is_free_of_lint(
    store: EvidenceStore, design: tuple[Model, HardwareOptions]
) -> None:
    compiled = compiled_or_refused(*design)
    if compiled is not None:
        record = lint(compiled.rtl.sources, compiled.rtl.module, store=store)
        assert record.result["warnings"] == [], compiled.rtl.source


def random_ports(compiled: Compiled, ticks: int, seed: int) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(seed)
    d = compiled.datapath
    return {
        p.name: rng.choice([p.low, p.high, 0, *rng.integers(p.low, p.high + 1, 5)], ticks)
        .clip(p.low, p.high)
        .astype(np.int64)
        for p in (*d.inputs, *d.parameters, *d.draws)
    }


@settings(quick, max_examples=12)
@given(designs())
def test_both_kernels_agree(design: tuple[Model, HardwareOptions]) -> None:
    compiled = compiled_or_refused(*design)
    if compiled is None or len(compiled.datapath.nodes) > 150:
        return
    d = compiled.datapath
    ports = list(random_ports(compiled, 60, 3).values())
    roms = [np.asarray(r, dtype=np.int64) for r in bittrue.rom_contents(d)]
    start = [*d.init, 0, 0, bittrue.DITHER_SEED, 0]
    results = []
    for make in (bittrue._plain_kernel, bittrue._compiled_kernel):
        traces = [np.zeros(60, dtype=np.int64) for _ in range(len(d.states) + 1)]
        plain = make is bittrue._plain_kernel
        given_ports = [p.tolist() for p in ports] if plain else ports
        given_roms = [r.tolist() for r in roms] if plain else roms
        end = make(d)(60, *given_ports, *given_roms, *start, *traces)
        results.append(([t.tolist() for t in traces], [int(x) for x in end]))
    assert results[0] == results[1]


@settings(quick, max_examples=150)
@given(designs(), st.randoms(use_true_random=False))
def test_no_node_ever_leaves_its_range(design: tuple[Model, HardwareOptions], random) -> None:
    """Ranges are exact promises: wires are cut to them, so one violation is a wrong circuit."""
    model, options = design
    fast = dataclasses.replace(options, pipeline=0, multipliers="parallel")
    compiled = compiled_or_refused(model, fast)
    if compiled is None:
        return
    d = compiled.datapath
    ports = (*d.states, *d.inputs, *d.parameters, *d.draws)
    for k in range(30):
        sources = {
            p.name: (p.low, p.high)[k]
            if k < 2
            else random.choice(
                [p.low, p.high, random.randint(p.low, p.high), random.randint(p.low, p.high)]
            )
            for p in ports
        }
        sources |= {"$dither": random.getrandbits(32), "$refractory": random.randint(0, 1)}
        for node, value in zip(d.nodes, node_values(d, sources), strict=True):
            assert node.low <= value <= node.high, node


@settings(quick, max_examples=60)
@given(designs())
def test_the_kernel_does_what_plain_integers_do(design: tuple[Model, HardwareOptions]) -> None:
    """Semantics once more, from the documentation alone, against the generated kernel."""
    model, options = design
    fast = dataclasses.replace(options, pipeline=0, multipliers="parallel")
    compiled = compiled_or_refused(model, fast)
    if compiled is None:
        return
    d, ticks = compiled.datapath, 25
    ports = random_ports(compiled, ticks, 5)
    run = bittrue.simulate_fixed(d, ports) if ports else bittrue.simulate_ticks(d, ticks)
    values = dict(zip((p.name for p in d.states), d.init, strict=True))
    refractory = above = trapped = 0
    dither = bittrue.DITHER_SEED
    for t in range(ticks):
        sources = {**values, **{k: int(v[t]) for k, v in ports.items()}}
        sources |= {"$dither": dither, "$refractory": int(refractory > 0)}
        node = node_values(d, sources)
        met = 0 if d.condition is None else node[d.condition]
        spike = met and not refractory and not (model.edge == "rising" and above)
        for flag in d.overflows:
            stored = not (flag.held and refractory) and not (flag.replaced and spike)
            trapped |= node[flag.node] and stored and (spike or not flag.at_spike)
        for i, p in enumerate(d.states):
            if p.name in model.hold and refractory:
                continue
            reset = spike and i in d.after_reset
            values[p.name] = node[d.after_reset[i] if reset else d.candidate[i]]
        refractory = model.refractory_ticks if spike else max(0, refractory - 1)
        above = met
        if d.uses_dither:
            dither = (dither ^ (dither << 13)) & 0xFFFFFFFF
            dither ^= dither >> 17
            dither = (dither ^ (dither << 5)) & 0xFFFFFFFF
        assert int(run.spikes[t, 0]) == int(bool(spike))
        assert {n: int(x[t, 0]) for n, x in run.states.items()} == values
    assert bool(run.final.trapped[0]) == bool(trapped)
