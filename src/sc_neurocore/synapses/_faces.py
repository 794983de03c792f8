"""Documented classes: one synapse under a bundled rule, stepped from Python.

Each is a thin face: equations, defaults, units, ranges and sources are those of its rule file. For
more than one synapse, use `PlasticState`, or ``Projection(plasticity=…)`` in a network.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import require_finite
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._document import load_rule
from sc_neurocore.synapses._rule import Rule
from sc_neurocore.synapses._state import Events, PlasticState

_ONE = Events(np.array([0, 1], np.int64), np.array([0], np.int32))


class _OneSynapse:
    """One synapse; ticks are counted by the calls."""

    _rule: ClassVar[str]

    def __init__(self, initial: dict[str, float], parameters: dict[str, float], dt: float) -> None:
        self._dt = dt
        self._loaded = load_rule(self._rule).with_parameters(parameters).with_initial(initial)
        self.reset()

    def reset(self) -> None:
        """Return to the initial weight and traces, and to tick 0."""
        self._tick = 0
        self._state = PlasticState.of(self._loaded, [0, 1], [0], 1, dt=self._dt)

    @property
    def rule(self) -> Rule:
        """The rule with this synapse's parameters."""
        return self._loaded

    @property
    def weight(self) -> float:
        """The present weight."""
        return self.get("w")

    def get(self, name: str) -> float:
        """Present value of a state of the rule.

        Raises:
            SCConfigError: the rule has no such state.
        """
        return float(self._state.get(name, self._tick - 1)[0])

    def _step(self, pre: object, post: object, dt: float | None, **inputs: float) -> float:
        """One tick; returns what the neuron is handed."""
        if dt is not None and dt != self._dt:
            if self._tick:
                raise SCConfigError(
                    f"dt is {dt:g} ms, but the steps so far took {self._dt:g} ms; keep it, or reset"
                )
            self._dt = dt
            self.reset()
        for name, value in inputs.items():
            require_finite(f"input '{name}'", value)
        out = self._state.advance(
            self._tick,
            arrivals=_ONE if _bit("pre", pre) else None,
            spikes=_ONE if _bit("post", post) else None,
            inputs=inputs,
        )
        self._tick += 1
        return float(out[0, 0])


class PairSTDP(_OneSynapse):
    """Pair-based STDP: additive, multiplicative or between (rule ``stdp_pair``).

    Args:
        weight: initial weight.
        dt: tick in ms.
        parameters: ``tau_plus``, ``tau_minus``, ``lr``, ``alpha``, ``mu_plus``, ``mu_minus``,
            ``w_max``, ``all_to_all``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "stdp_pair"

    def __init__(self, weight: float = 0.5, dt: float = 1.0, **parameters: float) -> None:
        super().__init__({"w": weight}, parameters, dt)

    def step(self, pre_spike: object, post_spike: object, dt: float | None = None) -> float:
        """Advance one tick of ``dt`` ms and return the weight."""
        self._step(pre_spike, post_spike, dt)
        return self.weight


class TripletSTDP(PairSTDP):
    """Triplet STDP of Pfister & Gerstner 2006 (rule ``stdp_triplet``).

    Args:
        weight: initial weight.
        dt: tick in ms.
        parameters: ``tau_plus``, ``tau_minus``, ``tau_x``, ``tau_y``, ``a2_plus``, ``a3_plus``,
            ``a2_minus``, ``a3_minus``, ``w_min``, ``w_max``, ``all_to_all``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "stdp_triplet"


class ClopathSTDP(_OneSynapse):
    """Voltage-based STDP of Clopath et al. 2010 (rule ``stdp_clopath``).

    Args:
        weight: initial weight.
        dt: tick in ms.
        parameters: ``a_ltd``, ``a_ltp``, ``tau_x``, ``tau_minus``, ``tau_plus``, ``theta_minus``,
            ``theta_plus``, ``w_min``, ``w_max``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "stdp_clopath"

    def __init__(self, weight: float = 0.5, dt: float = 0.1, **parameters: float) -> None:
        super().__init__({"w": weight}, parameters, dt)

    def step(self, pre_spike: object, u_post: float, dt: float | None = None) -> float:
        """Advance one tick with the membrane potential ``u_post`` in mV; return the weight."""
        self._step(pre_spike, False, dt, v_post=u_post)
        return self.weight


class BCMSynapse(_OneSynapse):
    """BCM plasticity of rates with a sliding threshold (rule ``bcm``).

    Args:
        weight: initial weight.
        theta_init: initial threshold.
        dt: tick in ms.
        parameters: ``eta``, ``tau_theta``, ``w_min``, ``w_max``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "bcm"

    def __init__(
        self, weight: float = 0.5, theta_init: float = 1.0, dt: float = 1.0, **parameters: float
    ) -> None:
        super().__init__({"w": weight, "theta": theta_init}, parameters, dt)

    def step(self, pre_rate: float, post_rate: float, dt: float | None = None) -> float:
        """Advance one tick with the two rates, in units of a reference rate; return the weight."""
        self._step(False, False, dt, r_pre=pre_rate, r_post=post_rate)
        return self.weight


