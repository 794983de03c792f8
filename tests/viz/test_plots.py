"""Pictures show the numbers they are given, in the axes they are given, and repeat byte by byte."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sc_neurocore import analysis, viz
from sc_neurocore.exceptions import SCConfigError, SCDependencyError

DT = 0.001
TRAINS = (np.random.default_rng(1).random((5, 600)) < 0.06).astype(int)
E, I = (SimpleNamespace(label=k, n=n) for k, n in (("E", 80), ("I", 20)))  # noqa: E741


class Monitor:
    """Spikes and states as the monitors of a run hold them."""

    population = SimpleNamespace(n=5)
    dt = DT

    def raster_data(self) -> tuple[np.ndarray, np.ndarray]:
        ticks, neurons = np.nonzero(TRAINS.T)
        return ticks, neurons

    def traces(self) -> dict[str, np.ndarray]:
        turn = np.linspace(0, 6, 100)[:, None] + np.arange(3)
        return {"v": np.sin(turn), "w": np.cos(turn)}

    def t(self) -> np.ndarray:
        return np.arange(0, 200, 2)


def _network(weight: object = 1.0) -> SimpleNamespace:
    link = SimpleNamespace(source=E, target=I, weight=weight)
    return SimpleNamespace(populations=[E, I], projections=[
        link, SimpleNamespace(source=I, target=I, weight=-1.0)])  # fmt: skip


ALL: dict[str, Callable[[Axes | None], Axes]] = {
    "raster_plot": lambda ax: viz.raster_plot(Monitor(), ax),
    "voltage_trace": lambda ax: viz.voltage_trace(Monitor(), ax=ax),
    "firing_rate_plot": lambda ax: viz.firing_rate_plot(Monitor(), 20.0, ax),
    "isi_histogram": lambda ax: viz.isi_histogram(Monitor(), 1, ax=ax),
    "cross_correlogram": lambda ax: viz.cross_correlogram(Monitor(), 0, 1, 20.0, ax),
    "population_activity": lambda ax: viz.population_activity(Monitor(), 20.0, ax),
    "phase_portrait": lambda ax: viz.phase_portrait(Monitor(), "v", "w", 1, ax),
    "weight_matrix": lambda ax: viz.weight_matrix(np.eye(4) - 0.5, ax),
    "network_graph": lambda ax: viz.network_graph(_network(), ax),
    "psd_plot": lambda ax: viz.psd_plot(Monitor(), 0, ax),
    "instantaneous_rate_plot": lambda ax: viz.instantaneous_rate_plot(Monitor(), 0, 20.0, ax),
    "spike_train_comparison": lambda ax: viz.spike_train_comparison([[1, 5], [2]], ax=ax),
}


@pytest.mark.parametrize("name", ALL)
def test_a_plot_fills_the_axes_it_is_given(name: str) -> None:
    assert name in viz.__all__
    given = Figure().add_subplot()
    assert ALL[name](given) is given and given.has_data()
    made = ALL[name](None)
    assert made is not given
    if name not in ("network_graph", "spike_train_comparison"):
        assert made.get_xlabel() and made.get_ylabel()


@pytest.mark.parametrize("name", ["voltage_trace", "weight_matrix", "network_graph"])
def test_a_file_repeats_byte_by_byte(name: str, tmp_path: Path) -> None:
    for k in (0, 1):
        viz.save(ALL[name](None), tmp_path / f"{k}.svg")
    first, second = ((tmp_path / f"{k}.svg").read_bytes() for k in (0, 1))
    assert first == second and b"<dc:date>" not in first


def test_nothing_of_pyplot_is_touched() -> None:
    code = ("import sys, numpy as np; from sc_neurocore import viz; "
            "before = bool({'matplotlib', 'scipy', 'elephant', 'neo'} & set(sys.modules)); "
            "viz.raster_plot(np.eye(3, dtype=int)); "
            "print(before, 'matplotlib.pyplot' in sys.modules)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


def test_monitors_matrices_and_lists_are_the_same_spikes() -> None:
    ticks = [np.flatnonzero(row) for row in TRAINS]
    segments = []
    for source in (Monitor(), TRAINS, ticks):
        ax = viz.raster_plot(source, dt=DT)
        (lines,) = ax.collections
        segments.append(sorted(tuple(s.ravel()) for s in lines.get_segments()))
    assert segments[0] == segments[1] == segments[2]
    assert len(segments[0]) == TRAINS.sum()
    x, low, _, high = segments[0][0]
    assert TRAINS[round((low + high) / 2), round(x)] == 1


def test_time_is_in_ticks_unless_their_length_is_known() -> None:
    assert viz.raster_plot(TRAINS).get_xlabel() == "Time (ticks)"
    assert viz.raster_plot(TRAINS, dt=2e-4).get_xlim()[1] == pytest.approx(600 * 0.2)
    assert viz.raster_plot(Monitor(), dt=2e-4).get_xlabel() == "Time (ms)"
    line = viz.voltage_trace(Monitor(), [2]).lines[0]
    assert line.get_xdata()[-1] == pytest.approx(198.0)
    assert np.array_equal(line.get_ydata(), Monitor().traces()["v"][:, 2])


def test_many_rows_are_dots_and_many_marks_are_pixels() -> None:
    (dots,) = viz.raster_plot(np.ones((200, 120), dtype=int)).collections
    assert len(dots.get_offsets()) == 24_000 and dots.get_rasterized()
    (dots,) = viz.raster_plot(TRAINS, marker="o", s=4.0).collections
    assert dots.get_sizes().tolist() == [4.0]


def test_rates_counts_and_intervals_are_those_of_the_spikes() -> None:
    counts = TRAINS.reshape(5, 30, 20).sum(axis=2)
    stairs = viz.firing_rate_plot(TRAINS, 20.0, dt=DT).patches[0]
    assert stairs.get_data().values == pytest.approx(counts.sum(axis=0) / (5 * 0.02))
    (image,) = viz.population_activity(TRAINS, 20.0, dt=DT).images
    assert np.array_equal(image.get_array(), counts)
    ax = viz.isi_histogram(TRAINS, 1, dt=DT)
    assert sum(p.get_height() for p in ax.patches) == TRAINS[1].sum() - 1
    assert f"CV {analysis.cv_isi(TRAINS[1]):.2f}" in ax.get_title(loc="right")
    stairs = viz.cross_correlogram(TRAINS, 0, 1, 20.0, dt=DT).patches[0]
    assert np.array_equal(
        stairs.get_data().values, analysis.cross_correlation(*TRAINS[:2], 20.0)[0]
    )
    line = viz.psd_plot(TRAINS, 0, dt=DT).lines[0]
    assert np.array_equal(line.get_ydata(), analysis.power_spectrum(TRAINS[0])[0][1:-1])
    line = viz.instantaneous_rate_plot(TRAINS, 0, 15.0, dt=DT).lines[0]
    assert np.array_equal(
        line.get_ydata(), analysis.instantaneous_rate(TRAINS[0], DT, "gaussian", 15.0)
    )


def test_weights_from_matrix_csr_and_projection_agree() -> None:
    dense = np.array([[0, 2.0, 0], [0, 0, -1.0]])
    csr = (np.array([0, 1, 2]), np.array([1, 2]), np.array([2.0, -1.0]))
    projection = SimpleNamespace(csr=lambda: csr, source=SimpleNamespace(n=2),
                                 target=SimpleNamespace(n=3))  # fmt: skip
    for given in (dense, csr, projection):
        (image,) = viz.weight_matrix(given).images
        assert np.array_equal(image.get_array().filled(0), dense)
        assert image.get_clim() == (-2.0, 2.0)
    # Too many to see: neighbours are summed, none is lost.
    n = 3000
    ring = (np.arange(n + 1), (np.arange(n) + 1) % n, np.float32(0.5))
    (image,) = viz.weight_matrix(
        SimpleNamespace(csr=lambda: ring, source=SimpleNamespace(n=n), target=SimpleNamespace(n=n))
    ).images
    assert image.get_array().shape == (250, 250) and image.get_array().sum() == n / 2
    assert image.get_extent()[1] == n - 0.5
    dense = np.zeros((600, 501))
    dense[599, 500] = dense[0, 2] = dense[0, 3] = 1.0
    ax = viz.weight_matrix(dense)  # blocks of three: the last is not full, and the axes end with it
    shown = ax.images[0].get_array()
    assert ax.images[0].colorbar.ax.get_ylabel() == "Weight of 3 × 3 pairs"
    assert shown.shape == (200, 167) and shown[0, 0] == shown[0, 1] == shown[-1, -1] == 1
    assert ax.get_xlim()[1] == 500.5 and ax.get_ylim()[1] == 599.5
    for empty in (np.zeros((2, 2)), (np.zeros(3, int), np.zeros(0, int), np.zeros(0))):
        assert viz.weight_matrix(empty).get_title(loc="right") == "no synapse"


def test_no_spike_of_many_neurons_is_lost_between_pixels() -> None:
    train = np.zeros((700, 1200), dtype=int)
    train[699, 1199] = train[5, 7] = 1
    (image,) = (ax := viz.population_activity(train, 1.0, dt=DT)).images
    assert image.get_array().sum() == 2 and max(image.get_array().shape) <= 250
    assert ax.get_xlim() == (0, 1200) and "3 neurons per 5 ms" in image.colorbar.ax.get_ylabel()
    assert viz.population_activity(0 * TRAINS, 20.0, dt=DT).images[0].get_clim() == (0, 1)


def test_a_run_may_go_on_after_its_last_spike() -> None:
    # Two spikes in the first 10 ms of 100: 20 Hz, and not 200.
    for given in ([[1, 9]], Monitor()):
        assert viz.raster_plot(given, dt=DT, steps=900).get_xlim()[1] == pytest.approx(900)
    ax = viz.firing_rate_plot([[1, 9]], 5.0, dt=DT, steps=100)
    assert ax.get_title(loc="right") == "mean 20 Hz" and ax.get_xlim()[1] == pytest.approx(100)
    with pytest.raises(SCConfigError, match="steps is 5, but there are 10"):
        viz.raster_plot([[1, 9]], steps=5)


def test_only_the_voltage_is_in_millivolts_and_gaps_are_told() -> None:
    traces = {"v": np.array([1.0, np.nan, 3.0]), "w": np.arange(3.0), "one": np.array([2.0])}
    assert viz.voltage_trace(traces).get_ylabel() == "Membrane voltage (mV)"
    assert viz.voltage_trace(traces).get_title(loc="right") == "1 of 3 values are not finite"
    assert viz.voltage_trace(traces, variable="w").get_ylabel() == "w"
    assert viz.voltage_trace(traces, variable="w", unit="nA").get_ylabel() == "w (nA)"
    assert viz.voltage_trace(traces, variable="one").lines[0].get_marker() == "."
    ax = viz.phase_portrait(traces, "v", "w", units=("mV", ""))
    assert ax.get_xlabel() == "v (mV)" and ax.lines[0].get_xdata().tolist() == [1, 3]


def test_a_silent_neuron_is_named_and_names_are_not_crowded() -> None:
    ax = viz.cross_correlogram([[3, 5], []], 0, 1, 2.0, dt=DT)
    assert ax.get_title(loc="right") == "neuron 1 never spikes"
    ax = viz.spike_train_comparison([[k] for k in range(60)], ax=Figure((5, 3)).add_subplot())
    assert len(ax.get_yticks()) < 20
    assert viz.spike_train_comparison([[1]] * 500).figure.get_figheight() == 12
    far = [SimpleNamespace(label=f"p{k}", n=k) for k in range(12)]
    graph = viz.network_graph(SimpleNamespace(populations=far, projections=[]))
    assert graph.texts[3].get_text() == "p3 (3)"
    long = SimpleNamespace(label="a very long label of a population", n=1)
    graph = viz.network_graph(SimpleNamespace(populations=[long], projections=[]))
    assert graph.texts[0].get_text() == "a very long\nlabel of a…\n1"


def test_a_page_holds_all_it_shows(tmp_path: Path) -> None:
    layers = [np.eye(3, 4), np.arange(8.0).reshape(4, 2) - 2]
    page = viz.WebVisualizer().generate_html(layers, tmp_path / "net.html", title="a < b")
    text = page.read_text(encoding="utf-8")
    assert "<h1>a &lt; b</h1>" in text and text.count("data:image/svg+xml;base64,") == 3
    assert "http" not in text and "<script" not in text
    row = "<td>layer 1 to layer 2</td><td>4</td><td>2</td><td>7</td><td>-2</td><td>1.714</td>"
    assert row in text
    again = viz.WebVisualizer().generate_html(layers, tmp_path / "net.html", title="a < b")
    assert again.read_text(encoding="utf-8") == text and list(tmp_path.iterdir()) == [page]
    csr = SimpleNamespace(csr=lambda: ([0, 1], [0], [2.0]), source=E, target=I)
    csr.source, csr.target = (SimpleNamespace(label=k, n=1) for k in "EI")
    network = SimpleNamespace(populations=[csr.source, csr.target], projections=[csr])
    found = viz.WebVisualizer().generate_html(network, tmp_path / "b.html")
    assert "<td>E to I</td>" in found.read_text(encoding="utf-8")


def test_the_graph_has_all_populations_and_signs() -> None:
    ax = viz.network_graph(_network())
    assert [t.get_text() for t in ax.texts] == ["E\n80", "I\n20"]
    colours = [p.get_edgecolor() for p in ax.patches[:2]]
    assert colours[0] != colours[1]
    mean = SimpleNamespace(mean=-2.0)  # a distribution of weights
    assert viz.network_graph(_network(mean)).patches[0].get_edgecolor() == colours[1]
    for unknown in (np.array([1, -1]), None):
        grey = viz.network_graph(_network(unknown)).patches[0].get_edgecolor()
        assert grey not in colours


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: viz.raster_plot(3), "give a spike monitor"),
        (lambda: viz.raster_plot([[0.5]]), "whole ticks"),
        (lambda: viz.raster_plot([[-1]]), "start at 0"),
        (lambda: viz.raster_plot(2 * TRAINS), "0 and 1"),
        (lambda: viz.raster_plot(TRAINS, dt=0.0), "dt is 0.0"),
        (lambda: viz.firing_rate_plot(TRAINS), "give dt= in seconds"),
        (lambda: viz.firing_rate_plot(TRAINS, 2.5, dt=DT), "no multiple of dt"),
        (lambda: viz.population_activity(TRAINS, 700.0, dt=DT), "longer than the run"),
        (lambda: viz.isi_histogram(TRAINS, 5), "0 to 4"),
        (lambda: viz.isi_histogram([[3]], 0), "fewer than two spikes"),
        (lambda: viz.voltage_trace(Monitor(), [3]), "was not recorded"),
        (lambda: viz.phase_portrait(Monitor(), "v", "u"), "there is: v, w"),
        (lambda: viz.spike_train_comparison([[1]], ["a", "b"]), "1 trains but 2 labels"),
        (lambda: viz.weight_matrix([1.0]), "finite matrix"),
        (lambda: viz.network_graph(SimpleNamespace(populations=[], projections=[])), "nothing"),
        (lambda: viz.raster_plot([[1]], dt="1 ms"), "dt is '1 ms'"),
        (lambda: viz.raster_plot([[[1], [1, 2]]]), "give a spike monitor"),
        (lambda: viz.isi_histogram(TRAINS, 0.5), "whole number"),
        (lambda: viz.isi_histogram(TRAINS, bins="a"), "bins is 'a'"),
        (lambda: viz.firing_rate_plot(TRAINS, "a", dt=DT), "bin_ms is 'a'"),
        (lambda: viz.psd_plot(0 * TRAINS, dt=DT), "never spikes"),
        (lambda: viz.voltage_trace({"v": np.zeros((0, 3))}), "at least one of each"),
        (lambda: viz.voltage_trace({"v": ["a"]}), "no rows of real numbers"),
        (lambda: viz.voltage_trace(Monitor(), []), "no trace to draw"),
        (lambda: viz.voltage_trace(Monitor(), ["a"]), "whole number"),
        (lambda: viz.phase_portrait({"v": [1], "w": [1, 2]}, "v", "w"), "1 steps and w has 2"),
        (lambda: viz.phase_portrait({"v": [np.nan]}, "v", "v"), "never finite"),
        (lambda: viz.spike_train_comparison(3), "give a spike monitor"),
        (lambda: viz.spike_train_comparison([[1], [2]], "ab"), "give one of each"),
        (lambda: viz.weight_matrix(np.eye(2), cmap="nope"), "cmap is 'nope'"),
        (lambda: viz.weight_matrix(([0, 2], [0], [1.0])), "no matrix of 1 sources"),
        (lambda: viz.network_graph(3), "no population"),
        (
            lambda: viz.network_graph(
                SimpleNamespace(populations=[E], projections=_network().projections)
            ),
            "does not have",
        ),
        (lambda: viz.WebVisualizer().generate_html([], "a.html"), "nothing to show"),
        (lambda: viz.WebVisualizer().generate_html([np.eye(2)], "a.txt"), "end in .html"),
        (lambda: viz.WebVisualizer().generate_html([np.eye(2), np.eye(3)], "a.html"), "3 sources"),
        (lambda: viz.save(viz.raster_plot(TRAINS), "a.gif"), ".pdf, .png, .svg"),
        (lambda: viz.save(viz.raster_plot(TRAINS), "no/where.svg"), "no folder"),
    ],
)
def test_a_fault_is_one_sentence(call: Callable[[], object], said: str) -> None:
    with pytest.raises(SCConfigError, match=re.escape(said)) as caught:
        call()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ALL)
def test_a_missing_matplotlib_is_named_with_its_extra(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("matplotlib", *(f"matplotlib.{x}" for x in ("figure", "patches", "ticker"))):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(SCDependencyError, match=r"'sc-neurocore\[analysis\]'"):
        ALL[name](None)


def test_the_protocols_say_what_a_monitor_is() -> None:
    assert isinstance(Monitor(), viz.SpikeSource) and isinstance(Monitor(), viz.TraceSource)
    assert not isinstance(TRAINS, viz.SpikeSource)
