"""Integer models of two small hardware blocks: a leaky integrate-and-fire cell and an LFSR."""

from __future__ import annotations

from dataclasses import dataclass, field

from sc_neurocore.exceptions import SCConfigError


@dataclass
class FixedPointLIFNeuron:
    """A leaky integrate-and-fire neuron in signed fixed point, as a register would hold it.

    One `step` computes, with every sum and product wrapped to ``data_width`` bits::

        v' = v_rest + leak_k·(v − v_rest) + gain_k·I_t + noise_in

    A product is shifted right by ``fraction`` with the sign kept, which rounds toward minus
    infinity (floor). The neuron spikes when ``v' >= v_threshold``; it then takes ``v_reset`` and
    holds it for ``refractory_period`` steps.

    Attributes:
        data_width: bits of every value, 2 to 64.
        fraction: fractional bits, below ``data_width``.
        v_rest: resting value, as an integer of ``fraction`` fractional bits.
        v_reset: value after a spike.
        v_threshold: spike threshold.
        refractory_period: steps without a spike after a spike.

    Raises:
        SCConfigError: a width is out of range, or a value does not fit in ``data_width`` bits.

    Example:
        >>> neuron = FixedPointLIFNeuron()
        >>> neuron.step(leak_k=240, gain_k=16, I_t=100)
        (0, 6)
    """

    data_width: int = 16
    fraction: int = 8
    v_rest: int = 0
    v_reset: int = 0
    v_threshold: int = 256
    refractory_period: int = 2
    v: int = field(init=False)
    refractory: int = field(init=False)

    def __post_init__(self) -> None:
        if not 2 <= self.data_width <= 64:
            raise SCConfigError(f"data_width is {self.data_width}; it must be 2 to 64")
        if not 0 <= self.fraction < self.data_width:
            raise SCConfigError(
                f"fraction is {self.fraction}; it must be 0 to {self.data_width - 1}"
            )
        if self.refractory_period < 0:
            raise SCConfigError(f"refractory_period is {self.refractory_period}; 0 or more")
        for name in ("v_rest", "v_reset", "v_threshold"):
            self._require_fits(name, getattr(self, name))
        self.reset()

    def step(self, leak_k: int, gain_k: int, I_t: int, noise_in: int = 0) -> tuple[int, int]:
        """Run one clock cycle and return ``(spike, v)``.

        Args:
            leak_k: fraction of ``v − v_rest`` that is kept; 240 is 0.9375 in Q8.8.
            gain_k: weight of the input.
            I_t: input.
            noise_in: added as it is.

        Raises:
            SCConfigError: an argument does not fit in ``data_width`` bits; nothing changes.
        """
        arguments = {"leak_k": leak_k, "gain_k": gain_k, "I_t": I_t, "noise_in": noise_in}
        for name, value in arguments.items():
            self._require_fits(name, value)
        if self.refractory > 0:
            self.refractory -= 1
            return 0, self.v
        kept = self._product(leak_k, self._wrap(self.v - self.v_rest))
        driven = self._product(gain_k, I_t)
        self.v = self._wrap(self.v_rest + kept + driven + noise_in)
        if self.v < self.v_threshold:
            return 0, self.v
        self.v, self.refractory = self.v_reset, self.refractory_period
        return 1, self.v

    def reset(self) -> None:
        """Return to ``v_rest``, outside refractoriness."""
        self.v, self.refractory = self.v_rest, 0

    def reset_state(self) -> None:
        """Same as `reset`."""
        self.reset()

    def get_state(self) -> dict[str, int]:
        """Return the registers: ``v`` and the refractory counter."""
        return {"v": self.v, "refractory": self.refractory}

    def _product(self, a: int, b: int) -> int:
        return self._wrap((a * b) >> self.fraction)

    def _wrap(self, value: int) -> int:
        """Keep the low ``data_width`` bits as a two's complement number."""
        half = 1 << (self.data_width - 1)
        return ((value + half) & ((1 << self.data_width) - 1)) - half

    def _require_fits(self, name: str, value: int) -> None:
        if isinstance(value, bool) or not isinstance(value, int) or self._wrap(value) != value:
            half = 1 << (self.data_width - 1)
            raise SCConfigError(
                f"{name} is {value!r}; it must be an integer from {-half} to {half - 1}"
            )


@dataclass
class FixedPointLFSR:
    """The 16-bit linear feedback shift register ``x^16 + x^14 + x^13 + x^11 + 1``.

    Fibonacci form, shifting left: the exclusive or of bits 15, 13, 12 and 10 enters at bit 0. Any
    seed but 0 returns after 65 535 steps.

    Attributes:
        seed: first register value, 1 to 65535.

    Example:
        >>> hex(FixedPointLFSR(seed=0xACE1).step())
        '0x59c3'
    """

    seed: int = 0xACE1
    state: int = field(init=False)

    def __post_init__(self) -> None:
        self.reset()

    def step(self) -> int:
        """Shift once and return the new register value."""
        s = self.state
        bit = (s >> 15 ^ s >> 13 ^ s >> 12 ^ s >> 10) & 1
        self.state = (s << 1 | bit) & 0xFFFF
        return self.state

    def reset(self, seed: int | None = None) -> None:
        """Go back to the seed, or to a new one.

        Raises:
            SCConfigError: the seed is not an integer from 1 to 65535.
        """
        seed = self.seed if seed is None else seed
        if isinstance(seed, bool) or not isinstance(seed, int) or not 1 <= seed <= 0xFFFF:
            raise SCConfigError(f"LFSR seed is {seed!r}; it must be an integer from 1 to 65535")
        self.seed = self.state = seed
