"""Pyramidal–interneuron gamma: excitatory and inhibitory cells that pace each other."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from sc_neurocore.dynamics import Model, Quantity, build_model, require_finite, require_positive
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._activity import dominant
from sc_neurocore.network._network import Network
from sc_neurocore.network._population import Population
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._seeds import check_seed, stream
from sc_neurocore.network._stepwise import Spikes, Stepwise
from sc_neurocore.network._units import whole_number

Indices = NDArray[np.int64]
Array = NDArray[np.float64]

#: Time from a spike to the peak of the conductance that it opens, in ms.
_TIME_TO_PEAK = 0.5
#: Its height, as a share of the conductance at most open; see `PINGCircuit`.
_PEAK = {"E": 0.374, "I": 0.384}
#: Potential in mV after a spike of an E cell, and the ms that its free cycle lasts, about.
_AFTER_SPIKE, _CYCLE = -85.0, 18.0
#: Tick in ms.
DT = 0.02


@dataclass
class PINGCircuit:
    """A rhythm of excitatory cells that fire, inhibitory cells that follow, and a pause of both.

    The excitatory (E) cells are driven and make the inhibitory (I) cells fire, which silence all
    until their inhibition has decayed: its decay and the drive set the period, in the gamma band.
    Without either connection there is no rhythm. The mechanism: Börgers & Kopell 2003,
    *Neural Comput.* 15:509, doi:10.1162/089976603321192059.

    Cells, synapses and numbers are those of Börgers, *An Introduction to Modeling Neuronal
    Dynamics*, 2017, chapter 30, doi:10.1007/978-3-319-51171-9: reduced Traub–Miles cells and
    Wang–Buzsáki cells, in ``ping.toml``. The numbers were checked against public copies of the
    book's program. What differs:

    - In the book a gate follows the presynaptic potential. Here a spike opens it, when the
      potential crosses 0: the conductance is the difference of two exponentials that decays with
      the book's time constant, peaks 0.5 ms after the spike, and as high as the book's gate after
      one spike from rest. So gates of several spikes add up where the book's saturate, which at
      these rates changes little.
    - A spike takes one tick to arrive; in the book it takes none.
    - E cells start at random phases of the cycle of a passive membrane; in the book, of their own.

    Attributes:
        n_e: number of E cells.
        n_i: number of I cells.
        i_drive_e_mean: mean drive of the E cells in µA/cm².
        i_drive_i_mean: mean drive of the I cells in µA/cm².
        i_drive_spread: standard deviation of the drive over its mean.
        w_EE: conductance from E to E cells in mS/cm², if all inputs of a mean cell were open.
        w_EI: that from E to I cells.
        w_IE: that from I to E cells.
        w_II: that from I to I cells.
        probability: of a connection.
        tau_e: decay of excitation in ms.
        tau_i: decay of inhibition in ms.
        seed: of all that is random.
        network: the network; add monitors before its first run.
        populations: ``"E"`` and ``"I"``.
    """

    n_e: int = 200
    n_i: int = 50
    i_drive_e_mean: float = 1.4
    i_drive_i_mean: float = 0.0
    i_drive_spread: float = 0.05
    w_EE: float = 0.0
    w_EI: float = 0.25
    w_IE: float = 0.25
    w_II: float = 0.25
    probability: float = 0.5
    tau_e: float = 3.0
    tau_i: float = 9.0
    seed: int = 0
    network: Network = field(init=False, repr=False, compare=False)
    populations: dict[str, Population] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Describe the circuit; nothing is drawn before it runs.

        Raises:
            SCConfigError: a number that does not fit.
        """
        whole_number("n_e", self.n_e, 1)
        whole_number("n_i", self.n_i, 1)
        check_seed(self.seed)
        sizes = ("i_drive_spread", "w_EE", "w_EI", "w_IE", "w_II")
        others = ("i_drive_e_mean", "i_drive_i_mean", "probability", "tau_e", "tau_i")
        for name in sizes + others:
            setattr(self, name, require_finite(name, getattr(self, name)))
        for name in sizes:
            if getattr(self, name) < 0:
                raise SCConfigError(f"{name} is {getattr(self, name):g}; it must be 0 or more")
        if not 0 < self.probability <= 1:
            raise SCConfigError(
                f"probability is {self.probability:g}; it must be above 0 and at most 1"
            )
        for name in ("tau_e", "tau_i"):
            if not getattr(self, name) > _TIME_TO_PEAK:
                raise SCConfigError(
                    f"{name} is {getattr(self, name):g} ms; it must be above {_TIME_TO_PEAK:g}, "
                    "the time to the peak"
                )
        self.reset_state()

    def reset_state(self, seed: int | None = None) -> None:
        """Go back to before the first tick, with a new `network` of the same cells and synapses.

        Monitors that were added stay with the old network.

        Args:
            seed: of the initial state; left out, that of the circuit, and the run repeats itself.
        """
        self.network = Network(self.seed if seed is None else seed)
        self.populations = {}
        drives = {"E": (self.n_e, self.i_drive_e_mean), "I": (self.n_i, self.i_drive_i_mean)}
        for label, (n, mean) in drives.items():
            rng = np.random.Generator(np.random.Philox(stream(self.seed, "drive", label)))
            drive = mean * (1 + self.i_drive_spread * rng.standard_normal(n))
            start = self._start(n, mean) if label == "E" else None
            cells = Population(
                _cell(label, self.tau_e, self.tau_i), n, {"I": drive}, label, init=start
            )
            self.populations[label] = self.network.add(cells)
        for source, port in (("E", "exc"), ("I", "inh")):
            for target in ("E", "I"):
                whole = getattr(self, f"w_{source}{target}")
                if not whole:
                    continue
                cells = self.populations[source]
                each = whole / (cells.n * self.probability) * _PEAK[source]
                self.network.add(
                    Projection(
                        cells, self.populations[target], each, self.probability, port=port,
                        seed=stream(self.seed, "projection", source, target),
                    )
                )  # fmt: skip
        self._runs = Stepwise(self.network, self.populations)

    def _start(self, n: int, mean: float) -> dict[str, Array]:
        """Potentials of E cells at random times of a cycle, if their membrane were passive."""
        rng = np.random.Generator(np.random.Philox(stream(self.network.seed, "start")))
        leak = _data()["cells"]["E"]["parameters"]
        rest = leak["E_L"] + mean / leak["g_L"]
        left = np.exp(-leak["g_L"] * _CYCLE * rng.random(n))
        return {"v": rest + (_AFTER_SPIKE - rest) * left}

    def step(self, dt: float = DT) -> tuple[Spikes, Spikes]:
        """Run one tick of ``dt`` ms; which E cells and which I cells spiked in it.

        `simulate` is faster: it computes many ticks in one go.
        """
        found = self._runs.step(dt)
        return found["E"], found["I"]

    def simulate(
        self, duration_ms: float, dt: float = DT, *, progress: bool = False
    ) -> dict[str, tuple[Indices, Indices]]:
        """Run on for a while; return the tick and the cell of every spike since the start.

        Args:
            duration_ms: length in ms.
            dt: tick in ms.
            progress: show a bar on the terminal.
        """
        return self._runs.simulate(duration_ms, dt, progress)

    @staticmethod
    def population_rate(
        spike_log: Sequence[ArrayLike] | ArrayLike, dt: float = DT, bin_ms: float = 1.0
    ) -> Array:
        """``(bins,)`` mean rate of a cell in Hz in every bin that is complete.

        Args:
            spike_log: ``(ticks, cells)``: which cells spiked, as `step` returns it for one tick.
            dt: tick in ms.
            bin_ms: width of a bin, a whole number of ticks.

        Raises:
            SCConfigError: a bin that is no whole number of ticks, or a log of another shape.
        """
        try:
            log = np.asarray(spike_log)
        except ValueError:
            raise SCConfigError("spike_log has rows of different lengths; give (ticks, cells)"
                                ) from None  # fmt: skip
        if log.ndim != 2 or not log.size or log.dtype.kind not in "biuf":
            raise SCConfigError(
                f"spike_log has shape {log.shape} of {log.dtype}; give (ticks, cells)"
            )
        width = require_positive("bin_ms", bin_ms) / require_positive("dt", dt)
        if width < 1 - 1e-9 or abs(width - round(width)) > 1e-6 * width:
            raise SCConfigError(
                f"bin_ms is {bin_ms:g}, {width:g} ticks of {dt:g} ms; give a whole number of ticks"
            )
        bins = len(log) // round(width)
        kept = log[: bins * round(width)].reshape(bins, round(width) * log.shape[1])
        counts = kept.sum(axis=1, dtype=np.int64)
        return np.asarray(counts * (1000 / (bin_ms * log.shape[1])), np.float64)

    @classmethod
    def dominant_frequency(
        cls,
        spike_log: Sequence[ArrayLike] | ArrayLike,
        dt: float = DT,
        bin_ms: float = 1.0,
        f_min: float = 5.0,
        f_max: float = 200.0,
    ) -> float:
        """Frequency in Hz at which the population's rate has most power; see `Activity.frequency`.

        Args:
            spike_log: as `population_rate` takes it.
            dt: tick in ms.
            bin_ms: width of a bin.
            f_min: lowest frequency in Hz.
            f_max: highest frequency in Hz, at most half as many as bins in a second.
        """
        return dominant(cls.population_rate(spike_log, dt, bin_ms), bin_ms, f_min, f_max)


