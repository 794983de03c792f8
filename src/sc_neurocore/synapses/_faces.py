"""Documented classes: one synapse under a bundled rule, stepped from Python.

Each is a thin face: equations, defaults, units, ranges and sources are those of its rule file. For
more than one synapse, use `PlasticState`, or ``Projection(plasticity=…)`` in a network.
"""

from __future__ import annotations

from typing import ClassVar, Self

import numpy as np

from sc_neurocore.dynamics import require_finite
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.synapses._arguments import require_bit
from sc_neurocore.synapses._document import load_rule
from sc_neurocore.synapses._events import Events
from sc_neurocore.synapses._rule import Rule
from sc_neurocore.synapses._state import PlasticState

_ONE = Events(np.array([0, 1], np.int64), np.array([0], np.int32))


class _OneSynapse:
    """One synapse; ticks are counted by the calls."""

    _rule: ClassVar[str]

    def __init__(
        self, initial: dict[str, float], parameters: dict[str, float], dt: float, seed: int = 0
    ) -> None:
        self._dt, self._seed = dt, seed
        self._loaded = load_rule(self._rule).with_parameters(parameters).with_initial(initial)
        self.reset()

    def reset(self) -> None:
        """Return to the initial weight and traces, and to tick 0."""
        self._tick = 0
        self._state = PlasticState.of(
            self._loaded, [0, 1], [0], 1, dt=self._dt, seed=self._seed, engine="interpreted"
        )

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
            arrivals=_ONE if require_bit("pre", pre) else None,
            spikes=_ONE if require_bit("post", post) else None,
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


class TripartiteSynapse(_OneSynapse):
    """A synapse and the astrocyte around it (rule ``tripartite``).

    Every presynaptic spike raises the astrocyte's IP3, which moves its calcium; while that is above
    ``ca_threshold``, the synapse hands over ``facilitation`` times its weight.

    Published: the calcium (Li & Rinzel 1994, doi:10.1006/jtbi.1994.1041), and the decay of IP3, its
    rise by spikes and the threshold (Nadkarni & Jung 2003, doi:10.1103/PhysRevLett.91.268101; in
    more detail De Pittà et al. 2009, doi:10.1007/s10867-009-9155-y). Without a source, and so
    examples: the size of the rise, the factor, and the depression, which is off unless asked for.

    Args:
        base_weight: initial weight.
        glut_per_spike: rate in µM/s at which a spike makes IP3, for ``t_glut``, 1 ms.
        ca_threshold: calcium in µM above which the astrocyte is active.
        facilitation: factor of what is handed over while it is active.
        depression_rate: share of the weight above ``w_min`` that a presynaptic spike takes while
            the astrocyte is not active.
        w_min: smallest weight, and the least that is handed over.
        w_max: largest weight, and the most that is handed over.
        dt: tick in ms.
        parameters: the others of the rule, such as ``tau_IP3``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "tripartite"

    def __init__(
        self,
        base_weight: float = 0.5,
        glut_per_spike: float = 5.0,
        ca_threshold: float = 0.19669,
        facilitation: float = 1.5,
        depression_rate: float = 0.0,
        w_min: float = 0.0,
        w_max: float = 1.0,
        *,
        dt: float = 1.0,
        **parameters: float,
    ) -> None:
        own = {
            "glut_per_spike": glut_per_spike, "ca_threshold": ca_threshold,
            "facilitation": facilitation, "depression_rate": depression_rate, "w_min": w_min,
            "w_max": w_max,
        }  # fmt: skip
        super().__init__({"w": base_weight}, {**own, **parameters}, dt)

    def step(self, pre_spike: object, post_spike: object = 0, dt: float | None = None) -> float:
        """Advance one tick of ``dt`` ms and return `effective_weight`.

        ``post_spike`` enters no equation of the rule; the documented call has it.
        """
        self._step(pre_spike, post_spike, dt)
        return self.effective_weight

    @property
    def ca(self) -> float:
        """Calcium of the astrocyte in µM."""
        return self.get("Ca")

    @property
    def ip3(self) -> float:
        """IP3 of the astrocyte in µM."""
        return self.get("IP3")

    @property
    def effective_weight(self) -> float:
        """What a spike would be handed over as by now, less what depression takes of it first."""
        p = self.rule.parameter_values
        gain = p["facilitation"] if self.ca > p["ca_threshold"] else 1.0
        return min(max(gain * self.weight, p["w_min"]), p["w_max"])


class _BitSynapse(_OneSynapse):
    """A synapse that multiplies bits: a presynaptic 1 passes with the weight's share of its range.

    Args:
        w_min: smallest weight.
        w_max: largest weight.
        w: initial weight; that of the rule unless given.
        dt: tick in ms.
        seed: seed of the rule's random draws and of the bits that pass.
        parameters: of the rule.

    Raises:
        SCConfigError: a parameter is unknown or outside its range, or the weight outside its own.
    """

    def __init__(
        self,
        w_min: float = 0.0,
        w_max: float = 1.0,
        w: float | None = None,
        *,
        dt: float = 1.0,
        seed: int = 0,
        **parameters: float,
    ) -> None:
        if w is None:
            w = next(q.value for q in load_rule(self._rule).states if q.name == "w")
        for name, value in (("w_min", w_min), ("w", w), ("w_max", w_max)):
            require_finite(name, value)
        if not w_min <= w <= w_max or w_min == w_max:
            raise SCConfigError(
                f"w is {w:g}; it must be {w_min:g} to {w_max:g}, and these must differ"
            )
        self._low, self._high = w_min, w_max
        super().__init__({"w": w}, {"w_min": w_min, "w_max": w_max, **parameters}, dt, seed)

    def reset(self) -> None:
        """Return to the initial weight and traces, tick 0 and the first random number."""
        super().reset()
        self._bits = np.random.default_rng(self._seed)

    @property
    def w(self) -> float:
        """The present weight."""
        return self.weight

    def process_step(self, pre_bit: object, post_bit: object) -> int:
        """Advance one tick and return the bit that passes, by the weight before the tick."""
        share = (self.weight - self._low) / (self._high - self._low)
        self._step(pre_bit, post_bit, None)
        return int(require_bit("pre", pre_bit) and self._bits.random() < share)


class RewardModulatedSTDPSynapse(_BitSynapse):
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

    def apply_reward(self, reward: float) -> None:
        """Change the weight by ``lr·reward·eligibility``; this takes a tick without spikes.

        Raises:
            SCConfigError: the reward is not finite.
        """
        self._step(False, False, None, reward=reward)


class StochasticSTDPSynapse(_BitSynapse):
    """A binary synapse that STDP switches at random, Suri et al. 2013 (rule ``stdp_stochastic``).

    Args:
        w_min: weight when off.
        w_max: weight when on.
        w: initial weight; off unless given.
        dt: tick in ms.
        seed: seed of the switching and of the output bits.
        parameters: ``window``, ``p_on``, ``p_off``.

    Raises:
        SCConfigError: a parameter is unknown or outside its range.
    """

    _rule = "stdp_stochastic"