class DopamineStdpSynapse(_OneSynapse):
    """STDP gated by dopamine, Izhikevich 2007 (rule ``stdp_dopamine``).

    Args:
        weight: initial weight.
        dt: tick in ms.
        parameters: ``w_min``, ``w_max``, ``tau_e``, ``tau_da``, ``tau_pre``, ``tau_post``,
            ``a_plus``, ``a_minus`` (negative), ``lr``, ``baseline``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "stdp_dopamine"

    def __init__(self, weight: float = 0.5, dt: float = 1.0, **parameters: float) -> None:
        super().__init__({"w": weight}, parameters, dt)

    def step(self, pre_spike: object, post_spike: object, reward: float = 0.0) -> float:
        """Advance one tick, at whose end ``reward`` is added to the dopamine; return the weight."""
        self._step(pre_spike, post_spike, None, dopamine=reward)
        return self.weight


class ShortTermPlasticitySynapse(_OneSynapse):
    """Short-term depression and facilitation, Tsodyks et al. 1998 (rule ``short_term``).

    Args:
        amplitude: what all resources released at once would hand over.
        dt: tick in ms.
        parameters: ``u_base``, ``tau_d``, ``tau_f``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "short_term"

    def __init__(self, amplitude: float = 1.0, dt: float = 1.0, **parameters: float) -> None:
        super().__init__({"w": amplitude}, parameters, dt)

    @classmethod
    def new_depressing(cls) -> Self:
        """A synapse that depresses: U 0.5, recovery 800 ms, facilitation gone within 1 ms.

        Source: Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502, figure 1A.
        """
        return cls(u_base=0.5, tau_d=800.0, tau_f=0.1)

    @classmethod
    def new_facilitating(cls) -> Self:
        """A synapse that facilitates: U 0.03, recovery 130 ms, facilitation 530 ms.

        Source: Tsodyks, Pawelzik & Markram 1998, doi:10.1162/089976698300017502, figure 1B.
        """
        return cls(u_base=0.03, tau_d=130.0, tau_f=530.0)

    def step(self, pre_spike: object) -> float:
        """Advance one tick and return what the postsynaptic neuron is handed."""
        return self._step(pre_spike, False, None)


class RewardModulatedSTDPSynapse(_OneSynapse):
    """Reward-modulated STDP on bits, Florian 2007 (rule ``stdp_reward``).

    Args:
        w_min: smallest weight.
        w_max: largest weight.
        w: initial weight.
        dt: tick in ms.
        seed: seed of the output bits.
        parameters: ``tau_pre``, ``tau_post``, ``tau_e``, ``a_plus``, ``a_minus``, ``lr``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "stdp_reward"

    def __init__(
        self,
        w_min: float = 0.0,
        w_max: float = 1.0,
        w: float = 0.5,
        *,
        dt: float = 1.0,
        seed: int = 0,
        **parameters: float,
    ) -> None:
        _check_range(w_min, w, w_max)
        self._low, self._high = w_min, w_max
        self._bits = np.random.default_rng(seed)
        super().__init__({"w": w}, {"w_min": w_min, "w_max": w_max, **parameters}, dt)

    @property
    def w(self) -> float:
        """The present weight."""
        return self.weight

    def process_step(self, pre_bit: object, post_bit: object) -> int:
        """Advance one tick; the bit that passes is 1 with the weight's share of its range."""
        share = (self.weight - self._low) / (self._high - self._low)
        self._step(pre_bit, post_bit, None)
        return int(_bit("pre", pre_bit) and self._bits.random() < share)

    def apply_reward(self, reward: float) -> None:
        """Change the weight by ``lr·reward·eligibility``; this takes a tick without spikes.

        Raises:
            SCConfigError: the reward is not finite.
        """
        self._step(False, False, None, reward=reward)


