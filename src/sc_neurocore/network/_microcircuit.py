"""The cortical microcircuit of Potjans & Diesmann 2014, whole or scaled down."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sc_neurocore.dynamics import require_finite, require_positive, suggest
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network._distributions import Normal
from sc_neurocore.network._network import Network
from sc_neurocore.network._population import Population, SpikeSourceArray
from sc_neurocore.network._projection import Projection
from sc_neurocore.network._rules import FixedTotal
from sc_neurocore.network._seeds import check_seed, stream
from sc_neurocore.network._stepwise import Spikes, Stepwise
from sc_neurocore.network._stimuli import PoissonInput
from sc_neurocore.network._storage import require_room
from sc_neurocore.network._units import axes_of, is_whole

Indices = NDArray[np.int64]


class CorticalColumn:
    """Four layers of excitatory and inhibitory cells under 1 mm² of cortex: 77 169 cells.

    Below full scale, populations and indegrees shrink by the same factor. With the correction,
    weights grow by ``1/√scale`` and a constant current makes up for the mean that is left out, so
    that mean and variance of every cell's input stay as in the whole network; correlations grow,
    as they must (van Albada, Helias & Diesmann 2015, doi:10.1371/journal.pcbi.1004490). Multiplying
    weights by ``1/scale``, as is often done, would keep the mean and inflate the variance.

    Source: Potjans & Diesmann 2014, doi:10.1093/cercor/bhs358. The numbers stand in
    ``microcircuit.toml``.

    Attributes:
        scale: share of cells and of indegrees.
        bg_rate: rate of every external source in Hz.
        g_inh: inhibitory weight over the excitatory one, in size.
        scale_correction: whether weights and a current make up for the scaling.
        seed: of all that is random.
        network: the network; add monitors or stimuli before its first run.
        populations: by name.
    """

    def __init__(
        self,
        scale: float = 0.1,
        bg_rate: float = 8.0,
        g_inh: float = 4.0,
        scale_correction: bool = True,
        *,
        seed: int = 0,
    ) -> None:
        """Describe the column; nothing is drawn before it runs.

        Raises:
            SCConfigError: a scale outside (0, 1], or a rate or g_inh below 0.
        """
        self.scale = _scale(scale)
        self.bg_rate, self.g_inh = (
            require_finite("bg_rate", bg_rate),
            require_finite("g_inh", g_inh),
        )
        if not (self.bg_rate >= 0 and self.g_inh >= 0):
            raise SCConfigError(f"bg_rate is {bg_rate} and g_inh {g_inh}; both must be 0 or more")
        self.scale_correction, self.seed = bool(scale_correction), check_seed(seed)
        self._growth = 1 / math.sqrt(self.scale) if self.scale_correction else 1.0
        self._weight = excitatory_weight()
        self.reset_state()

    def reset_state(self, seed: int | None = None) -> None:
        """Go back to before the first tick, with a new `network` of the same cells and synapses.

        Monitors, stimuli and a thalamus that were added stay with the old network.

        Args:
            seed: of the initial potentials and of the background; left out, that of the column, and
                the run repeats itself.
        """
        data, sizes = _data(), self.population_sizes(self.scale)
        self.network = Network(self.seed if seed is None else seed)
        self.populations: dict[str, Population] = {}
        self._pulsed: float | None = None
        initial = Normal(data["initial"]["mean_mV"], data["initial"]["std_mV"])
        for k, name in enumerate(data["populations"]):
            params = {**data["neurons"], "I": self._current(k)}
            cells = Population("iaf_psc_exp", sizes[name], params, name, init={"v": initial})
            self.populations[name] = self.network.add(cells)
            rate = data["external_indegree"][k] * self.scale * self.bg_rate
            if rate > 0:
                drive = PoissonInput(cells.n, rate, self._weight * self._growth)
                self.network.add(drive, to=cells, port="exc")
        self._runs = Stepwise(self.network, self.populations)
        for t, target in enumerate(data["populations"]):
            for s, source in enumerate(data["populations"]):
                self._connect(t, s, self.populations[source], self.populations[target])

    def __repr__(self) -> str:
        cells = sum(p.n for p in self.populations.values())
        return f"CorticalColumn(scale={self.scale:g}, {cells} cells)"

    @staticmethod
    def population_names() -> tuple[str, ...]:
        """Names of the populations, from the surface down."""
        return tuple(_data()["populations"])

    @staticmethod
    def population_sizes(scale: float = 1.0) -> dict[str, int]:
        """Cells of every population at a scale.

        Raises:
            SCConfigError: a scale outside (0, 1].
        """
        data = _data()
        scale = _scale(scale)
        sizes = zip(data["populations"], data["sizes"], strict=True)
        return {name: max(1, round(n * scale)) for name, n in sizes}

    @staticmethod
    def published_rates() -> dict[str, float]:
        """Mean rates in Hz of the whole network in NEST 3's ``pynest/examples/Potjans_2014``."""
        data = _data()
        return dict(zip(data["populations"], data["mean_rates"], strict=True))

    @staticmethod
    def published_irregularity() -> dict[str, float]:
        """Mean CV of the intervals of a cell of the whole network over 60 s.

        Source: Romaro et al. 2021, table A.3, doi:10.1162/neco_a_01400.
        """
        data = _data()
        return dict(zip(data["populations"], data["irregularity"], strict=True))

    def add_thalamus(
        self,
        starts_ms: Sequence[float],
        duration_ms: float = 10.0,
        rate: float = 120.0,
        dt: float = 0.1,
    ) -> SpikeSourceArray:
        """Add the thalamic cells, which are silent but for pulses of Poisson spikes.

        902 cells, scaled like all others, connect to layers 4 and 6 (table 5 and figure 10 of the
        paper), with the weights and delays of the column's excitatory cells.

        Args:
            starts_ms: when pulses start, in whole ticks.
            duration_ms: length of each, in whole ticks.
            rate: of each cell during a pulse, in Hz.
            dt: tick in ms that the column will run with.

        Raises:
            SCConfigError: the column has run or has a thalamus, or numbers that do not fit.
        """
        if self._pulsed is not None:
            raise SCConfigError("the column has a thalamus; give all its pulses at once")
        if self.network.is_built:
            raise SCConfigError("the column has run; add the thalamus before, or reset_state()")
        dt = require_positive("dt", dt)
        ticks = require_positive("duration_ms", duration_ms) / dt
        if not (ticks >= 1 - 1e-9 and is_whole(ticks)):
            raise SCConfigError(
                f"duration_ms is {duration_ms:g}, {ticks:g} ticks of {dt:g} ms; give a whole number"
            )
        chance = require_finite("rate", rate) * dt / 1000
        if not 0 <= chance <= 1:
            raise SCConfigError(f"rate is {rate:g} Hz; it must be from 0 to {1000 / dt:g}")
        if isinstance(starts_ms, str) or axes_of(starts_ms, "starts_ms") != 1:
            raise SCConfigError(f"starts_ms is {starts_ms!r}; list when pulses start")
        begins = np.array([require_finite("a start", x) for x in starts_ms])
        if not len(begins) or begins.min() < 0:
            raise SCConfigError("starts_ms names no start, or one before 0")
        for start in begins[[not is_whole(x) for x in begins / dt]]:
            raise SCConfigError(
                f"a start is {start:g} ms, {start / dt:g} ticks of {dt:g} ms; give a whole number"
            )
        data, n = _data()["thalamus"], max(1, round(_data()["thalamus"]["size"] * self.scale))
        rng = np.random.Generator(np.random.Philox(stream(self.network.seed, "thalamus")))
        require_room(
            f"the spikes of {len(begins)} pulses of {ticks:g} ticks", 9.0 * ticks * len(begins) * n,
            "shorten them",
        )  # fmt: skip
        pulse, late, cell = np.nonzero(rng.random((len(begins), round(ticks), n)) < chance)
        tick = np.rint(begins / dt).astype(np.int64)[pulse] + late
        thalamus = SpikeSourceArray(n, cell, tick, "thalamus")
        self.network.add(thalamus)
        for t, name in enumerate(_data()["populations"]):
            p, pairs = data["probabilities"][t], _data()["sizes"][t] * data["size"]
            count = _synapses(p, pairs, self.scale)
            if count:
                weight = self._weight * self._growth
                self._add(thalamus, self.populations[name], count, weight, "exc")
        self._pulsed = dt
        return thalamus

    def step(self, dt: float = 0.1) -> dict[str, Spikes]:
        """Run one tick of ``dt`` ms; for every population, which of its cells spiked in it.

        `simulate` is faster: it computes many ticks in one go.
        """
        self._require_tick(dt)
        return self._runs.step(dt)

    def simulate(
        self, duration_ms: float, dt: float = 0.1, *, progress: bool = False
    ) -> dict[str, tuple[Indices, Indices]]:
        """Run on for a while; return the tick and the cell of every spike since the start.

        Args:
            duration_ms: length in ms.
            dt: tick in ms.
            progress: show a bar on the terminal.
        """
        self._require_tick(dt)
        return self._runs.simulate(duration_ms, dt, progress)

    def population_rates(
        self,
        rasters: Mapping[str, tuple[Indices, Indices]],
        dt: float = 0.1,
        burn_in_ms: float = 0.0,
    ) -> dict[str, float]:
        """Mean rate of a cell of every population in Hz.

        Args:
            rasters: as `simulate` returns them; they are taken to last as long as the run did.
            dt: tick in ms.
            burn_in_ms: leading time that does not count.

        Raises:
            SCConfigError: nothing is left to count.
        """
        dt, burn_in_ms = require_positive("dt", dt), require_finite("burn_in_ms", burn_in_ms)
        left = self.network.time() * 1000 - burn_in_ms
        if left <= 0 or burn_in_ms < 0:
            raise SCConfigError(
                f"burn_in_ms is {burn_in_ms:g}; it must be from 0 to below the run's "
                f"{self.network.time() * 1000:g} ms"
            )
        first = round(burn_in_ms / dt)
        return {
            name: float((tick >= first).sum() / self.populations[name].n / (left / 1000))
            for name, (tick, _) in rasters.items()
        }

    def total_indegree(self, target: str) -> float:
        """Mean number of synapses onto a cell of a population, external sources included.

        Raises:
            SCConfigError: there is no such population.
        """
        if target not in self.populations:
            raise SCConfigError(
                f"there is no population '{target}'{suggest(target, self.populations)}"
            )
        t = self.population_names().index(target)
        inside = sum(self._pairs(t, s) for s in range(len(self.populations)))
        outside = _data()["external_indegree"][t] * self.scale
        return float(inside / self.populations[target].n + outside)

    def _require_tick(self, dt: float) -> None:
        if self._pulsed not in (None, dt):
            raise SCConfigError(f"dt is {dt:g} ms, but the thalamus was added for {self._pulsed:g}")

    def _pairs(self, t: int, s: int) -> int:
        """Synapses from population s to t."""
        data = _data()
        return _synapses(
            data["probabilities"][t][s], data["sizes"][t] * data["sizes"][s], self.scale
        )

    def _connect(self, t: int, s: int, source: Population, target: Population) -> None:
        count = self._pairs(t, s)
        if count:
            mean = _mean_weight(t, s, self.g_inh) * self._growth
            self._add(source, target, count, mean, "inh" if s % 2 == 1 else "exc")

    def _add(
        self,
        source: Population | SpikeSourceArray,
        target: Population,
        count: int,
        mean: float,
        port: str,
    ) -> None:
        """Connect with the column's distributions, drawn from its seed whatever the network's."""
        synapses = _data()["synapses"]
        spread = abs(mean) * synapses["relative_weight_std"]
        delay = synapses["inhibitory_delay_ms" if port == "inh" else "excitatory_delay_ms"]
        weight: Any = 0.0
        if mean:
            low, high = (-math.inf, 0.0) if port == "inh" else (0.0, math.inf)
            weight = Normal(mean, spread, low, high)
        self.network.add(
            Projection(
                source, target, weight,
                delay=Normal(f"{delay} ms", f"{delay * synapses['relative_delay_std']} ms"),
                topology=FixedTotal(count), port=port,
                seed=stream(self.seed, "projection", f"{source.label}>{target.label}>{port}"),
            )
        )  # fmt: skip

    def _current(self, t: int) -> float:
        """The current in pA that makes up for the mean input that scaling takes away."""
        if not self.scale_correction:
            return 0.0
        data = _data()
        rates = np.array(data["scaling_rates"])
        # K·w·rate of the whole network; scaled it is K·scale·w/√scale·rate.
        whole = sum(
            math.log1p(-p) / math.log1p(-1 / (data["sizes"][t] * data["sizes"][s]))
            / data["sizes"][t] * _mean_weight(t, s, self.g_inh) * rates[s]
            for s, p in enumerate(data["probabilities"][t])
        )  # fmt: skip
        whole += data["external_indegree"][t] * self._weight * self.bg_rate
        return float(data["neurons"]["tau_syn_ex"] / 1000 * (1 - math.sqrt(self.scale)) * whole)


