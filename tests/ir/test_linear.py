"""Reference implementations of the linear primitives against SciPy and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import correlate

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.ir import (
    Affine,
    AvgPool2d,
    Conv1d,
    Conv2d,
    Flatten,
    LinearOp,
    Scale,
    SumPool2d,
)

RNG = np.random.default_rng(11)


def by_scipy(
    x: np.ndarray, op: Conv1d | Conv2d, before: tuple[int, ...], after: tuple[int, ...]
) -> np.ndarray:
    """Convolution from SciPy's valid correlation: dilate the kernel, pad, correlate, stride."""
    spread = [d * (k - 1) + 1 for k, d in zip(op.weight.shape[2:], op.dilation, strict=True)]
    kernel = np.zeros((*op.weight.shape[:2], *spread))
    kernel[(slice(None), slice(None), *(slice(None, None, d) for d in op.dilation))] = op.weight
    padded = np.pad(x, ((0, 0), (0, 0), *zip(before, after, strict=True)))
    per_group, inner = len(kernel) // op.groups, op.weight.shape[1]
    samples = []
    for sample in padded:
        channels = []
        for out, weights in enumerate(kernel):
            first = out // per_group * inner
            total = sum(
                correlate(sample[first + c], weights[c], mode="valid", method="direct")
                for c in range(inner)
            )
            channels.append(total[tuple(slice(None, None, s) for s in op.stride)])
        samples.append(channels)
    bias = 0 if op.bias is None else op.bias.reshape(-1, *[1] * op.rank)
    return np.array(samples) + bias


@pytest.mark.parametrize("groups", [1, 2, 4])
@pytest.mark.parametrize("dilation", [1, 2, (1, 3)])
@pytest.mark.parametrize("stride", [1, 2, (3, 1)])
@pytest.mark.parametrize("padding", [0, 1, (2, 0), "valid", "same"])
def test_conv2d(groups: int, dilation: object, stride: object, padding: object) -> None:
    if padding == "same":
        stride = 1
    weight = RNG.normal(size=(4, 4 // groups, 2, 3))
    op = Conv2d(weight, RNG.normal(size=4), stride, padding, dilation, groups)  # type: ignore[arg-type]
    x = RNG.normal(size=(2, 4, 7, 9))
    if padding == "same":
        extra = [d * (k - 1) for k, d in zip((2, 3), op.dilation, strict=True)]
        before = tuple(e // 2 for e in extra)
        after = tuple(e - e // 2 for e in extra)
    else:
        before = after = (0, 0) if padding == "valid" else op.padding  # type: ignore[assignment]
    expected = by_scipy(x, op, before, after)
    np.testing.assert_allclose(op.apply(x), expected, rtol=1e-12, atol=1e-12)
    assert op.gives((4, 7, 9)) == expected.shape[1:]
    if padding == "same":
        assert expected.shape[2:] == (7, 9)


@pytest.mark.parametrize("groups", [1, 3])
@pytest.mark.parametrize(("stride", "padding"), [(1, "same"), (2, 1), (1, "valid"), (3, 0)])
def test_conv1d(groups: int, stride: int, padding: int | str) -> None:
    weight = RNG.normal(size=(6, 3 // groups, 4))
    op = Conv1d(weight, None, stride, padding, 2, groups)  # type: ignore[arg-type]
    x = RNG.normal(size=(3, 3, 11))
    sides = {"same": ((3,), (3,)), "valid": ((0,), (0,)), 1: ((1,), (1,)), 0: ((0,), (0,))}
    expected = by_scipy(x, op, *sides[padding])
    np.testing.assert_allclose(op.apply(x), expected, rtol=1e-12, atol=1e-12)
    assert op.gives((3, 11)) == expected.shape[1:]


def test_same_puts_the_odd_zero_after() -> None:
    """PyTorch's rule, by hand: kernel (10, 1) on 1, 2, 3 gives 12, 23, 30."""
    op = Conv1d(np.array([[[10.0, 1.0]]]), padding="same")
    np.testing.assert_array_equal(op.apply(np.array([[[1.0, 2.0, 3.0]]])), [[[12, 23, 30]]])


def test_pools_by_hand() -> None:
    x = np.arange(1.0, 10.0).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(SumPool2d(2, 1).apply(x), [[[[12, 16], [24, 28]]]])
    np.testing.assert_array_equal(SumPool2d(2, 2).apply(x), [[[[12]]]])
    # Zeros of the padding count as members of the window.
    np.testing.assert_array_equal(AvgPool2d(2, 2, 1).apply(x), [[[[0.25, 1.25], [2.75, 7.0]]]])


def test_dense_by_hand() -> None:
    x = np.array([[1.0, 2.0]])
    op = Affine(np.array([[1.0, 10.0], [0.0, 1.0], [2.0, 2.0]]), np.array([0.5, 0.0, 0.0]))
    np.testing.assert_array_equal(op.apply(x), [[21.5, 2.0, 6.0]])
    np.testing.assert_array_equal(Scale(np.array([3.0, -1.0])).apply(x), [[3.0, -2.0]])


def test_dense_with_leading_axes_is_one_matrix_each() -> None:
    weight = RNG.normal(size=(3, 2, 4))
    x = RNG.normal(size=(5, 3, 4))
    expected = np.stack([x[:, i] @ weight[i].T for i in range(3)], axis=1)
    op = Affine(weight)
    assert op.wants() == (3, 4)
    assert op.gives((3, 4)) == (3, 2)
    np.testing.assert_allclose(op.apply(x), expected, rtol=1e-13)


@pytest.mark.parametrize(
    ("start", "end", "shape"),
    [(0, -1, (24,)), (1, -1, (2, 12)), (0, 1, (6, 4)), (-2, -1, (2, 12)), (1, 1, (2, 3, 4))],
)
def test_flatten(start: int, end: int, shape: tuple[int, ...]) -> None:
    x = RNG.normal(size=(5, 2, 3, 4))
    op = Flatten(start, end)
    assert op.gives((2, 3, 4)) == shape
    np.testing.assert_array_equal(op.apply(x), x.reshape(5, *shape))


@pytest.mark.parametrize(
    "op",
    [
        Affine(RNG.normal(size=(3, 4)), RNG.normal(size=3)),
        Scale(RNG.normal(size=4)),
        Conv1d(RNG.normal(size=(2, 1, 2)), RNG.normal(size=2)),
    ],
)
def test_linear_means_linear(op: LinearOp) -> None:
    shape = op.wants() or (1, 4)
    a, b = RNG.normal(size=(2, 1, *shape))
    np.testing.assert_allclose(op.linear(2 * a - b), 2 * op.linear(a) - op.linear(b), atol=1e-12)


def test_arrays_are_copies_that_cannot_change() -> None:
    weight = np.ones((2, 2), dtype=np.float32)
    op = Affine(weight)
    weight[0, 0] = 7
    assert op.weight[0, 0] == 1
    assert op.weight.dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        op.weight[0, 0] = 7


def test_fractions_of_a_step_are_refused() -> None:
    with pytest.raises(SCConfigError, match="whole numbers"):
        Conv2d(np.ones((1, 1, 2, 2)), stride=1.5)  # type: ignore[arg-type]
