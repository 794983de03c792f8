"""Repeated spatio-temporal spike patterns, by Elephant's SPADE."""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from sc_neurocore.analysis import _checks as check
from sc_neurocore.analysis._library import elephant_train, library, seeded
from sc_neurocore.exceptions import SCConfigError

__all__ = ["SpikePattern", "spade_detect"]


@dataclass(frozen=True)
class SpikePattern:
    """A pattern that repeats.

    Attributes:
        neurons: who spikes, in the order of the lags.
        lags_ms: when, after the first spike, ms.
        times_s: when the pattern begins, for each occurrence, s.
        p_value: share of the surrogates with a pattern of as many spikes and occurrences; None
            without surrogates.
    """

    neurons: tuple[int, ...]
    lags_ms: tuple[float, ...]
    times_s: tuple[float, ...]
    p_value: float | None


def spade_detect(
    trains: Sequence[ArrayLike] | ArrayLike,
    bin_ms: float = 5.0,
    dt: float = 0.001,
    min_support: int = 5,
    max_pattern_size: int = 5,
    n_surrogates: int = 0,
    alpha: float = 0.05,
    seed: int | None = None,
    window_bins: int = 5,
) -> list[SpikePattern]:
    """Patterns of two or more neurons that occur at least ``min_support`` times (SPADE, Elephant).

    Torre et al. (2013), doi:10.3389/fncom.2013.00132; Stella et al. (2019),
    doi:10.1016/j.biosystems.2019.104022. Surrogates are dithered by 15 ms; signatures (spikes,
    occurrences) are tested together at the false discovery rate ``alpha`` (Benjamini & Hochberg).

    Args:
        trains: binary trains of equal length, shape (n, steps), n of 2 or more.
        bin_ms: resolution, ms, a multiple of ``dt``.
        dt: time step, s.
        min_support: occurrences at least.
        max_pattern_size: spikes in a pattern at most.
        n_surrogates: surrogates for the p-values; 0 reports all patterns untested.
        alpha: level, in (0, 1).
        seed: of the surrogates.
        window_bins: longest pattern, bins, at most those of the trains.

    Returns:
        Patterns, those with most occurrences first.

    Raises:
        SCConfigError: the trains have too few spikes for surrogates.
    """
    from scipy.stats import false_discovery_control

    spikes = check.trains(trains, least=2)
    size = check.steps(bin_ms, dt, "bin_ms")
    check.level(alpha, "alpha")
    stop = spikes.shape[1] // size * size
    bins = check.counts(spikes, size, "bin_ms").shape[1]
    window = check.whole(window_bins, "window_bins", 1, bins)
    if not spikes[:, :stop].any():
        return []
    quantities = library("quantities")

    given = [elephant_train(row[:stop], dt) for row in spikes]
    spade = library("elephant.spade")
    options = {
        "min_occ": check.whole(min_support, "min_support", 2),
        "max_spikes": check.whole(max_pattern_size, "max_pattern_size", 2),
        "n_surr": check.whole(n_surrogates, "n_surrogates", 0),
    }
    with seeded(seed), warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")  # which of its miners runs changes the speed only
        try:
            found = spade.spade(
                given,
                bin_size=bin_ms * quantities.ms,
                winlen=window,
                min_spikes=2,
                min_neu=2,
                **options,
            )
        except IndexError:  # a surrogate whose spikes all fell out of the recording
            raise SCConfigError(
                "trains have too few spikes for surrogates; give longer ones or n_surrogates=0"
            ) from None
    patterns = [
        (tuple(p["signature"][:2]), SpikePattern(
            tuple(int(i) for i in p["neurons"]),
            (0.0, *(float(x) for x in p["lags"].rescale("ms").magnitude)),
            tuple(sorted(float(x) for x in p["times"].rescale("s").magnitude)),
            float(p["pvalue"]) if n_surrogates else None,
        ))
        for p in found["patterns"]
        # Of trains with hardly any spike Elephant also gives single neurons that never repeat.
        if len(set(p["neurons"])) > 1 and len(p["times"]) >= options["min_occ"]
    ]  # fmt: skip
    if n_surrogates and patterns:
        tested = {signature: p.p_value for signature, p in patterns}
        adjusted = false_discovery_control([tested[s] for s in tested])
        kept = {s for s, p in zip(tested, adjusted, strict=True) if p <= alpha}
        patterns = [(s, p) for s, p in patterns if s in kept]
    return sorted((p for _, p in patterns), key=lambda p: (-len(p.times_s), p.neurons, p.lags_ms))