@cache
def _data() -> dict[str, Any]:
    text = files("sc_neurocore.network").joinpath("microcircuit.toml").read_text("utf-8")
    return tomllib.loads(text)


def excitatory_weight() -> float:
    """Jump of the synaptic current in pA whose postsynaptic potential peaks at 0.15 mV."""
    data = _data()
    n = data["neurons"]
    tau_m, tau_s = n["tau_m"], n["tau_syn_ex"]
    peak = math.log(tau_m / tau_s) * tau_m * tau_s / (tau_m - tau_s)
    height = tau_m * tau_s / (tau_m - tau_s) / n["C_m"]
    height *= math.exp(-peak / tau_m) - math.exp(-peak / tau_s)
    return float(data["synapses"]["psp_mV"] / height)


def _synapses(p: float, pairs: int, scale: float) -> int:
    """Synapses between so many pairs: equation 1 of the paper, times the scale twice."""
    return round(math.log1p(-p) / math.log1p(-1 / pairs) * scale**2) if p else 0


def _mean_weight(t: int, s: int, g: float) -> float:
    """Mean weight in pA from population s to t of the whole network."""
    names = _data()["populations"]
    weight = excitatory_weight()
    if s % 2 == 1:
        return -g * weight
    doubled = names[s] == "L4E" and names[t] == "L23E"
    return weight * (_data()["synapses"]["l4e_to_l23e"] if doubled else 1.0)


def _scale(scale: float) -> float:
    if not 0 < require_finite("scale", scale) <= 1:
        raise SCConfigError(f"scale is {scale}; it must be above 0 and at most 1")
    return float(scale)
