"""Rules of connectivity: what they promise, counted by hand; the same for every thread count."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    AllToAll,
    Bernoulli,
    FixedIndegree,
    FixedOutdegree,
    FixedTotal,
    Normal,
    OneToOne,
    Population,
    Projection,
    Uniform,
)
from sc_neurocore.network._distributions import draw


def pairs(rows: tuple[np.ndarray, np.ndarray]) -> list[tuple[int, int]]:
    starts, words = rows
    return [
        (s, int(t))
        for s in range(len(starts) - 1)
        for t in words[starts[s] : starts[s + 1]]
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(
    rule=st.sampled_from(
        [
            AllToAll(), AllToAll(autapses=False), Bernoulli(0.3), Bernoulli(0.3, autapses=False),
            FixedIndegree(5), FixedIndegree(5, multapses=False, autapses=False),
            FixedIndegree(45, autapses=False), FixedIndegree(7, multapses=False),
            FixedOutdegree(5), FixedOutdegree(9, multapses=False, autapses=False),
            FixedOutdegree(45, autapses=False), FixedTotal(37),
        ]
    ),
    n=st.integers(10, 40),
    seed=st.integers(0, 2**64 - 1),
)  # fmt: skip
def test_a_rule_keeps_its_promises(rule: object, n: int, seed: int) -> None:
    starts, words = rule.rows(n, n, True, seed, 1)  # type: ignore[attr-defined]
    found = pairs((starts, words))
    assert starts[0] == 0 and starts[-1] == len(words) == len(found)
    assert all(0 <= t < n for _, t in found)
    assert found == sorted(found)
    match rule:
        case AllToAll(autapses):
            assert set(found) == {(s, t) for s in range(n) for t in range(n) if autapses or s != t}
            assert len(set(found)) == len(found)
        case Bernoulli(_, autapses):
            assert len(set(found)) == len(found)
            assert autapses or all(s != t for s, t in found)
        case FixedIndegree(k, multapses, autapses):
            assert (np.bincount([t for _, t in found], minlength=n) == k).all()
            assert multapses or len(set(found)) == len(found)
            assert autapses or all(s != t for s, t in found)
        case FixedOutdegree(k, multapses, autapses):
            assert (np.bincount([s for s, _ in found], minlength=n) == k).all()
            assert multapses or len(set(found)) == len(found)
            assert autapses or all(s != t for s, t in found)
        case FixedTotal(total):
            assert len(found) == total


@pytest.mark.parametrize(
    "rule", [Bernoulli(0.2), FixedIndegree(20), FixedOutdegree(20), FixedTotal(10_000)]
)
def test_pairs_are_uniform(rule: object) -> None:
    """Counts of 25 blocks of sources and targets, 100 seeds: chi-square within 5 sigma of its mean.

    Every block expects the same number; binomial or multinomial variance is at most Poisson's.
    """
    n, found = 100, np.zeros((5, 5))
    for seed in range(40):
        starts, words = rule.rows(n, n, True, seed, 1)  # type: ignore[attr-defined]
        source = np.repeat(np.arange(n), np.diff(starts))
        np.add.at(found, (source // 20, words // 20), 1)
    mean = found.mean()
    assert ((found - mean) ** 2 / mean).sum() < 24 + 5 * np.sqrt(48)


def test_the_number_of_bernoulli_pairs_is_binomial() -> None:
    counts = np.array([len(Bernoulli(0.1).rows(200, 300, False, s, 1)[1]) for s in range(50)])
    sigma = np.sqrt(60_000 * 0.1 * 0.9)
    assert abs(counts.mean() - 6000) < 5 * sigma / np.sqrt(50)
    assert 0.6 * sigma < counts.std() < 1.5 * sigma


@pytest.mark.parametrize("rule", [FixedOutdegree(7), FixedTotal(5000)])
def test_threads_draw_the_same(rule: object) -> None:
    one, four = (rule.rows(97, 61, False, 5, threads) for threads in (1, 4))  # type: ignore[attr-defined]
    assert all((a == b).all() for a, b in zip(one, four, strict=True))


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        (FixedIndegree(11, multapses=False), "indegree is 11, but there are 10 neurons to draw"),
        (FixedIndegree(10, multapses=False, autapses=False), "there are 9 neurons to draw from"),
        (FixedOutdegree(10, multapses=False, autapses=False), "there are 9 neurons to draw from"),
    ],
)
def test_what_cannot_be_drawn_is_refused(rule: object, sentence: str) -> None:
    with pytest.raises(SCConfigError, match=sentence):
        rule.rows(10, 10, True, 0, 1)  # type: ignore[attr-defined]


def test_one_to_one_needs_equal_sizes() -> None:
    assert pairs(OneToOne().rows(3, 3, False, 0, 1)) == [(0, 0), (1, 1), (2, 2)]
    with pytest.raises(SCConfigError, match="as many sources as targets, not 3 and 4"):
        OneToOne().rows(3, 4, False, 0, 1)


def test_drawn_numbers_depend_on_ordinals_alone() -> None:
    whole, part = np.empty(1000), np.empty(300)
    for source in (Normal(1.0, 2.0, low=0.0), Uniform(-1.0, 3.0)):
        draw(source, whole, 7)
        draw(source, part, 7, 600)
        assert (part == whole[600:900]).all()


def test_drawn_numbers_have_their_moments() -> None:
    from scipy.stats import truncnorm

    out = np.empty(200_000)
    draw(Normal(1.0, 2.0, low=0.0, high=4.0), out, 3)
    exact = truncnorm(-0.5, 1.5, 1.0, 2.0)
    assert out.min() >= 0 and out.max() <= 4
    assert abs(out.mean() - exact.mean()) < 5 * exact.std() / np.sqrt(len(out))
    assert abs(out.std() - exact.std()) < 0.01
    draw(Uniform(2.0, 6.0), out, 3)
    assert abs(out.mean() - 4) < 0.02 and abs(out.var() - 16 / 12) < 0.02


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_explicit_synapses_come_back_sorted(data: st.DataObject) -> None:
    sources, targets = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 9))
    count = data.draw(st.integers(0, 30))
    rng = np.random.default_rng(data.draw(st.integers(0, 999)))
    source = np.sort(rng.integers(0, sources, count))
    target = rng.integers(0, targets, count)
    weight, delay = rng.normal(size=count), rng.integers(1, 200, count)
    csr = (np.append(0, np.cumsum(np.bincount(source, minlength=sources))), target, weight)
    projection = Projection(
        Population("iaf_psc_delta", sources), Population("iaf_psc_delta", targets), topology=csr,
        delay=delay if count else 1, weight_threshold=0.5,
    )  # fmt: skip
    s = projection.connect(0, 0.1)
    kept = np.abs(weight) > 0.5
    expected = sorted(
        zip(source[kept], target[kept], weight[kept], delay[kept], strict=True),
        key=lambda x: (x[0], x[1]),
    )
    found = zip(np.repeat(np.arange(sources), np.diff(s.starts)), s.indices, s.data, s.delays,
                strict=True)  # fmt: skip
    assert [tuple(map(float, x)) for x in found] == [tuple(map(float, x)) for x in expected]


def test_bytes_of_a_synapse() -> None:
    a, b = Population("iaf_psc_delta", 100), Population("iaf_psc_delta", 100)
    shared = Projection(a, b, 0.5, topology=FixedTotal(10_000)).connect(0, 0.1)
    own = Projection(
        a, b, Normal(1.0, 0.1), delay=Normal("1.5 ms", "0.75 ms"), topology=FixedTotal(10_000)
    ).connect(0, 0.1)
    assert shared.nbytes == 4 * 10_000 + 8 * 101
    assert own.nbytes == 8 * 10_000 + 8 * 101
    assert own.delays.min() == own.shortest >= 1
    # Of a normal number cut at half a tick, mean 15 and std 7.5 ticks.
    assert abs(own.delays.mean() - 15.5) < 0.5
