"""What a population says of a stimulus: population vectors, Bayes, discriminants."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._library import library
from sc_neurocore.exceptions import SCConfigError

__all__ = [
    "bayesian_decode",
    "linear_discriminant_decode",
    "maximum_likelihood_decode",
    "naive_bayes_decode",
    "population_vector_decode",
]


def population_vector_decode(
    trains: Sequence[ArrayLike] | ArrayLike, preferred_directions: ArrayLike, window: int = 100
) -> check.Floats:
    """Direction of the population vector Σ_i n_i (cos θ_i, sin θ_i) (Georgopoulos et al. 1986).

    doi:10.1126/science.3749885.

    Args:
        trains: binary trains of equal length, shape (n, steps).
        preferred_directions: θ_i, rad, shape (n,).
        window: steps per decoded direction.

    Returns:
        Angles in (−π, π], shape (steps // window,); NaN where no neuron spikes or the vectors
        cancel.
    """
    found = check.trains(trains)
    directions = check.vector(preferred_directions, "preferred_directions")
    check.same_length(found, directions, ("trains", "preferred_directions"))
    counts = check.counts(found, window, "window")
    x, y = np.cos(directions) @ counts, np.sin(directions) @ counts
    lost = np.hypot(x, y) <= 1e-12 * np.maximum(counts.sum(axis=0), 1)
    return np.where(lost, np.nan, np.arctan2(y, x))


def bayesian_decode(
    spike_counts: ArrayLike, tuning_rates: ArrayLike, prior: ArrayLike | None = None
) -> int:
    """The stimulus that is most probable after the counts (Dayan & Abbott 2001, section 3.3).

    argmax_s ln p(s) + Σ_j (n_j ln λ_sj − λ_sj), with independent Poisson counts.

    Args:
        spike_counts: observed counts n, shape (neurons,).
        tuning_rates: expected counts λ of each stimulus in the same window, shape
            (stimuli, neurons).
        prior: probability of each stimulus, shape (stimuli,), summing to 1; uniform by default.

    Returns:
        Index of the stimulus; the first of equals.

    Raises:
        SCConfigError: shapes disagree, a value is negative, or no stimulus can give the counts.
    """
    from scipy.special import xlogy

    counts = check.vector(spike_counts, "spike_counts")
    rates = check.matrix(tuning_rates, "tuning_rates")
    check.same_length(rates.T, counts, ("a row of tuning_rates", "spike_counts"))
    if counts.min() < 0 or rates.min() < 0:
        raise SCConfigError("spike_counts and tuning_rates must not be negative")
    weights = np.full(len(rates), 1 / len(rates)) if prior is None else check.vector(prior, "prior")
    check.same_length(weights, rates, ("prior", "tuning_rates"))
    if weights.min() < 0 or abs(weights.sum() - 1) > 1e-6:
        raise SCConfigError(
            f"prior sums to {weights.sum():g} with {weights.min():g} as its least, but "
            "probabilities are 0 or more and sum to 1"
        )
    with np.errstate(divide="ignore"):
        score = np.log(weights) + (xlogy(counts, rates) - rates).sum(axis=1)
    if not np.any(np.isfinite(score)):
        raise SCConfigError("no stimulus can give these counts: each has a rate of 0 for a spike")
    return int(np.argmax(score))


def maximum_likelihood_decode(spike_counts: ArrayLike, tuning_rates: ArrayLike) -> int:
    """The stimulus under which Poisson counts are likeliest: `bayesian_decode`, uniform prior.

    Args:
        spike_counts: observed counts, shape (neurons,).
        tuning_rates: expected counts of each stimulus, shape (stimuli, neurons).
    """
    return bayesian_decode(spike_counts, tuning_rates)


def linear_discriminant_decode(
    train_data: ArrayLike, labels: ArrayLike, test_point: ArrayLike
) -> Any:
    """Class of a point by Fisher's linear discriminant (scikit-learn).

    Fisher (1936), doi:10.1111/j.1469-1809.1936.tb02137.x.

    Args:
        train_data: samples, shape (samples, features).
        labels: class of each sample, shape (samples,), at least two classes.
        test_point: shape (features,).

    Returns:
        The label.
    """
    module = library("sklearn.discriminant_analysis")
    return _predict(module.LinearDiscriminantAnalysis(), train_data, labels, test_point)


def naive_bayes_decode(train_data: ArrayLike, labels: ArrayLike, test_point: ArrayLike) -> Any:
    """Class of a point by Gaussian naive Bayes (scikit-learn), which takes features as independent.

    Mitchell (1997), Machine Learning, chapter 6; arguments as for `linear_discriminant_decode`.
    """
    module = library("sklearn.naive_bayes")
    return _predict(module.GaussianNB(), train_data, labels, test_point)


def _predict(model: Any, train_data: ArrayLike, labels: ArrayLike, point: ArrayLike) -> Any:
    data = check.matrix(train_data, "train_data")
    known, classes = check.labels(labels, "labels", 2)
    check.same_length(data, classes, ("train_data", "labels"))
    if len(data) <= len(known):
        raise SCConfigError("train_data needs more samples than there are classes")
    if not data.var(axis=0).any():
        raise SCConfigError("train_data is the same in every sample, so it tells no class")
    test = check.vector(point, "test_point")
    check.same_length(data.T, test, ("a row of train_data", "test_point"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of features that depend on each other one is enough
        return known[model.fit(data, classes).predict(test[None])[0]]
