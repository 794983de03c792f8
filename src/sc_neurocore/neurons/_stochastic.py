"""A noisy leaky integrate-and-fire neuron in normalised units."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import Quantity, build_model
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.neurons._equation import EquationNeuron


class StochasticLIFNeuron:
    """``dv/dt = -(v - v_rest)/tau_mem + R·I + noise_std·ξ`` with threshold and reset.

    Voltages are in units of the distance from rest to threshold, times in ms; ξ is white noise,
    so one tick adds a normal number of standard deviation ``noise_std·√dt``. Default values after
    Gerstner & Kistler, *Spiking Neuron Models*, 2002, doi:10.1017/CBO9780511815706.

    Args:
        v_rest: resting potential.
        v_reset: potential after a spike.
        v_threshold: spike threshold; reaching it is a spike.
        tau_mem: membrane time constant in ms.
        dt: tick in ms.
        noise_std: noise per square root of a millisecond; 0 for none.
        resistance: R, weight of the input.
        refractory_period: absolute refractory period in ms.
        seed: seed of the noise; the same seed gives the same noise after every `reset_state`.

    Raises:
        SCConfigError: a value is not finite, or a time is not positive.

    Example:
        >>> neuron = StochasticLIFNeuron(v_threshold=1.0, tau_mem=20.0, noise_std=0.0)
        >>> sum(neuron.step(1.5) for _ in range(50))
        50
    """

    def __init__(
        self,
        v_rest: float = 0.0,
        v_reset: float = 0.0,
        v_threshold: float = 1.0,
        tau_mem: float = 20.0,
        dt: float = 1.0,
        noise_std: float = 0.0,
        resistance: float = 1.0,
        refractory_period: float = 0.0,
        seed: int = 0,
    ) -> None:
        if noise_std < 0:
            raise SCConfigError(f"noise_std is {noise_std:g}; it must be 0 or more")
        model = build_model(
            "dv/dt = -(v - v_rest)/tau_mem + R*I + noise_std*xi",
            threshold="v >= v_threshold",
            reset="v = v_reset",
            params={
                "v_rest": v_rest,
                "v_reset": v_reset,
                "v_threshold": v_threshold,
                "tau_mem": tau_mem,
                "noise_std": noise_std,
                "R": resistance,
            },
            init={"v": v_rest},
            inputs=[Quantity("I", 0.0, meaning="input current")],
            dt=dt,
            method="exponential_euler",
            refractory=refractory_period,
            name="stochastic_lif_normalised",
        )
        self._neuron = EquationNeuron(model, seed)

    @property
    def neuron(self) -> EquationNeuron:
        """The neuron underneath, with its model."""
        return self._neuron

    def step(self, input_current: float) -> int:
        """Run one tick and return 1 if the neuron spikes, else 0."""
        return self._neuron.step(I=input_current)

    def reset_state(self) -> None:
        """Return to ``v_rest`` and rewind the noise."""
        self._neuron.reset()

    def get_state(self) -> dict[str, float]:
        """Membrane potential ``v`` and refractory counter ``refractory`` in ticks."""
        return {**self._neuron.state, "refractory": self._neuron.refractory}

    def process_bitstream(
        self, input_bits: ArrayLike, input_scale: float = 1.0
    ) -> NDArray[np.uint8]:
        """Drive the neuron with a bitstream, one tick per bit, and return its spikes.

        Args:
            input_bits: ``(L,)`` zeros and ones.
            input_scale: current of a one.

        Returns:
            ``(L,)`` zeros and ones.

        Raises:
            SCConfigError: the bits are not a row of zeros and ones.
        """
        bits = np.asarray(input_bits)
        if bits.ndim != 1 or not np.isin(bits, (0, 1)).all():
            raise SCConfigError("input_bits must be one row of zeros and ones")
        if not len(bits):
            return np.zeros(0, np.uint8)
        return self._neuron.simulate(len(bits), bits * float(input_scale))[1]
