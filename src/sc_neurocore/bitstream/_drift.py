"""Drift of a correlation that is measured again and again."""

from __future__ import annotations

from sc_neurocore.bitstream._require import require_number
from sc_neurocore.exceptions import SCConfigError


class DriftDetector:
    """Says when the running mean of correlations leaves a band around zero.

    The mean is exponential, ``m += alpha (x - m)``, and starts at the first value, not at zero,
    which would hide a correlation that is there from the beginning.

    Args:
        alpha: weight of a new value, above 0, up to 1.
        threshold: magnitude of the mean above which there is a drift, 0 to 1.

    Raises:
        SCConfigError: an argument out of range.
    """

    def __init__(self, alpha: float = 0.1, threshold: float = 0.3) -> None:
        self.alpha = require_number("alpha", alpha, 0.0, 1.0)
        if not self.alpha:
            raise SCConfigError("alpha is 0; it must be above 0, or no value would count")
        self.threshold = require_number("threshold", threshold, 0.0, 1.0)
        self._means: list[float] = []

    def observe(self, scc_value: float) -> bool:
        """Take an SCC, -1 to 1, and say whether there is a drift."""
        value = require_number("scc_value", scc_value, -1.0, 1.0)
        last = self._means[-1] if self._means else value
        self._means.append(last + self.alpha * (value - last))
        return abs(self._means[-1]) > self.threshold

    def history(self) -> list[float]:
        """Running means so far, one for each value."""
        return list(self._means)

    def reset(self) -> None:
        """Forget all values."""
        self._means.clear()
