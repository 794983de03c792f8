"""Siegert's formula: the rate of a leaky integrate-and-fire neuron driven by white noise."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics._errors import require_finite, require_positive
from sc_neurocore.exceptions import SCConfigError

Array = NDArray[np.float64]

#: Nodes of the Gauss–Legendre rule; 64 leave an error near 1e-13.
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(64)


def siegert_rate(
    mean: ArrayLike,
    std: ArrayLike,
    *,
    tau_m: float = 10.0,
    tau_ref: float = 2.0,
    threshold: float = 15.0,
    reset: float = 0.0,
) -> Array:
    """Stationary firing rate in Hz of a leaky integrate-and-fire neuron in white noise.

    ``1/rate = tau_ref + tau_m·√π·∫ exp(x²)·(1 + erf(x)) dx`` from ``(reset − mean)/(√2·std)`` to
    ``(threshold − mean)/(√2·std)``: Siegert, *Physical Review* 81 (1951) 617,
    doi:10.1103/PhysRev.81.617, as the mean first passage time of the potential.

    The integral is split so that nothing overflows: beyond 0, ``1 + erf = 2 − erfc`` gives Dawson's
    function, and ``exp(x²)·erfc(x)`` is integrated by quadrature on a logarithmic axis. Where the
    rate is below the smallest number, 0 is returned.

    Args:
        mean: mean of the potential without threshold, in mV above any common zero; any shape.
        std: its standard deviation in mV, 0 or more; broadcast with ``mean``. At 0 the rate is that
            of the neuron without noise.
        tau_m: membrane time constant in ms.
        tau_ref: refractory period in ms, 0 or more.
        threshold: threshold in mV.
        reset: reset potential in mV, below the threshold.

    Returns:
        Rates in Hz, of the shape of ``mean`` and ``std`` together.

    Raises:
        SCConfigError: a number is not finite or out of its range.
    """
    require_positive("tau_m", tau_m)
    if require_finite("tau_ref", tau_ref) < 0:
        raise SCConfigError(f"tau_ref is {tau_ref:g}; it must be 0 or more")
    if require_finite("reset", reset) >= require_finite("threshold", threshold):
        raise SCConfigError(f"reset is {reset:g}; it must be below the threshold, {threshold:g}")
    mu, sd = np.broadcast_arrays(np.asarray(mean, np.float64), np.asarray(std, np.float64))
    if not (np.isfinite(mu).all() and np.isfinite(sd).all()):
        raise SCConfigError("mean and std must be finite numbers")
    if (sd < 0).any():
        raise SCConfigError(f"std is {sd.min():g}; it must be 0 or more")
    noisy = sd > 0
    scale = math.sqrt(2) * np.where(noisy, sd, 1.0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        passage = _integral((threshold - mu) / scale) - _integral((reset - mu) / scale)
        # Both ends overflow together only where the upper one alone decides.
        passage = np.where(np.isnan(passage), np.inf, passage) * math.sqrt(math.pi)
        drift = np.log((mu - reset) / (mu - threshold))
        silent = np.where(mu > threshold, drift, np.inf)
        return np.asarray(1000.0 / (tau_ref + tau_m * np.where(noisy, passage, silent)))


def _integral(y: Array) -> Array:
    """``∫ exp(x²)·(1 + erf(x)) dx`` from 0 to ``y``; infinite where it exceeds the floats."""
    from scipy.special import dawsn

    beyond = np.where(y > 0, np.exp(y * y) * dawsn(np.maximum(y, 0.0)), 0.0)
    return np.asarray(2 * beyond - _scaled_tail(np.abs(y)))


def _scaled_tail(z: Array) -> Array:
    """``∫ exp(x²)·erfc(x) dx`` from 0 to ``z``, with ``x = exp(t) − 1``."""
    from scipy.special import erfcx

    half = np.log1p(z)[..., None] / 2
    t = half * (1 + _NODES)
    return np.asarray((erfcx(np.expm1(t)) * np.exp(t) * half) @ _WEIGHTS)


@dataclass(frozen=True)
class SiegertTransferFunction:
    """Rate of the catalogue's ``stochastic_lif`` as a function of its input; see `siegert_rate`.

    Attributes:
        tau_m: membrane time constant in ms.
        tau_ref: refractory period in ms.
        threshold: threshold in mV.
        reset: reset potential in mV.
        rest: leak reversal potential in mV.
        resistance: input resistance in Mohm.
        std: standard deviation of the free membrane potential in mV.

    Example:
        >>> round(SiegertTransferFunction().step(1.4), 2)
        27.97
    """

    tau_m: float = 10.0
    tau_ref: float = 2.0
    threshold: float = -50.0
    reset: float = -65.0
    rest: float = -65.0
    resistance: float = 10.0
    std: float = 2.0

    def step(self, current: float) -> float:
        """Rate in Hz at a mean input current in nA.

        Raises:
            SCConfigError: as `siegert_rate`.
        """
        mean = self.rest + self.resistance * current
        return float(
            siegert_rate(
                mean, self.std, tau_m=self.tau_m, tau_ref=self.tau_ref,
                threshold=self.threshold, reset=self.reset,
            )
        )  # fmt: skip
