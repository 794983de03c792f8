"""Sources of comparator numbers against their definitions and against other programs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from sc_neurocore.bitstream import (
    SOURCES,
    Counter,
    Halton,
    Lfsr,
    NumpyRandom,
    OsEntropy,
    Sobol,
    Source,
    source_of,
)
from sc_neurocore.bitstream.golden import VECTORS, golden_files, golden_sources, main
from sc_neurocore.exceptions import SCConfigError

from .sources import compiling, radical_inverse, shift_register, sources

FAR = st.integers(0, 2**40)


# ── What all sources promise ──


@compiling
@given(sources(), st.integers(0, 3000), st.integers(1, 200))
def test_a_start_is_as_good_as_stepping_there(source: Source, start: int, count: int) -> None:
    assert np.array_equal(source.values(count, start), source.values(start + count)[start:])


@compiling
@given(sources(), FAR, st.integers(1, 100), st.integers(1, 100))
def test_far_starts_join(source: Source, start: int, first: int, second: int) -> None:
    joined = np.concatenate([source.values(first, start), source.values(second, start + first)])
    assert np.array_equal(joined, source.values(first + second, start))


@compiling
@given(sources(), FAR)
def test_numbers_repeat_after_a_period(source: Source, start: int) -> None:
    if source.period is not None:
        assert np.array_equal(source.values(70, start), source.values(70, start + source.period))


@compiling
@given(sources(), FAR)
def test_numbers_have_the_type_and_width_promised(source: Source, start: int) -> None:
    numbers = source.values(300, start)
    assert numbers.dtype == np.uint32 and numbers.shape == (300,)
    assert int(numbers.max()) < 1 << source.width


@compiling
@given(sources())
def test_text_reads_back(source: Source) -> None:
    assert source_of(str(source)) == source


# ── Shift registers ──


def test_documented_register_steps_as_published() -> None:
    assert Lfsr().values(2).tolist() == [0xACE1, 0x59C3]
    assert Lfsr(form="galois").values(2).tolist() == [0xACE1, 0xE270]


@compiling
@given(st.data(), st.sampled_from(["fibonacci", "galois"]), st.integers(3, 32))
def test_register_moves_its_stages(data: st.DataObject, form: str, width: int) -> None:
    source = Lfsr(width, data.draw(st.integers(1, 2**width - 1)), form)  # type: ignore[arg-type]
    stages = shift_register(source.feedback.exponents, form, source.seed, 100)
    assert source.values(100).tolist() == stages


def test_register_with_taps_of_its_own() -> None:
    taps = (8, 4, 3, 2)
    assert Lfsr(8, 1, taps=taps).values(255).tolist() == shift_register(taps, "fibonacci", 1, 255)


@pytest.mark.parametrize("form", ["fibonacci", "galois"])
@pytest.mark.parametrize("width", range(3, 21))
def test_register_visits_every_state_but_zero_once(width: int, form: str) -> None:
    source = Lfsr(width, 1, form)  # type: ignore[arg-type]
    seen = np.bincount(source.values((1 << width) - 1), minlength=1 << width)
    assert seen[0] == 0 and (seen[1:] == 1).all()


@compiling
@given(st.integers(3, 32), FAR, FAR)
def test_jumps_add_up(width: int, first: int, second: int) -> None:
    source = Lfsr(width, 1)
    assert source.jump(first).jump(second) == source.jump(first + second)
    assert source.jump(source.period) == source


def test_jump_finds_a_state_far_away() -> None:
    # 2^31 clocks of a 32-bit register, by squaring the matrix of one clock 31 times.
    source = Lfsr(32, 0xDEADBEEF, "galois")
    matrix = np.array(
        [[source.feedback.after(1 << j) >> i & 1 for j in range(32)] for i in range(32)]
    )
    for _ in range(31):
        matrix = matrix @ matrix % 2
    bits = matrix @ np.array([0xDEADBEEF >> i & 1 for i in range(32)]) % 2
    assert source.state_at(2**31) == sum(int(b) << i for i, b in enumerate(bits))


# ── Sobol ──


@pytest.mark.parametrize("width", [16, 30, 32])
def test_sobol_is_that_of_scipy(width: int) -> None:
    engine = qmc.Sobol(1024, scramble=False, bits=width)
    theirs = np.ldexp(engine.random(1024), width).astype(np.uint32)
    ours = np.stack([Sobol(d, width).values(1024) for d in range(1, 1025)], axis=1)
    assert np.array_equal(ours, theirs)


@compiling
@given(st.integers(1, 1024), st.integers(1, 12))
def test_narrow_sobol_is_the_top_of_wide_sobol(dimension: int, width: int) -> None:
    narrow, wide = Sobol(dimension, width), Sobol(dimension, 32)
    assert np.array_equal(narrow.values(1 << width), wide.values(1 << width) >> (32 - width))


@compiling
@given(st.integers(1, 1024), st.integers(0, 2**16 - 1), st.integers(0, 2**9))
def test_every_block_of_sobol_fills_every_interval(dim: int, shift: int, block: int) -> None:
    # A (0,1)-sequence in base 2: 128 aligned ticks put one number in each 128th of the range.
    numbers = Sobol(dim, 16, shift).values(128, 128 * block)
    assert np.array_equal(np.sort(numbers >> 9), np.arange(128))


def test_first_two_dimensions_fill_every_box() -> None:
    # A (0,2)-sequence: 256 points put one into each box of area 1/256, whatever its shape.
    x, y = (Sobol(d, 8).values(256).astype(int) for d in (1, 2))
    for k in range(9):
        assert len(set(zip(x >> k, y >> (8 - k), strict=True))) == 256


def test_sobol_visits_every_number_once() -> None:
    for dimension in (1, 2, 77, 1024):
        assert np.array_equal(np.sort(Sobol(dimension, 16).values(65536)), np.arange(65536))


# ── Halton and counter ──


@compiling
@given(st.integers(2, 256), st.integers(1, 32), st.integers(0, 10**6))
def test_halton_is_the_floor_of_the_radical_inverse(base: int, width: int, tick: int) -> None:
    source = Halton(base, width)
    expected = radical_inverse(tick % source.period, base) * 2**width
    assert source.values(1, tick)[0] == int(expected)


def test_halton_is_that_of_scipy() -> None:
    theirs = qmc.Halton(8, scramble=False).random(1000)
    for base, column in zip((2, 3, 5, 7, 11, 13, 17, 19), theirs.T, strict=True):
        ours = Halton(base, 32).values(1000) / 2**32
        assert np.allclose(ours, column, rtol=0, atol=2**-32 + 1e-12)


@pytest.mark.parametrize("base", [2, 3, 5, 7, 10, 200, 256])
def test_halton_spreads_a_period_evenly(base: int) -> None:
    source = Halton(base, 10)
    seen = np.bincount(source.values(source.period), minlength=1024)
    assert seen.max() - seen.min() <= 1 and seen.min() >= 1


def test_counter_counts() -> None:
    assert Counter(3).values(10, 6).tolist() == [6, 7, 0, 1, 2, 3, 4, 5, 6, 7]


# ── Random numbers ──


def test_random_numbers_are_those_of_philox() -> None:
    words = np.random.Philox(key=7).random_raw(8)
    halves = np.stack([words & np.uint64(0xFFFFFFFF), words >> np.uint64(32)], axis=1).ravel()
    assert np.array_equal(NumpyRandom(7, 32).values(16), halves)
    assert np.array_equal(NumpyRandom(7, 12).values(16), halves >> np.uint64(20))


@pytest.mark.parametrize("source", [NumpyRandom(3, 8), OsEntropy(8)])
def test_random_numbers_are_uniform(source: Source) -> None:
    seen = np.bincount(source.values(256 * 400), minlength=256)
    assert scipy.stats.chisquare(seen).pvalue > 1e-9


def test_entropy_is_new_at_every_call() -> None:
    assert not np.array_equal(OsEntropy(32).values(8), OsEntropy(32).values(8))


def test_narrow_register_starts_at_one_and_a_wide_one_as_documented() -> None:
    assert (Lfsr().seed, Lfsr(32).seed, Lfsr(15).seed) == (0xACE1, 0xACE1, 1)
    assert source_of("lfsr:8") == Lfsr(8, 1) and str(Lfsr(8, 1)) == "lfsr:8"
    assert str(Lfsr(8, 1, "galois")) == "lfsr:8:0x1:galois" and str(Lfsr(16, 1)) == "lfsr:16:0x1"


# ── Golden vectors ──


def test_golden_files_are_what_the_sources_give() -> None:
    assert {p.name: p.read_text("utf-8") for p in VECTORS.iterdir()} == golden_files()


def test_golden_registers_follow_the_definition() -> None:
    for entry in json.loads((VECTORS / "lfsr.json").read_text("utf-8")):
        source = source_of(entry["source"])
        assert isinstance(source, Lfsr)
        stages = shift_register(source.feedback.exponents, source.form, source.seed, 100)
        assert entry["first"] == stages[:16]
        for threshold, words in entry["streams"].items():
            bits = sum((state < int(threshold)) << t for t, state in enumerate(stages))
            assert [int(w, 16) for w in words] == [bits & (2**64 - 1), bits >> 64]


def test_golden_command_writes_the_files(tmp_path: Path) -> None:
    assert main([str(tmp_path / "new")]) == 0
    written = {p.name for p in (tmp_path / "new").iterdir()}
    assert written == {f"{kind}.json" for kind in SOURCES if kind != "entropy"}
    assert set(golden_sources()) == set(SOURCES) - {"entropy"}


def test_golden_command_asks_for_a_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "FOLDER" in capsys.readouterr().err


# ── Bad input ──

WHOLE = "it must be a whole number"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Lfsr(16, 0), f"seed is 0; {WHOLE} from 1 to 65535"),
        (lambda: Lfsr(16, 65536), f"seed is 65536; {WHOLE} from 1 to 65535"),
        (lambda: Lfsr(8, 0xACE1), f"seed is 44257; {WHOLE} from 1 to 255"),
        (lambda: Lfsr(2, 1), f"width is 2; {WHOLE} from 3 to 32"),
        (lambda: Lfsr(33, 1), f"width is 33; {WHOLE} from 3 to 32"),
        (lambda: Lfsr(16.0, 1), f"width is 16.0; {WHOLE} from 3 to 32"),
        (lambda: Lfsr(16, True), f"seed is True; {WHOLE} from 1 to 65535"),
        (lambda: Lfsr(form="fib"), "form is 'fib'; it must be 'fibonacci' or 'galois'"),
        (
            lambda: Lfsr(16, 1, taps=(16, 15)),
            "taps are (16, 15), but x^16 + x^15 + 1 is not primitive, so the register would "
            "repeat before 65535 clocks; choose a primitive polynomial or leave taps out",
        ),
        (
            lambda: Lfsr(4, 1, taps=(4, 3, 2, 1)),
            "taps are (4, 3, 2, 1), but x^4 + x^3 + x^2 + x + 1 is not primitive, so the register "
            "would repeat before 15 clocks; choose a primitive polynomial or leave taps out",
        ),
        (
            lambda: Lfsr(8, 1, taps=(7, 6)),
            "taps are (7, 6); they must be different exponents, 8 among them",
        ),
        (
            lambda: Lfsr(8, 1, taps=(8, 8)),
            "taps are (8, 8); they must be different exponents, 8 among them",
        ),
        (
            lambda: Lfsr(8, 1, taps=()),
            "taps are (); they must be different exponents, 8 among them",
        ),
        (lambda: Lfsr(8, 1, taps=(8, 0)), f"tap is 0; {WHOLE} from 1 to 8"),
        (lambda: Sobol(0), f"dimension is 0; {WHOLE} from 1 to 1024"),
        (lambda: Sobol(1025), f"dimension is 1025; {WHOLE} from 1 to 1024"),
        (lambda: Sobol(1, 33), f"width is 33; {WHOLE} from 1 to 32"),
        (lambda: Sobol(1, 4, 16), f"shift is 16; {WHOLE} from 0 to 15"),
        (lambda: Halton(1), f"base is 1; {WHOLE} from 2 to 256"),
        (lambda: Halton(2, 0), f"width is 0; {WHOLE} from 1 to 32"),
        (lambda: Counter(0), f"width is 0; {WHOLE} from 1 to 32"),
        (lambda: NumpyRandom(-1), f"seed is -1; {WHOLE} from 0 to {2**128 - 1}"),
        (lambda: OsEntropy(64), f"width is 64; {WHOLE} from 1 to 32"),
        (lambda: Counter().values(0), f"count is 0; {WHOLE} from 1 to 4294967296"),
        (lambda: Counter().values(2**33), f"count is 8589934592; {WHOLE} from 1 to 4294967296"),
        (lambda: Counter().values(1, -1), f"start is -1; {WHOLE} of at least 0"),
        (
            lambda: NumpyRandom().values(1, 2**63 + 1),
            f"start is 9223372036854775809; {WHOLE} from 0 to 9223372036854775808",
        ),
        (
            lambda: source_of("fibonacci:16"),
            "source is 'fibonacci:16'; it must begin with one of "
            "lfsr, sobol, halton, counter, random, entropy",
        ),
        (
            lambda: source_of("counter:8:1"),
            "source 'counter:8:1' has 2 fields; 'counter' takes width",
        ),
        (
            lambda: source_of("sobol:two"),
            "source 'sobol:two' has dimension 'two', which is no number",
        ),
        (
            lambda: source_of("lfsr:8:1:galois:8,x"),
            "source 'lfsr:8:1:galois:8,x' has taps '8,x', which is no number",
        ),
        (lambda: source_of("lfsr:16:0"), f"seed is 0; {WHOLE} from 1 to 65535"),
    ],
)
def test_bad_input_is_named(make: object, message: str) -> None:
    with pytest.raises(SCConfigError) as caught:
        make()  # type: ignore[operator]
    assert str(caught.value) == message
    assert isinstance(caught.value, ValueError)


def test_texts_of_sources() -> None:
    assert source_of("lfsr:16:0xACE1") == Lfsr(16, 0xACE1)
    assert source_of("lfsr:7:1:fibonacci:7,6") == Lfsr(7, 1, taps=(7, 6))
    assert source_of("sobol:3") == Sobol(3)
    assert source_of("halton:3:12") == Halton(3, 12)
    assert [source_of(kind) for kind in SOURCES] == [make() for make in SOURCES.values()]
