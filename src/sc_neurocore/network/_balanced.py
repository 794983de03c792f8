"""Brunel's sparse balanced network, and what mean-field theory says of it."""

from __future__ import annotations

import math
from typing import Any

from sc_neurocore.dynamics import require_finite
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._distributions import Uniform
from sc_neurocore.network._network import Network
from sc_neurocore.network._population import Population
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._rules import FixedIndegree
from sc_neurocore.network._stimuli import PoissonInput
from sc_neurocore.network._units import whole_number

#: Model A of the paper: time constant and refractory period in ms; threshold, reset and jump in mV.
TAU, REFRACTORY, THRESHOLD, RESET, JUMP = 20.0, 2.0, 20.0, 10.0, 0.1
#: Share of all cells of a kind that project to a cell.
CONNECTED = 0.1
#: Rate in Hz below which passages are so rare that they are a Poisson process.
_RARE = 1e-6


def brunel_balanced_network(
    n_exc: int = 10_000,
    n_inh: int = 2_500,
    g: float = 5.0,
    eta: float = 2.0,
    *,
    delay: Any = "1.5 ms",
    seed: int = 0,
) -> Network:
    """A sparse network of excitatory and inhibitory leaky integrate-and-fire cells.

    Every cell has as many sources among the excitatory and the inhibitory cells as make up a tenth
    of them, and as many Poisson sources from outside as excitatory ones from inside. A spike makes
    the potential jump by 0.1 mV, an inhibitory one by ``−g`` times as much. Model A of Brunel 2000,
    *J. Comput. Neurosci.* 8:183, doi:10.1023/A:1008925309027. With the paper's 10 000 and 2500
    cells, ``g`` and ``eta`` are the axes of its phase diagram: (3, 2) is synchronous and regular,
    (6, 4) a fast and (4.5, 0.9) a slow oscillation of irregular cells, and (5, 2), the default,
    asynchronous and irregular.

    The populations are labelled ``"E"`` and ``"I"``; add monitors, then run.

    Args:
        n_exc: number of excitatory cells, at least 10.
        n_inh: number of inhibitory cells, at least 10.
        g: size of an inhibitory jump over that of an excitatory one.
        eta: rate of a source outside over the rate that brings the mean potential of a cell to
            its threshold.
        delay: of every connection, as `Projection` takes it.
        seed: of the network.

    Raises:
        SCConfigError: too few cells, or g or eta below 0.
    """
    sizes = {"E": _cells("n_exc", n_exc), "I": _cells("n_inh", n_inh)}
    g, eta = _zero_or_more(g, eta)
    sources = {label: round(CONNECTED * n) for label, n in sizes.items()}
    network = Network(seed)
    params = {"tau_m": TAU, "E_L": 0.0, "V_th": THRESHOLD, "V_reset": RESET}
    start = {"v": Uniform(RESET, THRESHOLD)}
    cells = {
        label: network.add(Population("iaf_psc_delta", n, params, label, init=start))
        for label, n in sizes.items()
    }
    outside = 1000 * eta * THRESHOLD / (JUMP * TAU)  # of all sources of a cell, in Hz
    for target in cells.values():
        for label, weight in (("E", JUMP), ("I", -g * JUMP)):
            rule = FixedIndegree(sources[label])
            network.add(Projection(cells[label], target, weight, delay=delay, topology=rule))
        network.add(PoissonInput(target.n, outside, JUMP), to=target)
    return network


def brunel_mean_field(
    n_exc: int = 10_000, n_inh: int = 2_500, g: float = 5.0, eta: float = 2.0
) -> tuple[float, float]:
    """Rate in Hz and CV of the intervals that mean-field theory gives `brunel_balanced_network`.

    A cell's input is taken as white noise, whose mean and variance follow from the common rate of
    all cells; the rate is that which it gives itself by Siegert's formula (equations 17 to 22 of
    Brunel 2000). The intervals' variation is that of first passages in such noise (appendix A.1).
    Where cells are synchronous or regular, the theory says little of the network. Of several rates
    that give themselves, which excitation stronger than inhibition allows, this is the lowest.

    Args:
        n_exc: number of excitatory cells.
        n_inh: number of inhibitory cells.
        g: as `brunel_balanced_network` takes it.
        eta: as `brunel_balanced_network` takes it.

    Raises:
        SCConfigError: as `brunel_balanced_network`.
    """
    from scipy.optimize import brentq

    from sc_neurocore.neurons import siegert_rate

    many = round(CONNECTED * _cells("n_exc", n_exc))
    few = round(CONNECTED * _cells("n_inh", n_inh))
    g, eta = _zero_or_more(g, eta)

    def moments(rate: float) -> tuple[float, float]:
        """Mean of the free potential and standard deviation of its white noise, in mV."""
        arriving = TAU * rate / 1000
        mean = eta * THRESHOLD + JUMP * arriving * (many - g * few)
        variance = JUMP * eta * THRESHOLD + JUMP**2 * arriving * (many + g**2 * few)
        return mean, math.sqrt(variance)

    def excess(rate: float) -> float:
        mean, noise = moments(rate)
        found = siegert_rate(
            mean, noise / math.sqrt(2), tau_m=TAU, tau_ref=REFRACTORY,
            threshold=THRESHOLD, reset=RESET,
        )  # fmt: skip
        return float(found) - rate

    fastest = 1000 / REFRACTORY
    low, step = 0.0, fastest / 2000
    while low + step < fastest and excess(low + step) > 0:
        low += step
    rate = brentq(excess, low, min(low + step, fastest), xtol=1e-9)
    return float(rate), _variation(rate, *moments(rate))


def _variation(rate: float, mean: float, noise: float) -> float:
    """Coefficient of variation of the intervals: Brunel 2000, appendix A.1.

    ``CV² = 2π(ν·τ)² ∫ D(x) dx`` from the reset to the threshold in units of the noise, where
    ``D(x) = exp(x²) ∫ exp(y²)·(1 + erf y)² dy`` up to ``x``. Neither factor is a float far from 0,
    but ``D`` solves ``D' = 2x·D + erfcx(−x)²``, which forgets where it starts below 0.
    """
    from scipy.integrate import solve_ivp
    from scipy.special import erfcx

    if rate < _RARE:
        return 1.0
    low, high = (RESET - mean) / noise, (THRESHOLD - mean) / noise
    start = min(low, 0.0) - 6.0

    def slopes(x: float, state: Any) -> tuple[float, float]:
        return 2 * x * state[0] + float(erfcx(-x)) ** 2, state[0]

    state = (float(erfcx(-start)) ** 2 / (-2 * start), 0.0)
    for ends in ((start, low), (low, high)):
        found = solve_ivp(slopes, ends, state, method="LSODA", rtol=1e-9, atol=1e-14)
        area = float(found.y[1, -1])
        state = (float(found.y[0, -1]), 0.0)
    return math.sqrt(2 * math.pi * area) * rate * TAU / 1000


def _cells(name: str, n: int) -> int:
    return whole_number(name, n, 10)


def _zero_or_more(g: float, eta: float) -> tuple[float, float]:
    g, eta = require_finite("g", g), require_finite("eta", eta)
    if not (g >= 0 and eta >= 0):
        raise SCConfigError(f"g is {g} and eta {eta}; both must be 0 or more")
    return g, eta
