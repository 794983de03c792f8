"""The cortical microcircuit: its published numbers, its scaling, its rates."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import CorticalColumn
from sc_neurocore.network._microcircuit import _data, excitatory_weight


def test_published_numbers() -> None:
    """77 169 cells, 0.3 billion synapses, 87.8 pA: abstract and table 5 of the paper."""
    whole = CorticalColumn(1.0)
    assert sum(whole.population_sizes().values()) == 77_169
    synapses = sum(p.topology.n for p in whole.network.projections)
    assert synapses == pytest.approx(0.3e9, rel=0.01)
    assert excitatory_weight() == pytest.approx(87.8, abs=0.05)
    # Two of 64 pairs, by hand: K = ln(1 − p)/ln(1 − 1/(N·M)); a pair of probability 0 has none.
    by_name = {(p.source.label, p.target.label): p for p in whole.network.projections}
    n, m = 20_683, 5_834
    expected = math.log(1 - 0.1689) / math.log1p(-1 / (n * m))
    assert by_name["L23I", "L23E"].topology.n == pytest.approx(expected, abs=1)
    assert ("L5I", "L23E") not in by_name
    assert by_name["L4E", "L23E"].weight.mean == pytest.approx(2 * 87.81, abs=0.02)
    assert by_name["L23I", "L23E"].weight.mean == pytest.approx(-4 * 87.81, abs=0.02)


@pytest.mark.parametrize("scale", [0.1, 0.5])
def test_scaling_keeps_mean_and_variance_of_the_input(scale: float) -> None:
    """At the rates of the scaling, every population's mean current and its variance; by hand."""
    rates = dict(zip(_data()["populations"], _data()["scaling_rates"], strict=True))

    def moments(column: CorticalColumn, target: str) -> tuple[float, float]:
        cells = column.populations[target]
        mean, variance = float(cells.params["I"]), 0.0
        for p in column.network.projections:
            if p.target is cells:
                arriving = p.topology.n / cells.n * rates[p.source.label] / 1000
                mean += arriving * p.weight.mean * 0.5
                variance += arriving * p.weight.mean**2
        for stimulus, driven, _ in column.network.stimuli:
            if driven is cells:
                mean += stimulus.rate_hz / 1000 * stimulus.weight * 0.5
                variance += stimulus.rate_hz / 1000 * stimulus.weight**2
        return mean, variance

    whole, part = CorticalColumn(1.0), CorticalColumn(scale)
    for name in whole.population_names():
        assert moments(part, name) == pytest.approx(moments(whole, name), rel=5e-3)
    plain = CorticalColumn(scale, scale_correction=False)
    assert moments(plain, "L4E")[1] == pytest.approx(scale * moments(whole, "L4E")[1], rel=5e-3)


@pytest.mark.exhaustive
def test_a_tenth_of_the_column_fires_as_published() -> None:
    """Rates of the whole network as NEST's example records them; scaling moves them a little."""
    column = CorticalColumn(0.1, seed=1)
    rasters = column.simulate(300)
    found = column.population_rates(rasters, burn_in_ms=100)
    for name, rate in column.published_rates().items():
        assert abs(found[name] - rate) < 0.5 + 0.35 * rate
    assert column.total_indegree("L4E") == pytest.approx(0.1 * 4900, rel=0.03)


def test_without_background_the_column_is_silent() -> None:
    column = CorticalColumn(0.02, bg_rate=0.0, scale_correction=False)
    rasters = column.simulate(60)
    # Potentials drawn above threshold spike at once, and their echo dies out.
    assert all((tick < 300).all() for tick, _ in rasters.values())


def test_thalamus_reaches_layers_4_and_6() -> None:
    """Synapses by hand: ln(1 − p)/ln(1 − 1/(902·M)); spikes: 902 · 120 Hz · 10 ms a pulse."""
    whole = CorticalColumn(1.0)
    thalamus = whole.add_thalamus([300.0, 500.0])
    reached = {p.target.label: p.topology.n for p in whole.network.projections
               if p.source is thalamus}  # fmt: skip
    assert set(reached) == {"L4E", "L4I", "L6E", "L6I"}
    wanted = math.log(1 - 0.0983) / math.log1p(-1 / (902 * 21_915))
    assert reached["L4E"] == pytest.approx(wanted, abs=1)
    ms = thalamus.tick * 0.1
    assert (((ms >= 300) & (ms < 310)) | ((ms >= 500) & (ms < 510))).all()
    assert len(ms) == pytest.approx(2 * 902 * 1.2, abs=5 * math.sqrt(2 * 902 * 1.2))
    with pytest.raises(SCConfigError, match="give all its pulses at once"):
        whole.add_thalamus([700.0])
    with pytest.raises(SCConfigError, match=r"dt is 0.2 ms, but the thalamus was added for 0.1"):
        whole.simulate(10.0, 0.2)
    for wrong in ([], [-1.0]):
        with pytest.raises(SCConfigError, match="starts_ms names no start, or one before 0"):
            CorticalColumn(0.1).add_thalamus(wrong)
    with pytest.raises(SCConfigError, match="it must be from 0 to 10000"):
        CorticalColumn(0.1).add_thalamus([1.0], rate=20_000.0)


def test_a_reset_column_repeats_itself_tick_by_tick() -> None:
    column = CorticalColumn(0.02, seed=2)
    whole = column.simulate(10.0)
    synapses = [p.csr()[1] for p in column.network.projections]
    column.reset_state()
    log = [column.step() for _ in range(100)]
    for name, (tick, cell) in whole.items():
        stepped = np.nonzero([spikes[name] for spikes in log])
        assert np.array_equal(stepped[0], tick) and np.array_equal(stepped[1], cell)
    assert sum(len(tick) for tick, _ in whole.values()) > 20
    column.reset_state(seed=5)
    other = column.simulate(10.0)
    assert not all(np.array_equal(other[k][0], whole[k][0]) for k in whole)
    assert all(np.array_equal(p.csr()[1], old)
               for p, old in zip(column.network.projections, synapses, strict=True))  # fmt: skip


def test_what_is_no_column_is_refused() -> None:
    for scale in (0.0, 1.5):
        with pytest.raises(SCConfigError, match="it must be above 0 and at most 1"):
            CorticalColumn(scale)
    with pytest.raises(SCConfigError, match="both must be 0 or more"):
        CorticalColumn(0.1, g_inh=-1.0)
    with pytest.raises(SCConfigError, match="burn_in_ms is 5"):
        empty: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        CorticalColumn(0.1).population_rates(empty, burn_in_ms=5)
