"""Bad input gets one sentence, nothing is clipped or guessed; and the names are complete."""

from __future__ import annotations

import builtins
import inspect
import math
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import sc_neurocore.analysis as ours
from sc_neurocore.exceptions import SCConfigError, SCDependencyError

X = np.tile([0, 1, 0, 0, 0], 40)
FUNCTIONS = {n: f for n in ours.__all__ if inspect.isfunction(f := getattr(ours, n))}
ONE = {
    n for n, f in FUNCTIONS.items() if next(iter(inspect.signature(f).parameters)) == "binary_train"
}
BAD: dict[str, tuple[Callable[[], object], str]] = {
    "not binary": (lambda: ours.cv_isi([0, 2]), "holds 2"),
    "not finite": (lambda: ours.isi([0, math.nan]), "not finite"),
    "words": (lambda: ours.isi(["a"]), "no real numbers"),
    "two dimensions": (lambda: ours.isi([[0, 1]]), "one row"),
    "no step": (lambda: ours.spike_count([]), "one row"),
    "dt": (lambda: ours.isi(X, 0.0), "dt is 0.0"),
    "dt of nothing": (lambda: ours.pairwise_correlation([X, X], math.nan), "dt is nan"),
    "unequal trains": (lambda: ours.cross_correlation(X, X[:-1]), "length 200 and train_b has 199"),
    "unequal list": (lambda: ours.covariance_matrix([X, X[:9]]), "9 to 200 steps"),
    "no list": (lambda: ours.covariance_matrix(3), "not a list of spike trains"),
    "one train": (lambda: ours.unitary_events([X]), "at least 2"),
    "half a bin": (lambda: ours.bin_spike_train(X, 2.5), "whole number"),  # type: ignore[arg-type]
    "long bin": (lambda: ours.bin_spike_train(X, 201), "longer than the train"),
    "odd window": (lambda: ours.fano_factor(X, 1.5), "multiple of dt"),
    "long window": (lambda: ours.fano_factor(X, 300.0), "longer than the train"),
    "kernel": (lambda: ours.instantaneous_rate(X, kernel="box"), "gaussian, exponential"),
    "metric": (lambda: ours.spike_distance_matrix([[0.1]], "l2"), "spike_sync"),
    "disorder": (lambda: ours.victor_purpura_distance([0.2, 0.1], []), "order of time"),
    "outside": (lambda: ours.spike_distance([1.5], [0.1], 0, 1), "outside the window"),
    "empty window": (lambda: ours.spike_sync([0.1], [0.1], 1, 1), "t_end must be later"),
    "negative cost": (
        lambda: ours.generalized_victor_purpura([0.1], [0.2], lambda d: -d), "gives -0.1"),
    "cost": (lambda: ours.adaptive_spike_distance([], [], 0, 1, 2.0), "from 0 to 1"),
    "short VAR": (lambda: ours.pairwise_granger_causality(X, X, 20, 5), "too few"),
    "flat VAR": (lambda: ours.partial_directed_coherence([X, 0 * X], 1), "every bin"),
    "perfect VAR": (
        lambda: ours.pairwise_granger_causality(
            s := np.random.default_rng(0).integers(0, 2, 500), np.roll(s, 1), 1), "without error"),
    "channels": (lambda: ours.phi_star(np.ones((15, 99))), "14 is the most"),
    "short phi": (lambda: ours.phi_star(np.ones((3, 7))), "too few"),
    "factors": (lambda: ours.factor_analysis([X, X], 2), "from 1 to 1"),
    "components": (lambda: ours.spike_train_pca([X, X], 3), "from 1 to 2"),
    "conditions": (lambda: ours.demixed_pca({"a": [X]}), "two conditions"),
    "a seed that does nothing": (lambda: ours.gpfa([X, X], seed=1), "no random numbers"),
    "gpfa shapes": (
        lambda: ours.gpfa_em(np.eye(3), np.eye(3), [0] * 2, np.eye(3), [1] * 3), "shapes"),
    "prior": (lambda: ours.bayesian_decode([1], [[1], [2]], [0.5, 0.6]), "sum to 1"),
    "impossible counts": (lambda: ours.maximum_likelihood_decode([1], [[0]]), "rate of 0"),
    "labels": (lambda: ours.linear_discriminant_decode([[1], [2]], [1, 1], [1]), "2 different"),
    "trials": (lambda: ours.noise_entropy(X, 3), "cut the train"),
    "no words": (lambda: ours.spike_train_entropy(X[:3]), "holds no word"),
    "negative rate": (lambda: ours.inhomogeneous_poisson(lambda t: -1, 1), "must give 0 or more"),
    "crowded": (lambda: ours.compound_poisson_process(900, 9, 1, seed=1), "do not fit"),
    "past": (lambda: ours.spike_triggered_average(X, X, 200), "are needed"),
    "one place": (lambda: ours.spatial_information(X, 0 * X), "all equal"),
    "no interval": (lambda: ours.renewal_density([0, 1]), "fewer than two spikes"),
    "no spectrum": (lambda: ours.power_spectrum(X[:35]), "36 steps"),
    "no spike": (lambda: ours.time_rescaling_ks_test([], lambda t: 1, 0, 1), "no spike"),
    "alpha": (lambda: ours.spade_detect([X, X], alpha=2), "between 0 and 1"),
    "odd d_model": (lambda: ours.sinusoidal_position_encode([1.0], 3), "whole number"),
    "short waveform": (lambda: ours.waveform_width([1.0]), "at least 2"),
    "patterns": (lambda: ours.permutation_entropy([0, 1], 3), "no pattern"),
    "scales": (lambda: ours.hurst_exponent(X[:100]), "128 are needed"),
    "ragged": (lambda: ours.isi([[0], [0, 1]]), "rows of different lengths"),
    "masked": (lambda: ours.isi(np.ma.masked_equal(X, 1)), "fill it first"),
    "word for a number": (lambda: ours.isi(X, "1 ms"), "dt is '1 ms'"),  # type: ignore[arg-type]
    "a list for a number": (lambda: ours.isi(X, [1.0]), "dt is [1.0]"),  # type: ignore[arg-type]
    "a flag for a number": (lambda: ours.bin_spike_train(X, True), "bin_size is True"),
    "endless bins": (lambda: ours.complexity_pdf(X, bins=10**12), "1000000000"),
    "endless train": (lambda: ours.homogeneous_poisson(1, 1e12), "at most 1000000000"),
    "huge values": (lambda: ours.waveform_amplitude([0, 1e200]), "larger than 1e+100"),
    "seed": (lambda: ours.homogeneous_poisson(1, 1, seed=-1), "seed is -1"),
    "seed of no use": (lambda: ours.surrogate_joint_isi(0 * X, -1), "seed is -1"),
    "dt of a silent train": (lambda: ours.first_spike_latency(0 * X, -1), "dt is -1"),
    "width of a silent train": (lambda: ours.schreiber_similarity(X, 0 * X, sigma_ms=0), "is 0"),
    "delta of a silent train": (
        lambda: ours.spike_time_tiling_coefficient(X, 0 * X, delta_ms=-1), "delta_ms is -1"),
    "one time twice": (lambda: ours.spike_distance([0.2, 0.2], [0.1], 0, 1), "two spikes at 0.2 s"),
    "alone and bad": (lambda: ours.multi_neuron_victor_purpura([[0.2, 0.1]]), "list[0] is not in"),
    "outside in a matrix": (
        lambda: ours.spike_distance_matrix([[0.1], [2]], "victor_purpura", 0, 1), "[1] has spikes"),
    "no function": (lambda: ours.inhomogeneous_poisson(3, 1), "must be a function"),  # type: ignore[arg-type]
    "a word of a function": (
        lambda: ours.inhomogeneous_poisson(lambda t: "a", 1), "no real numbers"),  # type: ignore[arg-type,return-value]
    "a word of a statistic": (
        lambda: ours.significance_bootstrap(lambda a, b: "a", X, X), "no number of two trains"),  # type: ignore[arg-type,return-value]
    "flat field": (lambda: ours.phase_locking_value(X, np.ones(200)), "no phase"),
    "periodic VAR": (
        lambda: ours.directed_transfer_function([X, np.roll(X, 1)], 1, 5), "without error"),
    "dependent features": (
        lambda: ours.l_ratio(1e9 * np.outer(np.arange(9), [1, 1, 1]), np.eye(3)), "depends"),
    "dependent channels": (
        lambda: ours.phi_star(1e9 * np.outer([1, 2], np.sin(np.arange(99.0)))), "depends"),
    "near amplitudes": (lambda: ours.amplitude_cutoff([5, 5 + 1e-15]), "too little"),
    "mixed labels": (
        lambda: ours.naive_bayes_decode(np.eye(4), [1, "a", None, 2], [0] * 4), "one kind"),
    "sameness": (lambda: ours.naive_bayes_decode(np.ones((4, 1)), [0, 0, 1, 1], [1]), "same in"),
    "noise with covariance": (
        lambda: ours.gpfa_em(np.eye(3), np.eye(3)[:, :1], [0] * 3, np.ones((3, 3)), [1]), "R must"),
    "no parameters": (lambda: ours.gpfa_transform([X, X], {}), "C, d, R and tau"),
    "long pattern": (lambda: ours.spade_detect([X[:9], X[:9]]), "from 1 to 1"),
    "burst rate": (lambda: ours.gamma_process(2000, 1, 1), "1000 Hz fit"),
    "wide kernel": (lambda: ours.instantaneous_rate(X, sigma_ms=201), "longer than the train"),
    "long window of counts": (lambda: ours.spike_count_covariance([X, X], 201), "window of 201"),
    "lag": (lambda: ours.transfer_entropy(X, X, 100, 2), "leaves nothing"),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_fault_is_one_sentence(name: str) -> None:
    call, said = BAD[name]
    with pytest.raises(SCConfigError, match=re.escape(said)) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", sorted(ONE))
def test_every_function_of_a_train_checks_it(name: str) -> None:
    needed: dict[str, Any] = {"n_trials": 2, "lfp_signal": X, "positions": X, "stimulus_values": X}
    given = {k: v for k, v in needed.items() if k in inspect.signature(FUNCTIONS[name]).parameters}
    with pytest.raises(SCConfigError, match="binary_train"):
        FUNCTIONS[name](np.full(200, -1), **given)


@pytest.mark.parametrize("name", sorted(n for n in ONE if n != "response_onset"))
def test_lists_booleans_and_floats_are_the_same_train(name: str) -> None:
    needed: dict[str, Any] = {"n_trials": 2, "lfp_signal": np.sin(np.arange(200)), "seed": 1,
                              "positions": np.arange(200), "stimulus_values": np.arange(200),
                              "max_shift": 3, "window_ms": 10.0, "max_lag": 4}  # fmt: skip
    f = FUNCTIONS[name]
    given = {k: v for k, v in needed.items() if k in inspect.signature(f).parameters}
    train = (np.random.default_rng(1).random(200) < 0.3).astype(int)
    wanted = f(train, **given)
    for other in (train.tolist(), train.astype(bool), train.astype(float), train.astype(np.int8)):
        np.testing.assert_equal(f(other, **given), wanted)


def test_seconds_and_steps_scale_together() -> None:
    for name, sign in (("firing_rate", -1), ("optimal_bin_width", 1),
                       ("optimal_kernel_bandwidth", 1), ("first_spike_latency", 1),
                       ("cv_isi", 0), ("cv2", 0), ("local_variation", 0)):  # fmt: skip
        train = np.random.default_rng(1).integers(0, 2, 300)
        one, two = (FUNCTIONS[name](train, dt=dt) for dt in (0.001, 0.002))
        assert two == pytest.approx(one * 2.0**sign), name


def test_units_of_times_are_converted_and_others_refused() -> None:
    import neo
    import quantities as pq

    plain = [0.1, 0.35]
    for given in (
        np.array([100.0, 350.0]) * pq.ms,
        neo.SpikeTrain([100, 350], units="ms", t_stop=500),
    ):
        assert ours.victor_purpura_distance(given, plain) == pytest.approx(0, abs=1e-9)
        assert ours.spike_distance(given, plain, 0, 1) == pytest.approx(0, abs=1e-9)
    with pytest.raises(SCConfigError, match=r"times_a is in .*must be in seconds"):
        ours.victor_purpura_distance(np.array([1.0]) * pq.mV, plain)
    with pytest.raises(SCConfigError, match="lfp_signal carries a unit"):
        ours.phase_locking_value(X, np.sin(np.arange(200)) * pq.mV)
    with pytest.raises(SCConfigError, match=r"dt is 1\.0 ms"):
        ours.isi(X, 1.0 * pq.ms)


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def absent(module: str, *rest: Any) -> Any:
        if module.split(".")[0] in ("pyspike", "sklearn"):
            raise ImportError(module)
        return real(module, *rest)

    monkeypatch.setattr("importlib.import_module", absent)
    with pytest.raises(SCDependencyError, match=r"pyspike; .*'sc-neurocore\[analysis\]'"):
        ours.isi_distance(X, X)
    with pytest.raises(SCDependencyError, match="needs scikit-learn;"):
        ours.silhouette_score([[1.0], [2.0], [9.0]], [0, 0, 1])


def test_importing_loads_nothing_heavy() -> None:
    code = (
        "import sys, sc_neurocore.analysis; print({m.split('.')[0] for m in sys.modules} & "
        "{'scipy', 'sklearn', 'elephant', 'neo', 'pyspike', 'quantities', 'matplotlib'})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_every_name_is_in_its_module_and_is_tested() -> None:
    tests = "".join(p.read_text(encoding="utf-8") for p in Path(__file__).parent.glob("*.py"))
    for name in ours.__all__:
        found = getattr(ours, name)
        module = sys.modules[found.__module__]
        assert name in module.__all__, name
        assert found.__doc__ and f"ours.{name}" in tests, name
    documented = {m for m in sys.modules if m.startswith("sc_neurocore.analysis.spike_stats.")}
    assert len(documented) == 23
