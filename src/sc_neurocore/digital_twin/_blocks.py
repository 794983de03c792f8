"""How much of a distribution lies between order statistics, whatever the distribution is.

S. S. Wilks (1941) for one quantity, J. W. Tukey (1947) for several: n samples divide the space into
n + 1 statistically equivalent blocks, and what is left after c of them are cut off has a share that
is Beta-distributed with (n - c + 1, c); with ties it has at least that.
"""

from __future__ import annotations


def coverage_confidence(samples: int, cut: int, coverage: float) -> float:
    """Probability that what is left after ``cut`` blocks holds at least ``coverage``."""
    from scipy.special import betainc

    return float(betainc(cut, samples - cut + 1, 1 - coverage)) if cut <= samples else 0.0


def most_cut(samples: int, coverage: float, confidence: float) -> int:
    """Most blocks that can be cut off so that ``coverage`` remains at ``confidence``."""
    low, high = 0, samples + 1  # the confidence falls with every block
    while high - low > 1:
        middle = (low + high) // 2
        if coverage_confidence(samples, middle, coverage) >= confidence:
            low = middle
        else:
            high = middle
    return low


def samples_needed(cut: int, coverage: float, confidence: float) -> int:
    """Fewest samples off which ``cut`` blocks can be cut; see `most_cut`."""
    low, high = cut - 1, cut
    while coverage_confidence(high, cut, coverage) < confidence:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if coverage_confidence(middle, cut, coverage) >= confidence:
            high = middle
        else:
            low = middle
    return high
