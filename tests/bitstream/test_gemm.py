"""The binary matrix product against counting bit by bit."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    and_counts,
    available_backends,
    get_backend,
    pack_bitstream,
    xnor_counts,
)
from sc_neurocore.exceptions import SCConfigError


def words_of(seed, *shape):
    return np.random.default_rng(seed).integers(0, 2**64, shape, dtype=np.uint64)


def bits_of(words):
    """One bit per element, by Python's own integers."""
    flat = [int(w) for w in words.ravel()]
    return np.array([[w >> t & 1 for t in range(64)] for w in flat]).reshape(len(words), -1)


def test_two_rows_by_hand():
    a = np.array([[0b1100], [0b1111]], np.uint64)
    b = np.array([[0b1010], [0b0000], [0b0111]], np.uint64)
    assert and_counts(a, b).tolist() == [[1, 0, 1], [2, 0, 3]]
    assert xnor_counts(a, b, length=4).tolist() == [[2, 2, 1], [2, 0, 3]]


@settings(max_examples=60, deadline=None)
@given(
    m=st.integers(1, 70),
    n=st.integers(1, 70),
    words=st.integers(1, 40),
    threads=st.integers(1, 4),
    seed=st.integers(0, 99),
)
def test_equal_to_bits_in_any_shape(m, n, words, threads, seed):
    a, b = words_of(seed, m, words), words_of(seed + 1, n, words)
    expected = bits_of(a) @ bits_of(b).T
    assert (and_counts(a, b, threads=threads) == expected).all()
    assert (and_counts(a, b, backend="numpy") == expected).all()


@pytest.mark.parametrize("words", [767, 768, 769, 1535, 1536, 1544, 2311])
@pytest.mark.parametrize(("m", "n"), [(65, 9), (9, 65), (64, 6), (4, 140), (130, 130)])
def test_blocks_of_rows_and_words_join(m, n, words):
    a, b = words_of(1, m, words), words_of(2, n, words)
    expected = and_counts(a, b, backend="numpy")
    for threads in (1, 2, 3):
        assert (and_counts(a, b, threads=threads) == expected).all()


