"""Monitors: what they keep, in memory and on disk, and when they refuse."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sc_neurocore.dynamics import Quantity
from sc_neurocore.exceptions import SCConfigError
from sc_neurocore.network import (
    Network,
    Population,
    Projection,
    RateMonitor,
    SpikeMonitor,
    SpikeSourceArray,
    StateMonitor,
    WeightMonitor,
    _storage,
)
from sc_neurocore.network._gather import Gather
from sc_neurocore.synapses import build_rule
from sc_neurocore.viz import raster_plot


def test_what_is_read_from_spikes() -> None:
    """Two sources with known ticks; every figure by hand."""
    source = SpikeSourceArray(3, [0, 0, 0, 2, 2], [5, 15, 35, 7, 35])
    network = Network()
    network.add(source)
    network.add(Population("dx/dt = -x", 1, dt=0.1))
    spikes, rate = network.add(SpikeMonitor(source)), network.add(RateMonitor(source, bin_ms=1.0))
    network.run("2 ms")
    network.run("2.5 ms")
    assert spikes.count() == 5
    assert spikes.raster_data()[0].tolist() == [5, 7, 15, 35, 35]
    assert spikes.raster_data()[1].tolist() == [0, 2, 0, 0, 2]
    assert [t.tolist() for t in spikes.spike_trains()] == [[5, 15, 35], [], [7, 35]]
    np.testing.assert_allclose(spikes.firing_rates(45, 1e-4), np.array([3, 0, 2]) / 4.5e-3)
    assert spikes.isi(0).tolist() == [10, 20]
    # 7 − 5 = 2, 35 − 35 = 0, 7 − 15 = −8 is beyond 3.
    assert spikes.cross_correlation(0, 2, 3).tolist() == [0, 0, 0, 1, 0, 1, 0]
    assert rate.t().tolist() == [0, 10, 20, 30]
    np.testing.assert_allclose(rate.rate(), np.array([2, 1, 0, 2]) / 3 / 1e-3)


@pytest.mark.parametrize("ending", [None, ".zarr", ".h5"])
def test_traces_in_memory_and_on_disk(ending: str | None, tmp_path: Path) -> None:
    def file(name: str) -> Path | None:
        return None if ending is None else tmp_path / f"{name}{ending}"

    network = Network()
    first = network.add(Population("dx/dt = -x/10", 3, dt=0.1, init={"x": [1.0, 2.0, 3.0]}))
    other = network.add(Population("dx/dt = -x/10", 2, dt=0.1, init={"x": [4.0, 5.0]}))
    source = network.add(SpikeSourceArray(1, [0], [5]))
    states = network.add(StateMonitor(other, "x", [1], file=file("states")))
    every = network.add(StateMonitor(first, ["x"], file=file("every")))
    spikes = network.add(SpikeMonitor(source, file=file("spikes")))
    for ticks in (90, 7):
        network.run(f"{ticks * 0.1} ms")
    decay = np.exp(-0.01 * np.arange(1, 98))
    np.testing.assert_allclose(states.traces()["x"], 5.0 * decay[:, None])
    np.testing.assert_allclose(every.traces()["x"], decay[:, None] * [1.0, 2.0, 3.0])
    assert states.t().tolist() == list(range(97))
    assert spikes.raster_data()[0].tolist() == [5]
    if ending == ".zarr":
        import zarr

        table = zarr.open_group(str(file("every")), mode="r")["x"]
        np.testing.assert_array_equal(np.asarray(table[:]), every.traces()["x"])
    if ending == ".h5":
        import h5py

        with h5py.File(file("every")) as opened:
            np.testing.assert_array_equal(opened["x"][:], every.traces()["x"])
    if ending is not None:
        with pytest.raises(SCConfigError, match="exists already; give a monitor a file of its own"):
            SpikeMonitor(source, file=file("spikes"))


def test_monitors_know_the_time_of_their_runs() -> None:
    """So that a plot ends where the run does, in ms, and not at the last spike."""
    source = SpikeSourceArray(1, [0], [3], label="source")
    cells = Population("lif", 1, label="cells")
    spikes, states = SpikeMonitor(source), StateMonitor(cells, "v")
    network = Network()
    for part in (source, cells, spikes, states):
        network.add(part)
    assert spikes.dt is spikes.steps is states.dt is None
    for steps in (40, 100):
        network.run((steps - (spikes.steps or 0)) * 1e-4, dt=1e-4)
        assert (spikes.dt, spikes.steps, states.dt) == (1e-4, steps, 1e-4)
    axis = raster_plot(spikes)
    assert axis.get_xlim() == pytest.approx((0, 10))
    assert "ms" in axis.get_xlabel()


def test_weights_that_plasticity_changes() -> None:
    """A rule that adds one per spike, and delivers what the weight is then."""
    rule = build_rule(
        states=[Quantity("w", 0.5)], places={"w": "synapse"}, on_pre="w += 1", name="counting"
    )
    network = Network()
    source = network.add(SpikeSourceArray(1, [0, 0], [2, 4]))
    target = network.add(Population("iaf_psc_delta", 1))
    p = network.add(Projection(source, target, 0.5, plasticity=rule))
    weights = network.add(WeightMonitor(p, every=2))
    trace = network.add(StateMonitor(target, "v"))
    network.run("0.8 ms")
    assert weights.weights().ravel().tolist() == [0.5, 1.5, 2.5, 2.5]
    assert weights.t().tolist() == [2, 4, 6, 8]
    jumps = np.diff(trace.traces()["v"].ravel(), prepend=-70.0)
    assert np.flatnonzero(jumps > 0.1).tolist() == [3, 5]
    np.testing.assert_allclose(jumps[[3, 5]], [1.5, 2.5], rtol=0.02)


def test_a_monitor_beyond_memory_is_refused_before_the_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(_storage, "_free_memory", lambda: 1 << 30)
    network = Network()
    cells = network.add(Population("dx/dt = -x", 100_000, dt=0.1, label="many"))
    monitor = network.add(StateMonitor(cells, "x"))
    with pytest.raises(SCConfigError) as error:
        network.run("1 s")
    assert str(error.value) == (
        "a monitor of x of population 'many' would keep 7.5 GiB in memory, of which 1.0 GiB are "
        "free; give it file='NAME.zarr' or 'NAME.h5' to stream to disk, or record less"
    )
    assert not len(monitor.t())


def test_monitors_that_do_not_fit_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each would fit alone."""
    monkeypatch.setattr(_storage, "_free_memory", lambda: 1 << 30)
    network = Network()
    cells = network.add(Population("dx/dt = -x", 50_000, dt=0.1, label="many"))
    for _ in range(2):
        network.add(StateMonitor(cells, "x"))
    with pytest.raises(SCConfigError, match=r"would keep 0\.7 GiB in memory, of which 0\.3 GiB"):
        network.run("0.2 s")


