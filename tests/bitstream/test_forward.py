"""Layers against plain loops over bits, across back ends, methods and threads."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.bitstream import (
    BIPOLAR,
    SPLIT_UNIPOLAR,
    UNIPOLAR,
    Lfsr,
    NumpyRandom,
    Sharing,
    Sobol,
    encode,
    get_backend,
    lfsr_phases,
    one_pair,
    own_dimensions,
    pack_bitstream,
    register_phases,
    sc_conv2d,
    sc_dense,
    sc_forward,
    shifted_pair,
)
from sc_neurocore.exceptions import SCConfigError


def clocked(state):
    """The documented register, x^16 + x^14 + x^13 + x^11 + 1, one bit at a time."""
    while True:
        yield state
        bit = (state >> 15 ^ state >> 13 ^ state >> 12 ^ state >> 10) & 1
        state = (state << 1 & 0xFFFF) | bit


def register_bits(p, phase, length, seed):
    """Bits of one input: the register `phase` ticks on, compared with the rounded probability."""
    register = clocked(seed)
    for _ in range(phase):
        next(register)
    return [int(next(register) < round(p * 65536)) for _ in range(length)]


def weight_bits(seed, outputs, inputs, length):
    return np.random.default_rng(seed).integers(0, 2, (outputs, inputs, length), np.uint8)


def test_forward_is_what_the_documentation_says():
    outputs, inputs, length, seed = 3, 4, 130, 0xBEEF
    w = weight_bits(1, outputs, inputs, length)
    p = [0.0, 1.0, 0.3, 0.71]
    x = [register_bits(q, i * 40504 % 65535, length, seed) for i, q in enumerate(p)]
    expected = [
        sum(w[o][i][t] & x[i][t] for i in range(inputs) for t in range(length)) / length
        for o in range(outputs)
    ]
    for backend in ("auto", "numba", "numpy", get_backend("numpy")):
        found = sc_forward(pack_bitstream(w), p, length=length, seed=seed, backend=backend)
        assert found.tolist() == expected
    assert get_backend("numpy").sc_forward(
        pack_bitstream(w), p, length=length, seed=seed
    ).tolist() == expected  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    outputs=st.integers(1, 30),
    inputs=st.integers(1, 12),
    length=st.integers(1, 1500),
    batch=st.integers(0, 20),
    seed=st.integers(1, 65535),
)
def test_forward_is_the_same_on_every_back_end(outputs, inputs, length, batch, seed):
    rng = np.random.default_rng(seed)
    w = pack_bitstream(weight_bits(seed, outputs, inputs, length))
    p = rng.random((batch, inputs))
    found = sc_forward(w, p, length=length, seed=seed)
    assert found.shape == (batch, outputs)
    for threads in (1, 3):
        again = sc_forward(w, p, length=length, seed=seed, threads=threads)
        assert (found == again).all()
    assert (found == sc_forward(w, p, length=length, seed=seed, backend="numpy")).all()
    for sample, row in zip(p, found, strict=True):
        assert (sc_forward(w, sample, length=length, seed=seed) == row).all()


def test_large_batches_are_encoded_in_pieces(monkeypatch):
    from sc_neurocore.bitstream import _forward

    w = encode(np.random.default_rng(1).random((5, 3)), 6400, NumpyRandom(2))
    p = np.random.default_rng(2).random((41, 3))
    whole = sc_forward(w, p, length=6400)
    dense = sc_dense(p[:5], p, length=6400, method="bits")
    monkeypatch.setattr(_forward, "_HELD", 2000)
    assert (sc_forward(w, p, length=6400) == whole).all()
    assert (sc_dense(p[:5], p, length=6400, method="bits") == dense).all()


def test_exact_zero_and_one():
    w = encode(np.array([[0.0, 1.0], [1.0, 1.0]]), 100, NumpyRandom(1))
    assert sc_forward(w, [1.0, 1.0], length=100).tolist() == [1.0, 2.0]
    assert sc_forward(w, [0.0, 0.0], length=100).tolist() == [0.0, 0.0]
    for method in ("bits", "ranks"):
        dense = sc_dense([[1.0, -1.0]], [[1.0, 1.0], [-1.0, 1.0], [0.0, 0.0]], length=64,
                         coding=BIPOLAR, method=method)  # fmt: skip
        assert dense[:2].ravel().tolist() == [0.0, -2.0]


def test_phases_are_jumps_of_one_register():
    found = lfsr_phases(5, seed=77)
    assert found == tuple(Lfsr(seed=77).jump(i * 40504 % 65535) for i in range(5))
    assert math.gcd(40504, 65535) == 1
    assert len(set(lfsr_phases(65535))) == 65535


def bits_of_plan(p, sources, length):
    return np.array(
        [s.values(length) < round(q * 2**s.width) for q, s in zip(p, sources, strict=True)]
    )


PLANS = {
    "default": None,
    "one pair": one_pair(),
    "shifted": shifted_pair(6),
    "own": own_dimensions(6),
    "register": register_phases(6),
    "own per row": Sharing(
        (Sobol(1),), tuple(tuple(NumpyRandom(10 * o + i) for i in range(6)) for o in range(3))
    ),
    "uneven": Sharing((Sobol(1), Lfsr(9, 3)), ((Sobol(2), Sobol(5), Sobol(4)), (Lfsr(seed=3),))),
}


@pytest.mark.parametrize("coding", [UNIPOLAR, BIPOLAR])
@pytest.mark.parametrize("plan", PLANS)
@pytest.mark.parametrize("length", [1, 64, 200, 1000])
def test_dense_against_plain_bits(plan, coding, length):
    rng = np.random.default_rng(4)
    w, x = (rng.uniform(coding.range.low, 1, shape) for shape in ((5, 6), (4, 6)))
    w[0, 0], w[1, 1], x[2, 2], x[3, 3] = 1.0, coding.range.low, 1.0, coding.range.low
    sharing = PLANS[plan]
    used = sharing or shifted_pair(6)
    expected = np.empty((4, 5))
    for s in range(4):
        inputs = bits_of_plan(coding.probabilities(x[s]), used.input_sources(6), length)
        for o in range(5):
            sources = used.weight_sources(o, 6)
            weights = bits_of_plan(coding.probabilities(w[o]), sources, length)
            if coding is BIPOLAR:
                expected[s, o] = 2 * ((inputs == weights).sum() / length) - 6
            else:
                expected[s, o] = (inputs & weights).sum() / length
    for method, backend in (
        ("bits", "numba"),
        ("bits", "numpy"),
        ("ranks", "auto"),
        ("auto", "auto"),
    ):
        found = sc_dense(
            w, x, length=length, coding=coding, sharing=sharing, method=method, backend=backend
        )
        assert (found == expected).all()


@pytest.mark.parametrize("coding", [UNIPOLAR, BIPOLAR])
def test_dense_comes_close_to_the_matrix_product(coding):
    rng = np.random.default_rng(8)
    w, x = (rng.uniform(coding.range.low, 1, shape) for shape in ((10, 20), (30, 20)))
    error = sc_dense(w, x, length=4096, coding=coding) - x @ w.T
    # A random stream of this length would be off by about sqrt(20/4096)/2 = 0.035 in unipolar.
    assert np.sqrt((error**2).mean()) < 0.01


def test_dense_keeps_leading_axes():
    w, x = np.full((2, 3), 0.5), np.random.default_rng(0).random((4, 5, 3))
    found = sc_dense(w, x, length=64)
    assert found.shape == (4, 5, 2)
    assert (found[1, 2] == sc_dense(w, x[1, 2], length=64)).all()


def test_sharing_one_pair_makes_equal_rows_equal():
    w = np.full((3, 4), 0.37)
    found = sc_dense(w, [[0.2, 0.4, 0.6, 0.8]], length=100, sharing=one_pair())
    assert len(set(found.ravel())) == 1


@pytest.mark.parametrize("coding", [UNIPOLAR, BIPOLAR])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (1, 1), (2, 0), (2, 2), (3, 1)])
def test_convolution_is_dense_at_every_place(coding, stride, padding):
    rng = np.random.default_rng(5)
    w = rng.uniform(coding.range.low, 1, (4, 2, 3, 2))
    x = rng.uniform(coding.range.low, 1, (3, 2, 6, 7))
    found = sc_conv2d(w, x, length=96, stride=stride, padding=padding, coding=coding)
    wide = np.zeros((3, 2, 6 + 2 * padding, 7 + 2 * padding))
    wide[:, :, padding : padding + 6, padding : padding + 7] = x
    rows = range(0, wide.shape[2] - 2, stride)
    columns = range(0, wide.shape[3] - 1, stride)
    assert found.shape == (3, 4, len(rows), len(columns))
    for i, row in enumerate(rows):
        for j, column in enumerate(columns):
            patch = wide[:, :, row : row + 3, column : column + 2].reshape(3, -1)
            dense = sc_dense(w.reshape(4, -1), patch, length=96, coding=coding)
            assert (found[:, :, i, j] == dense).all()


def test_convolution_of_one_image():
    w, x = np.full((1, 1, 2, 2), 0.5), np.full((1, 3, 3), 0.5)
    one = sc_conv2d(w, x, length=256)
    assert one.shape == (1, 2, 2)
    assert np.abs(one - 1.0).max() < 0.05


W = np.zeros((2, 3, 1), np.uint64)
HALF = [0.5] * 3
V, X = [[0.5, 0.5]], [[0.1, 0.2]]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: (
                sc_forward(W, [0.5] * 3, length=64, seed=1),
                sc_forward(W, [0.5] * 3, length=64, seed=1.0),
            ),
            "seed is 1.0; it must be a whole number from 1 to 65535",
        ),
        (
            lambda: (lfsr_phases(3, 1), lfsr_phases(3, True)),
            "seed is True; it must be a whole number from 1 to 65535",
        ),
        (
            lambda: sc_forward(W, [0.5, 1.2, 0.1], length=64),
            "input_probs[1] is 1.2; it must be from 0 to 1",
        ),
        (
            lambda: sc_forward(W, [0.5, 0.2, math.nan], length=64),
            "input_probs[2] is nan; it must be from 0 to 1",
        ),
        (
            lambda: sc_forward(W, [[0.5, -0.2, 0.0]] * 2, length=64, backend="numpy"),
            "input_probs[0, 1] is -0.2; it must be from 0 to 1",
        ),
        (
            lambda: sc_forward(W, [0.5] * 4, length=64),
            "input_probs has shape (4,); for these weights it must be (3,) or (batch, 3)",
        ),
        (
            lambda: sc_forward(W, ["a"] * 3, length=64),
            "input_probs is not a number or an array of numbers",
        ),
        (
            lambda: sc_forward(W, HALF, length=65),
            "weights_packed has shape (2, 3, 1); for 65 bits it must be (outputs, inputs, 2)",
        ),
        (
            lambda: sc_forward(W[0], HALF, length=64),
            "weights_packed has shape (3, 1); for 64 bits it must be (outputs, inputs, 1)",
        ),
        (
            lambda: sc_forward(W[:0], HALF, length=64),
            "weights_packed has shape (0, 3, 1); it needs at least one output and one input",
        ),
        (
            lambda: sc_forward(W.astype(np.uint32), HALF, length=64),
            "weights_packed has dtype uint32; packed streams are uint64 (see pack_bitstream)",
        ),
        (
            lambda: sc_forward(np.zeros((2, 6, 1), np.uint64)[:, ::2], HALF, length=64),
            "weights_packed is not contiguous in memory; "
            "pass numpy.ascontiguousarray(weights_packed)",
        ),
        (
            lambda: sc_forward(W, HALF, length=0),
            "length is 0; it must be a whole number from 1 to 4294967296",
        ),
        (
            lambda: sc_forward(W, HALF, length=2**33),
            "length is 8589934592; it must be a whole number from 1 to 4294967296",
        ),
        (
            lambda: sc_forward(W, HALF, length=64, seed=0),
            "seed is 0; it must be a whole number from 1 to 65535",
        ),
        (
            lambda: sc_forward(W, HALF, length=64, threads=-1),
            "threads is -1; it must be a whole number of at least 1",
        ),
        (
            lambda: sc_forward(W, HALF, length=64, backend="gpu"),
            "backend is 'gpu'; it must be one of 'auto', 'numba', 'numpy'",
        ),
        (
            lambda: sc_dense(V, [[0.1, 1.5]], length=8),
            "value[0, 1] is 1.5; it must be from 0 to 1",
        ),
        (
            lambda: sc_dense(V, X, length=8, coding=SPLIT_UNIPOLAR),
            "coding is split-unipolar; a product needs unipolar (AND) or bipolar (XNOR) streams",
        ),
        (
            lambda: sc_dense(V, X, length=8, method="guess"),
            "method is 'guess'; it must be 'auto', 'bits' or 'ranks'",
        ),
        (
            lambda: sc_dense(V, [[0.1]], length=8),
            "weights have shape (1, 2) and inputs (1, 1); they must be (outputs, inputs) "
            "and (..., inputs)",
        ),
        (
            lambda: Sharing((), ((Sobol(2),),)),
            "a sharing plan needs a source for the inputs and every weight",
        ),
        (
            lambda: own_dimensions(600),
            "600 inputs need 1200 Sobol dimensions, but there are 1024",
        ),
        (
            lambda: sc_conv2d(np.ones((1, 1, 3, 3)), np.ones((1, 2, 5)), length=8),
            "patches of 3 by 3 do not fit an image of 2 by 5, padding included",
        ),
        (
            lambda: sc_conv2d(np.ones((1, 2, 3, 3)), np.ones((1, 2, 5)), length=8),
            "weights have shape (1, 2, 3, 3) and images (1, 2, 5); they must be "
            "(filters, channels, height, width) and (..., channels, rows, columns)",
        ),
        (
            lambda: sc_conv2d(np.ones((1, 1, 1, 1)), np.ones((1, 2, 5)), length=8, stride=0),
            "stride is 0; it must be a whole number of at least 1",
        ),
        (
            lambda: sc_conv2d(np.ones((1, 1, 1, 1)), np.ones((1, 2, 5)), length=8, padding=-1),
            "padding is -1; it must be a whole number of at least 0",
        ),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(SCConfigError) as caught:
        call()
    assert str(caught.value) == message


def test_shifts_centre_the_rounding_of_many_inputs():
    # One pair rounds every probability up to a multiple of 1/length: 256 inputs are off by up to
    # 256/64. Shifts leave less than a tenth of that.
    rng = np.random.default_rng(3)
    w, x = rng.random((6, 256)), rng.random((20, 256))
    one, shifted = (
        np.sqrt(((sc_dense(w, x, length=64, sharing=plan) - x @ w.T) ** 2).mean())
        for plan in (one_pair(), shifted_pair(256))
    )
    assert one > 1.0
    assert shifted < one / 10