@given(length=st.integers(1, 300), seed=st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_xnor_counts_every_bit_of_every_stream_and_no_other(length, seed):
    rng = np.random.default_rng(seed)
    a, b = (
        rng.integers(0, 2, (5, 3, length), np.uint8),
        rng.integers(0, 2, (7, 3, length), np.uint8),
    )
    expected = (a[:, None] == b[None]).sum(axis=(2, 3))
    packed = pack_bitstream(a), pack_bitstream(b)
    for backend in ("numba", "numpy"):
        assert (xnor_counts(*packed, length=length, backend=backend) == expected).all()


def test_nothing_to_count():
    none = np.zeros((3, 0), np.uint64)
    assert and_counts(none, none).tolist() == [[0] * 3] * 3
    assert and_counts(np.zeros((0, 2), np.uint64), words_of(0, 4, 2)).shape == (0, 4)


def test_inputs_stay_as_they_are():
    a, b = words_of(1, 9, 50), words_of(2, 8, 50)
    a.flags.writeable = b.flags.writeable = False
    before = a.copy(), b.copy()
    and_counts(a, b)
    assert (a == before[0]).all() and (b == before[1]).all()


def test_one_bit_moves_one_count():
    a, b = words_of(1, 12, 3100), np.zeros((13, 3100), np.uint64)
    a[7, 2999] |= np.uint64(1 << 63)
    b[12, 2999] = np.uint64(1 << 63)
    counts = and_counts(a, b)
    assert counts[7, 12] == 1
    assert (counts[:, :12] == 0).all()


@pytest.mark.parametrize(
    "features",
    [
        "+sse2",
        *(pytest.param(f"{x},+popcnt", marks=pytest.mark.exhaustive) for x in ("+avx2", "+sse4.2")),
    ],
)
def test_other_processors_give_the_same(features, tmp_path):
    """The kernels compiled for processors with narrower vectors."""
    program = (
        "import numpy as np\n"
        "from sc_neurocore.bitstream import and_counts\n"
        "from sc_neurocore.bitstream import _gemm_kernel as k\n"
        "r = np.random.default_rng(3)\n"
        "a, b = (r.integers(0, 2**64, (n, 1601), dtype=np.uint64) for n in (11, 14))\n"
        "assert (and_counts(a, b) == and_counts(a, b, backend='numpy')).all()\n"
        "print(k.LANES, k.ROWS, k.COLUMNS)\n"
    )
    env = {
        "NUMBA_CPU_NAME": "x86-64",
        "NUMBA_CPU_FEATURES": features,
        "SC_NEUROCORE_CACHE": str(tmp_path),
        "PYTHONPATH": ":".join(sys.path),
    }
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    lanes = 4 if "avx2" in features else 2
    assert done.stdout.split()[0] == str(lanes)


def test_tiles_fill_whole_vectors_and_blocks():
    from sc_neurocore.bitstream import _gemm_kernel as kernel
    from sc_neurocore.bitstream import _gemm_tile_kernel as tile

    for _, lanes, rows, columns, _ in tile.SHAPES:
        assert rows * columns % lanes == 0
        assert kernel.BLOCK % rows == 0
    assert kernel.RUN % tile.PAIR == 0


def test_without_numba_numpy_remains():
    program = (
        "import sys; sys.modules['numba'] = None\n"
        "import numpy as np\n"
        "from sc_neurocore.bitstream import and_counts, available_backends, get_backend\n"
        "assert available_backends() == {'numba': False, 'numpy': True}\n"
        "assert get_backend().name == 'numpy'\n"
        "assert and_counts(np.array([[7]], np.uint64), np.array([[5]], np.uint64)) == 2\n"
        "try: get_backend('numba')\n"
        "except RuntimeError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.startswith("backend 'numba' cannot run: "), done.stderr
    assert done.stdout.endswith("; install numba, or use 'numpy'\n")


def test_back_ends():
    assert available_backends() == {"numba": True, "numpy": True}
    assert get_backend().name == get_backend("auto").name == "numba"
    assert get_backend("numpy").name == "numpy"
    assert get_backend("numpy") is get_backend("numpy")


GOOD = np.zeros((2, 3), np.uint64)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: get_backend("rust"),
            "backend is 'rust'; it must be one of 'auto', 'numba', 'numpy'",
        ),
        (
            lambda: and_counts(GOOD, GOOD.astype(np.int64)),
            "b has dtype int64; packed streams are uint64 (see pack_bitstream)",
        ),
        (
            lambda: and_counts([[1]], GOOD),
            "a is list; it must be a NumPy array of uint64 words",
        ),
        (
            lambda: and_counts(GOOD[0], GOOD),
            "a has shape (3,); rows have shape (rows, ..., words)",
        ),
        (
            lambda: and_counts(GOOD, np.zeros((2, 4), np.uint64)),
            "a has rows of shape (3,) and b of shape (4,); they must be equal",
        ),
        (
            lambda: and_counts(np.zeros((2, 6), np.uint64)[:, ::2], GOOD),
            "a is not contiguous in memory; pass numpy.ascontiguousarray(a)",
        ),
        (
            lambda: and_counts(GOOD, GOOD, threads=0),
            "threads is 0; it must be a whole number of at least 1",
        ),
        (
            lambda: xnor_counts(GOOD, GOOD, length=0),
            "length is 0; it must be a whole number from 1 to 4294967296",
        ),
        (
            lambda: xnor_counts(GOOD, GOOD, length=193),
            "a has 3 words per stream, but 193 bits take 4",
        ),
        (
            lambda: xnor_counts(GOOD, GOOD | np.uint64(1 << 63), length=190),
            "b has ones past bit 190; the last word of a stream ends in zeros",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message
