"""What the user asks of the build of a network."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from sc_neurocore.accelerator import Coding
from sc_neurocore.build.network._configuration import Configuration
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.hdl.registers import BUSES

BackendChoice = Literal["fixed", "stochastic", "hybrid"]
BACKENDS: tuple[BackendChoice, ...] = get_args(BackendChoice)
CODINGS: tuple[Coding, ...] = get_args(Coding)

#: Longest stream per tick, and most ticks, that a build accepts.
MAX_LENGTH, MAX_TICKS, MAX_FOLD = 1 << 16, 1 << 16, 256
#: Options that a configuration decides.
_DECIDED = ("weight_bits", "length", "ticks", "coding", "input_bits", "pe", "simd")


@dataclass(frozen=True)
class NetworkOptions:
    """Options of one build; ``None`` leaves the choice to the file, then to a default.

    Attributes:
        target: device name.
        backend: ``fixed`` point, ``stochastic`` streams, or ``hybrid``: chosen layer by layer.
        data: ``digits``, ``mnist`` or an ``.npz`` file to test on; without it nothing is said
            about accuracy.
        weight_bits: width of the weights, 2 to 16.
        length: stream clocks per tick of the stochastic layers, a power of two.
        ticks: ticks of one inference.
        coding: how levels become events: ``rate``, ``direct`` or ``events``.
        input_bits: levels are 0 to 2**input_bits.
        pe: neurons of a layer whose accumulators share a word; chosen by target without it.
        simd: neighbouring sources that an event carries.
        latency_us: longest inference that is wanted, in µs, of the samples at hand.
        clock_mhz: clock that must be reached.
        dt: tick in seconds, for files that do not state theirs.
        reset: ``reset`` to v_reset, or ``subtract`` the threshold.
        reset_when: in the ``same_tick`` as the spike, or in the ``next_tick``.
        cuba_order: which state of a current-based neuron moves first.
        delay_rounding: how a delay becomes whole ticks.
        place_and_route: run place and route (else stop after synthesis).
        samples: inferences that are co-simulated.
        seed: seed of placement, and of the levels used where there is no data.
        timeout_s: limit of each tool run in seconds.
        live: bus behind which the weights can be exchanged while the network runs, ``axi_lite`` or
            ``wishbone``; without it they are constant, and there is no bus.
        configuration: back end, bits, streams and folding layer by layer, with ticks and coding;
            the options that it decides must then be left out.
    """

    target: str = "ice40-hx8k"
    backend: BackendChoice = "fixed"
    data: str | None = None
    weight_bits: int | None = None
    length: int | None = None
    ticks: int | None = None
    coding: Coding | None = None
    input_bits: int | None = None
    pe: int | None = None
    simd: int | None = None
    latency_us: float | None = None
    clock_mhz: float | None = None
    dt: float | None = None
    reset: str | None = None
    reset_when: str | None = None
    cuba_order: str | None = None
    delay_rounding: str | None = None
    place_and_route: bool = True
    samples: int = 20
    seed: int = 1
    timeout_s: float = 600.0
    live: str | None = None
    configuration: Configuration | None = None

    def __post_init__(self) -> None:
        _among("--backend", self.backend, BACKENDS)
        if self.coding is not None:
            _among("--coding", self.coding, CODINGS)
        if self.live is not None:
            _among("--live", self.live, tuple(BUSES))
        for option, value, low, high in (
            ("--weight-bits", self.weight_bits, 2, 16),
            ("--length", self.length, 1, MAX_LENGTH),
            ("--ticks", self.ticks, 1, MAX_TICKS),
            ("--input-bits", self.input_bits, 1, 15),
            ("--pe", self.pe, 1, MAX_FOLD),
            ("--simd", self.simd, 1, MAX_FOLD),
            ("--samples", self.samples, 1, 1 << 20),
            ("--seed", self.seed, 0, (1 << 31) - 1),
        ):
            if value is not None and not low <= value <= high:
                raise SCConfigError(f"{option} is {value}; it must be from {low} to {high}")
        if self.length is not None and self.length & (self.length - 1):
            below = 1 << (self.length.bit_length() - 1)
            raise SCConfigError(
                f"--length is {self.length}; it must be a power of two, such as {below} or "
                f"{2 * below}"
            )
        for option, number in (
            ("--latency-us", self.latency_us),
            ("--clock-mhz", self.clock_mhz),
            ("--dt", self.dt),
            ("--timeout", self.timeout_s),
        ):
            if number is not None and not 0 < number < math.inf:
                raise SCConfigError(f"{option} is {number:g}; it must be above 0 and finite")
        if self.clock_mhz is not None and self.clock_mhz >= 2000:
            raise SCConfigError(f"--clock-mhz is {self.clock_mhz:g}; it must be below 2000")
        if self.backend == "fixed" and self.length is not None:
            raise SCConfigError(
                "--length is for stochastic layers; leave it out with --backend fixed"
            )
        if self.configuration is not None:
            self._require_undecided()

    def _require_undecided(self) -> None:
        """Refuse what would contradict the configuration."""
        given = [name for name in _DECIDED if getattr(self, name) is not None]
        if self.backend != "fixed":
            given.insert(0, "backend")
        if given:
            raise SCConfigError(
                f"--configuration decides back end, bits, streams, ticks, coding and folding; "
                f"leave out --{given[0].replace('_', '-')}"
            )


def _among(option: str, value: str, allowed: tuple[str, ...]) -> None:
    from sc_neurocore.dynamics import suggest

    if value not in allowed:
        raise SCConfigError(f"{option} is '{value}'{suggest(value, allowed)}")