class StochasticSTDPSynapse(_OneSynapse):
    """A binary synapse that STDP switches at random, Suri et al. 2013 (rule ``stdp_stochastic``).

    Args:
        w_min: weight when off.
        w_max: weight when on.
        w: initial weight.
        dt: tick in ms.
        seed: seed of the switching and of the output bits.
        parameters: ``window``, ``p_on``, ``p_off``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "stdp_stochastic"

    def __init__(
        self,
        w_min: float = 0.0,
        w_max: float = 1.0,
        w: float = 0.0,
        *,
        dt: float = 1.0,
        seed: int = 0,
        **parameters: float,
    ) -> None:
        _check_range(w_min, w, w_max)
        self._low, self._high, self._seed = w_min, w_max, seed
        super().__init__({"w": w}, {"w_min": w_min, "w_max": w_max, **parameters}, dt)

    def reset(self) -> None:
        """Return to the initial weight, tick 0 and the first random number."""
        self._tick = 0
        self._bits = np.random.default_rng(self._seed)
        self._state = PlasticState.of(self._loaded, [0, 1], [0], 1, dt=self._dt, seed=self._seed)

    @property
    def w(self) -> float:
        """The present weight."""
        return self.weight

    def process_step(self, pre_bit: object, post_bit: object) -> int:
        """Advance one tick; the bit that passes is 1 with the weight's share of its range."""
        share = (self.weight - self._low) / (self._high - self._low)
        self._step(pre_bit, post_bit, None)
        return int(_bit("pre", pre_bit) and self._bits.random() < share)


class GapJunction:
    """An electrical synapse between two neurons (rule ``gap_junction``).

    Args:
        conductance: in nS, 0 or more.
        rectification: 0 passes current both ways alike, 1 from the first neuron to the second only.

    Raises:
        SCConfigError: a number is outside its range.
    """

    def __init__(self, conductance: float = 0.1, rectification: float = 0.0) -> None:
        rule = load_rule("gap_junction").with_initial({"w": conductance})
        rule = rule.with_parameters({"rectification": rectification})
        self.rule = rule
        self.conductance, self.rectification = float(conductance), float(rectification)

    def current(self, v_pre: float, v_post: float) -> float:
        """Current in pA from the first neuron into the second, of potentials in mV."""
        drop = require_finite("v_pre", v_pre) - require_finite("v_post", v_post)
        return self.conductance * (drop if drop > 0 else (1 - self.rectification) * drop)

    def current_matrix(
        self, voltages: NDArray[np.float64], adjacency: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Currents in pA into ``(N,)`` neurons that are joined alike; they sum to 0.

        Args:
            voltages: ``(N,)`` potentials in mV.
            adjacency: ``(N, N)``, 0 or 1. Without rectification it is symmetric; with it, entry
                ``[i, j]`` is a junction that passes current from ``i`` to ``j``.

        Raises:
            SCConfigError: shapes or entries are not those.
        """
        v, joined = np.asarray(voltages, np.float64), np.asarray(adjacency, np.float64)
        if v.ndim != 1 or joined.shape != (len(v), len(v)) or not np.isfinite(v).all():
            raise SCConfigError(
                f"voltages have shape {v.shape} and adjacency {joined.shape}; "
                "they must be finite, (N,) and (N, N)"
            )
        if not np.isin(joined, (0.0, 1.0)).all() or joined.diagonal().any():
            raise SCConfigError("adjacency holds 0 and 1 only, and 0 on its diagonal")
        drop = v[:, None] - v[None, :]
        if self.rectification == 0:
            if not np.array_equal(joined, joined.T):
                raise SCConfigError("adjacency of ohmic junctions is symmetric; add its transpose")
            return np.asarray(self.conductance * (joined * drop).sum(axis=0))
        if (joined * joined.T).any():
            raise SCConfigError(
                "adjacency of rectifying junctions has one direction per pair of neurons"
            )
        open_ = np.where(drop > 0, 1.0, 1 - self.rectification)
        flow = self.conductance * joined * open_ * drop
        return np.asarray(flow.sum(axis=0) - flow.sum(axis=1))


def _bit(what: str, value: object) -> bool:
    if value not in (0, 1):
        raise SCConfigError(f"{what} spike is {value!r}; it must be 0, 1, False or True")
    return bool(value)


def _check_range(low: float, value: float, high: float) -> None:
    if not low <= value <= high or low == high:
        raise SCConfigError(f"w is {value:g}; it must be {low:g} to {high:g}, and these differ")
