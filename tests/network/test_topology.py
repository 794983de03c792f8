"""The documented graphs against their definitions, written out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    all_to_all,
    grid_topology,
    random_connectivity,
    ring_topology,
    scale_free,
    small_world,
)


def edges(csr: tuple[np.ndarray, np.ndarray, np.ndarray]) -> list[tuple[int, int]]:
    starts, targets, data = csr
    assert len(targets) == len(data) == starts[-1]
    found = list(zip(np.repeat(np.arange(len(starts) - 1), np.diff(starts)).tolist(),
                     targets.tolist(), strict=True))  # fmt: skip
    assert found == sorted(set(found))
    return found


@given(n=st.integers(1, 20), data=st.data())
def test_ring(n: int, data: st.DataObject) -> None:
    k = data.draw(st.integers(0, (n - 1) // 2))
    expected = {(i, (i + d) % n) for i in range(n) for d in range(-k, k + 1) if d}
    assert set(edges(ring_topology(n, k, 2.0))) == expected


@given(rows=st.integers(1, 6), columns=st.integers(1, 6), radius=st.integers(0, 4))
def test_grid(rows: int, columns: int, radius: int) -> None:
    places = [(r, c) for r in range(rows) for c in range(columns)]
    expected = {
        (i, j)
        for i, (r, c) in enumerate(places)
        for j, (s, d) in enumerate(places)
        if i != j and abs(r - s) + abs(c - d) <= radius
    }
    assert set(edges(grid_topology(rows, columns, radius))) == expected


def test_all_to_all_and_random() -> None:
    assert edges(all_to_all(2, 3, 0.5)) == [(i, j) for i in range(2) for j in range(3)]
    assert all_to_all(2, 3, 0.5)[2].tolist() == [0.5] * 6
    count = len(edges(random_connectivity(200, 300, 0.1, seed=1)))
    assert abs(count - 6000) < 5 * np.sqrt(5400)
    assert random_connectivity(5, 5, 0.0)[0].tolist() == [0] * 6


@settings(max_examples=30, deadline=None)
@given(n=st.integers(5, 40), half=st.integers(0, 2), seed=st.integers(0, 99),
       p=st.sampled_from([0.0, 0.3, 1.0]))  # fmt: skip
def test_small_world(n: int, half: int, seed: int, p: float) -> None:
    found = set(edges(small_world(n, 2 * half, p, seed=seed)))
    assert all((j, i) in found and i != j for i, j in found)
    assert len(found) == 2 * n * half
    if p == 0:
        assert found == set(edges(ring_topology(n, half)))
    # The start of an edge keeps it: every neuron has at least half of its neighbours.
    degrees = np.bincount([i for i, _ in found], minlength=n)
    assert degrees.min() >= half


def test_small_world_moves_the_edges_it_should() -> None:
    ring, n, k, p = set(edges(ring_topology(2000, 5))), 2000, 10, 0.2
    kept = len(ring & set(edges(small_world(n, k, p, seed=3)))) / len(ring)
    # A moved edge seldom meets a place of the ring.
    assert abs(kept - (1 - p)) < 5 * np.sqrt(p * (1 - p) / (n * k / 2)) + k / n


@settings(max_examples=30, deadline=None)
@given(n=st.integers(2, 40), seed=st.integers(0, 99), data=st.data())
def test_scale_free(n: int, seed: int, data: st.DataObject) -> None:
    m = data.draw(st.integers(1, n - 1))
    found = set(edges(scale_free(n, m, seed=seed)))
    assert all((j, i) in found and i != j for i, j in found)
    assert len(found) == 2 * (m + (n - m - 1) * m)
    for new in range(m + 1, n):
        assert sum((new, old) in found for old in range(new)) == m


def test_scale_free_degrees_follow_the_cube() -> None:
    """P(degree) = 2m(m+1)/(k(k+1)(k+2)), Bollobás et al. 2001, doi:10.1002/rsa.1009."""
    degrees = np.diff(scale_free(20_000, 3, seed=2)[0])
    for k in (3, 4, 5, 8):
        share = 2 * 3 * 4 / (k * (k + 1) * (k + 2))
        assert (degrees == k).mean() == pytest.approx(share, rel=0.1)


@pytest.mark.parametrize(
    ("act", "sentence"),
    [
        (lambda: ring_topology(4, 2), "k is 2; a ring of 4 has from 0 to 1 on each side"),
        (lambda: small_world(10, 3, 0.1), "k is 3; it must be even"),
        (lambda: small_world(10, 2, 1.1), "p_rewire is 1.1; it must be from 0 to 1"),
        (lambda: scale_free(5, 5), "m is 5; it must be from 1 to 4"),
        (lambda: grid_topology(0, 3, 1), "rows_count is 0; it must be a whole number from 1 on"),
        (lambda: grid_topology(3, 3, -1), "radius is -1"),
        (lambda: random_connectivity(5, 5, -0.1), "probability is -0.1"),
        (lambda: all_to_all(5, 5, float("nan")), "weight is nan; it must be a finite number"),
    ],
)
def test_what_is_no_graph_is_refused(act: object, sentence: str) -> None:
    with pytest.raises(SCConfigError, match=sentence):
        act()  # type: ignore[operator]
