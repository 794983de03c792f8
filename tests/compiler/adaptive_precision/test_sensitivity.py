"""The measured loss of shorter streams."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from sc_neurocore.compiler.adaptive_precision import analyze_sensitivity
from sc_neurocore.exceptions import SCConfigError

RNG = np.random.default_rng(3)
W = RNG.uniform(0.0, 1.0, (8, 32))


def test_signs_are_not_clipped() -> None:
    """Mirrored weights err alike; clipped at zero they would err by their whole value."""
    up, down = analyze_sensitivity([W, -W], n_trials=60)
    assert down == pytest.approx(up, rel=0.15)
    assert down < 0.5


def test_the_loss_is_that_of_independent_bits() -> None:
    """Products of rate p vary by p(1-p)/L each, and the outputs by their sum."""
    lengths = (64, 1024)
    (found,) = analyze_sensitivity([W], lengths, n_trials=400, seed=7)
    w = W / W.max()
    x = np.random.default_rng(0).random((4000, 1, 32))
    variance = (w * x * (1 - w * x)).sum(axis=2).mean()
    expected = sum(s * np.sqrt(variance / n) for s, n in zip((1, -1), lengths, strict=True))
    assert found == pytest.approx(expected, rel=0.2)


def test_it_is_reproducible_and_sees_the_fan_in() -> None:
    assert analyze_sensitivity([W], seed=1) == analyze_sensitivity([W], seed=1)
    assert analyze_sensitivity([W], seed=1) != analyze_sensitivity([W], seed=2)
    small, large = analyze_sensitivity([W[:, :2], np.tile(W, 4)], n_trials=40)
    assert large > 3 * small
    assert analyze_sensitivity([np.zeros((2, 3)), W[0]], n_trials=5)[0] == 0.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"lengths": []}, "lengths is empty"),
        ({"lengths": [64]}, "lengths has only 64"),
        ({"lengths": [64, 0]}, "lengths\\[1\\] is 0"),
        ({"n_trials": 0}, "n_trials is 0"),
        ({"seed": -1}, "seed is -1"),
        ({"layer_weights": [[np.nan]]}, "every value must be finite"),
    ],
)
def test_bad_input_is_refused(options: dict[str, Any], message: str) -> None:
    with pytest.raises(SCConfigError, match=message):
        analyze_sensitivity(**{"layer_weights": [W], **options})