@cache
def _data() -> dict[str, Any]:
    text = files("sc_neurocore.network").joinpath("ping.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def _cell(label: str, tau_e: float, tau_i: float) -> Model:
    """The model of a cell, with its synapses."""
    cell, membrane = _data()["cells"][label], _data()["membrane"]
    peaks = {"e": _rise(tau_e), "i": _rise(tau_i)}
    decays = {"e": tau_e, "i": tau_i}
    synapses = {f"tau_decay_{k}": tau for k, tau in decays.items()}
    synapses |= {f"tau_rise_{k}": rise for k, rise in peaks.items()}
    synapses |= {f"scale_{k}": 1 / _height(decays[k], rise) for k, rise in peaks.items()}
    return build_model(
        cell["equations"] + membrane["equations"],
        jumps=membrane["jumps"], threshold=membrane["threshold"], edge="rising",
        params={**cell["parameters"], **membrane["parameters"], **synapses},
        init=cell["init"], dt=DT, method="heun", name=f"ping_{label.lower()}",
        inputs=[Quantity("I", 0.0), Quantity("exc", 0.0, low=0.0, kind="event"),
                Quantity("inh", 0.0, low=0.0, kind="event")],
    )  # fmt: skip


def _rise(decay: float) -> float:
    """The shorter of two decays in ms whose difference peaks after `_TIME_TO_PEAK`."""
    low, high = 1e-3 * _TIME_TO_PEAK, min(decay, _TIME_TO_PEAK)
    for _ in range(60):
        middle = (low + high) / 2
        late = decay * middle / (decay - middle) * math.log(decay / middle) > _TIME_TO_PEAK
        low, high = (low, middle) if late else (middle, high)
    return low


def _height(decay: float, rise: float) -> float:
    """Peak of the difference of two decays that start at 1."""
    return math.exp(-_TIME_TO_PEAK / decay) - math.exp(-_TIME_TO_PEAK / rise)