@pytest.mark.parametrize("ending", [".zarr", ".h5"])
def test_a_refused_run_leaves_no_file(ending: str, tmp_path: Path) -> None:
    file = tmp_path / f"spikes{ending}"
    network = Network()
    cells = network.add(Population("dx/dt = -x", 2, dt=0.1, label="few"))
    monitor = network.add(SpikeMonitor(cells, file=file))
    rate = network.add(RateMonitor(cells, 0.25))
    assert not len(monitor.raster_data()[0])
    with pytest.raises(SCConfigError, match="bin_ms"):
        network.run("1 ms")
    assert not file.exists()
    network.monitors.remove(rate)
    network.run("1 ms")
    assert file.exists()


def test_a_file_that_cannot_be_made_is_refused_before_the_run(tmp_path: Path) -> None:
    network = Network()
    cells = network.add(Population("dx/dt = -x", 2, dt=0.1))
    network.add(SpikeMonitor(cells, file=tmp_path / "nowhere" / "a.h5"))
    with pytest.raises(SCConfigError, match="cannot be written"):
        network.run("1 ms")
    assert network.time() == 0


@pytest.mark.parametrize(("engine", "ending"), [("clock", ".h5"), ("event", ".zarr")])
def test_ctrl_c_stops_between_chunks(
    engine: Any, ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The signal comes before a chunk is kept; nothing of it is lost, and the run can go on."""

    def network(name: str) -> tuple[Network, SpikeMonitor]:
        made = Network(seed=3)
        cells = made.add(Population("iaf_psc_delta", 20, {"I": 450.0}, init={"v": -60.0}))
        made.add(Projection(cells, cells, 0.3, 0.4, delay=9))
        return made, made.add(SpikeMonitor(cells, file=tmp_path / f"{name}{ending}"))

    whole, expected = network("whole")
    whole.run("2 s", engine=engine)
    cut, found = network("cut")
    keep = Gather.keep

    def interrupted(*args: Any) -> None:
        signal.raise_signal(signal.SIGINT)
        keep(*args)

    for _ in range(2):
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(Gather, "keep", interrupted)
            cut.run("500 ms", engine=engine)
    assert 0 < cut.time() < 1
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    before = found.count()
    assert before == (expected.raster_data()[0] < round(cut.time() * 1e4)).sum()
    cut.run(f"{2000 - cut.time() * 1000:.1f} ms")
    assert found.count() > before
    for one, other in zip(found.raster_data(), expected.raster_data(), strict=True):
        assert one.tolist() == other.tolist()


@pytest.mark.parametrize("ending", [".zarr", ".h5"])
def test_a_disk_that_is_full_leaves_the_rows_before(
    ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import h5py
    import zarr

    kind: Any = h5py.Dataset if ending == ".h5" else zarr.Array
    storage = _storage.open_storage(tmp_path / f"a{ending}", {"x": ((), "float64")})
    storage.begin()
    storage.append("x", np.arange(3.0))
    storage.flush()
    storage.append("x", np.arange(4.0))

    def full(*args: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(kind, "__setitem__", full)
        for _ in range(2):
            with pytest.raises(SCConfigError, match=r"No space left on device.* the rows before"):
                storage.flush()
    if ending == ".h5":
        with h5py.File(tmp_path / "a.h5") as opened:
            assert opened["x"][:].tolist() == [0.0, 1.0, 2.0]
    else:
        opened = zarr.open_group(str(tmp_path / "a.zarr"), mode="r")
        assert np.asarray(opened["x"][:]).tolist() == [0.0, 1.0, 2.0]
    assert storage.read("x").tolist() == [0.0, 1.0, 2.0, 0.0, 1.0, 2.0, 3.0]


def test_monitors_that_do_not_fit() -> None:
    cells = Population("iaf_psc_delta", 3)
    projection = Projection(cells, cells)
    for act, sentence in (
        (lambda: StateMonitor(cells, "u"), "has no state 'u'"),
        (lambda: StateMonitor(cells, "v", [3]), "record names neuron 3; the population has 0 to 2"),
        (lambda: StateMonitor(cells, "v", [-1]), "record names neuron -1"),
        (lambda: StateMonitor(cells, "v", [0.5]), "record must list neurons by number"),
        (lambda: SpikeMonitor(cells, file="x.csv"), "it must end in .zarr, .h5 or .hdf5"),
        (lambda: RateMonitor(cells, 0.0), "bin_ms is 0; it must be greater than 0"),
        (lambda: WeightMonitor(projection, 0), "every is 0; it must be a whole number"),
        (lambda: WeightMonitor(projection, record=[0.5]), "record must list synapses by number"),
        (lambda: StateMonitor(cells, ["v", "v"]), "name one or more states, once each"),
        (lambda: SpikeMonitor(projection), "has no spikes to watch"),  # type: ignore[arg-type]
        (lambda: SpikeMonitor(cells).firing_rates(0, 1e-4), "n_steps is 0"),
    ):
        with pytest.raises(SCConfigError, match=sentence):
            act()
    network = Network()
    network.add(cells)
    network.add(RateMonitor(cells, 0.25))
    with pytest.raises(SCConfigError, match=r"bin_ms is 0\.25, 2\.5 ticks of 0\.1 ms"):
        network.run(0.01)


def test_rows_kept_in_pieces_come_back_in_order() -> None:
    storage = _storage.Memory({"x": ((2,), "float64")})
    rows = np.arange(20.0).reshape(10, 2)
    for piece in np.split(rows, [3, 4, 9]):
        storage.append("x", piece)
    np.testing.assert_array_equal(storage.read("x"), rows)
    storage.append("x", rows)
    np.testing.assert_array_equal(storage.read("x"), np.concatenate([rows, rows]))
    assert storage.read("x").flags.owndata


def test_a_progress_bar_changes_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    network = Network()
    cells = network.add(Population("dx/dt = -x", 1, dt=0.1, init={"x": 1.0}))
    network.run(0.01, progress=True)
    assert network.state(cells, "x")[0] == pytest.approx(np.exp(-10))
